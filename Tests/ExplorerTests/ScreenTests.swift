import BuildCache
import Synchronization
import SystemPackage
import Terminal
import TestSupport
import Testing

@testable import Explorer

/// A merge and a diff over two trees, one of them a long chain.
var woven: CacheState {
  var builder = CacheState.Builder()
  builder.add(row("base0000", 100_000_000), parents: [])
  for number in 1...6 {
    let below: RecordID = number == 1 ? "base0000" : "chain00\(number - 1)"
    builder.add(row("chain00\(number)", 10_000_000) { $0.kind = .layer }, parents: [below])
  }
  builder.add(row("other000", 50_000_000, minutesAgo: 90), parents: [])
  builder.add(row("leaf0000", 5_000_000, minutesAgo: 95) { $0.kind = .layer }, parents: ["other000"])
  builder.add(row("merge000", 0, minutesAgo: 5) { $0.kind = .merge }, parents: ["chain006", "leaf0000", "other000"])
  builder.add(row("diff0000", 0, minutesAgo: 9) { $0.kind = .diff }, parents: ["other000", "chain006"])
  return builder.finish()
}

func weave(_ script: String, size: Size = Size(columns: 110, rows: 20)) async throws -> Grid {
  try await play("2g" + script, on: MemoryCache(woven), size: size)
}

@Suite("Graph screen") struct GraphScreenTests {
  /// The id of the record under the cursor, after keys.
  private func current(_ script: String) async throws -> RecordID? {
    let session = await DrivenSession(MemoryCache(woven))
    try await session.press("2g" + script)
    return session.current
  }

  @Test("shows children above parents, with lanes, and long chains folded") func picture() async throws {
    try expectScreen(try await weave(""), "graph")
  }

  @Test("h goes to the first parent, again to the next, then on; l to the children") func walks() async throws {
    #expect(try await current("") == "merge000")
    #expect(try await current("h") == "chain006")
    #expect(try await current("hh") == "leaf0000")
    #expect(try await current("hhh") == "other000")
    #expect(try await current("hhhh") == "other000")
    #expect(shows(try await weave("hh"), "parent 2 of 3 of merge000"))
    #expect(shows(try await weave("hhhhh"), "it stands on nothing"), "what stands on it is folded then")
    #expect(try await current("hjkh") == "chain005", "another key between: from there")
    #expect(try await current("<Left><Right>") == "diff0000")
    #expect(shows(try await weave("hhl"), "merge000"))
    #expect(shows(try await weave("l"), "nothing stands on it"))
  }

  @Test("a folded chain unfolds with l and folds with h, and its records are marked together") func folds() async throws
  {
    #expect(shows(try await weave(""), "5 layers, 50.0 MB   l unfolds"))
    let open = try await weave("hjl")
    #expect(shows(open, "chain003"))
    #expect(!shows(open, "5 layers"))
    #expect(shows(try await weave("hjljjh"), "5 layers, 50.0 MB"))
    #expect(try await current("hjh") == "base0000")
    #expect(shows(try await weave("hj<Space>"), "5 marked · 50.0 MB"))
    // It stays as it was unfolded, and the cursor where it was, when the cache is read anew.
    let session = await DrivenSession(MemoryCache(woven))
    try await session.press("2ghjljj")
    try await session.press("r")
    #expect(session.current == "chain003")
  }

  @Test("what the cursor's record stands on, and what stands on it, stands out; the rest is dimmed") func related()
    async throws
  {
    let grid = try await weave("G")
    for line in 4..<15 where !grid.line(line).isEmpty {
      let isRelated = grid[3, line].character == "•" || grid[1, line].character == "▌"
      let id = grid.line(line).firstMatch(of: /(merge|diff0|other|leaf0|base0|chain)/).map { String($0.0) }
      guard let id else { continue }
      #expect(isRelated == ["merge", "diff0", "other", "leaf0"].contains(id), "\(id)")
      let column = grid.line(line).distance(
        from: grid.line(line).startIndex,
        to: grid.line(line).firstRange(of: id)?.lowerBound ?? grid.line(line).startIndex)
      #expect(grid[column, line].style.isDim == !isRelated, "\(id)")
    }
  }

