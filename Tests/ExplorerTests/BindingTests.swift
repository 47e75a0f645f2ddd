import BuildCache
import Terminal
import Testing

@testable import Explorer

/// What one key does, somewhere.
private struct Press {
  /// Keys before it, from the start.
  let before: String
  /// The key.
  let key: String
  /// What the screen then says.
  let words: String

  init(_ before: String, _ key: String, _ words: String) {
    self.before = before
    self.key = key
    self.words = words
  }
}

/// Every key of the table, on each screen on which it does something of its own.
private let presses: [Press] = [
  Press("", "j", " ▌  layer111"), Press("", "<Down>", " ▌  layer111"), Press("j", "k", " ▌  base0000"),
  Press("j", "<Up>", " ▌  base0000"), Press("", "<C-d>", " ▌  intern66"), Press("", "<PageDown>", " ▌  intern66"),
  Press("G", "<C-u>", " ▌  base0000"), Press("G", "<PageUp>", " ▌  base0000"), Press("G", "g", " ▌  base0000"),
  Press("G", "<Home>", " ▌  base0000"), Press("", "G", " ▌  intern66"), Press("", "<End>", " ▌  intern66"),
  Press("", "<C-f>", " ▌  intern66"), Press("G", "<C-b>", " ▌  base0000"), Press("", ":", " :_"),
  Press("", "<F1>", "Keys"), Press("", "v", "a range of 1 line"), Press("2", "v", "a range of 1 line"),
  Press("f", "e", "wrote 3 names"),
  Press("2", "h", "2 stand on it, 500.0 MB"), Press("2", "<Left>", "2 stand on it, 500.0 MB"),
  Press("2k", "}", " ▌   ○  base0000"), Press("2", "{", " ▌   ●  layer222"),
  Press("2", "l", " ▌   ●  layer111"), Press("2", "<Right>", " ▌   ●  layer111"),
  Press("2", "<Enter>", " ▌   ○  base0000"), Press("2", "<lt>", "all lanes are in sight"),
  Press("2", ">", "all lanes are in sight"),
  Press("f", "<Enter>", "base0000:/usr"), Press("f", "l", "base0000:/usr"), Press("f", "<Right>", "base0000:/usr"),
  Press("f", "h", "this is the top"), Press("f", "<Left>", "this is the top"), Press("f", "<BS>", "this is the top"),
  Press("", " ", "1 marked · 500.0 MB"), Press("2", " ", "1 marked · 500.0 MB"),
  Press("Mm", " ", "2 marked · 500.0 MB"), Press("", "M", "3 marked · 1.0 GB"), Press("2", "M", "3 marked · 1.0 GB"),
  Press("", "A", "7 marked"), Press("2", "A", "7 marked"), Press("", "U", "nothing is marked"),
  Press("2", "U", "nothing is marked"), Press("Mm", "U", "nothing is marked: q goes back"),
  Press("", "u", "there is nothing to undo"), Press("2", "u", "there is nothing to undo"),
  Press("Mm", "u", "nothing is marked: q goes back"), Press("M", "m", "3 records marked"),
  Press("2M", "m", "3 records marked"), Press("jMm", "<Enter>", " ▌✓ layer111"), Press("", "d", "Prune 3 records?"),
  Press("2", "d", "Prune 3 records?"), Press("jMm", "d", "Prune 2 records?"),
  Press("p", "+", "keep-bytes 605.0 MB"), Press("p", "=", "keep-bytes 605.0 MB"),
  Press("p", "-", "keep-bytes 565.0 MB"), Press("p", "]", "keep-bytes 596.7 MB"),
  Press("p", "[", "keep-bytes 573.3 MB"), Press("p", "E", "The policy"), Press("p", "e", "Write the plan as"),
  Press("p", "t", "Keep how many bytes?"),
  Press("p", "D", "Keep what was used within?"), Press("p", "a", "all yes"),
  Press("p", "<Enter>", "It can't be undone"),
  Press("p", "d", "It can't be undone"), Press("", "p", "[3 Prune]"), Press("p", "/", "Take only what matches?"),
  Press("", "/", " /_"), Press("2", "/", " /_"), Press("", "n", " ▌  layer111"), Press("2j", "n", "▌"),
  Press("", "N", "round the end"), Press("2", "N", "▌"), Press("", "s", "Sort by"), Press("", "S", "SIZE ↑"),
  Press("", "z", "Group by"), Press("zt", "l", " ▌ ▾5 "), Press("zt", "<Right>", " ▌ ▾5 "),
  Press("ztl", "h", " ▌ ▸       5"), Press("ztl", "<Left>", " ▌ ▸       5"),
  Press("", "w", "It can be pruned"), Press("", "<Enter>", "Freed if pruned"), Press("", "i", "Freed if pruned"),
  Press("2", "i", "Freed if pruned"), Press("", "J", "i opens the details"), Press("2", "J", "i opens the details"),
  Press("", "K", "i opens the details"), Press("2", "K", "i opens the details"), Press("", "f", "base0000:/"),
  Press("2", "f", "base0000:/"), Press("Mm", "f", "base0000:/"), Press("", "H", "held:"), Press("2", "H", "held:"),
  Press("", "y", "copied base0000"), Press("", "e", "wrote 7 records"), Press("2", "e", "wrote 7 records"),
  Press("Mm", "e", "wrote 3 records"), Press("", "r", "7 records"), Press("", "R", "reads the cache anew every"),
  Press("", "%", "percents: of the whole"), Press("Mm", "%", "percents: of the whole"),
  Press("f", "%", "percents: of the whole"),
  Press("", "b", "there is no list to go back to"), Press("", "B", "sizes in KiB, MiB, GiB"),
  Press("2", "1", "[1 Records]"), Press("", "2", "[2 Graph]"),
  Press("", "3", "[3 Prune]"), Press("", "4", "[4 Files]"),
  Press("", "<Tab>", "[2 Graph]"), Press("", "?", "Keys"), Press("p", "<Esc>", "[1 Records]"),
  Press("p", "q", "[1 Records]"),
]

@Suite("The binding table") struct BindingTests {
  @Test("each key does what it says") func pressed() async throws {
    for press in presses {
      let grid = try await play(press.before + press.key, size: Size(columns: 110, rows: 30))
      #expect(shows(grid, press.words), "\(press.before), then \(press.key)\n\(grid.text)")
    }
  }

  @Test("no key of the table is without such a test") func complete() async throws {
    var tested: [ExplorerState.Screen: Set<Key>] = [:]
    for press in presses {
      let session = await DrivenSession(MemoryCache(sample))
      try await session.press(press.before)
      tested[session.state.screen, default: []].formUnion(try Key.keys(in: press.key))
    }
    let screens = ExplorerState.Screen.allCases
    for screen in screens {
      for binding in Binding.all(on: screen) {
        // What holds everywhere is one code: once is enough. What holds on some screens is looked at on each.
        let isEverywhere = screens.allSatisfy { other in
          Binding.all(on: other).contains { $0.keys == binding.keys && $0.words == binding.words }
        }
        for key in binding.keys {
          let isTested =
            isEverywhere ? tested.values.contains { $0.contains(key) } : tested[screen]?.contains(key) == true
          #expect(isTested, "\(key.name) on \(screen)")
        }
      }
    }
  }

  @Test("the footer names the likely keys, help all of them, with why one is off") func help() async throws {
    let grid = try await play("?", size: Size(columns: 110, rows: 60))
    #expect(shows(grid, "unmark all (now off: nothing is marked)"))
    #expect(shows(try await play(""), "space mark  d prune this"))
    #expect(shows(try await play("<Space>"), "d prune marked"))
  }
}
