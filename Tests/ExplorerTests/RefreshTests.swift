import BuildCache
import Synchronization
import Terminal
import TestSupport
import Testing

@testable import Explorer

/// What is shown follows the cache, and lets go of nothing that the user was at.
@Suite("Reading anew") struct RefreshTests {
  /// The sample without some records, and with others.
  private func changed(without gone: Set<RecordID> = [], with new: [CacheState.Row] = []) -> CacheState {
    let kept = sample.keeping { row, _ in !gone.contains(row.id) }
    var builder = CacheState.Builder()
    for row in new { builder.add(row, parents: []) }
    for number in kept.rows.indices { builder.add(kept.rows[number], parents: kept.parentIDs(of: number)) }
    return builder.finish()
  }

  /// A state that has read a cache, with all that follows of it and of keys.
  private func state(after script: String, size: Size = Size(columns: 110, rows: 20)) async throws -> ExplorerState {
    let driven = await DrivenSession(MemoryCache(sample), size: size)
    try await driven.press(script)
    return driven.state
  }

  private func loaded(_ cache: CacheState, _ state: ExplorerState) -> ExplorerEvent {
    .loaded(Inventory(reading(cache)), Arrangement(cache, state.choice, now: now.now()), Rights())
  }

  @Test("the plan stays until its successor is there, and what keys said of it holds for that") func plan() async throws
  {
    var state = try await state(after: "pGkk")
    let before = state.draw()
    let cache = changed(with: [row("newest99", 900_000_000)])
    let effects = update(&state, loaded(cache, state))
    #expect((7..<18).allSatisfy { state.draw().line($0) == before.line($0) }, "the old plan is still shown")
    let plan = try #require(
      effects.compactMap { effect -> PrunePreview? in
        guard case .plan(let cache, let policies, let behavior, let free, let now) = effect else { return nil }
        return PrunePreview(
          try PrunePlan(cache, policies: policies, behavior: behavior, now: now, free: free))
      }.first)
    // Keys go on working on the plan that is shown, and what they say holds for its successor.
    _ = update(&state, .key(.character("]")))
    let limit = state.prune.policies.last?.limits
    _ = update(&state, .planned(plan))
    #expect(state.prune.plan?.state.index(of: "newest99") != nil)
    #expect(state.prune.plan?.rules.last?.policy.limits == limit)
  }

  @Test("the graph stays until its successor is there, keys go on in it, and the cursor stays on its record")
  func graph() async throws {
    var state = try await state(after: "2j")
    let before = state.draw()
    let cache = changed(without: ["mount555"], with: [row("newest99", 900_000_000)])
    let effects = update(&state, loaded(cache, state))
    #expect((3..<17).allSatisfy { state.draw().line($0) == before.line($0) }, "the old graph is still shown")
    _ = update(&state, .key(.character("h")))
    let id = try #require(state.current.map { state.cache.rows[$0].id })
    let picture = try #require(
      effects.compactMap { effect -> GraphPicture? in
        guard case .layOut(let cache, let arrangement, let folds) = effect else { return nil }
        return try GraphPicture(cache, arrangement, folds)
      }.first)
    _ = update(&state, .laidOut(picture))
    #expect(shows(state.draw(), "newest99") && !shows(state.draw(), "mount555"))
    #expect(state.current.map { state.cache.rows[$0].id } == id)
  }

  @Test("cursor, scrolling, marks and folds stay on their records when others come and go", arguments: ["", "2"])
  func positions(screen: String) async throws {
    let cache = MemoryCache(sample)
    let driven = await DrivenSession(cache, size: Size(columns: 110, rows: 11))
    try await driven.press(screen + "jjj j")
    let (id, marked) = (driven.current, driven.state.marks.ids)
    let seen = driven.state.position.cursor - driven.state.position.top
    let gone = sample.rows.map(\.id).filter {
      $0 != id && !marked.contains($0) && !$0.text.hasPrefix("l") && $0 != "base0000"
    }
    cache.replace(with: changed(without: Set(gone.prefix(1)), with: [row("newest99", 900_000_000)]))
    try await driven.press("r")
    #expect(driven.current == id)
    #expect(driven.state.marks.ids == marked)
    #expect(driven.state.position.cursor - driven.state.position.top == seen)
    #expect(driven.state.cache.index(of: "newest99") != nil)
  }

  @Test("on the Prune screen the cursor stays on its record, or on the cut") func pruneCursor() async throws {
    let cache = MemoryCache(sample)
    let driven = await DrivenSession(cache)
    try await driven.press("p")
    for keys in ["", "G", "kk"] {
      try await driven.press(keys)
      let line = driven.state.prune.line(driven.state.prune.position.cursor)
      let id = driven.current
      cache.replace(with: changed(with: [row("new\(keys.count)", 1_000, minutesAgo: 9_000)]))
      try await driven.press("r")
      if let id {
        #expect(driven.current == id)
      } else {
        #expect(driven.state.prune.line(driven.state.prune.position.cursor) == line)
      }
    }
  }

  @Test("a reading of the same changes nothing but ages", arguments: ["", "2", "pj", "3w", "i", "f"])
  func same(script: String) async throws {
    let driven = await DrivenSession(MemoryCache(sample))
    try await driven.press(script)
    let before = driven.session.frame()
    let count = driven.state.readingCount
    try await driven.press(script.hasSuffix("w") ? "qr" : "r")
    #expect(driven.state.readingCount == count)
    if !script.hasSuffix("w") { #expect(driven.session.frame().text == before.text) }
  }

  @Test("a reading under way is never cancelled: who asks meanwhile gets another one afterwards") func underWay() throws
  {
    var state = ExplorerState(.init(name: "x"), size: Size(columns: 110, rows: 20))
    func loads(_ effects: [Effect]) -> Int { effects.count { if case .load = $0 { true } else { false } } }
    // It is being read from the beginning.
    #expect(loads(update(&state, .key(.character("r")))) == 0)
    #expect(loads(update(&state, .key(.character("r")))) == 0)
    #expect(loads(update(&state, loaded(sample, state))) == 1)
    #expect(state.isReading)
    _ = update(&state, .key(.character("R")))
    #expect(loads(update(&state, .tick)) == 0, "a tick does not ask twice")
    #expect(loads(update(&state, .unchanged(reading(sample), Rights()))) == 0)
    #expect(loads(update(&state, .tick)) == 1)
    #expect(loads(update(&state, pruned())) == 0)
    #expect(loads(update(&state, .notRead("gone", now.now()))) == 1, "what a prune did has to be seen")
  }

  @Test("a reading that fails leaves the last one, with its age in the title") func failed() async throws {
    var state = try await state(after: "")
    let before = state.draw()
    _ = update(&state, .notRead("the disk is gone", now.now().advanced(by: .seconds(180))))
    #expect(shows(state.draw(), "[read 3m ago]"))
    #expect(shows(state.draw(), "the disk is gone"))
    #expect((3..<15).allSatisfy { state.draw().line($0) == before.line($0) })
    _ = update(&state, .unchanged(reading(sample), Rights()))
    #expect(!shows(state.draw(), "ago]"))
  }

  @Test("rights are those of the last reading, and the act asks again") func rights() async throws {
    let cache = MemoryCache(sample)
    let driven = await DrivenSession(cache)
    cache.refusal.withLock { $0 = "no more" }
    try await driven.press("jdy")
    #expect(shows(driven.session.frame(), "can't prune: no more"))
    #expect(cache.pruned.withLock { $0.isEmpty })
    try await driven.press("r")
    #expect(shows(driven.session.frame(), "[read only]"))
    try await driven.press("d")
    #expect(shows(driven.session.frame(), "read only: no more"))
    cache.refusal.withLock { $0 = nil }
    try await driven.press("rdy")
    #expect(cache.pruned.withLock { $0.count } == 1)
  }

  @Test("the question says what whoever prunes can't answer for") func promises() async throws {
    let whole = try await play("d")
    #expect(!shows(whole, "can't be stopped") && !shows(whole, "chooses the order"))
    let weak = try await play("d", on: MemoryCache(sample, promises: [.checksVictims]))
    #expect(shows(weak, "Its daemon chooses the order.") && shows(weak, "It can't be stopped on the way."))
    var state = ExplorerState(.init(name: "x"), size: Size(columns: 110, rows: 20))
    state.overlay = .running(PruneProgress(records: 3, bytes: 9, canStop: false))
    #expect(update(&state, .key(.escape)).isEmpty)
    #expect(shows(state.draw(), "it can't be stopped on the way"))
  }

  @Test("a cache whose answers take their time is asked more seldom") func pace() {
    let start = ContinuousClock.now
    func allows(after taken: Duration, at wait: Duration) -> Bool {
      var pace = Pace()
      pace.begin(at: start)
      pace.end(at: start + taken)
      return pace.allowsAsking(at: start + taken + wait)
    }
    #expect(Pace().allowsAsking(at: start))
    #expect(allows(after: .milliseconds(900), at: .zero))
    #expect(!allows(after: .seconds(10), at: .seconds(29)) && allows(after: .seconds(10), at: .seconds(30)))
  }

  @Test("it is time by the clock, and not when no key is pressed") func ticks() {
    var ticker = Ticker()
    let start = ContinuousClock.now
    var told: [Int: (wait: Duration?, isDue: Bool)] = [:]
    for second in [0, 1, 4, 5, 6, 9, 11] {
      let moment = start + .seconds(second)
      told[second] = (ticker.wait(isWatching: true, at: moment), ticker.isDue(at: moment))
    }
    #expect(
      told.mapValues(\.wait) == [
        0: .seconds(5), 1: .seconds(4), 4: .seconds(1), 5: .zero, 6: .seconds(4), 9: .seconds(1), 11: .zero,
      ])
    #expect(told.filter(\.value.isDue).keys.sorted() == [5, 11])
    let unwatched = ticker.wait(isWatching: false, at: start + .seconds(60))
    let isDue = ticker.isDue(at: start + .seconds(60))
    #expect(unwatched == nil && !isDue)
  }

  @Test("the cache of these tests keeps the contract of sources") func double() async throws {
    try await checkContract(of: MemoryCache(sample)) { 0 }
    try await checkContract(
      of: MemoryCache(sample, readOnlyReason: "no", noInsightReason: "no"), refusesPruning: true, refusesInsight: true
    ) { 0 }
  }
}
