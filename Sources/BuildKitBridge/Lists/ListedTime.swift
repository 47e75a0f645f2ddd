import BuildCache

/// A time as a list tells it: exactly, as so long ago, or never.
enum ListedTime: Equatable {
  case at(Timestamp)
  case ago(TimeSpan)
  case never

  /// Reads RFC 3339, Go's own form, or an age in words; nothing where it is none of them.
  ///
  /// Go's first moment, in the year 1, is how it writes that there is no time.
  init?(_ text: UnsafeBufferPointer<UInt8>) {
    if let time = Timestamp(utf8: text) {
      self = .at(time)
      return
    }
    self.init(words: String(decoding: text, as: UTF8.self))
  }

  private init?(words text: String) {
    if text.isEmpty || text.hasPrefix("0001-01-01") {
      self = .never
    } else if let time = Self.goTime(text) {
      self = .at(time)
    } else if let age = Self.age(text) {
      self = .ago(age)
    } else {
      return nil
    }
  }

  /// `2026-11-26 10:46:10.089587012 +0000 UTC`: RFC 3339 but for what stands between its parts, and a zone's name.
  private static func goTime(_ text: String) -> Timestamp? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count >= 3, parts[2].utf8.count == 5 else { return nil }
    return try? Timestamp(parsing: "\(parts[0])T\(parts[1])\(parts[2].prefix(3)):\(parts[2].suffix(2))")
  }

  private static let units: [(name: String, seconds: Int64)] = [
    ("second", 1), ("minute", 60), ("hour", 3600), ("day", 86_400), ("week", 7 * 86_400), ("month", 30 * 86_400),
    ("year", 365 * 86_400),
  ]

  /// `10 minutes ago`, `Less than a second ago`, `About an hour ago`.
  private static func age(_ text: String) -> TimeSpan? {
    var words = text.lowercased().split(separator: " ")
    guard words.popLast() == "ago", let unit = words.popLast() else { return nil }
    guard let seconds = units.first(where: { unit == $0.name || unit == $0.name + "s" })?.seconds else { return nil }
    if words == ["less", "than", "a"] { return .seconds(0) }
    if words.first == "about" { words.removeFirst() }
    guard words.count == 1 else { return nil }
    guard let count = words[0] == "a" || words[0] == "an" ? 1 : Int64(words[0]), count >= 0 else { return nil }
    return .seconds(count.multipliedSaturating(by: seconds))
  }
}
