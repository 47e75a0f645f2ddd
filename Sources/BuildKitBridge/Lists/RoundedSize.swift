import BuildCache

/// A size as Docker's and BuildKit's programs print it for people: a number and a unit, rounded.
struct RoundedSize: Equatable {
  /// The bytes that the text says.
  let bytes: Int64
  /// What the size is a multiple of; 1 where it is exact.
  let step: Int64

  /// How a program rounds.
  enum Rounding {
    /// To so many digits, zeros at the end left out.
    case digits(Int)
    /// To so many decimals.
    case decimals(Int)
  }

  private static let powersOf1000 = ["b", "kb", "mb", "gb", "tb", "pb", "eb"]
  private static let powersOf1024 = ["b", "kib", "mib", "gib", "tib", "pib", "eib"]

  /// Reads a size; nothing where it is none, or more than can be counted.
  init?(_ text: String, _ rounding: Rounding) {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
    let base: Int128
    let power: Int
    if let place = Self.powersOf1000.firstIndex(of: unit) {
      (base, power) = (1000, place)
    } else if let place = Self.powersOf1024.firstIndex(of: unit) {
      (base, power) = (1024, place)
    } else {
      return nil
    }
    let parts = number.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let integer = parts.first, !integer.isEmpty, number.count < 24 else {
      return nil
    }
    let decimals = parts.count == 2 ? parts[1] : ""
    guard parts.count == 1 || !decimals.isEmpty, let count = Int128(integer + decimals) else { return nil }
    let factor = (0..<power).reduce(Int128(1)) { product, _ in product * base }
    let divisor = Self.tens(decimals.count)
    guard let bytes = Int64(exactly: (count * factor + divisor / 2) / divisor) else { return nil }
    self.bytes = bytes
    let places =
      switch rounding {
      case .digits(let digits): digits - integer.count
      case .decimals(let count): count
      }
    // What shows more than was expected is as exact as it looks.
    let step = places < 0 ? factor * Self.tens(-places) : factor / Self.tens(max(places, decimals.count))
    self.step = power == 0 ? 1 : max(1, Int64(clamping: step))
  }

  private static func tens(_ count: Int) -> Int128 { (0..<count).reduce(1) { product, _ in product * 10 } }
}
