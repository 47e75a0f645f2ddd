import BuildCache
import CacheReport
import Terminal
import TestSupport
import Testing

@testable import Explorer

@Suite("Hostile numbers") struct HostileNumberTests {
  private var state: CacheState {
    var builder = CacheState.Builder()
    var below: [RecordID] = []
    for number in 0..<12 {
      let id: RecordID = "r\(number)"
      builder.add(
        row(id, .max, minutesAgo: number % 3 == 0 ? nil : number % 2 == 0 ? .max / 60 : .min / 60, uses: .max) {
          $0.kind = below.isEmpty ? .base : .layer
          $0.outsideRefs = number == 5 ? 1 : 0
          $0.isReferenced = number == 7
          $0.createdAt = Timestamp(nanoseconds: number % 2 == 0 ? .min : .max)
        }, parents: below)
      below = number % 6 == 5 ? [] : [id]
    }
    return builder.finish()
  }

  @Test("no key comes to a number that can't be counted, in any window") func everyScreen() async throws {
    let scripts = [
      "", "2", "2lhGg", "p", "p" + String(repeating: "+]", count: 30), "p" + String(repeating: "-[", count: 30),
      "pb9223372036854775807B<Enter>+]++]", "pEb9223372036854775807B<Enter>+]", "pEr9223372036854775807B<Enter>]]+-[",
      "pEm9223372036854775807B<Enter>jjjjG", "pEd106751d<Enter>jj", "pa", "A2pw", "Am", "f", "fjj", "i", "2i", "Ad",
      "Ady", "sf", "su", "sl", "sc", "G", "Rw",
    ]
    for size in [Size(columns: 170, rows: 40), Size(columns: 80, rows: 24), Size(columns: 20, rows: 5)] {
      for script in scripts {
        let grid = try await play(script, on: MemoryCache(state), size: size)
        #expect(!grid.text.contains(" -9.2 EB"), "\(script)")
      }
    }
  }

  @Test("the bar shows a whole of parts that can't be added up") func bar() async throws {
    let grid = try await play("", on: MemoryCache(state), size: Size(columns: 120, rows: 20))
    #expect(grid.line(0).contains("9.2 EB"))
    let bar = grid.line(1).prefix(32)
    #expect(bar.contains("█") && !bar.dropFirst(31).contains("█"))
  }

  @Test("marks that are taken away leave nothing of their sizes") func marks() {
    let rows = (0..<5).map { row("r\($0)", .max) }
    var marks = Marks()
    marks.set(true, rows)
    #expect(marks.bytes == .max)
    marks.set(false, rows.dropFirst())
    #expect(marks.bytes == .max)
    marks.set(false, rows)
    #expect(marks.bytes == 0)
  }

  @Test("what is typed and pasted has an end, marks that pile up on one letter too") func typed() async throws {
    for script in ["/", "pf", "pEo"] {
      let grid = try await play(script + "x" + String(repeating: "\u{301}", count: 20_000))
      #expect(!grid.text.isEmpty)
    }
    var state = ExplorerState(.init(name: "x"), size: Size(columns: 80, rows: 24))
    state.overlay = .filter(FilterEntry(text: "", before: .all))
    for _ in 0..<3000 { _ = update(&state, .key(.character("\u{301}"))) }
    guard case .filter(let entry) = state.overlay else { throw CacheError(.invalid, "no filter") }
    #expect(entry.text.utf8.count <= 1001)
  }

  @Test("whatever a script says, its keys are read or refused, and what is read can be played") func anyKeys()
    async throws
  {
    let parts = [
      "<", ">", "<Enter>", "<Esc>", "<C-u>", "<C-", "<lt>", "<F63>", "<F64>", "<F-1>", "<F99999999999999999999>",
      "<BS>", "<Up>",
      "<PageDown>", "<End>", "j", "k", "l", "h", "2", "p", "f", "m", "M", "A", "d", "y", "n", "+", "-", "[", "]", "e",
      "b", "r",
      "/", "s", "S", "w", "i", "G", "g", "9223372036854775807", "B", "é", "\u{301}", "\u{1b}", "\0", " ", "<Space>",
      "u", "H",
    ]
    var played = 0
    for seed in 1...UInt64(long(60)) {
      var random = SeededGenerator(seed)
      let script = (0..<random.pick(1...20)).map { _ in parts[random.pick(0...(parts.count - 1))] }.joined()
      guard (try? Key.keys(in: script)) != nil else { continue }
      played += 1
      let size = Size(columns: random.pick(0...170), rows: random.pick(0...40))
      #expect(try await play(script, on: MemoryCache(state), size: size).size == size)
    }
    #expect(played > 0)
  }
}
