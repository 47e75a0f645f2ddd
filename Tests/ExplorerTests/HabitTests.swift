import BuildCache
import Terminal
import TestSupport
import Testing

@testable import Explorer

/// More records than a window shows.
private var long30: CacheState {
  var builder = CacheState.Builder()
  for number in 0..<30 {
    builder.add(row("row\(10000 + number)", Int64(3000 - number) * 1_000_000, minutesAgo: Int64(number)), parents: [])
  }
  return builder.finish()
}

/// A base, and six layers that stand on each other.
private var chain: CacheState {
  var builder = CacheState.Builder()
  builder.add(row("base0000", 1), parents: [])
  for number in 1...6 {
    let below: RecordID = number == 1 ? "base0000" : "chain00\(number - 1)"
    builder.add(row("chain00\(number)", 1) { $0.kind = .layer }, parents: [below])
  }
  return builder.finish()
}

@Suite("Pages") struct PageTests {
  @Test("PageDown and PageUp turn a page, ^F and ^B too, ^D and ^U half of one") func pages() async throws {
    let session = await DrivenSession(MemoryCache(long30), size: Size(columns: 110, rows: 18))
    let height = session.state.listLines.count
    for (down, up, step) in [
      ("<PageDown>", "<PageUp>", height), ("<C-f>", "<C-b>", height), ("<C-d>", "<C-u>", height / 2),
    ] {
      try await session.press("gj" + down)
      #expect(session.state.position.cursor == 1 + step, "\(down)")
      #expect(session.state.position.top == (step == height ? height : 0), "\(down)")
      try await session.press(up)
      #expect(session.state.position.cursor == 1 && session.state.position.top == 0, "\(up)")
    }
    try await session.press("<PageDown><PageDown><PageDown><PageDown>")
    #expect(session.state.position.cursor == 29)
  }
}

@Suite("The prompt of commands") struct PromptTests {
  @Test("every binding can be typed by its name, and does what its key does") func names() async throws {
    for screen in ExplorerState.Screen.allCases {
      for binding in Binding.all(on: screen) {
        #expect(!binding.name.isEmpty && binding.name == binding.name.lowercased(), "\(binding.words)")
        // Two keys of one name are two ways to the same.
        let named = Binding.all(on: screen).filter { $0.name == binding.name }
        let isSame = named.allSatisfy { $0.words.hasPrefix(binding.name) || $0.keys == binding.keys }
        #expect(isSame, "\(binding.name) on \(screen)")
      }
    }
    #expect(shows(try await play(":graph<Enter>"), "[2 Graph]"))
    #expect(shows(try await play(":Mark all shown<Enter>"), "7 marked"))
    #expect(shows(try await play(":why<Enter>"), "It can be pruned"))
    #expect(shows(try await play(":mark<Enter>"), "1 marked"))
    #expect(shows(try await play(":help<Enter>"), "Keys"))
    #expect(shows(try await play(":unmark all<Enter>"), "nothing is marked"))
    #expect(shows(try await play("2:fold<Enter>"), "2 stand on it, 500.0 MB"))
  }

  @Test("sort, filter, mark and unmark take words") func words() async throws {
    #expect(try await play(":sort uses<Enter>").line(4).contains("mount555"))
    #expect(try await play(":sort uses up<Enter>").line(4).contains("intern66"))
    #expect(try await play(":sort last used down<Enter>").line(4).contains("mount555"))
    #expect(try await play(":sort us<Enter>").line(3).contains("USES ↓"))
    #expect(shows(try await play(":sort colour<Enter>"), "nothing is sorted by colour"))
    #expect(shows(try await play(":filter type==exec.cachemount<Enter>"), "1 of 7 matches"))
    #expect(shows(try await play(":filter nosuch==1<Enter>"), "there is no \"nosuch\""))
    #expect(shows(try await play(":mark size>100MB<Enter>"), "marked 3 records"))
    #expect(shows(try await play(":mark size>100MB<Enter>"), "3 marked · 1.0 GB"))
    #expect(shows(try await play("A:unmark size>100MB<Enter>"), "took the marks of 3 records away"))
    #expect(shows(try await play(":unmark size>100MB<Enter>"), "nothing is marked"))
    #expect(shows(try await play(":mark size>900GB<Enter>"), "nothing matches"))
    #expect(shows(try await play("p:mark size>1MB<Enter>"), "that is for the lists of records"))
  }

  @Test("limit moves the limit of a plan") func limits() async throws {
    #expect(shows(try await play("p:limit 300MB<Enter>"), "keep-bytes 300.0 MB"))
    #expect(shows(try await play("p:limit 300<Enter>"), "300"))
    #expect(shows(try await play(":limit 300MB<Enter>"), "that is for the Prune screen"))
  }

