import BuildCache
import CacheReport
import Synchronization
import Terminal
import TestSupport
import Testing

@testable import Explorer

/// A cache that answers when it is let.
private final class GatedCache: CacheSource {
  private let reading: Reading?
  private let gate: AsyncStream<Void>
  private let opener: AsyncStream<Void>.Continuation
  let reads = Mutex(0)

  /// - Parameter reading: what it then answers; absent: that nobody is there.
  init(_ reading: Reading?) {
    self.reading = reading
    (gate, opener) = AsyncStream.makeStream(of: Void.self)
  }

  func open() { opener.finish() }

  let identity = SourceIdentity(kind: .daemon, words: "gated", key: "gated")
  func glimpse(of count: Int) async throws -> CacheState? { nil }
  func read() async throws -> Reading {
    reads.withLock { $0 += 1 }
    for await _ in gate {}
    try Task.checkCancellation()
    guard let reading else { throw CacheError(.unreachable, "nobody is there", obstacle: .gone) }
    return reading
  }
  func pruning() async -> Permission<any CachePruner> { .refused(why: "gated") }
  func insight() async -> Permission<any CacheInsight> { .refused(why: "gated") }
}

/// A cache that answers the same at once.
private struct TellingCache: CacheSource {
  let reading: Reading
  let identity = SourceIdentity(kind: .daemon, words: "telling", key: "telling")
  func glimpse(of count: Int) async throws -> CacheState? { nil }
  func read() async throws -> Reading { reading }
  func pruning() async -> Permission<any CachePruner> { .refused(why: "it only tells") }
  func insight() async -> Permission<any CacheInsight> { .refused(why: "it only tells") }
}

private let gigabyte: Int64 = 1_000_000_000

private func holding(
  _ bytes: Int64, free: Int64? = nil, rules: [PrunePolicy]? = nil, version: String? = nil,
  ranking: RankingRule = .current, inUse: Bool = false
) -> Reading {
  var builder = CacheState.Builder()
  builder.add(row("record00", bytes) { $0.outsideRefs = inUse ? 1 : 0 }, parents: [])
  var reading = Reading(
    state: builder.finish(), space: free.map { CacheSpace(capacity: 500 * gigabyte, free: $0) }, moment: now.now(),
    behavior: .daemon(ranking, restart: .never))
  (reading.rules, reading.version) = (rules, version)
  return reading
}

private func builder(
  _ name: String, kind: String = "docker-container", place: String = "", _ listed: any CacheSource,
  opened: (any CacheSource)? = nil
) -> Builder {
  Builder(
    id: name, name: name, kind: kind, place: place, way: .success(Builder.Way(listed: listed, opened: opened ?? listed))
  )
}

private func failing(_ name: String, place: String = "", waking: String? = nil, _ error: CacheError) -> Builder {
  Builder(id: name, name: name, kind: "docker-container", place: place, waking: waking, way: .failure(error))
}

/// One of each sort.
private let fleet: [Builder] = [
  builder(
    "default", kind: "docker", place: "unix:///var/run/docker.sock",
    TellingCache(
      reading: holding(
        48 * gigabyte, free: 200 * gigabyte, rules: [PrunePolicy(all: true, keepBytes: 20 * gigabyte)],
        version: "Docker 29.7.2"))),
  builder(
    "ci/ci0", TellingCache(reading: holding(93 * gigabyte, free: 12 * gigabyte, rules: [], version: "v0.32.2"))),
  builder(
    "arm", kind: "remote", place: "tcp://192.0.2.7:1234",
    TellingCache(
      reading: holding(
        5 * gigabyte, free: 100 * gigabyte,
        rules: [PrunePolicy(limits: SpaceLimits(maxUsed: 30 * gigabyte, minFree: 20 * gigabyte))], version: "v0.10.6",
        ranking: .seed))),
  builder("used", TellingCache(reading: holding(gigabyte, rules: [PrunePolicy(keepBytes: 1000)], inUse: true))),
  failing(
    "sleepy", waking: "docker buildx inspect --bootstrap sleepy",
    CacheError(.unreachable, "it is asleep", obstacle: .asleep)),
  failing("lost", place: "unix:///gone.sock", CacheError(.unreachable, "no", cause: "dial unix", obstacle: .gone)),
  failing(
    "bad\u{1b}[31mname\u{202e}", CacheError(.unreachable, "it says \u{1b}[2J", cause: "very\u{7}\nodd")),
]

