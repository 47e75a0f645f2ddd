import BuildCache
import Glibc

/// How far work has come that counts bytes, how quick it is, and how it is drawn: a pure value.
struct ByteMeter {
  private(set) var bytes: Int64 = 0
  /// The bytes in all, where they are known.
  var total: Int64?
  private let start: Timestamp
  /// Where the rate was worked out last.
  private var sample: (bytes: Int64, time: Timestamp)
  private var now: Timestamp
  /// Bytes a second; what was long ago counts ever less.
  private var rate: Double?

  /// Begins at a moment.
  init(total: Int64?, at start: Timestamp) {
    (self.total, self.start, now, sample) = (total, start, start, (0, start))
  }

  /// So long passes before a rate is told.
  private static let patience = 3.0
  /// Between two samples.
  private static let interval = 0.5
  /// What is so long ago counts a third.
  private static let memory = 5.0
  /// No longer time left is told: nobody waits for it, and it can't be known.
  private static let longest = 99.0 * 3600

  /// Counts more bytes. Clocks may be set back: what follows is measured from there.
  mutating func add(_ more: Int64, at moment: Timestamp) {
    bytes = bytes.addingSaturating(max(0, more))
    now = moment
    let passed = Self.seconds(from: sample.time, to: now)
    if passed < 0 { sample = (bytes, now) }
    guard passed >= Self.interval else { return }
    let current = Double(bytes - sample.bytes) / passed
    let weight = 1 - exp(-passed / Self.memory)
    rate = rate.map { $0 + weight * (current - $0) } ?? current
    sample = (bytes, now)
  }

  private static func seconds(from start: Timestamp, to end: Timestamp) -> Double {
    (Double(end.nanoseconds) - Double(start.nanoseconds)) / 1e9
  }

  /// The total, as long as it can be true.
  private var knownTotal: Int64? { total.flatMap { $0 > 0 && bytes <= $0 ? $0 : nil } }

  /// Bytes a second, once it is worth telling.
  private var toldRate: Double? {
    guard let rate, rate >= 1, rate < 1e18, Self.seconds(from: start, to: now) >= Self.patience else { return nil }
    return rate
  }

  /// How much is done, without how quick that is.
  var count: String {
    guard let total = knownTotal else { return ByteCount(bytes).text }
    return "\(share(of: total))%  \(ByteCount(bytes).text) of \(ByteCount(total).text)"
  }

  private func share(of total: Int64) -> Int { Int(Double(bytes) / Double(total) * 100) }

  private var rateText: String? { toldRate.map { "\(ByteCount(Int64($0)).text)/s" } }

  private var timeLeft: String? {
    guard let total = knownTotal, let rate = toldRate, bytes < total else { return nil }
    let seconds = (Double(total - bytes) / rate).rounded(.up)
    guard seconds <= Self.longest else { return nil }
    let whole = Int(seconds)
    if whole < 100 { return "\(max(1, whole)) s left" }
    let minutes = (whole + 59) / 60
    return minutes < 100 ? "\(minutes) min left" : "\(minutes / 60) h \(minutes % 60) min left"
  }

  /// A line that is no wider than a terminal: what there is no room for is left out, the least telling first.
  func line(_ label: String, width: Int) -> String {
    var forms: [[String?]] = []
    if let total = knownTotal {
      let filled = Int(Double(bytes) / Double(total) * 30)
      let bar = "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled) + "]"
      let share = "\(share(of: total))%"
      forms = [
        [label, bar, count, rateText, timeLeft], [label, bar, count, timeLeft], [label, count, timeLeft],
        [label, share, timeLeft], [label, share], [share],
      ]
    } else {
      forms = [[label, count, rateText], [label, count], [count]]
    }
    let lines = forms.map { $0.compactMap(\.self).joined(separator: "  ") }
    // The last column stays free: some terminals begin a new line when it is written to.
    return lines.first { $0.count < width } ?? String((lines.last ?? "").prefix(max(0, width - 1)))
  }
}
