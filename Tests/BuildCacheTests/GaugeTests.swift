import BuildCache
import CacheReport
import Foundation
import TestSupport
import Testing

/// A sample of the text format, read as a collector reads it.
private struct ReadSample {
  let name: String
  var labels: [String: String] = [:]
  let value: String

  /// Nothing where the line is no sample.
  init?(_ line: String) {
    guard let match = line.wholeMatch(of: /([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\} (-?[0-9]+(?:\.[0-9]+)?)/) else {
      return nil
    }
    (name, value) = (String(match.1), String(match.3))
    var rest = Substring(match.2)
    while !rest.isEmpty {
      guard let label = rest.prefixMatch(of: /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/),
        labels[String(label.1)] == nil
      else { return nil }
      var value = ""
      var isEscaped = false
      for character in label.2.unicodeScalars {
        if isEscaped {
          value.unicodeScalars.append(character == "n" ? "\n" : character)
          isEscaped = false
        } else if character == "\\" {
          isEscaped = true
        } else {
          value.unicodeScalars.append(character)
        }
      }
      labels[String(label.1)] = value
      rest = rest[label.range.upperBound...]
    }
  }
}

@Suite("What can be watched of a cache") struct GaugeTests {
  private let source = SourceIdentity(kind: .embedded, words: "/cache", key: "root:/cache")

  private func reading(_ state: CacheState, at seconds: Int64 = 100) -> Reading {
    Reading(state: state, moment: Timestamp(nanoseconds: seconds * 1_000_000_000), behavior: .embedded)
  }

  /// The samples of a text, of which each line is checked.
  private func samples(_ lines: [String]) throws -> [ReadSample] {
    var samples: [ReadSample] = []
    var names: [String] = []
    for line in lines {
      if let help = line.wholeMatch(of: /# HELP (\S+) (.+)/) {
        names.append(String(help.1))
      } else if let type = line.wholeMatch(of: /# TYPE (\S+) gauge/) {
        #expect(String(type.1) == names.last && samples.last?.name != names.last, "\(line)")
      } else {
        let sample = try #require(ReadSample(line), "\(line)")
        #expect(sample.name == names.last, "\(line)")
        samples.append(sample)
      }
    }
    #expect(Set(names).count == names.count && Set(samples.map(\.name)) == Set(names))
    return samples
  }

  private func sum(_ samples: [ReadSample], _ name: String, where isCounted: ([String: String]) -> Bool = { _ in true })
    -> Int64
  {
    samples.filter { $0.name == name && isCounted($0.labels) }.reduce(0) { $0 + (Int64($1.value) ?? .min) }
  }

  @Test("each record is in one state and of one type; what is used is D4's total") func states() throws {
    for seed in 1...UInt64(long(60)) {
      var random = SeededGenerator(seed)
      let state = randomState(rows: random.pick(0...60), &random)
      let totals = UsageTotals(state)
      let samples = try samples(Gauges(reading(state), of: source).lines)
      func bytes(_ isCounted: (CacheState.Row) -> Bool) -> Int64 {
        state.rows.filter(isCounted).map(\.size).reduce(0, +)
      }
      for (part, isCounted) in [
        (UsageTotals.Part.inUse, \.inUse), (.sharedUnused, { $0.isShared && !$0.inUse }),
        (.internal, { !$0.isShared && !$0.inUse && $0.recordType.isKeptUnlessAll }),
        (.reclaimable, { !$0.isShared && !$0.inUse && !$0.recordType.isKeptUnlessAll }),
      ] as [(UsageTotals.Part, (CacheState.Row) -> Bool)] {
        #expect(totals[part].bytes == bytes(isCounted))
        #expect(totals[part].records == state.rows.count(where: isCounted))
        #expect(sum(samples, "strata_cache_bytes") { $0["state"] == part.rawValue } == totals[part].bytes)
        #expect(
          sum(samples, "strata_cache_records") { $0["state"] == part.rawValue } == Int64(totals[part].records))
      }
      #expect(sum(samples, "strata_cache_bytes") == bytes { _ in true })
      #expect(sum(samples, "strata_cache_records") == Int64(state.rows.count))
      let `internal` = state.rows.filter { $0.recordType == .internal }
      #expect(sum(samples, "strata_cache_records") { $0["type"] == "internal" } == Int64(`internal`.count))
      #expect(totals.shared.bytes == bytes(\.isShared) && totals.all.bytes == bytes { _ in true })
      #expect(sum(samples, "strata_cache_used_bytes") == state.total)
      #expect(totals.unshared.bytes == state.total && totals.all.bytes - totals.shared.bytes == state.total)
      #expect(totals.notInUse.bytes == bytes { !$0.inUse })
      #expect(totals.neitherInUseNorShared.bytes == bytes { !$0.inUse && !$0.isShared })
    }
  }

