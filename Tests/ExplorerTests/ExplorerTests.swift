import BuildCache
import Synchronization
import Terminal
import TestSupport
import Testing

@testable import Explorer

/// A cache in memory that carries plans out on its rows.
final class MemoryCache: CacheController {
  private let rows: Mutex<CacheState>
  let pruned = Mutex<[[RecordID]]>([])
  let readOnlyReason: String?

  init(_ state: CacheState, readOnlyReason: String? = nil) {
    rows = Mutex(state)
    self.readOnlyReason = readOnlyReason
  }

  var name: String { "memory" }
  var behavior: PruneBehavior { .embedded }
  func usage(matching filter: Filter) -> CacheState { rows.withLock { $0 } }
  func replace(with state: CacheState) { rows.withLock { $0 = state } }
  func space() -> CacheSpace? { CacheSpace(capacity: 500_000_000_000, free: 42_000_000_000, unowned: 0) }
  func close() {}
  func carryOut(_ plan: PrunePlan, progress: @escaping @Sendable (CacheState.Row) -> Void) -> PruneReport {
    let victims = plan.victims.map { plan.state.rows[$0.row] }
    let ids = Set(victims.map(\.id))
    pruned.withLock { $0.append(victims.map(\.id)) }
    rows.withLock { state in state = state.keeping { row, _ in !ids.contains(row.id) } }
    for victim in victims { progress(victim) }
    var report = PruneReport()
    report.removed = victims.count
    report.freed = plan.freed
    return report
  }
}

private let now = TestClock()

private func row(
  _ id: String, _ size: Int64, minutesAgo: Int64? = 60, uses: Int = 1,
  _ change: (inout CacheState.Row) -> Void = { _ in }
) -> CacheState.Row {
  var row = CacheState.Row(
    id: id, kind: .base, size: size, createdAt: now.now().advanced(by: .seconds(-86_400)),
    lastUsedAt: minutesAgo.map { now.now().advanced(by: .seconds(-60 * $0)) }, usageCount: uses,
    description: "what \(id) is")
  change(&row)
  return row
}

/// A base with a chain of two over it, a held one, a tagged one, a cache mount, an internal one.
private var sample: CacheState {
  var builder = CacheState.Builder()
  builder.add(row("base0000", 500_000_000, minutesAgo: 3000, uses: 3), parents: [])
  builder.add(row("layer111", 300_000_000, minutesAgo: 600) { $0.kind = .layer }, parents: ["base0000"])
  builder.add(row("layer222", 200_000_000, minutesAgo: 20, uses: 9) { $0.kind = .layer }, parents: ["layer111"])
  builder.add(row("held3333", 100_000_000) { $0.outsideRefs = 1 }, parents: [])
  builder.add(row("tagged44", 50_000_000) { $0.isReferenced = true }, parents: [])
  builder.add(
    row("mount555", 40_000_000, minutesAgo: 1, uses: 40) {
      $0.isMutable = true
      $0.recordType = .execCacheMount
      $0.description = "cached mount \u{1b}[31m/root/.cache"
    }, parents: [])
  builder.add(row("intern66", 30_000_000, minutesAgo: nil, uses: 0) { $0.recordType = .internal }, parents: [])
  return builder.finish()
}

private func play(
  _ script: String, on cache: MemoryCache = MemoryCache(sample), size: Size = Size(columns: 110, rows: 20)
) async throws -> Grid {
  await ExplorerSession.play(try Key.keys(in: script), on: cache, size: size, isASCII: false, clock: now)
}

/// Whether a line of the screen says something.
private func shows(_ grid: Grid, _ text: String) -> Bool {
  (0..<grid.size.rows).contains { grid.line($0).contains(text) }
}

@Suite("Records screen") struct RecordsScreenTests {
  @Test("shows every record with what pruning it frees, the largest first") func table() async throws {
    let grid = try await play("")
    try expectScreen(grid, "records")
  }

