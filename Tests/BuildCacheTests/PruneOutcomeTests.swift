import CacheReport
import Testing

@testable import BuildCache

/// What a plan foresaw against what went.
@Suite("Outcomes of prunes") struct PruneOutcomeTests {
  private let now = Timestamp(nanoseconds: 1_000_000_000_000)

  /// Rows of one byte each, used this many seconds ago, by id.
  private func state(_ ages: [(String, Int64)], parents: [String: [RecordID]] = [:], uses: [String: Int] = [:])
    -> CacheState
  {
    var builder = CacheState.Builder()
    for (id, age) in ages {
      builder.add(
        CacheState.Row(
          id: RecordID(id), kind: nil, size: 1, createdAt: now, lastUsedAt: now.advanced(by: .seconds(-age)),
          usageCount: uses[id] ?? 1),
        parents: parents[id] ?? [])
    }
    return builder.finish()
  }

  private func plan(_ state: CacheState, keeping bytes: Int64) throws -> PrunePlan {
    try PrunePlan(
      state, policies: [PrunePolicy(limits: SpaceLimits(maxUsed: bytes))], behavior: .daemon(.current, restart: .never),
      now: now)
  }

  private func outcome(_ plan: PrunePlan, _ gone: [RecordID], changed: [RecordID] = []) -> PruneOutcome {
    var report = PruneReport()
    report.gone = gone
    report.changed = changed
    return PruneOutcome(plan, report)
  }

  @Test("as foreseen, more, less, in another order, and by a tie") func kinds() throws {
    let plan = try plan(state([("a", 40), ("b", 30), ("c", 20), ("d", 10)]), keeping: 2)
    #expect(plan.victims.map { plan.state.rows[$0.row].id } == ["a", "b", "c"])
    #expect(outcome(plan, ["a", "b", "c"]).words == "as foreseen")
    #expect(outcome(plan, ["a", "b"], changed: ["c"]).isAsForeseen, "what was left alone is told elsewhere")
    let more = outcome(plan, ["a", "b", "c", "d", "new"])
    #expect(more.more == ["d", "new"] && more.words == "not as foreseen: 2 more")
    #expect(outcome(plan, ["a", "c"]).less == ["b"])
    #expect(outcome(plan, ["b", "a", "c"]).words == "not as foreseen: in another order")
    let tied = try self.plan(state([("a", 40), ("b", 40), ("c", 20), ("d", 10)]), keeping: 2)
    let other = outcome(tied, tied.victims.map { tied.state.rows[$0.row].id }.reversed())
    #expect(other.order == .tie || other.order == .other)
    let swapped = outcome(tied, ["b", "a", "c"]).order
    let straight = outcome(tied, ["a", "b", "c"]).order
    #expect([swapped, straight].sorted { $0.rawValue < $1.rawValue } == [.kept, .tie])
    let unranked = try self.plan(state([("a", 1), ("b", 2)]), keeping: 0)
    #expect(outcome(unranked, ["b", "a"]).words == "as foreseen")
  }

  @Test("each difference has its reason, where it can be known") func reasons() throws {
    let before = state([("a", 40), ("b", 30), ("c", 20), ("d", 10)])
    let plan = try plan(before, keeping: 1)
    func told(_ gone: [RecordID], _ after: CacheState?) -> String {
      outcome(plan, gone).differences(from: plan, after: after).joined(separator: "\n")
    }
    #expect(told(["a", "b", "c", "d", "new"], nil) == "new went, too: it was made meanwhile")
    #expect(told(["b", "c", "d"], nil) == "a stayed: why isn't known")
    #expect(told(["b", "c", "d"], state([("a", 1)])) == "a stayed: it was used meanwhile")
    #expect(told(["b", "c", "d"], state([("x", 1)])).contains("another's doing"))
    let onIt = state([("a", 40), ("x", 1)], parents: ["x": ["a"]])
    #expect(told(["b", "c", "d"], onIt) == "a stayed: x was made on it meanwhile")
    #expect(told(["b", "c", "d"], state([("a", 40)])).contains("the daemon left it"))
  }
}