  @Test("a filter keeps what its matches stand on, dimmed; n and N go from match to match") func filtered() async throws
  {
    let grid = try await weave("/leaf0000<Enter>")
    #expect(shows(grid, "leaf0000"))
    #expect(shows(grid, "other000"))
    #expect(!shows(grid, "merge000"))
    let session = await DrivenSession(MemoryCache(woven))
    try await session.press("2/chain003<Enter>")
    #expect(session.current == "chain003")
    try await session.press("Gn")
    #expect(session.current == "chain003")
    try await session.press("GN")
    #expect(session.current == "chain003")
    // Its chain folds again, and the cursor is on it.
    try await session.press("<Esc>")
    #expect(session.state.choice.filter == .all)
    #expect(session.current == "chain005")
  }

  @Test("the cursor is on the same record as on the Records screen, and Enter puts it into the middle") func follows()
    async throws
  {
    let session = await DrivenSession(MemoryCache(woven), size: Size(columns: 110, rows: 10))
    try await session.press("/chain006<Enter>2<Esc>")
    #expect(session.current == "chain006")
    try await session.press("1")
    #expect(session.current == "chain006")
    try await session.press("2<Enter>")
    let lines = session.state.listLines
    #expect(session.state.position.cursor - session.state.position.top <= lines.count / 2)
  }

  @Test("more lanes than there is room for scroll sideways, with the cursor and by hand") func sideways() async throws {
    var builder = CacheState.Builder()
    for number in 0..<60 { builder.add(row("base\(1000 + number)", 1), parents: []) }
    builder.add(row("merge000", 0, minutesAgo: 1) { $0.kind = .merge }, parents: (0..<60).map { "base\(1000 + $0)" })
    let session = await DrivenSession(MemoryCache(builder.finish()), size: Size(columns: 90, rows: 20))
    try await session.press("2gj")
    #expect(session.state.graph.firstLane == 0)
    #expect(!session.state.draw().line(3).contains(">"), "three of the parents have lanes")
    try await session.press("lkh")
    try await session.press("j")
    #expect(session.state.draw().line(3).contains("45>"))
    try await session.press("G")
    #expect(session.state.graph.firstLane > 0)
    let first = session.state.graph.firstLane
    try await session.press("<lt>")
    #expect(session.state.graph.firstLane < first)
    try await session.press(">")
    #expect(session.state.graph.firstLane == first)
  }
}

@Suite("Detail pane") struct DetailTests {
  @Test("tells all about the record under the cursor, beneath the list") func beneath() async throws {
    let grid = try await play("j<Enter>", size: Size(columns: 110, rows: 30))
    try expectScreen(grid, "detail")
    #expect(shows(grid, "With all beneath 800.0 MB"))
    #expect(shows(grid, "Freed if pruned  500.0 MB"))
    #expect(!shows(try await play("j<Enter><Enter><Enter>", size: Size(columns: 110, rows: 30)), "With all beneath"))
    #expect(shows(try await play("2i", size: Size(columns: 110, rows: 30)), "With all beneath"))
  }

  @Test("is beside the list in a wide window, without being asked") func beside() async throws {
    let grid = try await play("", size: Size(columns: 170, rows: 30))
    #expect(grid.line(4).contains("│ Kind"))
    #expect(shows(grid, "base0000  500.0 MB"))
    #expect(!shows(try await play("ii", size: Size(columns: 170, rows: 30)), "With all beneath"))
  }

  @Test("shows how a record is stored where it is asked again, and times as people read them") func more() async throws
  {
    let size = Size(columns: 170, rows: 60)
    let first = try await play("", size: size)
    #expect(shows(first, "more             retained, snapshot, tree: i shows"))
    #expect(!shows(first, "Snapshot  "))
    let all = try await play("i", size: size)
    #expect(shows(all, "Snapshot  ") && shows(all, "Tree  ") && !shows(all, "i shows"))
    #expect(!shows(try await play("ii", size: size), "With all beneath"))
    #expect(first.text.firstMatch(of: /Last used +2 d ago, [0-9-]{10} [0-9:]{8}\s/) != nil)
    #expect(all.text.firstMatch(of: /[0-9]\.[0-9]{4,}/) == nil, "no decimals of seconds")
  }

