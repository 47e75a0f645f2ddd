import BuildCache
import CacheReport
import Foundation
import TestSupport
import Testing

@Suite("D: planning a prune") struct PrunePlanTests {
  private static let behaviors: [PruneBehavior] =
    [.embedded, PruneBehavior(ranking: .current)]
    + RankingRule.allCases.flatMap { ranking -> [PruneBehavior] in
      let restarts = [DaemonRestart.before, .never, .at(Timestamp(nanoseconds: 2))]
      return restarts.map { .daemon(ranking, restart: $0) }
    }

  /// A rule drawn at random, of all that a rule can say.
  private func randomPolicy(_ random: inout SeededGenerator) throws -> PrunePolicy {
    let filters = [["type==regular"], ["mutable"], ["type==internal", "description~=1"], ["id~=^[a-m]"], ["shared"]]
    func bytes(_ percent: Int) -> Int64 { random.chance(percent) ? Int64(random.pick(1...400)) : 0 }
    return PrunePolicy(
      all: random.chance(30),
      filter: random.chance(25) ? try Filter(parsing: filters[random.pick(0...(filters.count - 1))]) : .all,
      keepDuration: .seconds(random.chance(30) ? 3 : 0),
      limits: SpaceLimits(reserved: bytes(10), maxUsed: bytes(75), minFree: bytes(15)))
  }

  /// Whether a plan of up to three rules takes what ranking anew before each victim takes, with the same scores.
  private func equalsNaive(seed: UInt64, rows: ClosedRange<Int>, most: Int = .max) throws -> Bool {
    var random = SeededGenerator(seed)
    let state = randomState(rows: random.pick(rows), &random)
    let policies = try (0..<random.pick(1...3)).map { _ in try randomPolicy(&random) }
    let behavior = Self.behaviors[random.pick(0...(Self.behaviors.count - 1))]
    let now = Timestamp(nanoseconds: 6_000_000_000)
    let free = Int64(random.pick(0...300))
    let plan = try PrunePlan(state, policies: policies, behavior: behavior, now: now, free: free)
    var naive = NaivePrune(state, behavior: behavior, now: now)
    for rule in plan.rules {
      let steps = rule.victims.map { victim in
        NaivePrune.Step(
          row: victim.row, score: victim.score,
          ranks: [
            victim.lastUsedRank.number, victim.lastUsedRank.highest, victim.usageRank.number, victim.usageRank.highest,
          ], tied: victim.tied)
      }
      guard naive.steps(rule.policy, free: free) == steps else { return false }
    }
    return true
  }

  @Test("G13: a limit can be moved, but to and from none only where nothing has to be measured first") func movedLimit()
    throws
  {
    var compared = 0
    for seed in 1...UInt64(long(200)) {
      var random = SeededGenerator(seed)
      let state = randomState(rows: random.pick(1...40), &random)
      func plan(_ limits: SpaceLimits) throws -> PrunePlan {
        try PrunePlan(
          state, policies: [PrunePolicy(all: true, limits: limits)], behavior: .daemon(.current, restart: .before),
          now: Timestamp(nanoseconds: 6_000_000_000))
      }
      let none = try plan(.none)
      let half = SpaceLimits(maxUsed: max(1, state.total / 2))
      if none.keepsOrder(limitedTo: half) {
        #expect(none.limited(to: half).victims == (try plan(half)).victims)
        compared += 1
      } else {
        #expect(state.rows.contains { $0.isMeasuredByUse })
      }
      #expect(try plan(half).limited(to: SpaceLimits(maxUsed: 1)).victims == plan(SpaceLimits(maxUsed: 1)).victims)
    }
    #expect(compared > 10 && compared < long(200))
  }

