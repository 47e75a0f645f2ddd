import BuildCache
import Glibc

/// A moment in a filter of a Docker engine's `daemon.json`: a date, with as much of a time as one likes, with a zone or in
/// the engine's own; or seconds since 1970.
struct DockerMoment {
  /// Read as if it were in UTC where it names no zone.
  private let time: Timestamp
  /// Whether it names no zone.
  let isLocal: Bool

  /// Reads what the engine reads where it finds no duration; nothing where the engine doesn't start.
  init?(_ text: String) {
    let form = /(\d{4}-\d\d-\d\d)(?:T(\d\d?)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?)?(Z|[+-]\d\d:\d\d)?/
    if let match = text.wholeMatch(of: form) {
      let (_, date, hour, minute, second, decimals, zone) = match.output
      let clock = "\(hour?.count == 1 ? "0" : "")\(hour ?? "00"):\(minute ?? "00"):\(second ?? "00")"
      let text = "\(date)T\(clock).\(decimals?.prefix(9) ?? "0")\(zone ?? "Z")"
      guard let time = try? Timestamp(parsing: text) else { return nil }
      (self.time, isLocal) = (time, zone == nil)
    } else if let match = text.wholeMatch(of: /(\+?\d+)(?:\.(\d{0,20}))?/), let seconds = Int64(match.1) {
      let decimals = (match.2 ?? "").prefix(9)
      let nanoseconds = Int64(decimals + String(repeating: "0", count: 9 - decimals.count)) ?? 0
      time = Timestamp(nanoseconds: seconds.multipliedSaturating(by: 1_000_000_000).addingSaturating(nanoseconds))
      isLocal = false
    } else {
      return nil
    }
  }

  /// How long before `now` it was. A zone that isn't named is this machine's, as far from UTC as it is then: so the engine
  /// takes its own.
  func age(at now: Timestamp) -> TimeSpan {
    now.advanced(by: .seconds(isLocal ? Self.zone(at: now) : 0)).since(time)
  }

  /// By how many seconds the clocks here are ahead of UTC.
  private static func zone(at now: Timestamp) -> Int64 {
    tzset()
    var seconds = time_t(now.nanoseconds / 1_000_000_000)
    var parts = tm()
    return localtime_r(&seconds, &parts) == nil ? 0 : Int64(parts.tm_gmtoff)
  }
}