private func searching(_ builders: [Builder], notes: [String] = []) -> BuildersSession.Search {
  { tell in
    for builder in builders { tell(.builder(builder)) }
    for note in notes { tell(.note(note)) }
  }
}

private func playList(
  _ script: String, on builders: [Builder] = fleet, notes: [String] = [], size: Size = Size(columns: 100, rows: 24),
  isASCII: Bool = false
) async throws -> Grid {
  await BuildersSession.play(
    try Key.keys(in: script), size: size, isASCII: isASCII, clock: now, outlets: outlets,
    search: searching(builders, notes: notes))
}

/// A list that is driven event by event.
private struct DrivenList {
  let session: BuildersSession
  private let wakes: AsyncStream<Void>

  init(_ search: @escaping BuildersSession.Search, size: Size = Size(columns: 100, rows: 24)) {
    let (wakes, waker) = AsyncStream.makeStream(of: Void.self)
    self.wakes = wakes
    session = BuildersSession(isASCII: false, size: size, clock: now, outlets: outlets, search: search) {
      waker.yield()
    }
  }

  /// Receives until something holds.
  func until(_ holds: (BuildersSession) -> Bool) async {
    var waits = wakes.makeAsyncIterator()
    session.receive()
    while !holds(session) {
      await waits.next()
      session.receive()
    }
  }

  func press(_ script: String) async throws {
    for key in try Key.keys(in: script) {
      session.press(key)
      await until(\.isIdle)
    }
  }

  var current: String? { session.state.current?.builder.name }
}

@Suite("The list of builders on the screen") struct BuildersTests {
  @Test("shows each with what it holds and when its rules strike, what hurts most first", arguments: [80, 100, 160])
  func list(columns: Int) async throws {
    try expectScreen(try await playList("", size: Size(columns: columns, rows: 24)), "builders-\(columns)")
  }

  @Test("all of a builder is said beneath the list") func remark() async throws {
    let grid = try await playList("jj")
    #expect(shows(grid, "arm: BuildKit v0.10.6, prunes as BuildKit before v0.22, tcp://192.0.2.7:1234"))
    #expect(shows(try await playList("Gk"), "lost: unix:///gone.sock: no: dial unix"))
  }

  @Test("B goes round the units, in the list and in what is opened from it alike") func units() async throws {
    for keys in ["B", "B<Enter>", "<Enter>Bb", "<Enter>bB<Enter>"] {
      let grid = try await playList(keys, size: Size(columns: 160, rows: 24))
      #expect(shows(grid, "86.6 GiB") && !grid.text.contains(" GB"), "\(keys)\n\(grid.text)")
    }
    #expect(shows(try await playList("BB", size: Size(columns: 160, rows: 24)), "93,000,000,000 B"))
  }

  @Test("in a window of any size, in ASCII too, nothing hostile and nothing cut through") func sizes() async throws {
    for columns in [1, 20, 40, 79] {
      for rows in [1, 3, 6, 9, 13] {
        let grid = try await playList("j", size: Size(columns: columns, rows: rows), isASCII: true)
        for row in 0..<rows {
          #expect(grid.line(row).unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202e }, "\(grid.text)")
        }
      }
    }
  }