  @Test("says why a record stays, naming the chain that holds it") func reasons() async throws {
    var builder = CacheState.Builder()
    builder.add(row("bottom00", 3), parents: [])
    builder.add(row("middle00", 2), parents: ["bottom00"])
    builder.add(row("top00000", 1) { $0.outsideRefs = 1 }, parents: ["middle00"])
    let grid = try await play("i", on: MemoryCache(builder.finish()), size: Size(columns: 118, rows: 40))
    #expect(shows(grid, "It stays: something in use stands on it. top00000 (what top00000 is) stands on it through"))
  }

  @Test("scrolls with J and K where it has more than there is room for") func scrolls() async throws {
    let size = Size(columns: 100, rows: 20)
    #expect(shows(try await play("i", size: size), "J for more"))
    #expect(!shows(try await play("iJJ", size: size), "ID               base0000"))
    #expect(shows(try await play("iJJKK", size: size), "ID               base0000"))
    #expect(shows(try await play("J"), "i opens the details"))
  }
}

@Suite("Marks") struct MarksTests {
  @Test("the Marks screen lists them with what goes with them") func list() async throws {
    try expectScreen(try await play("j<Space>jj<Space>m"), "marks")
    #expect(shows(try await play("M m".replacing(" ", with: "")), "d prunes 3 records, frees 1.0 GB"))
    #expect(shows(try await play("jjj<Space>m"), "1 can't go: in use"))
    #expect(shows(try await play("m"), "nothing is marked"))
    #expect(shows(try await play("M" + "m<Space>"), "2 marked"))
    #expect(shows(try await play("M" + "mU"), "nothing is marked: q goes back"))
  }

  @Test("a change of marks can be taken back, more than once") func undo() async throws {
    #expect(shows(try await play("<Space><Space>u"), "1 marked · 500.0 MB"))
    #expect(!shows(try await play("<Space><Space>uu"), "marked ·"))
    #expect(shows(try await play("MUu"), "3 marked · 1.0 GB"))
    #expect(shows(try await play("u"), "there is nothing to undo"))
    #expect(shows(try await play("Mmu"), "nothing is marked"))
  }

  @Test("d on the Marks screen asks, and y prunes them") func prune() async throws {
    let cache = MemoryCache(sample)
    #expect(shows(try await play("Mmd", on: cache), "Prune 3 records?"))
    #expect(cache.pruned.withLock { $0 }.isEmpty)
    #expect(shows(try await play("Mmdy", on: cache), "removed 3 records, freed 1.0 GB"))
  }

  @Test("Enter goes to a marked record in the table") func goTo() async throws {
    let session = await DrivenSession(MemoryCache(sample))
    try await session.press("jjj<Space>gm<Enter>")
    #expect(session.current == "held3333")
  }

  @Test("only what is shown is marked by A") func markShown() async throws {
    #expect(shows(try await play("/layer<Enter>A"), "2 marked · 500.0 MB"))
  }
}

@Suite("Filter") struct FilterScreenTests {
  @Test("the list follows while it is typed; Esc takes it back, Enter keeps it") func live() async throws {
    let grid = try await play("/type==exec.cachemount")
    #expect(shows(grid, "mount555"))
    #expect(!shows(grid, "base0000"))
    #expect(shows(grid, "/type==exec.cachemount_  1 of 7 matches"))
    #expect(shows(try await play("/mount<Esc>"), "base0000"))
    #expect(shows(try await play("/mount<Enter>"), "filter: mount"))
    #expect(shows(try await play("/mount<Enter>/<C-u><Enter>"), "base0000"))
    #expect(shows(try await play("/mount<Enter><Esc>"), "no filter any more"))
    #expect(shows(try await play("/layes<BS>r<Enter>"), "layer111"))
  }

  @Test("sizes, uses and ages are compared") func quantities() async throws {
    for (filter, count) in [
      ("size>100MB", 3), ("size>=100MB", 4), ("uses<lt>=1", 4), ("age>7d", 0), ("age>1d", 1),
      ("size<lt>60MB,uses<lt>5", 2),
    ] {
      #expect(shows(try await play("/\(filter)"), "\(count) of 7"), "\(filter)")
    }
  }

