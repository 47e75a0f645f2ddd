import BuildCache
import CacheReport
import Foundation
import TestSupport
import Testing

@Suite("One meaning a word") struct GlossaryTests {
  @Test("the manual's page has the same words with the same meanings") func page() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/BuildCache/BuildCache.docc/Words.md")
    let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| ") }
    #expect(
      rows.dropFirst().map(String.init) == Glossary.terms.map { "| \($0.word) | \($0.meaning) |" }, "renew \(file.path)"
    )
    #expect(Set(Glossary.terms.map(\.word)).count == Glossary.terms.count)
  }

  @Test("every part of a cache is a word of the glossary") func parts() {
    let words = Set(Glossary.terms.map(\.word))
    for part in UsageTotals.Part.allCases {
      #expect(words.contains(part == .sharedUnused ? "shared" : part.rawValue.replacing("_", with: " ")))
    }
  }

  @Test("totals, a builder's line, gauges and plans count alike on any cache") func counts() throws {
    for seed in 1...UInt64(long(60)) {
      var random = SeededGenerator(seed)
      let state = randomState(rows: random.pick(0...60), &random)
      let reading = Reading(state: state, moment: Timestamp(nanoseconds: 10_000_000_000), behavior: .embedded)
      let totals = UsageTotals(state)
      // The parts are the whole.
      let parts = UsageTotals.Part.allCases.map { totals[$0] }
      #expect(parts.reduce(0) { $0 + $1.records } == totals.all.records)
      #expect(parts.reduce(0) { $0 + $1.bytes } == totals.all.bytes)
      // A builder's line, and its JSON.
      let figures = try BuilderFigures(reading)
      #expect(figures.totals == totals)
      var twice = totals
      twice.add(totals)
      #expect(
        twice[.internal].bytes == 2 * totals[.internal].bytes && twice.unshared.bytes == 2 * totals.unshared.bytes)
      // A plan begins with what is used, and what it frees is what its victims take.
      let all = try PrunePlan(state, policies: [PrunePolicy(all: true)], behavior: .embedded, now: reading.moment)
      let plain = try PrunePlan(state, policies: [PrunePolicy()], behavior: .embedded, now: reading.moment)
      for plan in [all, plain] {
        #expect(plan.before == totals.unshared.bytes)
        #expect(plan.freed == plan.victims.reduce(0) { $0 + state.rows[$1.row].size })
        let left = UsageTotals(state.keeping { _, row in plan.reason(forRow: row) != nil })
        // What was shared and went is taken off once too often, as a daemon does.
        if !plan.victims.contains(where: { state.rows[$0.row].isShared }) { #expect(plan.after == left.unshared.bytes) }
        #expect(left.all.bytes == totals.all.bytes - plan.freed)
      }
      // Without all a prune takes nothing but what is reclaimable, and all of it where nothing that stays stands on it.
      #expect(plain.victims.allSatisfy { state.rows[$0.row].part == .reclaimable })
      for kept in plain.kept {
        switch state.rows[kept.row].part {
        case .inUse: #expect(kept.reason == .inUse || kept.reason == .holdsInUse)
        // What is shared by what stands on it has that as its reason, where it has none of its own.
        case .sharedUnused: #expect([.shared, .internal, .pinned].contains(kept.reason))
        case .internal: #expect(kept.reason == .internal)
        case .reclaimable: #expect(kept.reason == .pinned)
        }
      }
      // Gauges.
      let lines = Gauges(reading, of: SourceIdentity(kind: .list, words: "x", key: "x")).lines
      for part in UsageTotals.Part.allCases {
        let found = lines.filter { $0.hasPrefix("strata_cache_bytes") && $0.contains("state=\"\(part.rawValue)\"") }
        #expect(found.reduce(0) { $0 + (Int64($1.split(separator: " ").last ?? "") ?? .min) } == totals[part].bytes)
      }
      #expect(lines.contains("strata_cache_used_bytes{source=\"x\"} \(totals.unshared.bytes)"))
    }
  }

  @Test(
    "times are told with their age, and their date where it isn't today's",
    arguments: [
      ("2026-11-27T14:02:10.536723265Z", "3 h ago, 14:02:10"), ("2026-11-27T17:02:05Z", "now, 17:02:05"),
      ("2026-11-26T23:59:59Z", "17 h ago, 2026-11-26 23:59:59"),
      ("2026-11-20T01:00:00Z", "7 d ago, 2026-11-20 01:00:00"),
      ("2026-11-27T19:02:11Z", "in 2 h, 19:02:11"), ("1969-12-31T23:59:59Z", "20784 d ago, 1969-12-31 23:59:59"),
    ])
  func times(_ time: String, _ words: String) throws {
    let now = try Timestamp(parsing: "2026-11-27T17:02:11Z")
    #expect(LocalTime.utc.words(for: try Timestamp(parsing: time), at: now) == words)
  }

  @Test("times are those of the clock on the wall, which may be in another day") func localTimes() throws {
    let now = try Timestamp(parsing: "2026-11-27T23:30:00Z")
    let east = LocalTime { _ in 3600 }
    #expect(east.words(for: try Timestamp(parsing: "2026-11-27T23:10:00Z"), at: now) == "20 m ago, 00:10:00")
    #expect(
      east.words(for: try Timestamp(parsing: "2026-11-27T22:30:00Z"), at: now) == "1 h ago, 2026-11-27 23:30:00")
    for edge in [Int64.min, .max] {
      #expect(!east.words(for: Timestamp(nanoseconds: edge), at: now).isEmpty)
      #expect(!east.words(for: now, at: Timestamp(nanoseconds: edge)).isEmpty)
    }
  }
}