  @Test("nothing is cut without a sign, and no column says nothing") func cuts() async throws {
    for script in ["", "jj", "G", "?", ":", ":nosuch<Enter>", "R", "Z"] {
      let list = DrivenList(searching(fleet))
      await list.until(\.isIdle)
      list.session.resize(to: Size(columns: 500, rows: 100))
      try await list.press(script)
      let wide = list.session.frame()
      let checker = ScreenChecker([wide.text] + fleet.map(\.name) + BuildersBinding.all.map(\.words))
      for columns in [20, 40, 60, 80, 100, 120, 160, 250] {
        list.session.resize(to: Size(columns: columns, rows: 24))
        let grid = list.session.frame()
        let problems = checker.problems(grid, heading: script == "?" ? nil : 3, list: 4..<11)
        #expect(problems.isEmpty, "\(script), \(columns): \(problems.joined(separator: "; "))\n\(grid.text)")
      }
    }
    #expect(try await playList("", size: Size(columns: 20, rows: 5)).line(0) == " builders  147.0 GB")
  }

  @Test("commands, pages, F1, exports, clicks on the footer and other keys are as in the explorer") func habits()
    async throws
  {
    #expect(shows(try await playList(":ask all anew<Enter>"), "4 of 7 builders answered"))
    #expect(shows(try await playList(":expotr<Enter>"), "there is no command expotr: the nearest is export"))
    #expect(shows(try await playList(":export<Enter>"), "wrote 7 builders to export.json"))
    #expect(shows(try await playList("e"), "wrote 7 builders to export.json"))
    #expect(exportedNames.withLock { $0.contains { $0.first == "ci/ci0" } })
    #expect(shows(try await playList("<F1>"), "Keys"))
    #expect(shows(try await playList(":he<Tab>"), ":help_"))
    #expect(try await playList("<PageDown>").line(10).hasPrefix(" ▌"))
    #expect(try await playList("<C-f><C-b>").line(4).hasPrefix(" ▌"))
    #expect(shows(try await playList("Z"), "Z does nothing here: ? shows the keys"))
    let map = try KeyMap(["x=?", "Q=q"])
    let grid = await BuildersSession.play(
      try Key.keys(in: "x"), size: Size(columns: 100, rows: 40), isASCII: false, map: map, clock: now, outlets: outlets,
      search: searching(fleet))
    #expect(shows(grid, "x ? F1"))
    #expect(shows(grid, "Q q"))
    let list = DrivenList(searching(fleet))
    await list.until(\.isIdle)
    let foot = list.session.frame().line(list.session.state.size.rows - 1)
    let help = try #require(foot.firstRange(of: "? help")).lowerBound
    list.session.use(
      Mouse(.click, at: Point(column: displayWidth(String(foot[..<help])), row: list.session.state.size.rows - 1)))
    #expect(list.session.state.help == 0)
    try await list.press("<Esc>:q<Enter>")
    #expect(list.session.hasQuit)
  }

  @Test("one that doesn't answer holds up no other, and fills in when it does") func side() async throws {
    let (silent, gone) = (GatedCache(holding(7 * gigabyte)), GatedCache(nil))
    defer {
      silent.open()
      gone.open()
    }
    let list = DrivenList(searching([builder("silent", silent), builder("gone", gone)] + fleet))
    await list.until { $0.state.list.answered == 4 }
    #expect(shows(list.session.frame(), "silent"))
    let line = try #require(list.session.state.list.lines.first { $0.id == "silent" })
    #expect(line.state == "asking" && line.isAsked)
    #expect(shows(list.session.frame(), "asking 2 of 9"))
    #expect(!list.session.isIdle)
    silent.open()
    await list.until { $0.state.list.answered == 5 }
    #expect(list.session.state.list.lines.map(\.id).prefix(4) == ["ci/ci0", "default", "silent", "arm"])
    gone.open()
    await list.until(\.isIdle)
    #expect(list.session.state.list.lines.first { $0.id == "gone" }?.state == "gone")
    await list.session.finish()
  }