  @Test("sorts by the columns, and back") func sorts() async throws {
    #expect(try await play("su").line(4).contains("mount555"))
    #expect(try await play("suS").line(4).contains("intern66"))
    #expect(try await play("susu").line(4).contains("intern66"))
    #expect(try await play("sl").line(4).contains("intern66"))
    #expect(try await play("si").line(4).contains("base0000"))
    #expect(try await play("ss").line(4).contains("intern66"))
    #expect(try await play("sk<Esc>").line(3).contains("KIND ↑"))
    for letter in "tcd" { #expect(shows(try await play("s\(letter)"), "7 records")) }
  }

  @Test("the cursor moves by arrows, letters, half pages and to the ends") func moves() async throws {
    #expect(try await play("jj").line(6).hasPrefix(" ▌"))
    #expect(try await play("<Down><Down><Up>").line(5).hasPrefix(" ▌"))
    #expect(try await play("jjk").line(5).hasPrefix(" ▌"))
    #expect(try await play("G").line(10).hasPrefix(" ▌"))
    #expect(try await play("<End>gj").line(5).hasPrefix(" ▌"))
    #expect(try await play("G<Home>").line(4).hasPrefix(" ▌"))
    #expect(try await play("<C-d>").line(10).hasPrefix(" ▌"))
    #expect(try await play("<C-d><C-u>").line(4).hasPrefix(" ▌"))
    #expect(try await play("<PageDown><PageUp>").line(4).hasPrefix(" ▌"))
  }

  @Test("marks: one, with all that hangs on it, all, none") func marks() async throws {
    #expect(shows(try await play("<Space>"), "1 marked · 500.0 MB"))
    #expect(shows(try await play("<Space>"), "with it go 2 records that hang on it: 1.0 GB"))
    #expect(shows(try await play("<Space><Up><Space>"), "by size ↓"))
    #expect(shows(try await play("M"), "3 marked · 1.0 GB"))
    #expect(shows(try await play("A"), "7 marked · 1.2 GB"))
    #expect(!shows(try await play("AU"), "marked ·"))
    #expect(shows(try await play("jjj<Space>"), "can't go: held3333 is in use"))
    #expect(shows(try await play("U"), "nothing is marked"))
  }

  @Test("marks and the cursor stay on their records when the cache is read anew and sorted") func sticks() async throws
  {
    let cache = MemoryCache(sample)
    let (wakes, waker) = AsyncStream.makeStream(of: Void.self)
    let session = ExplorerSession(cache, isASCII: false, size: Size(columns: 110, rows: 20), clock: now) {
      waker.yield()
    }
    var iterator = wakes.makeAsyncIterator()
    func settle() async {
      while !session.isIdle {
        session.receive()
        if !session.isIdle { await iterator.next() }
      }
    }
    await settle()
    for key in try Key.keys(in: "jj<Space>") { session.send(.key(key)) }
    cache.replace(with: sample.keeping { row, _ in row.id != "base0000" })
    session.send(.key(.character("r")))
    await settle()
    #expect(session.state.marks == ["layer222"])
    #expect(session.state.records.current.map { session.state.cache.rows[$0].id } == "held3333")
    for key in try Key.keys(in: "si") { session.send(.key(key)) }
    await settle()
    #expect(session.state.records.current.map { session.state.cache.rows[$0].id } == "held3333")
  }

  @Test("pruning marked records asks first; only y does it") func prunes() async throws {
    for key in ["n", "<Enter>", "<Esc>", "<Space>", "Y", "q", "d"] {
      let cache = MemoryCache(sample)
      #expect(shows(try await play("jjd\(key)", on: cache), "nothing was removed"))
      #expect(cache.pruned.withLock { $0 }.isEmpty, "\(key)")
    }
    let cache = MemoryCache(sample)
    let question = try await play("j<Space>d", on: cache)
    try expectScreen(question, "question")
    #expect(shows(question, "Prune 2 records?"))
    #expect(shows(question, "Frees 500.0 MB. It can't be undone."))
    #expect(shows(question, "Oldest: layer111, 10h. Largest: layer111, 300.0 MB."))
    #expect(shows(question, "1 of them are not marked, but hang on what is."))
    #expect(shows(try await play("j<Space>dy", on: cache), "removed 2 records, freed 500.0 MB"))
    #expect(cache.pruned.withLock { $0 } == [["layer222", "layer111"]])
  }

  @Test("what is in use can't go, and the message says why") func inUse() async throws {
    let cache = MemoryCache(sample)
    #expect(shows(try await play("jjjdy", on: cache), "y does nothing here"))
    #expect(cache.pruned.withLock { $0 }.isEmpty)
  }

  @Test("a cache that may not be changed is shown as such, and d says why it is off") func readOnly() async throws {
    let cache = MemoryCache(sample, readOnlyReason: "a saved list")
    let grid = try await play("d", on: cache)
    #expect(shows(grid, "[read only]"))
    #expect(shows(grid, "read only: a saved list"))
    #expect(shows(try await play("p<Enter>", on: cache), "read only: a saved list"))
  }

  @Test("why: sentences that name the chain") func why() async throws {
    var builder = CacheState.Builder()
    builder.add(row("bottom00", 1), parents: [])
    builder.add(row("middle00", 1), parents: ["bottom00"])
    builder.add(row("top00000", 1) { $0.outsideRefs = 1 }, parents: ["middle00"])
    let cache = MemoryCache(builder.finish())
    let grid = try await play("siw", on: cache)
    #expect(shows(grid, "It stays: something in use stands on it."))
    #expect(shows(grid, "top00000 stands on it through middle00, and stays: somebody holds it."))
    #expect(shows(try await play("w"), "It stays") == false)
  }

  @Test("an empty cache is said to be") func empty() async throws {
    let grid = try await play("jd", on: MemoryCache(.empty))
    #expect(shows(grid, "there is no record"))
    #expect(shows(try await play("", on: MemoryCache(.empty)), "the cache is empty"))
  }
}

@Suite("Prune screen") struct PruneScreenTests {
  @Test("shows the victims in order, the cut, and why the rest stays") func preview() async throws {
    let grid = try await play("p")
    try expectScreen(grid, "prune")
  }