  @Test("what can't be understood is said, and the list stays") func problems() async throws {
    let grid = try await play("/nosuch==1", size: Size(columns: 200, rows: 20))
    #expect(shows(grid, "there is no \"nosuch\"; the keys are id, parents"))
    #expect(shows(grid, "base0000"))
    #expect(shows(try await play("/type=regular", size: Size(columns: 160, rows: 20)), "= is no operator"))
    #expect(shows(try await play("/size>20G", size: Size(columns: 200, rows: 20)), "20G is no size (GB or GiB?)"))
    // Enter does not keep it.
    #expect(shows(try await play("/nosuch==1<Enter>"), "/nosuch==1_"))
  }

  @Test("n and N go from match to match, round the ends") func next() async throws {
    let session = await DrivenSession(MemoryCache(sample))
    try await session.press("/layer<Enter>n")
    #expect(session.current == "layer222")
    try await session.press("n")
    #expect(session.current == "layer111")
    #expect(session.state.message == "round the end of the list")
    try await session.press("N")
    #expect(session.current == "layer222")
  }

  @Test("nothing matches: that is said, and no key acts on a record") func none() async throws {
    for key in ["d", "<Space>", "w", "H", "y", "e", "f", "<Enter>", "M"] {
      #expect(shows(try await play("/zzzz<Enter>" + key), "no record is shown"), "\(key)")
    }
  }
}

@Suite("Files screen") struct FilesScreenTests {
  @Test("lists a record's tree by size, into folders and out again") func tree() async throws {
    try expectScreen(try await play("f"), "files")
    #expect(shows(try await play("f<Enter>"), "base0000:/usr"))
    #expect(shows(try await play("fll"), "an empty folder"))
    #expect(shows(try await play("fllhh"), "data"))
    #expect(shows(try await play("fllh<Left><BS>"), "this is the top of its tree"))
    #expect(shows(try await play("fj<Enter>"), "a file: there is nothing in it"))
    #expect(shows(try await play("fj<Enter>h"), "this is the top"))
    // The cursor is where it was in the folder above.
    let session = await DrivenSession(MemoryCache(sample))
    try await session.press("flhj")
    #expect(session.state.files.position.cursor == 1)
  }

  @Test("a source without files says so") func none() async throws {
    let cache = MemoryCache(sample, noInsightReason: "a list has no files")
    for key in ["f", "4"] { #expect(shows(try await play(key, on: cache), "a list has no files"), "\(key)") }
    #expect(shows(try await play("<Tab><Tab><Tab>", on: cache), "[1 Records]"))
  }

  @Test("an answer for a folder that was left is dropped") func late() {
    var state = ExplorerState(.init(name: "files"), size: Size(columns: 80, rows: 24))
    state.files.open("base0000")
    _ = update(&state, .listed("other", "/", []))
    _ = update(&state, .listed("base0000", "/usr", []))
    #expect(state.files.files == nil)
    _ = update(&state, .notListed("base0000", "/", "it is gone"))
    #expect(state.files.problem == "it is gone")
  }
}

@Suite("Hold, copy, export, mouse") struct HabitTests {
  @Test("H holds a record, and lets go of it") func hold() async throws {
    let cache = MemoryCache(sample)
    #expect(shows(try await play("H", on: cache), "held: no prune takes it"))
    #expect(shows(try await play("H", on: cache), "let go"))
    #expect(cache.held.withLock { $0.map(\.isHeld) } == [true, false])
    let readOnly = MemoryCache(sample, readOnlyReason: "a saved list")
    #expect(shows(try await play("H", on: readOnly), "read only: a saved list"))
  }

  @Test("y copies the id, e exports what is shown, in its order") func outlets() async throws {
    #expect(shows(try await play("jy"), "copied layer111"))
    #expect(copied.withLock { $0.contains("layer111") })
    #expect(shows(try await play("/layer<Enter>si" + "e"), "wrote 2 records to export.json"))
    #expect(exported.withLock { $0.contains(["layer111", "layer222"]) })
  }

