/// Makes ids for new records.
public protocol IdentitySource: Sendable {
  /// An id that no record has had: at least 128 random bits, as letters and digits.
  func newID() -> RecordID
}

/// Ids from the machine's random numbers.
public struct RandomIdentities: IdentitySource {
  /// Makes the source.
  public init() {}

  /// How many characters an id has: as many as BuildKit's.
  public static let length = 25

  /// As many characters as ``length``.
  public func newID() -> RecordID {
    var random = SystemRandomNumberGenerator()
    return Self.id(from: &random)
  }

  /// An id of 25 characters of base 36, drawn from a generator: 129 bits.
  public static func id(from random: inout some RandomNumberGenerator) -> RecordID {
    let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    return RecordID(String((0..<length).map { _ in digits[Int.random(in: 0..<36, using: &random)] }))
  }

  /// Whether a text has the form of an id that this makes.
  public static func isID(_ text: some StringProtocol) -> Bool {
    text.utf8.count == length && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) }
  }
}
