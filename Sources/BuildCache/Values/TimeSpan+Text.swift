extension TimeSpan {
  private static let units: [(name: Character, seconds: Int64)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]

  /// Reads a duration: whole numbers with d, h, m or s, one or several in a row (`90s`, `45m`, `1h30m`, `7d`).
  ///
  /// - Parameters:
  ///   - text: what was written.
  ///   - option: where it was written, for the message.
  /// - Throws: ``CacheError`` `badInput`.
  public init(parsing text: String, of option: String) throws(CacheError) {
    var rest = Substring(text)
    var seconds: Int64 = 0
    repeat {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      guard let number = Int64(digits), let unit = Self.units.first(where: { $0.name == rest.first }) else {
        throw CacheError(.badInput, "\(option): \(text) is no duration: write for instance 90s, 45m, 48h or 7d")
      }
      rest = rest.dropFirst()
      let (part, overflow) = number.multipliedReportingOverflow(by: unit.seconds)
      seconds = overflow ? .max : seconds.addingSaturating(part)
    } while !rest.isEmpty
    guard seconds <= Int64.max / 1_000_000_000 else {
      throw CacheError(.badInput, "\(option): \(text) is more than 292 years")
    }
    self = .seconds(seconds)
  }

  /// The span in all its units, as ``init(parsing:of:)`` reads it, what is less than a second left out: `1d2h`, `0s`.
  public var text: String {
    var rest = nanoseconds.magnitude / 1_000_000_000
    guard rest > 0 else { return "0s" }
    var text = nanoseconds < 0 ? "-" : ""
    for unit in Self.units {
      let (count, left) = rest.quotientAndRemainder(dividingBy: UInt64(unit.seconds))
      if count > 0 { text += "\(count)\(unit.name)" }
      rest = left
    }
    return text
  }

  /// An age in one short word: `now` below ten seconds, else its largest unit (`45s`, `12m`, `2h`, `3d`).
  public var ageText: String {
    let seconds = nanoseconds / 1_000_000_000
    if seconds < 10 { return "now" }
    let unit = Self.units.first { seconds >= $0.seconds } ?? ("s", 1)
    return "\(seconds / unit.seconds)\(unit.name)"
  }
}
