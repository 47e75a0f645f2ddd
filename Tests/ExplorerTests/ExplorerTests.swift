import BuildCache
import Synchronization
import Terminal
import Testing

@testable import Explorer

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
    #expect(shows(try await play("jjj<Space>"), "can't go: held3333 (what held3333 is) is in use"))
    #expect(shows(try await play("U"), "nothing is marked"))
  }

  @Test("marks and the cursor stay on their records when the cache is read anew and sorted") func sticks() async throws
  {
    let cache = MemoryCache(sample)
    let session = await DrivenSession(cache)
    try await session.press("jj<Space>")
    cache.replace(with: sample.keeping { row, _ in row.id != "base0000" })
    try await session.press("r")
    #expect(session.state.marks.ids == ["layer222"])
    #expect(session.current == "held3333")
    try await session.press("si")
    #expect(session.current == "held3333")
    try await session.press("/layer<Enter>")
    #expect(session.state.marks.ids == ["layer222"])
    try await session.press("<Esc>si")
    #expect(session.state.marks.ids == ["layer222"])
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
    #expect(shows(question, "Largest and oldest: layer111 (what layer111 is), 300.0 MB, used 10h ago."))
    #expect(shows(question, "1 of them are not marked, but hang on what is."))
    #expect(shows(try await play("j<Space>dy", on: cache), "removed 2 records, freed 500.0 MB"))
    #expect(cache.pruned.withLock { $0 } == [["layer222", "layer111"]])
  }

  @Test("what is in use can't go, and the message says why") func inUse() async throws {
    let cache = MemoryCache(sample)
    #expect(shows(try await play("jjjd", on: cache), "can't go: held3333 (what held3333 is) is in use"))
    #expect(shows(try await play("jjjdy", on: cache), "7 records"))
    #expect(cache.pruned.withLock { $0 }.isEmpty)
  }

  @Test("a cache that may not be changed is shown as such, and d says why it is off") func readOnly() async throws {
    let cache = MemoryCache(sample, readOnlyReason: "a saved list")
    let grid = try await play("d", on: cache)
    #expect(shows(grid, "[read only]"))
    #expect(shows(grid, "read only: a saved list"))
    #expect(shows(try await play("p<Enter>", on: cache), "read only: a saved list"))
  }

  @Test("what has to be known of the cache is told once it is read, and what is said later is not hidden") func notes()
    async throws
  {
    let one = MemoryCache(sample, notes: ["record x can't be used"])
    #expect(shows(try await play("", on: one), "record x can't be used"))
    #expect(!shows(try await play("Z", on: one), "record x can't be used"))
    let several = MemoryCache(sample, notes: ["record x can't be used", "process 7 is changing this cache"])
    #expect(shows(try await play("", on: several), "2 notes; first: record x can't be used"))
  }

  @Test("why: sentences that name the chain") func why() async throws {
    var builder = CacheState.Builder()
    builder.add(row("bottom00", 1), parents: [])
    builder.add(row("middle00", 1), parents: ["bottom00"])
    builder.add(row("top00000", 1) { $0.outsideRefs = 1 }, parents: ["middle00"])
    let cache = MemoryCache(builder.finish())
    let grid = try await play("siw", on: cache)
    #expect(shows(grid, "It stays: something in use stands on it."))
    #expect(shows(grid, "top00000 (what top00000 is) stands on it through middle00 (what middle00"))
    #expect(shows(try await play("w"), "It stays") == false)
  }

  @Test("an empty cache is said to be") func empty() async throws {
    let grid = try await play("jd", on: MemoryCache(.empty))
    #expect(shows(grid, "there is no record"))
    #expect(shows(try await play("", on: MemoryCache(.empty)), "the cache is empty"))
  }
}

@Suite("Screens") struct ScreensTests {
  @Test("keys go back and forth between the screens; q leaves the second, then the first") func screens() async throws {
    for (script, title) in [
      ("<Tab>", "2 Graph"), ("<Tab><Tab>", "3 Prune"), ("<Tab><Tab><Tab>", "4 Files"), ("31", "1 Records"),
      ("pq", "1 Records"), ("p<Esc>", "1 Records"), ("2p<Tab><Tab>", "1 Records"), ("2fq", "2 Graph"),
      ("4<Esc>", "1 Records"), ("2<Space>mq", "2 Graph"), ("23q", "1 Records"), ("<Esc>", "1 Records"),
    ] {
      #expect(shows(try await play(script), "[\(title)]"), "\(script)")
    }
  }
}

@Suite("Everywhere") struct ExplorerFrameTests {
  @Test("help comes from the binding table and names every key of the screen") func help() async throws {
    for (script, screen) in [
      ("?", ExplorerState.Screen.records), ("2?", .graph), ("p?", .prune), ("f?", .files), ("<Space>m?", .marks),
    ] {
      let grid = try await play(script, size: Size(columns: 110, rows: 60))
      for binding in Binding.all(on: screen) {
        #expect(shows(grid, binding.words), "\(binding.words)")
      }
    }
    #expect(shows(try await play("?jjk<Esc>"), "DESCRIPTION"))
  }

  @Test("no two bindings of a screen share a key") func unambiguous() {
    for screen in ExplorerState.Screen.allCases {
      let keys = Binding.all(on: screen).flatMap(\.keys)
      #expect(Set(keys).count == keys.count)
    }
  }

  @Test("an unbound key does nothing and says where the keys are") func unbound() async throws {
    #expect(shows(try await play("Z"), "Z does nothing here: ? shows the keys"))
  }

  @Test("with ASCII only, nothing else is drawn") func ascii() async throws {
    for script in ["", "p", "?", "p<Enter>", "s", "w", "pt", "2", "2?", "i", "<Space>m", "/la"] {
      let grid = try await play(
        script, on: MemoryCache(sample.keeping { row, _ in row.id != "mount555" }), size: Size(columns: 90, rows: 24),
        isASCII: true)
      let isASCII = grid.text.allSatisfy { $0.isASCII }
      #expect(isASCII, "\(script)")
    }
  }

  @Test("every window is drawn", arguments: [(80, 24), (20, 5), (250, 70), (1, 1), (0, 0), (3, 100), (300, 2)])
  func windows(_ columns: Int, _ rows: Int) async throws {
    for script in ["", "p", "?", "jd", "p<Enter>", "s", "pt", "w", "2", "2i", "i", "f", "<Space>m", "/la", "2/layer"] {
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
}