  @Test("Enter opens one, b and q come back, and marks, cursors and screens stay with each") func opening() async throws
  {
    let caches = [MemoryCache(sample), MemoryCache(sample)]
    let list = DrivenList(
      searching([
        builder("one", TellingCache(reading: holding(9)), opened: caches[0]),
        builder("two", TellingCache(reading: holding(8)), opened: caches[1]),
      ]))
    await list.until(\.isIdle)
    try await list.press("<Enter>jM")
    #expect(list.session.frame().line(0).hasPrefix(" strata  one"))
    #expect(shows(list.session.frame(), "2 marked"))
    #expect(list.session.frame().line(0).contains("[b: builders]"))
    try await list.press("b")
    #expect(shows(list.session.frame(), "[Builders]"))
    try await list.press("j<Enter>")
    #expect(list.session.frame().line(0).hasPrefix(" strata  two"))
    #expect(!shows(list.session.frame(), "marked"))
    try await list.press("<Space>p")
    #expect(shows(list.session.frame(), "[3 Prune]"))
    try await list.press("qq")
    #expect(!list.session.hasQuit && shows(list.session.frame(), "[Builders]"))
    try await list.press("k<Enter>")
    #expect(shows(list.session.frame(), "2 marked"))
    #expect(shows(list.session.frame(), "▌✓ layer111"))
    try await list.press("bj<Enter>")
    #expect(shows(list.session.frame(), "1 marked"))
    // From any screen, too.
    try await list.press("2b")
    #expect(shows(list.session.frame(), "[Builders]"))
    try await list.press("q")
    #expect(list.session.hasQuit)
    await list.session.finish()
  }

  @Test("what was pruned in one shows in the list when one comes back") func pruned() async throws {
    let cache = MemoryCache(sample)
    let list = DrivenList(searching([builder("one", cache)]))
    await list.until(\.isIdle)
    let before = list.session.state.list.totals.all.records
    try await list.press("<Enter>dy")
    #expect(cache.pruned.withLock { $0.count } == 1)
    try await list.press("b")
    #expect(list.session.state.list.totals.all.records < before)
    await list.session.finish()
  }

  @Test("in an explorer that was opened alone b says that there is no list, and q quits") func alone() async throws {
    let session = await DrivenSession(MemoryCache(sample))
    try await session.press("b")
    #expect(session.state.message.contains("--builders"))
    #expect(!session.session.leave())
    #expect(!shows(session.session.frame(), "b builders") && !shows(session.session.frame(), "b: builders"))
    try await session.press("q")
    #expect(session.session.hasQuit)
  }

  @Test("the cursor sticks to its builder as lines move, and is on the first until it is moved") func cursor()
    async throws
  {
    let late = GatedCache(holding(1000 * gigabyte, free: gigabyte, rules: []))
    defer { late.open() }
    let list = DrivenList(searching(fleet + [builder("late", late)]))
    await list.until { $0.state.list.answered == 4 }
    #expect(list.current == "ci/ci0")
    late.open()
    await list.until(\.isIdle)
    #expect(list.current == "late")
    let other = GatedCache(holding(1000 * gigabyte, free: gigabyte, rules: []))
    defer { other.open() }
    let moved = DrivenList(searching(fleet + [builder("late", other)]))
    await moved.until { $0.state.list.answered == 4 }
    moved.session.press(.down)
    #expect(moved.current == "default")
    other.open()
    await moved.until(\.isIdle)
    #expect(moved.current == "default" && moved.session.state.position.cursor == 2)
  }

  @Test("r looks and asks anew, R from time to time, and one that is being asked is not asked twice") func again()
    async throws
  {
    let silent = GatedCache(holding(7))
    defer { silent.open() }
    let found = Mutex([builder("silent", silent), builder("quick", TellingCache(reading: holding(5)))])
    let searches = Mutex(0)
    let list = DrivenList { tell in
      searches.withLock { $0 += 1 }
      for builder in found.withLock({ $0 }) { tell(.builder(builder)) }
    }
    await list.until { $0.state.list.answered == 1 && !$0.state.isSearching }
    list.session.press(.character("r"))
    await list.until {
      $0.state.list.answered == 1 && !$0.state.isSearching && $0.state.list.lines.count(where: \.isAsked) == 1
    }
    #expect(searches.withLock { $0 } == 2)
    #expect(silent.reads.withLock { $0 } == 1)
    // While one is asked still, a tick begins nothing.
    list.session.press(.character("R"))
    #expect(list.session.isWatching && list.session.frame().line(0).contains("[live]"))
    list.session.tick()
    #expect(searches.withLock { $0 } == 2)
    silent.open()
    await list.until(\.isIdle)
    found.withLock { $0 = [builder("quick", TellingCache(reading: holding(6)))] }
    list.session.tick()
    await list.until(\.isIdle)
    #expect(searches.withLock { $0 } == 3)
    #expect(list.session.state.list.lines.map(\.id) == ["quick"], "the other was not found any more")
    list.session.press(.character("R"))
    #expect(!list.session.isWatching)
    await list.session.finish()
  }

