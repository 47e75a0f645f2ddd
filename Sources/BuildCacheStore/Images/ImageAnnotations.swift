import Foundation

/// What is said of an image beside what it is: in its manifest, and in the index that lists it.
///
/// It is kept as text with the top record, so that an export of the image gives it back.
struct ImageAnnotations: Codable, Equatable {
  var manifest: [String: String]?
  var entry: [String: String]?

  /// As it is kept; nothing where nothing is said.
  var text: String? {
    get throws {
      if manifest?.isEmpty != false && entry?.isEmpty != false { return nil }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  init(manifest: [String: String]? = nil, entry: [String: String]? = nil) {
    (self.manifest, self.entry) = (manifest, entry)
  }

  /// As it was kept; none where that can't be read.
  init(_ text: String?) {
    self = text.flatMap { try? JSONDecoder().decode(Self.self, from: Data($0.utf8)) } ?? Self()
  }
}