  @Test("mark marks of what is listed only") func marksListed() async throws {
    let grid = try await play("/layer<Enter>:mark size>100MB<Enter>")
    #expect(shows(grid, "2 marked · 500.0 MB"))
    #expect(shows(try await play("/layer<Enter>:mark size>100MB<Enter>u"), "undone: the marks of 2 records"))
  }

  @Test("Tab completes as far as it is clear, then goes round") func completion() async throws {
    func typed(_ script: String) async throws -> String {
      let session = await DrivenSession(MemoryCache(sample))
      try await session.press(script)
      guard case .prompt(let entry) = session.state.overlay else { return "none" }
      return entry.text
    }
    #expect(try await typed(":gra<Tab>") == "graph")
    #expect(try await typed(":so<Tab>") == "sort ")
    #expect(try await typed(":sort la<Tab>") == "sort last used")
    #expect(try await typed(":sort <Tab><Tab>") == "sort frees")
    #expect(try await typed(":sort <Tab><Tab><S-Tab>") == "sort size")
    #expect(try await typed(":filter si<Tab>") == "filter size")
    #expect(try await typed(":filter si<Tab><Tab>") == "filter size>")
    #expect(try await typed(":xyz<Tab>") == "xyz")
    #expect(try await typed(":abc<C-u>") == "")
    #expect(try await typed(":a<BS>") == "")
    #expect(try await typed(":a<BS><BS>") == "none")
    #expect(try await typed(":why<Esc>") == "none")
    #expect(try await typed(":graph<Enter>:sort size<Enter>:<Up><Up>") == "graph")
    #expect(try await typed(":graph<Enter>:<Up><Down>") == "")
    #expect(shows(try await play(":so"), "sort"))
  }

  @Test("what is no command is told with the nearest, and stays to be mended") func unknown() async throws {
    #expect(shows(try await play(":srot<Enter>"), "there is no command srot: the nearest is sort"))
    #expect(shows(try await play(":srot<Enter>"), ":srot_"))
    #expect(shows(try await play(":zzzzzz<Enter>"), "there is no command zzzzzz: Tab shows"))
    #expect(
      shows(try await play(":p<Enter>"), "several commands begin so: previous match, prune marked, prune preview"))
    #expect(shows(try await play(":center<Enter>"), "center is a command of another screen: 2 Graph"))
    #expect(shows(try await play(":<Enter>"), "base0000"))
  }

  @Test("quit leaves from any screen") func quits() async throws {
    for script in [":q<Enter>", ":quit<Enter>", "2:q<Enter>", "p:quit<Enter>"] {
      let session = await DrivenSession(MemoryCache(sample))
      try await session.press(script)
      #expect(session.state.hasQuit, "\(script)")
    }
  }

  @Test("edit distance") func distance() {
    for (one, other, number) in [
      ("", "", 0), ("a", "", 1), ("srot", "sort", 1), ("fliter", "filter", 1), ("kitten", "sitting", 3),
      ("ab", "ba", 1),
    ] {
      #expect(editDistance(one, other) == number && editDistance(other, one) == number, "\(one) \(other)")
    }
  }
}

@Suite("Ranges, undo, leaving") struct RangeTests {
  @Test("v begins a range, moving extends it, Space or v marks it, Esc drops it") func range() async throws {
    for end in ["<Space>", "v"] {
      let session = await DrivenSession(MemoryCache(sample))
      try await session.press("jvjj")
      #expect(session.state.marks.isEmpty)
      #expect((4...9).map { session.state.draw()[2, $0].character } == [" ", "┃", "┃", "┃", " ", " "])
      #expect(session.state.message == "a range of 3 lines: space marks it, Esc drops it")
      try await session.press(end)
      #expect(session.state.marks.ids == ["layer111", "layer222", "held3333"])
      #expect(session.state.range == nil)
      try await session.press("u")
      #expect(session.state.marks.isEmpty)
    }
    #expect(shows(try await play("Gvgg<Space>"), "7 marked"), "upwards too")
    #expect(shows(try await play("vjj<Esc>"), "nothing of it was marked"))
    #expect(!shows(try await play("vjj<Esc>"), "3 marked"))
    #expect(shows(try await play("vjj<Esc><Esc>"), "q leaves"))
    #expect(shows(try await play("vj2"), "[2 Graph]"))
    let left = await DrivenSession(MemoryCache(sample))
    try await left.press("vj21")
    #expect(left.state.range == nil)
    #expect(shows(try await play("jvjd"), "Prune 2 records?"), "d takes it and asks")
    #expect(shows(try await play("vjsi"), "by id"))
  }

  @Test("a range stays with its record when the cache is read anew, and goes with it") func reading() async throws {
    let cache = MemoryCache(sample)
    let session = await DrivenSession(cache)
    try await session.press("jjvj")
    cache.replace(with: sample.keeping { row, _ in row.id != "base0000" })
    try await session.press("r")
    #expect(session.state.rangeLines == 1...2)
    cache.replace(with: sample.keeping { row, _ in row.id != "layer222" })
    try await session.press("r")
    #expect(session.state.range == nil)
  }

