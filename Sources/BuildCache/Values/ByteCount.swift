/// A number of bytes, as people write and read it.
public struct ByteCount: Hashable, Comparable, Sendable {
  /// The number.
  public var bytes: Int64

  /// Makes a count.
  public init(_ bytes: Int64) {
    self.bytes = bytes
  }

  /// Whether `lhs` is fewer bytes.
  public static func < (lhs: ByteCount, rhs: ByteCount) -> Bool {
    lhs.bytes < rhs.bytes
  }

  private static let units: [(name: String, factor: Double)] = [
    ("B", 1), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12),
    ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776),
  ]

  /// Reads a size: 0, or a number with one of the units B, kB, MB, GB, TB (powers of 1000) and KiB, MiB,
  /// GiB, TiB (powers of 1024), case aside.
  ///
  /// A bare `20G` is refused: tools disagree about which of the two it is; and so is a bare number above 0, which to
  /// buildctl counts megabytes.
  ///
  /// - Parameters:
  ///   - text: what was written.
  ///   - option: where it was written, for the message.
  ///   - takesBare: whether a bare number is taken as bytes: where no other tool has such an amount.
  /// - Throws: ``CacheError`` `badInput`.
  public init(parsing text: String, of option: String, takesBare: Bool = false) throws(CacheError) {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text.dropFirst(digits.count).drop { $0 == " " }
    let known = Self.units.first { $0.name.lowercased() == unit.lowercased() }
    guard let number = Double(digits), number.isFinite, let factor = unit.isEmpty ? 1 : known?.factor else {
      let hint = ["k", "m", "g", "t"].contains(unit.lowercased()) ? " (\(unit)B or \(unit)iB?)" : ""
      throw CacheError(
        .badInput,
        "\(option): \(text) is no size\(hint): write a number with B, kB, MB, GB, TB, KiB, MiB, GiB, TiB")
    }
    if unit.isEmpty, number > 0, !takesBare {
      throw CacheError(
        .badInput, "\(option): \(text) needs a unit: write \(text)MB if you mean what buildctl does by it, or \(text)B")
    }
    if let whole = Int64(digits), factor == 1 {
      bytes = whole
    } else {
      guard number * factor < Double(Int64.max) else {
        throw CacheError(.badInput, "\(option): \(text) is more than can be counted")
      }
      bytes = Int64((number * factor).rounded())
    }
  }
}
