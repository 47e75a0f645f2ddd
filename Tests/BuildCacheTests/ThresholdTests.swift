import BuildCache
import CacheReport
import Foundation
import Testing

@Suite("Limits that a cache is held against") struct ThresholdTests {
  private let source = SourceIdentity(kind: .list, words: "a list", key: "list:a")

  /// Rows by id, each of 10 bytes and made at 5 s, read at 100 s.
  private func reading(_ rows: [CacheState.Row], free: Int64? = nil) -> Reading {
    var builder = CacheState.Builder()
    for row in rows { builder.add(row, parents: []) }
    return Reading(
      state: builder.finish(), space: free.map { CacheSpace(capacity: 1000, free: $0) }, moment: time(100),
      behavior: .embedded)
  }

  private func time(_ seconds: Int64) -> Timestamp { Timestamp(nanoseconds: seconds * 1_000_000_000) }

  private func row(
    _ id: RecordID, used: Int64? = nil, inUse: Bool = false, isShared: Bool = false, _ words: String = ""
  )
    -> CacheState.Row
  {
    CacheState.Row(
      id: id, kind: nil, size: 10, createdAt: time(5), lastUsedAt: used.map(time), description: words,
      outsideRefs: inUse ? 1 : 0, isReferenced: isShared)
  }

  @Test("what is used is what a daemon's limits count: in use or not, and not shared (D4)") func used() throws {
    let reading = reading([
      row("a"), row("b", inUse: true), row("c", isShared: true), row("d", inUse: true, isShared: true),
    ])
    let kept = try Threshold.maxUsed(ByteCount(20)).finding(in: reading)
    #expect(kept.isKept && kept.figure == 20)
    let passed = try Threshold.maxUsed(ByteCount(19)).finding(in: reading)
    #expect(!passed.isKept && passed.figure == 20)
    #expect(passed.words(in: .si) == "The cache uses 20 B without what is shared: more than 19 B.")
  }

  @Test("free space is the disk's, or as told; where neither is known that is an error") func free() throws {
    let limit = Threshold.minFree(ByteCount(500))
    #expect(try limit.finding(in: reading([], free: 500)).isKept)
    let passed = try limit.finding(in: reading([], free: 499))
    #expect(!passed.isKept && passed.figure == 499)
    #expect(passed.words(in: .si) == "499 B of the disk is free: less than 500 B.")
    #expect(try !limit.finding(in: reading([], free: 500), free: 1).isKept)
    #expect(try limit.finding(in: reading([]), free: 500).isKept)
    #expect {
      try limit.finding(in: reading([]))
    } throws: { error in
      (error as? CacheError)?.code == .badInput
    }
  }

  @Test("the reclaimable record that was used longest ago counts, by its last use, else by when it was made")
  func unused() throws {
    let rows = [
      row("held", used: 1, inUse: true), row("tagged", used: 2, isShared: true), row("z", used: 40),
      row("b", used: 30, "RUN make"), row("c", used: 30),
    ]
    let kept = try Threshold.maxUnusedFor(.seconds(70)).finding(in: reading(rows))
    #expect(kept.isKept && kept.figure == 70_000_000_000 && kept.record?.id == "b")
    let passed = try Threshold.maxUnusedFor(.seconds(69)).finding(in: reading(rows))
    #expect(!passed.isKept)
    #expect(passed.words(in: .si) == "Record b (RUN make) was last used 1m10s ago: longer than 1m9s.")
    let never = try Threshold.maxUnusedFor(.seconds(94)).finding(in: reading(rows + [row("n")]))
    #expect(!never.isKept)
    #expect(never.words(in: .si) == "Record n was made 1m35s ago and never used: longer than 1m34s.")
    // A use that is yet to come is now, and where nothing is reclaimable nothing is unused.
    let early = try Threshold.maxUnusedFor(.seconds(0)).finding(in: reading([row("x", used: 200)]))
    #expect(early.isKept && early.figure == 0)
    let none = try Threshold.maxUnusedFor(.seconds(0)).finding(in: reading(Array(rows.prefix(2))))
    #expect(none.isKept && none.figure == nil && none.record == nil)
    let long = try Threshold.maxUnusedFor(.seconds(0)).finding(
      in: reading([row("l", String(repeating: "x", count: 61))]))
    #expect(long.words(in: .si).contains("(" + String(repeating: "x", count: 39) + "…)"))
  }

  @Test("records are counted, all of them") func records() throws {
    let reading = reading([row("a"), row("b", inUse: true), row("c", isShared: true)])
    #expect(try Threshold.maxRecords(3).finding(in: reading).isKept)
    let passed = try Threshold.maxRecords(2).finding(in: reading)
    #expect(!passed.isKept && passed.words(in: .si) == "There are 3 records: more than 2.")
    let one = try Threshold.maxRecords(0).finding(in: self.reading([row("a")]))
    #expect(one.words(in: .si) == "There is 1 record: more than 0.")
  }

  @Test("a report tells each limit, and is kept where all are") func report() throws {
    var reading = reading([row("a")], free: 7)
    reading.notes = ["sizes are rounded"]
    let limits: [Threshold] = [
      .maxUsed(ByteCount(10)), .minFree(ByteCount(8)), .maxUnusedFor(.seconds(94)), .maxRecords(1),
    ]
    let report = try CheckReport(reading, of: source, against: limits)
    #expect(report.findings.map(\.isKept) == [true, false, false, true] && !report.isKept)
    #expect(try CheckReport(reading, of: source, against: [limits[0], limits[3]]).isKept)
    let json = try #require(
      try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any])
    #expect(json["ok"] as? Bool == false && json["source"] as? String == "a list")
    #expect(json["notes"] as? [String] == ["sizes are rounded"])
    let found = try #require(json["limits"] as? [String: [String: Any]])
    for (name, limit, figure, unit, isKept) in [
      ("maxUsed", 10, 10, "bytes", true), ("minFree", 8, 7, "bytes", false), ("maxUnusedFor", 94, 95, "seconds", false),
      ("maxRecords", 1, 1, "records", true),
    ] {
      let answer = try #require(found[name])
      #expect(answer["limit"] as? Int == limit && answer["figure"] as? Int == figure, "\(answer)")
      #expect(answer["unit"] as? String == unit && answer["ok"] as? Bool == isKept, "\(answer)")
      #expect(
        (answer["reason"] != nil) == !isKept && (answer["record"] != nil) == (name == "maxUnusedFor"), "\(answer)")
    }
    #expect(found["minFree"]?["reason"] as? String == report.findings[1].words(in: .si))
    let unused = try #require(found["maxUnusedFor"])
    #expect((unused["record"] as? [String: Any])?["id"] as? String == "a")
    let nothing = try CheckReport(self.reading([]), of: source, against: [.maxUnusedFor(.seconds(1))])
    #expect(String(decoding: try JSONEncoder().encode(nothing), as: UTF8.self).contains(#""figure":null"#))
  }
}