  @Test("a range in the graph marks the records of folded chains") func graph() async throws {
    let session = await DrivenSession(MemoryCache(chain))
    try await session.press("2gvG<Space>")
    #expect(session.state.marks.count == 7)
  }

  @Test("u takes back marks, folds and filters, the last change first") func undo() async throws {
    let session = await DrivenSession(MemoryCache(sample))
    try await session.press("<Space>/layer<Enter>A<Esc>")
    #expect(session.state.choice.filter == .all && session.state.marks.count == 3)
    try await session.press("u")
    #expect(session.state.records.order.count == 2, "the filter is there again")
    try await session.press("u")
    #expect(session.state.marks.count == 1)
    try await session.press("u")
    #expect(session.state.records.order.count == 7)
    try await session.press("u")
    #expect(session.state.marks.isEmpty)
    try await session.press("u")
    #expect(session.state.message == "there is nothing to undo")
  }

  @Test("a fold is taken back, the cursor staying on its record") func undoFold() async throws {
    let session = await DrivenSession(MemoryCache(chain))
    try await session.press("2gj")
    let folded = session.state.lineCount
    let top = session.current
    try await session.press("l")
    #expect(session.state.lineCount > folded)
    try await session.press("u")
    #expect(session.state.lineCount == folded && session.current == top)
    #expect(session.state.message == "undone: folded again")
  }

  @Test("marks outlive a reading in what is taken back, but for records that are gone") func undoGone() async throws {
    let cache = MemoryCache(sample)
    let session = await DrivenSession(cache)
    try await session.press("AU")
    cache.replace(with: sample.keeping { row, _ in row.id != "layer222" })
    try await session.press("ru")
    #expect(session.state.marks.count == 6)
    #expect(!session.state.marks.contains("layer222"))
  }

  @Test("what can be taken back is bounded") func bounded() {
    var stack = UndoStack()
    for _ in 0..<1000 { stack.add(.filter(from: .all)) }
    var count = 0
    while stack.popLast() != nil { count += 1 }
    #expect(count == UndoStack.mostChanges)
    let many = [RecordID](repeating: "x", count: 600_000)
    for _ in 0..<5 { stack.add(.marks(isMarking: true, many)) }
    count = 0
    while stack.popLast() != nil { count += 1 }
    #expect(count == 1)
    stack.add(.filter(from: .all))
    stack.add(.marks(isMarking: true, ["a"]))
    stack.forgetMarks()
    #expect(stack.popLast() != nil && stack.isEmpty)
  }

  @Test("q with marks asks once; another key between asks anew") func leaving() async throws {
    let session = await DrivenSession(MemoryCache(sample))
    try await session.press("<Space>q")
    #expect(!session.state.hasQuit && session.state.message == "1 marked: q again leaves")
    try await session.press("jq")
    #expect(!session.state.hasQuit)
    try await session.press("q")
    #expect(session.state.hasQuit)
    let typing = await DrivenSession(MemoryCache(sample))
    try await typing.press("<Space>:q<Enter>")
    #expect(!typing.state.hasQuit && typing.state.message == "1 marked: :q again leaves")
    try await typing.press(":q<Enter>")
    #expect(typing.state.hasQuit)
    let unmarked = await DrivenSession(MemoryCache(sample))
    try await unmarked.press("q")
    #expect(unmarked.state.hasQuit)
  }
}

@Suite("Clicks") struct ClickTests {
  /// Clicks on a text of the screen.
  private func click(_ session: DrivenSession, _ text: String, row: Int) async throws {
    let line = session.state.draw().line(row)
    let start = try #require(line.firstRange(of: text)).lowerBound
    let column = displayWidth(String(line[..<start])) + 1
    await session.send(.mouse(Mouse(.click, at: Point(column: column, row: row))))
  }

  @Test("a heading sorts by its column, and again turns it round", arguments: [80, 110, 140, 200])
  func headings(_ columns: Int) async throws {
    let session = await DrivenSession(MemoryCache(sample), size: Size(columns: columns, rows: 20))
    for (title, sort) in [("USED", SortKey.used), ("FREES", .frees), ("ID", .id), ("DESC", .description)] {
      try await click(session, title, row: 3)
      #expect(session.state.choice.sort == sort, "\(title)")
      let isDescending = session.state.choice.isDescending
      try await click(session, title, row: 3)
      #expect(session.state.choice.isDescending != isDescending, "\(title)")
    }
    // Nothing is sorted by flags; a narrow table has none.
    guard columns > 80 else { return }
    try await click(session, "FLAGS", row: 3)
    #expect(session.state.choice.sort == .description)
  }

