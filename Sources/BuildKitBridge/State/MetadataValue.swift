import Foundation

/// A value of BuildKit's metadata: JSON, in an object with the key it can be looked for by.
enum MetadataValue: Decodable {
  case text(String)
  case number(Int64)
  case flag(Bool)
  case list([String])

  private enum CodingKeys: CodingKey { case value }

  /// Reads a value; nothing where it is none of these.
  init?(_ bytes: ArraySlice<UInt8>) {
    guard let value = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else { return nil }
    self = value
  }

  init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    if let number = try? members.decode(Int64.self, forKey: .value) {
      self = .number(number)
    } else if let flag = try? members.decode(Bool.self, forKey: .value) {
      self = .flag(flag)
    } else if let text = try? members.decode(String.self, forKey: .value) {
      self = .text(text)
    } else {
      self = .list(try members.decode([String].self, forKey: .value))
    }
  }
}