  @Test("sorting by what pruning frees takes what hangs on a record into account") func sortByFrees() async throws {
    let grid = try await play("sf")
    #expect(grid.line(3).contains("FREES ↓"))
    #expect(grid.line(4).contains("base0000"))
    #expect(try await play("sfsf").line(4).contains("intern66"))
  }

  @Test("the mouse clicks, opens and scrolls") func mouse() async throws {
    let session = await DrivenSession(MemoryCache(sample))
    await session.send(.mouse(Mouse(.click, at: Point(column: 10, row: 6))))
    #expect(session.current == "layer222")
    await session.send(.mouse(Mouse(.wheelDown, at: Point(column: 10, row: 6))))
    #expect(session.current == "mount555")
    await session.send(.mouse(Mouse(.wheelUp, at: Point(column: 10, row: 6))))
    #expect(session.current == "layer222")
    await session.send(.mouse(Mouse(.doubleClick, at: Point(column: 10, row: 5))))
    #expect(session.current == "layer111")
    #expect(session.state.isDetailShown)
    await session.send(.mouse(Mouse(.click, at: Point(column: 15, row: 2))))
    #expect(session.state.screen == .graph)
    await session.send(.mouse(Mouse(.click, at: Point(column: 10, row: 500))))
    #expect(session.state.screen == .graph)
  }

  @Test("the mouse never answers a question") func mouseAndQuestion() async throws {
    let cache = MemoryCache(sample)
    let session = await DrivenSession(cache)
    try await session.press("jjd")
    for kind in [Mouse.Kind.click, .doubleClick, .wheelDown] {
      for row in 0..<20 { await session.send(.mouse(Mouse(kind, at: Point(column: 50, row: row)))) }
    }
    #expect(cache.pruned.withLock { $0 }.isEmpty)
    if case .question = session.state.overlay {} else { Issue.record("the question is gone") }
  }

  @Test("R reads the cache anew from time to time, the cursor and the marks staying; not while a question is asked")
  func watch() async throws {
    let cache = MemoryCache(sample)
    let session = await DrivenSession(cache)
    try await session.press("jj<Space>")
    cache.replace(with: sample.keeping { row, _ in row.id != "base0000" })
    await session.send(.tick)
    #expect(session.state.cache.rows.count == 7, "not asked to")
    try await session.press("R")
    #expect(session.state.draw().line(0).contains("[live]"))
    try await session.press("kd")
    await session.send(.tick)
    #expect(session.state.cache.rows.count == 7, "the question stands")
    try await session.press("n")
    await session.send(.tick)
    #expect(session.state.cache.rows.count == 6)
    #expect(session.current == "layer222")
    #expect(session.state.marks.ids == ["layer222"])
  }
}

/// The table of the README, each in the keys that it names.
@Suite("The README's recipes") struct RecipeTests {
  @Test("find what fills the disk, and why a record is kept") func looking() async throws {
    #expect(try await play("").line(4).contains("base0000"))
    #expect(try await play("sf").line(4).contains("base0000"))
    #expect(shows(try await play("jjjw"), "It stays: somebody holds it."))
    #expect(shows(try await play("/cachemount<Enter>"), "1 of 7 matches"))
    #expect(shows(try await play("/size>100MB,age>1h<Enter>"), "2 of 7 match"))
    #expect(shows(try await play("f"), "usr/"))
  }

  @Test("prune half by limit; prune three marked; take a mark back") func pruning() async throws {
    let half = MemoryCache(sample)
    #expect(shows(try await play("p<Enter>y", on: half), "removed 3 records"))
    let marked = MemoryCache(sample)
    #expect(shows(try await play("<Space><Space><Space>dy", on: marked), "removed 3 records"))
    #expect(shows(try await play("<Space><Space>u"), "1 marked"))
  }

  @Test("in a low window the question still says what y does") func lowQuestion() async throws {
    let grid = try await play("d", size: Size(columns: 20, rows: 5))
    #expect(shows(grid, "Frees 1.0 GB"))
    #expect(shows(grid, "y: prune 3"))
  }
}
