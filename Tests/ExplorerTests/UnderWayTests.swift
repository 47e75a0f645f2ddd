import BuildCache
import Synchronization
import TestSupport
import Terminal
import Testing

@testable import Explorer

/// What is under way comes to its end, and what it tells then disturbs nobody.
@Suite("What is under way") struct UnderWayTests {
  private func state(after script: String, on cache: MemoryCache = MemoryCache(sample)) async throws -> ExplorerState {
    let driven = await DrivenSession(cache)
    try await driven.press(script)
    return driven.state
  }

  /// Presses keys of which no effect is answered.
  private func press(_ script: String, _ state: inout ExplorerState) throws -> [Effect] {
    try Key.keys(in: script).flatMap { update(&state, .key($0)) }
  }

  private func removal(_ ids: RecordID...) throws -> PrunePlan {
    try PrunePlan(sample, removing: ids.map { try #require(sample.index(of: $0)) })
  }

  private func preview(_ effects: [Effect]) throws -> PrunePreview {
    try #require(
      effects.compactMap { effect -> PrunePreview? in
        guard case .plan(let cache, let policies, let behavior, let free, let now) = effect else { return nil }
        return PrunePreview(
          try PrunePlan(cache, policies: policies, behavior: behavior, now: now, free: free))
      }.last)
  }

  private func loads(_ effects: [Effect]) -> [CacheState?] {
    effects.compactMap { if case .load(_, let last) = $0 { .some(last) } else { nil } }
  }

  @Test("a prune that is stopped before its first removal, or fails, ends on the screen too") func pruneEnds()
    async throws
  {
    for error in [CancellationError(), CacheError(.storage, "the disk is gone")] as [any Error] {
      let cache = MemoryCache(sample)
      cache.pruneError.withLock { $0 = error }
      let driven = await DrivenSession(cache)
      try await driven.press("dy")
      #expect(driven.state.overlay == nil)
      #expect(driven.state.message == (error is CancellationError ? "stopped" : "the disk is gone"))
      #expect(driven.state.cache.rows.count == 6, "what went is seen to have gone")
    }
    let driven = await DrivenSession(MemoryCache(sample))
    try await driven.press("d")
    driven.session.press(.character("y"))
    driven.session.press(.escape)
    await driven.send(.tick)
    #expect(driven.state.overlay == nil)
  }

  @Test("a prune whose task is cancelled before it runs tells its end all the same") func cancelledEarly() async throws
  {
    let plan = try removal("layer222")
    let runner = EffectRunner(source: MemoryCache(sample), known: nil, clock: now, outlets: outlets) { _ in }
    let answer = await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return await runner.run(.carryOut(plan))
    }.value
    guard case .pruned(let report, _, _) = answer else { throw CacheError(.invalid, "\(answer)") }
    #expect(report.wasStopped && report.notReached == ["layer222"])
  }

  @Test("only its own end closes the window of a running prune, so that no second one begins") func running()
    async throws
  {
    var state = try await state(after: "d")
    _ = try press("y", &state)
    _ = update(&state, .failed("something else"))
    #expect(state.message == "something else")
    #expect(try press("dy", &state).isEmpty)
    guard case .running = state.overlay else { throw CacheError(.invalid, "it is no longer shown") }
    #expect(loads(update(&state, .notPruned("no"))).count == 1)
    #expect(state.overlay == nil)
  }

  @Test("a question comes only while nothing else was asked for: no y that was meant otherwise prunes") func question()
    async throws
  {
    for keys in ["/", "j", "?", " m"] {
      var state = try await state(after: "")
      _ = try press("d" + keys, &state)
      try choose("layer222", &state)
      #expect(!isQuestion(state), "\(keys)")
      #expect(!(try press("y", &state).contains { if case .carryOut = $0 { true } else { false } }), "\(keys)")
    }
    var state = try await state(after: "")
    _ = try press("d", &state)
    try choose("layer222", &state)
    #expect(isQuestion(state))
    // Nor does it come where a key was pressed while the plan was looked through.
    state = try await self.state(after: "")
    _ = try press("d", &state)
    try choose("layer222", &state, pressing: "j")
    #expect(!isQuestion(state))
  }

  @Test("an explanation that comes late takes the place of no question and no prune") func explanation() async throws {
    for keys in ["d", "dy"] {
      var state = try await state(after: "")
      _ = try press("wd", &state)
      try choose("layer222", &state)
      if keys == "dy" { _ = try press("y", &state) }
      _ = update(
        &state, .stood(try PrunePlan(sample, policies: [PrunePolicy()], behavior: .embedded, now: now.now())))
      if case .note = state.overlay { Issue.record("\(keys): it did") }
    }
  }

