import BuildCache

/// The clock on the wall of who reads: how far it is from UTC at any time.
public struct LocalTime: Sendable {
  /// Seconds that it is ahead of UTC at a time.
  private let offset: @Sendable (Timestamp) -> Int64

  /// Makes a clock.
  ///
  /// - Parameter offset: seconds that it is ahead of UTC at a time.
  public init(offset: @escaping @Sendable (Timestamp) -> Int64) { self.offset = offset }

  /// UTC itself.
  public static let utc = LocalTime { _ in 0 }

  /// A time to the second with its age, and with its date where that isn't today's: `3 h ago, 14:02:11`.
  ///
  /// - Parameters:
  ///   - time: the time.
  ///   - now: the moment from which its age is counted.
  public func words(for time: Timestamp, at now: Timestamp) -> String {
    let (date, clock) = parts(of: time)
    return "\(age(of: time, at: now)), " + (date == parts(of: now).date ? clock : "\(date) \(clock)")
  }

  private func parts(of time: Timestamp) -> (date: Substring, clock: Substring) {
    let text = time.advanced(by: .seconds(offset(time))).text
    return (text.prefix(10), text.dropFirst(11).prefix(8))
  }

  private func age(of time: Timestamp, at now: Timestamp) -> String {
    let isAhead = time > now
    let short = (isAhead ? time.since(now) : now.since(time)).ageText
    guard let unit = short.last, short.first?.isNumber == true else { return short }
    let span = "\(short.dropLast()) \(unit)"
    return isAhead ? "in \(span)" : "\(span) ago"
  }
}