  @Test("what hangs on what is taken for granted is what a plan without it leaves") func sensitivity() throws {
    var found = (ranking: 0, restart: 0, measuring: 0)
    for seed in 1...UInt64(long(100)) {
      var random = SeededGenerator(seed)
      let state = randomState(rows: random.pick(1...60), &random)
      let policies = [
        PrunePolicy(all: true, keepDuration: .seconds(Int64(random.pick(0...3))), keepBytes: state.total / 2)
      ]
      let now = Timestamp(nanoseconds: 6_000_000_000)
      func plan(_ state: CacheState, _ behavior: PruneBehavior) throws -> PrunePlan {
        try PrunePlan(state, policies: policies, behavior: behavior, now: now)
      }
      let own = try plan(state, .daemon(.current, restart: .before))
      let sensitivity = try #require(try own.sensitivity())
      func lost(_ other: PrunePlan) -> Int {
        Set(own.victims.map(\.row)).subtracting(other.victims.map(\.row)).count
      }
      #expect(sensitivity.toRanking == lost(try plan(state, .daemon(.seed, restart: .before))))
      #expect(sensitivity.toRestart == lost(try plan(state, .daemon(.current, restart: .never))))
      var builder = CacheState.Builder()
      for (number, var row) in state.rows.enumerated() {
        row.isMeasuredByUse = false
        builder.add(row, parents: state.parentIDs(of: number))
      }
      #expect(sensitivity.toMeasuring == lost(try plan(builder.finish(), .daemon(.current, restart: .before))))
      found.ranking += sensitivity.toRanking
      found.restart += sensitivity.toRestart
      found.measuring += sensitivity.toMeasuring
      #expect(try plan(state, .embedded).sensitivity() == nil)
    }
    #expect(found.ranking > 0 && found.restart > 0 && found.measuring > 0)
  }

  @Test("D4, D5, G5, G6, G13: the plan equals ranking anew after each victim") func equalsTheNaivePrune() throws {
    for seed in 1...UInt64(long(1000)) {
      try #require(try equalsNaive(seed: seed, rows: 1...60), "seed \(seed)")
    }
  }

  @Test("the same for large caches, which the short run leaves small") func equalsTheNaivePruneAtLarge() throws {
    // 50 of 5,000 records with STRATA_LONG=50, one of 300 otherwise.
    let rows = long(1) > 1 ? 5000 : 300
    for seed in 1...UInt64(long(1)) {
      try #require(try equalsNaive(seed: 1_000_000 + seed, rows: rows...rows), "seed \(1_000_000 + seed)")
    }
  }

