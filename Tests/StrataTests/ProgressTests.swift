import BuildCache
import TestSupport
import Testing

@testable import strata

@Suite("How far long work has come") struct ProgressTests {
  private func moment(_ seconds: Double) -> Timestamp { Timestamp(nanoseconds: Int64(seconds * 1e9)) }

  /// A meter that was told so many bytes every half second, for so long.
  private func meter(_ step: Int64, for seconds: Double, of total: Int64?) -> ByteMeter {
    var meter = ByteMeter(total: total, at: moment(0))
    for tick in 1...Int(seconds * 2) { meter.add(step, at: moment(Double(tick) / 2)) }
    return meter
  }

  @Test("rate and time left are told after a few seconds only") func patience() {
    let early = meter(5_000_000, for: 2.5, of: 100_000_000).line("reading", width: 200)
    #expect(early == "reading  [#######.......................]  25%  25.0 MB of 100.0 MB")
    let later = meter(5_000_000, for: 5, of: 100_000_000).line("reading", width: 200)
    #expect(later == "reading  [###############...............]  50%  50.0 MB of 100.0 MB  10.0 MB/s  5 s left")
    let unknown = meter(5_000_000, for: 5, of: nil).line("reading", width: 200)
    #expect(unknown == "reading  50.0 MB  10.0 MB/s")
  }

  @Test("a rate is smooth: one burst changes it little") func smooth() {
    var meter = meter(5_000_000, for: 20, of: nil)
    meter.add(50_000_000, at: moment(20.5))
    let words = meter.line("x", width: 200).split(separator: " ")
    let rate = words.firstIndex { $0.hasSuffix("/s") }.flatMap { Double(words[$0 - 1]) } ?? 0
    #expect(rate > 10 && rate < 25, "\(words)")
  }

  @Test("what is done is never more than all, nor is time left negative or none") func bounds() {
    var meter = meter(5_000_000, for: 10, of: 100_000_001)
    #expect(meter.line("x", width: 200).hasSuffix("1 s left"))
    meter.add(1, at: moment(10.1))
    #expect(!meter.line("x", width: 200).contains("left"))
    #expect(meter.line("x", width: 200).contains(" 100%"))
    // There were more than was said: what is left can't be known.
    meter.add(1_000_000, at: moment(10.2))
    #expect(!meter.line("x", width: 200).contains("%") && !meter.line("x", width: 200).contains("left"))
    meter.add(.max, at: moment(11))
    meter.add(-5, at: moment(12))
    #expect(meter.bytes == .max)
  }

  @Test("a clock that is set back, or far ahead, does no harm") func clocks() {
    var meter = meter(5_000_000, for: 10, of: 1_000_000_000)
    meter.add(5_000_000, at: moment(-1e9))
    meter.add(5_000_000, at: Timestamp(nanoseconds: .min))
    meter.add(5_000_000, at: Timestamp(nanoseconds: .max))
    let line = meter.line("x", width: 200)
    #expect(!line.contains("-") && line.contains("of 1.0 GB"), "\(line)")
  }

  @Test(
    "long times are told in minutes and hours, and no longer ones at all",
    arguments: [
      (990, "99 s left"), (1010, "2 min left"), (30_000, "50 min left"), (72_600, "2 h 1 min left"),
    ])
  func spans(_ left: Int64, _ words: String) {
    // Ten megabytes a second.
    let total = 50_000_000 + left * 1_000_000
    #expect(meter(5_000_000, for: 5, of: total).line("x", width: 200).hasSuffix(words))
    #expect(!meter(5, for: 5, of: .max).line("x", width: 200).contains("left"))
  }

  @Test("a narrow terminal gets less, and never more than it has room for", arguments: 1...120)
  func narrow(_ width: Int) {
    for total in [nil, 100_000_000] as [Int64?] {
      let line = meter(5_000_000, for: 5, of: total).line("unpacking", width: width)
      #expect(line.count < width || line.isEmpty)
      #expect(!line.isEmpty || width <= 1)
    }
    let line = meter(5_000_000, for: 5, of: 100_000_000).line("unpacking", width: width)
    if width > 28 { #expect(line.contains("unpacking") && line.contains("5 s left")) }
  }
}
