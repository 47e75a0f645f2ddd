import BuildCache
import CacheReport
import TestSupport
import Testing

@Suite("What is asked before a prune") struct PruneQuestionTests {
  private let now = Timestamp(nanoseconds: 1_000_000 * 1_000_000_000)

  private func row(
    _ id: RecordID, _ size: Int64, used minutes: Int64?, _ words: String = "", _ type: RecordType = .regular
  ) -> CacheState.Row {
    CacheState.Row(
      id: id, kind: nil, size: size, createdAt: now.advanced(by: .seconds(-500_000)),
      lastUsedAt: minutes.map { now.advanced(by: .seconds(-60 * $0)) }, description: words, recordType: type)
  }

  private func question(_ rows: [(CacheState.Row, parents: [RecordID])]) throws -> PruneQuestion {
    var builder = CacheState.Builder()
    for (row, parents) in rows { builder.add(row, parents: parents) }
    return PruneQuestion(try PrunePlan(builder.finish(), policies: [PrunePolicy(all: true)], now: now), now: now)
  }

  @Test("the largest, the oldest, and what most would miss are told by name") func lines() throws {
    var rows: [(CacheState.Row, parents: [RecordID])] = [
      (row("node", 400_000_000, used: 5000, "pulled from docker.io/library/node:20"), []),
      (row("old", 1000, used: 9000, "local source for context"), []),
      (row("npm", 7000, used: 700, "cached mount /root/.npm from exec npm ci", .execCacheMount), []),
      (row("apt", 7000, used: 1500, "cached mount /var/cache/apt from exec apt", .execCacheMount), []),
      (row("now", 2000, used: 12, "[web 5/8] RUN npm ci"), []),
    ]
    for number in 0..<6 { rows.append((row(RecordID("step\(number)"), 10, used: 4000), ["node"])) }
    let question = try question(rows)
    #expect(
      question.lines(in: .si) { $0.named() } == [
        "Largest: node (node:20), 400.0 MB.", "Oldest: old (local context), used 6d ago.",
        "Missed soon: npm (/root/.npm), a cache mount used 11h ago.",
        "Missed soon: node (node:20), which 6 records stand on.",
        "Missed soon: now (RUN npm ci), used 12m ago.",
      ])
  }

  @Test("at most three, each once; the latest used fill up where there is no base or mount") func three() throws {
    let question = try question((1...9).map { (row(RecordID("r\($0)"), $0 == 1 ? 5 : 1, used: Int64($0)), []) })
    #expect(question.losses.map { question.plan.state.rows[$0.row].id } == ["r1", "r2", "r3"])
    #expect(question.losses.allSatisfy { $0.reason == .usedLately })
  }

  @Test("one record is told in a line; nothing is said of what nobody would miss, and of nothing") func few() throws {
    #expect(try question([]).lines(in: .si) { $0.named() } == [])
    #expect(try question([(row("a", 5, used: 5), [])]).lines(in: .si) { $0.named() } == ["a: 5 B, used 5m ago."])
    #expect(try question([(row("a", 5, used: nil), [])]).lines(in: .si) { $0.named() } == ["a: 5 B, never used."])
    let both = try question([(row("a", 5, used: 9000), []), (row("b", 4, used: 4000), [])])
    #expect(both.lines(in: .si) { $0.named() } == ["Largest and oldest: a, 5 B, used 6d ago."])
    // Four children are not many, and a use that is yet to come is now.
    let base = try question(
      [(row("a", 5, used: 9000), [])] + (0..<4).map { (row(RecordID("c\($0)"), 1, used: -60), ["a"]) })
    #expect(base.losses.count == 3 && base.losses.allSatisfy { $0.reason == .usedLately })
    #expect(base.lines(in: .si) { $0.named() }.contains("Missed soon: c0, used now."))
  }

  @Test("on any cache each of the lost goes, is there once, and has its reason") func anyState() throws {
    for seed in 1...UInt64(200) {
      var random = SeededGenerator(seed)
      let state = randomState(rows: random.pick(0...60), &random)
      let plan = try PrunePlan(state, policies: [PrunePolicy(all: seed % 2 == 0)], now: now)
      let question = PruneQuestion(plan, now: now)
      let victims = Set(plan.victims.map(\.row))
      #expect(question.losses.count <= 3 && Set(question.losses.map(\.row)).count == question.losses.count)
      #expect((question.largest == nil) == victims.isEmpty && (question.oldest == nil) == victims.isEmpty)
      for loss in question.losses {
        #expect(victims.contains(loss.row))
        let row = state.rows[loss.row]
        switch loss.reason {
        case .cacheMount: #expect(row.recordType == .execCacheMount && row.lastUsedAt != nil)
        case .usedLately: #expect(row.lastUsedAt.map { now.since($0) < PruneQuestion.lately } ?? false)
        case .base(let records):
          #expect(state.descendants(of: loss.row).count == records && records >= PruneQuestion.manyRecords)
        }
      }
      #expect(victims.allSatisfy { state.rows[$0].size <= state.rows[question.largest ?? $0].size })
    }
  }
}