  @Test("a whole reading as text") func golden() throws {
    var builder = CacheState.Builder()
    let used = Timestamp(nanoseconds: 87_654_999_999)
    builder.add(
      CacheState.Row(id: "a", kind: .base, size: 10, createdAt: used, lastUsedAt: used), parents: [])
    var reading = reading(builder.finish())
    reading.space = CacheSpace(capacity: 9000, free: 500)
    reading.overhead = CacheOverhead(unowned: 7, history: 8, databases: 9, freePages: 3)
    let finding = try Threshold.minFree(ByteCount(501)).finding(in: reading)
    let lines = Gauges(reading, of: source, findings: [finding]).lines
    let (comments, samples) = (lines.filter { $0.hasPrefix("#") }, lines.filter { !$0.hasPrefix("#") })
    #expect(comments.count == 26 && comments[1] == "# TYPE strata_cache_bytes gauge")
    #expect(samples.count == 67)
    #expect(samples[21] == #"strata_cache_bytes{source="/cache",state="reclaimable",type="regular"} 10"#)
    #expect(samples[49] == #"strata_cache_records{source="/cache",state="reclaimable",type="regular"} 1"#)
    #expect(
      samples.suffix(11) == [
        #"strata_cache_used_bytes{source="/cache"} 10"#, #"strata_cache_unowned_bytes{source="/cache"} 7"#,
        #"strata_cache_history_bytes{source="/cache"} 8"#, #"strata_cache_database_bytes{source="/cache"} 9"#,
        #"strata_cache_database_free_bytes{source="/cache"} 3"#, #"strata_disk_capacity_bytes{source="/cache"} 9000"#,
        #"strata_disk_free_bytes{source="/cache"} 500"#,
        #"strata_cache_oldest_unused_seconds{source="/cache"} 12.345"#,
        #"strata_cache_last_used_timestamp_seconds{source="/cache"} 87.654"#,
        #"strata_cache_read_timestamp_seconds{source="/cache"} 100.000"#,
        #"strata_check_ok{source="/cache",limit="min_free"} 0"#,
      ])
  }

  @Test("what isn't known is left out, and there are as many series whatever types a cache has") func unknown() throws {
    let empty = try samples(Gauges(reading(.empty), of: source).lines)
    #expect(
      Set(empty.map(\.name)) == [
        "strata_cache_bytes", "strata_cache_records", "strata_cache_used_bytes", "strata_cache_oldest_unused_seconds",
        "strata_cache_read_timestamp_seconds",
      ])
    #expect(empty.first { $0.name == "strata_cache_oldest_unused_seconds" }?.value == "0.000")
    var builder = CacheState.Builder()
    for number in 0..<500 {
      builder.add(
        CacheState.Row(
          id: "r\(number)", kind: nil, size: 2, createdAt: Timestamp(nanoseconds: 0),
          recordType: RecordType(rawValue: number == 0 ? "other" : "made\"up\n\(number)")), parents: [])
    }
    let many = try samples(Gauges(reading(builder.finish()), of: source).lines)
    #expect(many.count == empty.count)
    #expect(sum(many, "strata_cache_bytes") { $0["type"] == "other" && $0["state"] == "reclaimable" } == 1000)
  }

  @Test("a source's words are one label, whatever is in them") func labels() throws {
    let words = "/a \\ \"b\"\nstrata_x{} 1 {,=\\n é 漢\u{301}"
    let same = try samples(
      Gauges(reading(.empty), of: SourceIdentity(kind: .list, words: words, key: "")).lines)
    #expect(!same.isEmpty && same.allSatisfy { $0.labels["source"] == words })
    let unsafe = "a\u{0}\u{1b}[31m\r\t\u{7f}\u{9b}\u{202e}\u{2028}\u{200e}b"
    let lines = Gauges(reading(.empty), of: SourceIdentity(kind: .list, words: unsafe, key: "")).lines
    let safe = "a\u{fffd}\u{fffd}[31m" + String(repeating: "\u{fffd}", count: 7) + "b"
    #expect(try samples(lines).allSatisfy { $0.labels["source"] == safe })
  }

  @Test("numbers at their ends are printed whole") func ends() throws {
    var builder = CacheState.Builder()
    for (number, nanoseconds) in [Int64.min, -1_500_000_000, .max].enumerated() {
      let time = Timestamp(nanoseconds: nanoseconds)
      builder.add(
        CacheState.Row(id: "\(number)", kind: nil, size: .max, createdAt: time, lastUsedAt: time), parents: [])
    }
    let state = builder.finish()
    let samples = try samples(Gauges(reading(state), of: source).lines)
    #expect(sum(samples, "strata_cache_used_bytes") == .max)
    #expect(samples.contains { $0.name == "strata_cache_last_used_timestamp_seconds" && $0.value == "9223372036.854" })
    let early = try self.samples(
      Gauges(Reading(state: .empty, moment: Timestamp(nanoseconds: -1_500_000_000), behavior: .embedded), of: source)
        .lines)
    #expect(early.last?.value == "-1.500")
  }

  @Test("the documentation names every gauge") func documented() throws {
    let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/BuildCache/BuildCache.docc/Watching.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let named = Set(text.matches(of: /`(strata_\w+)`/).map { String($0.1) })
    let all = Gauges(reading(.empty), of: source).gauges + Gauges(upOf: source, isUp: true).gauges
    #expect(named == Set(all.map(\.name)))
  }
}