  @Test("D5: the order does not depend on the limit, only the cut does") func limitMovesOnlyTheCut() throws {
    var random = SeededGenerator(7)
    let state = randomState(rows: 60, &random)
    let now = Timestamp(nanoseconds: 0)
    for behavior in Self.behaviors {
      let plan = try PrunePlan(state, policies: [PrunePolicy(keepBytes: 1)], behavior: behavior, now: now)
      for keepBytes in stride(from: Int64(1), through: plan.before + 10, by: 7) {
        let fresh = try PrunePlan(state, policies: [PrunePolicy(keepBytes: keepBytes)], behavior: behavior, now: now)
        let moved = plan.limited(to: SpaceLimits(maxUsed: keepBytes))
        #expect(moved.rules[0].cut == fresh.rules[0].cut)
        #expect(moved.rules[0].order == fresh.rules[0].order)
        #expect(moved.after == fresh.after)
      }
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

  @Test("D4: at exactly keep-bytes one more record goes") func exactlyAtTheLimit() throws {
    let plan = try PrunePlan(
      state([10, 10, 10]), policies: [PrunePolicy(keepBytes: 30)], now: Timestamp(nanoseconds: 0))
    #expect(plan.victims.map(\.row) == [0])
    #expect(plan.after == 20)
    #expect(plan.limited(to: SpaceLimits(maxUsed: 31)).count == 0)
  }

  @Test("G2: 0/0 is 0") func nothingEverUsed() throws {
    var builder = CacheState.Builder()
    builder.add(
      CacheState.Row(id: "a", kind: .base, size: 1, createdAt: Timestamp(nanoseconds: 0)), parents: [])
    let plan = try PrunePlan(
      builder.finish(), policies: [PrunePolicy(keepBytes: 1)], now: Timestamp(nanoseconds: 0))
    #expect(plan.victims.first?.score == 0)
    #expect(plan.victims.first?.lastUsedRank == plan.victims.first?.usageRank)
  }

  @Test("F9, G12: keep-bytes of reserved space, max used space and min free space") func threeLimits() {
    // Reserved, max used, min free; free; what stays of 100, and what does if it is a daemon's prune.
    let cases: [(SpaceLimits, Int64?, Int64, Int64)] = [
      (SpaceLimits(), 10, 0, 0),
      (SpaceLimits(maxUsed: 70), 10, 70, 70),
      (SpaceLimits(reserved: 30), 10, 30, 30),
      (SpaceLimits(reserved: 80, maxUsed: 70), 10, 80, 80),
      (SpaceLimits(minFree: 30), 10, 80, 80),  // 20 are missing
      (SpaceLimits(maxUsed: 70, minFree: 30), 10, 70, 70),
      (SpaceLimits(maxUsed: 90, minFree: 30), 10, 80, 80),
      (SpaceLimits(reserved: 85, maxUsed: 90, minFree: 30), 10, 85, 85),
      (SpaceLimits(minFree: 110), 10, 0, 0),  // just all: no limit
      (SpaceLimits(minFree: 500), 10, 0, 0),
      (SpaceLimits(minFree: 5), 10, 101, 100),  // enough is free
      (SpaceLimits(maxUsed: 70, minFree: 5), 10, 70, 70),
      (SpaceLimits(minFree: 30), nil, 0, 0),  // nobody knows
    ]
    for (limits, free, own, daemon) in cases {
      #expect(limits.keepBytes(total: 100, free: free, isDaemon: false) == own, "\(limits)")
      #expect(limits.keepBytes(total: 100, free: free, isDaemon: true) == daemon, "\(limits)")
    }
  }

  @Test("D7, F4: a prune's filter sees the description, but for a v0.10.0 daemon's; never parents and inuse")
  func seenByFilter() throws {
    var builder = CacheState.Builder()
    for (id, parents) in [("a", []), ("b", ["a"])] as [(RecordID, [RecordID])] {
      builder.add(
        CacheState.Row(id: id, kind: .base, size: 1, createdAt: Timestamp(nanoseconds: 0), description: "of \(id)"),
        parents: parents)
    }
    let state = builder.finish()
    func count(_ filter: String, _ behavior: PruneBehavior) throws -> Int {
      let policy = PrunePolicy(all: true, filter: try Filter(parsing: [filter]))
      return try PrunePlan(state, policies: [policy], behavior: behavior, now: Timestamp(nanoseconds: 0)).count
    }
    for behavior in Self.behaviors {
      let isBlind = behavior.isDaemon && behavior.ranking == .seed
      #expect(try count("description~=of", behavior) == (isBlind ? 0 : 2))
      #expect(try count("parents==a", behavior) == 0)
      #expect(try count("inuse", behavior) == 0)
    }
  }

  @Test("planning stops soon where its task is cancelled") func cancelled() async throws {
    var random = SeededGenerator(3)
    let state = randomState(rows: 5_000, &random)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      _ = try PrunePlan(state, policies: [PrunePolicy(all: true)], now: Timestamp(nanoseconds: 0))
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test("a plan is written as JSON and read as the same", arguments: [false, true]) func json(namesRules: Bool) throws {
    var random = SeededGenerator(5)
    let state = randomState(rows: 50, &random)
    let policies = [PrunePolicy(keepBytes: state.total / 2), PrunePolicy(all: true)]
    let plan = try PrunePlan(state, policies: policies, now: Timestamp(nanoseconds: 0))
    let report = PlanReport(
      plan, leaving: Set(state.rows.prefix(9).map(\.id)), namesRules: namesRules, notes: ["a note"])
    #expect(try JSONDecoder().decode(PlanReport.self, from: try JSONEncoder().encode(report)) == report)
  }

  @Test("why the rest stays, each for its own reason") func reasons() throws {
    var builder = CacheState.Builder()
    func add(_ id: RecordID, parents: [RecordID] = [], change: (inout CacheState.Row) -> Void = { _ in }) {
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
    let plan = try PrunePlan(
      state, policies: [PrunePolicy(keepDuration: TimeSpan(nanoseconds: 50), keepBytes: 85)],
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
    #expect(plan.rules[0].order.map { state.rows[$0.row].id } == ["below-held"])
    #expect(kept["below-held"]?.reason == .withinLimit)
  }

  @Test("chosen records go with all that hangs on them, children first; what is in use stays") func chosen() throws {
    var builder = CacheState.Builder()
    for (id, parents, held) in [("a", [], 0), ("b", ["a"], 0), ("c", ["b"], 0), ("d", [], 0), ("e", ["d"], 1)]
      as [(RecordID, [RecordID], Int)]
    {
      builder.add(
        CacheState.Row(id: id, kind: .base, size: 1, createdAt: Timestamp(nanoseconds: 0), outsideRefs: held),
        parents: parents)
    }
    let state = builder.finish()
    #expect(try PrunePlan(state, removing: [0]).victims.map { state.rows[$0.row].id } == ["c", "b", "a"])
    #expect(try PrunePlan(state, removing: [3]).victims.isEmpty)
    #expect(try PrunePlan(state, removing: [1]).victims.map { state.rows[$0.row].id } == ["c", "b"])
  }
}
