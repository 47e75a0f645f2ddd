import BuildCache
import TestSupport
import Testing

/// The rules of D4 and D5 as they are written: all candidates are ranked anew before each victim.
struct NaivePrune {
  struct Step: Equatable {
    let row: Int
    let score: Double
    let ranks: [Int]
    let tied: Int
  }

  static func steps(_ state: CacheState, _ policy: PrunePolicy, _ rule: RankingRule, now: Timestamp) -> [Step] {
    var left = Set(state.rows.indices)
    var total = state.rows.filter { !$0.isShared }.reduce(0) { $0 + $1.size }
    var steps: [Step] = []
    while policy.keepBytes == 0 || total >= policy.keepBytes {
      let candidates = left.filter { isCandidate($0, state, left, policy, now) }
      guard let best = ranked(candidates, state, rule).first else { break }
      steps.append(best)
      left.remove(best.row)
      total -= state.rows[best.row].size
    }
    return steps
  }

  private static func isCandidate(
    _ row: Int, _ state: CacheState, _ left: Set<Int>, _ policy: PrunePolicy, _ now: Timestamp
  ) -> Bool {
    let record = state.rows[row]
    if record.outsideRefs > 0 || state.children(of: row).contains(where: left.contains) { return false }
    if !policy.all && (record.recordType == .internal || record.recordType == .frontend || record.isReferenced) {
      return false
    }
    if policy.keepDuration.nanoseconds > 0, let used = record.lastUsedAt,
      used.nanoseconds > now.nanoseconds - policy.keepDuration.nanoseconds
    {
      return false
    }
    return true
  }

  private static func ranked(_ candidates: Set<Int>, _ state: CacheState, _ rule: RankingRule) -> [Step] {
    let shift = rule == .current ? 1 : 0
    let rows = state.rows
    let times = Set(candidates.compactMap { rows[$0].lastUsedAt }).sorted()
    let counts = Set(candidates.map { rows[$0].usageCount }.filter { $0 != 0 }).sorted()
    func share(_ number: Int, _ highest: Int) -> Double { highest == 0 ? 0 : Double(number) / Double(highest) }
    let scored = candidates.map { row -> (row: Int, score: Double, ranks: [Int]) in
      let time = (rows[row].lastUsedAt.flatMap { times.firstIndex(of: $0) }.map { $0 + 1 } ?? 0) + shift
      let count = (counts.firstIndex(of: rows[row].usageCount).map { $0 + 1 } ?? 0) + shift
      let ranks = [time, times.count + shift, count, counts.count + shift]
      return (row, share(time, ranks[1]) + share(count, ranks[3]), ranks)
    }
    return scored.sorted { a, b in
      let (x, y) = (rows[a.row], rows[b.row])
      if a.score != b.score { return a.score < b.score }
      if x.usageCount != y.usageCount { return x.usageCount < y.usageCount }
      if x.lastUsedAt != y.lastUsedAt {
        return (x.lastUsedAt?.nanoseconds ?? .min) < (y.lastUsedAt?.nanoseconds ?? .min)
      }
      return (x.createdAt.nanoseconds, x.id) < (y.createdAt.nanoseconds, y.id)
    }.map { step in
      Step(row: step.row, score: step.score, ranks: step.ranks, tied: scored.count { $0.score == step.score } - 1)
    }
  }
}

@Suite("D: planning a prune") struct PrunePlanTests {
  @Test("D4, D5, G5: the plan equals ranking anew after each victim") func equalsTheNaivePrune() {
    for seed in 1...UInt64(long(600)) {
      var random = SeededGenerator(seed)
      let state = randomState(rows: random.pick(1...40), &random)
      let policy = PrunePolicy(
        all: random.chance(30), keepDuration: .seconds(random.chance(30) ? 3 : 0),
        keepBytes: Int64(random.chance(20) ? 0 : random.pick(1...400)))
      let now = Timestamp(nanoseconds: 6_000_000_000)
      for rule in RankingRule.allCases {
        let plan = PrunePlan(state, policy: policy, ranking: rule, now: now)
        let steps = plan.victims.map { victim in
          NaivePrune.Step(
            row: victim.row, score: victim.score,
            ranks: [
              victim.lastUsedRank.number, victim.lastUsedRank.highest, victim.usageRank.number,
              victim.usageRank.highest,
            ], tied: victim.tied)
        }
        #expect(steps == NaivePrune.steps(state, policy, rule, now: now), "seed \(seed), \(rule)")
      }
    }
  }