  @Test("the cut follows the limit") func limit() async throws {
    #expect(shows(try await play("p++++"), "keep-bytes 665.0 MB"))
    #expect(shows(try await play("p++++"), "removes 3 records"))
    #expect(shows(try await play("p]]--"), "keep-bytes 568.4 MB"))
    #expect(shows(try await play("p[="), "keep-bytes 593.3 MB"))
    #expect(shows(try await play("pt900MB<Enter>"), "removes 2 records, frees 500.0 MB"))
    #expect(shows(try await play("pt0<Enter>"), "no limit: everything that can go goes, unranked"))
    #expect(shows(try await play("pt20G<Enter>"), "20G is no size"))
    #expect(shows(try await play("ptx<BS><C-u>5kB<Enter>"), "keep-bytes 5.0 kB"))
    #expect(shows(try await play("pt<Esc>"), "keep-bytes 585.0 MB"))
  }

  @Test("all and keep-duration are part of the plan") func policy() async throws {
    #expect(shows(try await play("pat0<Enter>"), "removes 6 records"))
    #expect(shows(try await play("pD2h<Enter>t0<Enter>"), "used within keep-duration"))
    #expect(shows(try await play("pD2h<Enter>D0<Enter>"), "keep-duration off"))
    #expect(shows(try await play("pDsoon<Enter>"), "soon is no duration"))
  }

  @Test("a plan is carried out after the question, and only with y") func carriesOut() async throws {
    let cache = MemoryCache(sample)
    #expect(shows(try await play("p<Enter>", on: cache), "Prune 3 records?"))
    #expect(shows(try await play("p<Enter>n", on: cache), "nothing was removed"))
    #expect(cache.pruned.withLock { $0 }.isEmpty)
    let grid = try await play("pdy", on: cache)
    #expect(shows(grid, "removed 3 records, freed 1.0 GB"))
    #expect(shows(grid, "4 records · 220.0 MB"))
    #expect(cache.pruned.withLock { $0 } == [["layer222", "layer111", "base0000"]])
  }

  @Test("why a row stays names what holds it; a victim says it goes") func why() async throws {
    #expect(shows(try await play("pjw"), "It stays: the limit is reached before it ("))
    #expect(shows(try await play("pjjw"), "It stays: somebody holds it."))
    #expect(shows(try await play("pgw"), "It goes"))
    #expect(shows(try await play("pw"), "what stands above goes"))
  }

  @Test("keys go back and forth between the screens; q leaves the second, then the first") func screens() async throws {
    #expect(shows(try await play("<Tab>"), "[3 Prune]"))
    #expect(shows(try await play("31"), "[1 Records]"))
    #expect(shows(try await play("pq"), "[1 Records]"))
    #expect(shows(try await play("p<Tab>"), "[1 Records]"))
  }
}

@Suite("Everywhere") struct ExplorerFrameTests {
  @Test("help comes from the binding table and names every key of the screen") func help() async throws {
    for (script, screen) in [("?", ExplorerState.Screen.records), ("p?", .prune)] {
      let grid = try await play(script, size: Size(columns: 110, rows: 60))
      for binding in Binding.all where binding.screen == nil || binding.screen == screen {
        #expect(shows(grid, binding.words), "\(binding.words)")
      }
    }
    #expect(shows(try await play("?jjk<Esc>"), "DESCRIPTION"))
  }