  @Test("one that can't be asked isn't opened, but says why; one that doesn't answer is asked anew") func closed()
    async throws
  {
    let grid = try await playList("G<Enter>")
    #expect(shows(grid, "[Builders]"))
    #expect(shows(grid, " it is asleep"))
    let gone = GatedCache(nil)
    gone.open()
    let list = DrivenList(searching([builder("gone", gone)]))
    await list.until(\.isIdle)
    try await list.press("<Enter>")
    #expect(shows(list.session.frame(), "[Builders]"))
    #expect(gone.reads.withLock { $0 } == 2)
    await list.session.finish()
  }

  @Test("nothing found, and what could not be looked for, are told") func none() async throws {
    #expect(shows(try await playList("<Enter>", on: []), "there is no builder"))
    #expect(shows(try await playList("", on: []), "no builder was found"))
    #expect(shows(try await playList("", notes: ["docker is not installed here"]), "docker is not installed here"))
  }

  @Test("the mouse goes to a line and opens it") func mouse() async throws {
    let list = DrivenList(searching([builder("one", MemoryCache(sample)), builder("two", MemoryCache(sample))]))
    await list.until(\.isIdle)
    list.session.use(Mouse(.click, at: Point(column: 10, row: 5)))
    #expect(list.current == "two")
    list.session.use(Mouse(.wheelUp, at: Point(column: 10, row: 5)))
    #expect(list.current == "one")
    list.session.use(Mouse(.doubleClick, at: Point(column: 10, row: 5)))
    await list.until(\.isIdle)
    #expect(list.session.frame().line(0).hasPrefix(" strata  two"))
    await list.session.finish()
  }

  @Test("every key of the table does what it says; help names all") func keys() async throws {
    let help = try await playList("?", size: Size(columns: 100, rows: 40))
    for binding in BuildersBinding.all { #expect(shows(help, binding.words), "\(binding.words)") }
    for (script, name) in [
      ("j", "default"), ("<Down>", "default"), ("jk", "ci/ci0"), ("j<Up>", "ci/ci0"), ("G", "sleepy"),
      ("<End>", "sleepy"), ("Gg", "ci/ci0"), ("G<Home>", "ci/ci0"), ("<C-d>", "sleepy"), ("<PageDown>", "sleepy"),
      ("G<C-u>", "ci/ci0"), ("G<PageUp>", "ci/ci0"),
    ] {
      let list = DrivenList(searching(fleet))
      await list.until(\.isIdle)
      try await list.press(script)
      #expect(list.current == name, "\(script)")
    }
    for script in ["<Enter>", "l", "<Right>"] {
      #expect(try await playList(script).line(0).hasPrefix(" strata  ci/ci0"), "\(script)")
    }
    for script in ["q", "Q"] {
      let list = DrivenList(searching(fleet))
      await list.until(\.isIdle)
      try await list.press(script)
      #expect(list.session.hasQuit)
    }
    #expect(shows(try await playList("x"), "x does nothing here"))
    #expect(shows(try await playList("R"), "asks all anew every 5 seconds"))
    #expect(shows(try await playList("RR"), "no longer asks anew"))
    #expect(!shows(try await playList("?j<Esc>"), "Keys"))
  }
}