  /// A removal is planned, and looked through where that is asked for.
  private func choose(_ id: RecordID, _ state: inout ExplorerState, pressing keys: String = "") throws {
    let effects = update(&state, .chosen(try removal(id)))
    _ = try press(keys, &state)
    for case .weigh(let plan, let marks, let now) in effects {
      _ = update(&state, .weighed(PendingPrune(plan, marks: marks, now: now)))
    }
  }

  private func isQuestion(_ state: ExplorerState) -> Bool {
    if case .question = state.overlay { true } else { false }
  }

  @Test("a plan of rules that are no longer those of the screen is not taken") func stalePlan() async throws {
    for event in [
      ExplorerEvent.policyRead([PrunePolicy(all: true)], remarks: [], bToml),
      .unchanged(Reading(state: sample, moment: now.now(), behavior: .daemon(.current, restart: .before)), Rights()),
    ] {
      var state = try await state(after: "pEob.toml<Enter>")
      let stale = try preview(try press("a", &state))
      _ = try press("1", &state)
      _ = update(&state, event)
      _ = update(&state, .planned(stale))
      #expect(state.prune.plan == nil)
      let wanted = try preview(try press("3", &state))
      #expect(wanted.plan.rules.count == state.prune.policies.count)
      _ = update(&state, .planned(wanted))
      #expect(state.prune.plan != nil)
    }
  }

  @Test("of two files of rules the one that was asked for last holds") func policySlot() {
    #expect(Effect.readPolicy(bToml).slot != nil)
  }

  @Test("the reading after this one is compared with this one") func nextReading() async throws {
    var state = try await state(after: "")
    let changed = sample.keeping { row, _ in row.id != "mount555" }
    _ = try press("rr", &state)
    let arrangement = Arrangement(changed, state.choice, now: now.now())
    let effects = update(&state, .loaded(Inventory(reading(changed)), arrangement, Rights()))
    #expect(loads(effects) == [changed])
  }

  @Test("a prune of the marked that removed nothing leaves nothing listed that isn't marked") func marksList()
    async throws
  {
    var state = try await state(after: " m")
    #expect(!state.marked.rows.isEmpty)
    _ = update(&state, pruned())
    #expect(state.marks.isEmpty && state.marked.rows.isEmpty)
  }

  @Test("what is typed is for the rule that it was asked for, wherever the cursor is by then") func typedRule()
    async throws
  {
    for keys in ["t", "Eb"] {
      var state = try await state(after: "pEob.toml<Enter>gjjj")
      let before = state.prune.policies
      #expect(state.prune.ruleNumber == 1)
      _ = try press(String(keys.prefix(1)), &state)
      state.prune.position.cursor = state.lineCount - 1
      _ = try press(keys.dropFirst() + "700MB<Enter>", &state)
      #expect(state.prune.policies.map(\.limits.maxUsed) == [0, 700_000_000, before[2].limits.maxUsed])
    }
    var state = try await state(after: "pEob.toml<Enter>t")
    _ = update(&state, .policyRead([PrunePolicy(all: true)], remarks: [], bToml))
    _ = try press("700MB<Enter>", &state)
    #expect(state.prune.policies == [PrunePolicy(all: true)])
    guard case .entry(let entry) = state.overlay else { throw CacheError(.invalid, "no entry") }
    #expect(entry.problem == "the rules are others now: look at them first")
  }

  @Test("a note that comes with what was just done is told beside it, once") func news() async throws {
    var state = try await state(after: "")
    _ = try press("H", &state)
    _ = update(&state, .changed("held"))
    var read = reading(sample)
    read.notes = ["record x is moved to lost/1"]
    for _ in 0..<2 { _ = update(&state, .unchanged(read, Rights())) }
    #expect(state.message == "held · record x is moved to lost/1")
  }

  @Test("H does one thing at a time: the next is known when the cache was read") func holdTwice() async throws {
    var state = try await state(after: "")
    #expect(try press("H", &state).count == 1)
    #expect(try press("H", &state).isEmpty)
    let effects = update(&state, .changed("held"))
    #expect(try press("H", &state).isEmpty && loads(effects).count == 1)
    _ = update(&state, .unchanged(reading(sample), Rights()))
    #expect(try press("H", &state).count == 1)
    _ = update(&state, .notChanged("no"))
    #expect(try press("H", &state).count == 1)
  }
}