  @Test("no two bindings of a screen share a key") func unambiguous() {
    for screen in ExplorerState.Screen.allCases {
      let keys = Binding.all.filter { $0.screen == nil || $0.screen == screen }.flatMap(\.keys)
      #expect(Set(keys).count == keys.count)
    }
  }

  @Test("an unbound key does nothing and says where the keys are") func unbound() async throws {
    #expect(shows(try await play("Z"), "Z does nothing here: ? shows the keys"))
  }

  @Test("with ASCII only, nothing else is drawn") func ascii() async throws {
    for script in ["", "p", "?", "p<Enter>", "s", "w", "pt"] {
      let keys = try Key.keys(in: script)
      let grid = await ExplorerSession.play(
        keys, on: MemoryCache(sample.keeping { row, _ in row.id != "mount555" }), size: Size(columns: 90, rows: 24),
        isASCII: true, clock: now)
      let isASCII = grid.text.allSatisfy { $0.isASCII }
      #expect(isASCII, "\(script)")
    }
  }

  @Test("every window is drawn", arguments: [(80, 24), (20, 5), (250, 70), (1, 1), (0, 0), (3, 100), (300, 2)])
  func windows(_ columns: Int, _ rows: Int) async throws {
    for script in ["", "p", "?", "jd", "p<Enter>", "s", "pt", "w"] {
      let grid = try await play(script, size: Size(columns: columns, rows: rows))
      #expect(grid.size == Size(columns: columns, rows: rows))
    }
  }

  @Test("a narrow window drops type, created and uses, and keeps what tells records apart") func narrow() async throws {
    let grid = try await play("", size: Size(columns: 70, rows: 20))
    #expect(grid.line(3).contains("SIZE"))
    #expect(!grid.line(3).contains("CREATED"))
    #expect(shows(grid, "base0000"))
  }

  @Test("a random walk never crashes and never prunes without the question") func randomWalk() throws {
    let keys = Binding.all.flatMap(\.keys) + [.character("y"), .character("5"), .backspace, .character("Z")]
    for seed in 1...UInt64(long(30)) {
      var random = SeededGenerator(seed)
      let cache = randomState(rows: random.pick(0...40), &random)
      var state = ExplorerState(.init(name: "walk"), size: Size(columns: 80, rows: 24))
      var answers: [ExplorerEvent] = [.loaded(cache, nil, at: now.now())]
      for _ in 0..<300 {
        var wasAsked = false
        if case .question = state.overlay { wasAsked = true }
        let event: ExplorerEvent
        if !answers.isEmpty && random.chance(50) {
          event = answers.removeFirst()
        } else if random.chance(5) {
          event = .resize(Size(columns: random.pick(0...120), rows: random.pick(0...40)))
        } else {
          event = .key(keys[random.pick(0...(keys.count - 1))])
        }
        var isYes = false
        if case .key(.character("y")) = event { isYes = true }
        for effect in update(&state, event) {
          switch effect {
          case .load: answers.append(.loaded(state.cache, nil, at: now.now()))
          case .plan(let cache, let policy, let behavior):
            answers.append(.planned(PrunePlan(cache, policies: [policy], behavior: behavior, now: now.now())))
          case .measure(let cache, let rows):
            answers.append(.freed(Dictionary(uniqueKeysWithValues: rows.map { ($0, cache.rows[$0].size) })))
          case .carryOut(let plan):
            #expect(wasAsked && isYes, "seed \(seed)")
            var report = PruneReport()
            report.removed = plan.count
            answers.append(.pruned(report))
          case .stop: break
          }
        }
        if state.hasQuit { state = ExplorerState(.init(name: "walk"), size: state.size) }
        let grid = state.draw()
        #expect(grid.size == state.size)
        checkRecords(state, grid)
      }
    }
  }

  /// What the list shows is what the state says, row by row.
  private func checkRecords(_ state: ExplorerState, _ grid: Grid) {
    guard state.screen == .records, state.overlay == nil, state.size.columns >= 20 else { return }
    for (line, place) in zip(Layout(state.size).recordLines, state.visibleRecords) {
      let id = state.shortID(state.cache.rows[state.records.order[place]].id)
      #expect(grid.line(line).contains(id))
    }
  }
}