  @Test("a hint of the footer presses its key; a tab that is said shorter is still a tab") func hints() async throws {
    let session = await DrivenSession(MemoryCache(sample))
    try await click(session, "sort", row: 19)
    if case .sortMenu = session.state.overlay {} else { Issue.record("no menu") }
    try await session.press("<Esc>")
    try await click(session, "space", row: 19)
    #expect(session.state.marks.count == 1)
    await session.send(.mouse(Mouse(.click, at: Point(column: 109, row: 19))))
    #expect(session.state.marks.count == 1)
    let narrow = await DrivenSession(MemoryCache(sample), size: Size(columns: 24, rows: 20))
    try await click(narrow, " 3 ", row: 2)
    #expect(narrow.state.screen == .prune)
    try await click(narrow, "?", row: 19)
    if case .help = narrow.state.overlay {} else { Issue.record("no help") }
  }
}

@Suite("Keys that were given other work") struct KeyMapTests {
  private func driven(_ changes: String..., script: String) async throws -> ExplorerState {
    var state = ExplorerState(
      .init(name: "keys", keys: try KeyMap(changes)), size: Size(columns: 110, rows: 30))
    _ = update(
      &state, .loaded(Inventory(reading(sample)), Arrangement(sample, .init(), now: now.now()), Rights()))
    for key in try Key.keys(in: script) { _ = update(&state, .key(key)) }
    return state
  }

  @Test("they do it, the key of the table goes on, and help, footer and messages show them") func work() async throws {
    #expect(try await driven("^P=p", script: "<C-p>").screen == .prune)
    #expect(try await driven("^P=p", script: "p").screen == .prune)
    #expect(try await driven("^P = prune preview", script: "<C-p>").screen == .prune)
    #expect(try await driven("x=d", "d=p", script: "d").screen == .prune)
    #expect(try await driven("x=d", "p=d", "d=p", script: "d").screen == .prune)
    let state = try await driven("^P=p", "x=?", "Q=q", "?=w", script: "<Space>Q")
    #expect(shows(state.draw(), "^P prune preview"))
    #expect(shows(state.draw(), "x help"))
    #expect(shows(state.draw(), "? why"))
    #expect(state.message == "1 marked: Q again leaves")
    #expect(try await driven("x=?", "?=w", script: "Z").message == "Z does nothing here: x shows the keys")
    let help = try await driven("^P=p", script: "?").helpLines
    #expect(help.contains { $0.hasPrefix("^P p ") && $0.hasSuffix("prune preview") })
    #expect(try await driven("==j", script: "=").position.cursor == 1)
    #expect(try await driven("X==", script: "pX").screen == .prune)
  }

  @Test("questions, menus and what is typed take keys as they are") func raw() async throws {
    let state = try await driven("x=y", script: "/xy")
    if case .filter(let entry) = state.overlay { #expect(entry.text == "xy") } else { Issue.record("no filter") }
    var asked = try await driven("x=y", script: "")
    let plan = try PrunePlan(sample, removing: [0])
    asked.overlay = .question(PendingPrune(plan, marks: nil, now: now.now()))
    let effects = update(&asked, .key(.character("x")))
    let carriesOut = effects.contains { if case .carryOut = $0 { true } else { false } }
    #expect(!carriesOut && asked.message == "nothing was removed")
  }

  @Test(
    "what can't be is told with the change that is wrong",
    arguments: [
      (["^P=p", "d=x"], 1, "x does nothing by itself"), (["^P=nosuch"], 0, "nosuch is neither a key nor a command"),
      (["Hyper=p"], 0, "Hyper is no key"), (["p"], 0, "write NEW=OLD"), (["p="], 0, "write NEW=OLD"),
      (["="], 0, "write NEW=OLD"), (["y=d"], 0, "y answers questions"), (["<Esc>=q"], 0, "Esc takes back"),
      (["x=Esc"], 0, "Esc takes back"), (["x=d", "x=p"], 1, "was given other work before"),
      (["^P=p", "d=p"], 1, "d is prune marked, which would have no key any more"),
    ])
  func problems(_ changes: [String], _ change: Int, _ words: String) {
    do {
      _ = try KeyMap(changes)
      Issue.record("taken")
    } catch {
      #expect(error.change == change)
      #expect(error.description.contains(words) && error.description.hasPrefix("key "), "\(error)")
    }
  }

  @Test("every key that is written can be read") func written() {
    let keys = ExplorerState.Screen.allCases.flatMap { Binding.all(on: $0) }.flatMap(\.keys)
    for key in keys + [.function(12), .control("z"), .delete] {
      #expect(Key(written: key.label) == key && Key(written: key.name) == key, "\(key.name)")
    }
    #expect(Key(written: "") == nil && Key(written: "^1") == nil && Key(written: "jj") == nil)
  }
}