  @Test("D5: the order does not depend on the limit, only the cut does") func limitMovesOnlyTheCut() {
    var random = SeededGenerator(7)
    let state = randomState(rows: 60, &random)
    let now = Timestamp(nanoseconds: 0)
    let plan = PrunePlan(state, policy: PrunePolicy(keepBytes: 1), ranking: .seed, now: now)
    for keepBytes in stride(from: Int64(1), through: plan.before + 10, by: 7) {
      let fresh = PrunePlan(state, policy: PrunePolicy(keepBytes: keepBytes), ranking: .seed, now: now)
      let moved = plan.limited(to: keepBytes)
      #expect(moved.cut == fresh.cut)
      #expect(moved.order == fresh.order)
      #expect(moved.after == fresh.after)
    }
  }

  private func state(_ sizes: [Int64]) -> CacheState {
    var builder = CacheState.Builder()
    for (number, size) in sizes.enumerated() {
      builder.add(
        CacheState.Row(
          id: "r\(number)", kind: .base, size: size, createdAt: Timestamp(nanoseconds: 0),
          lastUsedAt: Timestamp(nanoseconds: Int64(number + 1)), usageCount: 1), parents: [])
    }
    return builder.finish()
  }

  @Test("D4: at exactly keep-bytes one more record goes") func exactlyAtTheLimit() {
    let plan = PrunePlan(
      state([10, 10, 10]), policy: PrunePolicy(keepBytes: 30), ranking: .seed, now: Timestamp(nanoseconds: 0))
    #expect(plan.victims.map(\.row) == [0])
    #expect(plan.after == 20)
    #expect(plan.limited(to: 31).cut == 0)
  }

  @Test("G2: 0/0 is 0") func nothingEverUsed() {
    var builder = CacheState.Builder()
    builder.add(
      CacheState.Row(id: "a", kind: .base, size: 1, createdAt: Timestamp(nanoseconds: 0)), parents: [])
    let plan = PrunePlan(
      builder.finish(), policy: PrunePolicy(keepBytes: 1), ranking: .seed, now: Timestamp(nanoseconds: 0))
    #expect(plan.victims.first?.score == 0)
    #expect(plan.victims.first?.lastUsedRank == plan.victims.first?.usageRank)
  }

  @Test("why the rest stays, each for its own reason") func reasons() {
    var builder = CacheState.Builder()
    func add(_ id: String, parents: [String] = [], change: (inout CacheState.Row) -> Void = { _ in }) {
      var row = CacheState.Row(
        id: id, kind: .base, size: 10, createdAt: Timestamp(nanoseconds: 0), lastUsedAt: Timestamp(nanoseconds: 1))
      change(&row)
      builder.add(row, parents: parents)
    }
    add("held") { $0.outsideRefs = 1 }
    add("below-held")
    add("holds", parents: []) { _ in }
    add("held-2", parents: ["holds"]) { $0.outsideRefs = 1 }
    add("tagged") { $0.isReferenced = true }
    add("internal") { $0.recordType = .internal }
    add("young") { $0.lastUsedAt = Timestamp(nanoseconds: 99) }
    add("pinned")
    add("pins", parents: ["pinned"]) { $0.lastUsedAt = Timestamp(nanoseconds: 99) }
    let state = builder.finish()
    let plan = PrunePlan(
      state, policy: PrunePolicy(keepDuration: TimeSpan(nanoseconds: 50), keepBytes: 85), ranking: .seed,
      now: Timestamp(nanoseconds: 100))
    let kept = Dictionary(uniqueKeysWithValues: plan.kept.map { (state.rows[$0.row].id, $0) })
    #expect(kept["held"]?.reason == .inUse)
    #expect(kept["holds"]?.reason == .holdsInUse)
    #expect(kept["holds"]?.by.map { state.rows[$0].id } == ["held-2"])
    #expect(kept["tagged"]?.reason == .shared)
    #expect(kept["internal"]?.reason == .internal)
    #expect(kept["young"]?.reason == .keepDuration)
    #expect(kept["pinned"]?.reason == .pinned)
    #expect(kept["pinned"]?.by.map { state.rows[$0].id } == ["pins"])
    #expect(plan.order.map { state.rows[$0.row].id } == ["below-held"])
    #expect(kept["below-held"]?.reason == .withinLimit)
  }

  @Test("chosen records go with all that hangs on them, children first; what is in use stays") func chosen() {
    var builder = CacheState.Builder()
    for (id, parents, held) in [("a", [], 0), ("b", ["a"], 0), ("c", ["b"], 0), ("d", [], 0), ("e", ["d"], 1)]
      as [(String, [String], Int)]
    {
      builder.add(
        CacheState.Row(id: id, kind: .base, size: 1, createdAt: Timestamp(nanoseconds: 0), outsideRefs: held),
        parents: parents)
    }
    let state = builder.finish()
    #expect(PrunePlan(state, removing: [0]).victims.map { state.rows[$0.row].id } == ["c", "b", "a"])
    #expect(PrunePlan(state, removing: [3]).victims.isEmpty)
    #expect(PrunePlan(state, removing: [1]).victims.map { state.rows[$0.row].id } == ["c", "b"])
  }
}
