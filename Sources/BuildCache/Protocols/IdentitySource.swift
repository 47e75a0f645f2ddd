/// Makes ids for new records.
public protocol IdentitySource: Sendable {
  /// An id that no record has had: at least 128 random bits, as letters and digits.
  func newID() -> RecordID
}

/// Ids from the machine's random numbers.
public struct RandomIdentities: IdentitySource {
  /// Makes the source.
  public init() {}

  /// 25 characters, as BuildKit's ids have.
  public func newID() -> RecordID {
    var random = SystemRandomNumberGenerator()
    return Self.id(from: &random)
  }

  /// An id of 25 characters of base 36, drawn from a generator: 129 bits.
  public static func id(from random: inout some RandomNumberGenerator) -> RecordID {
    let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    return String((0..<25).map { _ in digits[Int.random(in: 0..<36, using: &random)] })
  }
}
