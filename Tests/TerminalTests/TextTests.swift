import Terminal
import Testing

@Suite("Text from outside") struct TextTests {
  @Test(
    "is made safe",
    arguments: [
      ("plain", "plain"), ("\u{1b}[31mred", "␛[31mred"), ("a\nb\tc", "a b c"), ("a\u{7}\u{0}b", "a␇␀b"),
      ("\u{7f}\u{9b}31m", "␡\u{fffd}31m"), ("a\u{202e}b", "a\u{fffd}b"), ("a\u{200b}b\u{feff}", "a\u{fffd}b\u{fffd}"),
      ("\u{301}x", "x"), ("e\u{301}", "e\u{301}"), ("👨‍👩‍👧", "👨👩👧"), ("\u{e0041}", "\u{fffd}"), ("日本", "日本"),
      ("\u{2028}x", "\u{fffd}x"), ("\u{ad}", "\u{fffd}"), ("\u{a0}x", " x"),
    ])
  func safe(_ raw: String, _ shown: String) {
    #expect(safeText(raw) == shown)
    #expect(!safeText(raw).unicodeScalars.contains { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) })
  }

  @Test("a character carries four marks at the most") func marks() {
    let zalgo = "a" + String(repeating: "\u{301}", count: 10_000)
    #expect(safeText(zalgo).unicodeScalars.count == 5)
    #expect(displayWidth(zalgo) == 1)
  }

  @Test("width", arguments: [("", 0), ("abc", 3), ("日本", 4), ("e\u{301}", 1), ("\u{1b}", 1), ("한글", 4)])
  func width(_ text: String, _ columns: Int) {
    #expect(displayWidth(text) == columns)
  }

  @Test("is fitted to exactly a width") func fits() {
    #expect(fitted("abc", to: 5) == "abc  ")
    #expect(fitted("abc", to: 5, from: .right) == "  abc")
    #expect(fitted("abcdef", to: 4) == "abc…")
    #expect(fitted("abcdef", to: 4, cutSign: "~") == "abc~")
    #expect(fitted("日本語", to: 4) == "日… ")
    #expect(fitted("日本", to: 4) == "日本")
    #expect(fitted("x", to: 0) == "")
    for text in ["", "a", "日", "\u{1b}\u{1b}", "e\u{301}日", String(repeating: "日", count: 10_000)] {
      for width in 0...7 { #expect(displayWidth(fitted(text, to: width)) == width, "\(text.prefix(5)) \(width)") }
    }
  }
}

@Suite("Grids") struct GridTests {
  @Test("text is cut at the edges, wide characters are never halved") func cuts() {
    var grid = Grid(size: Size(columns: 5, rows: 2))
    #expect(grid.draw("ab日本", at: Point(column: 0, row: 0)) == 5)
    #expect(grid.line(0) == "ab日…")
    #expect(grid.draw("a日本語", at: Point(column: 0, row: 0)) == 5)
    #expect(grid.line(0) == "a日 …", "half of a wide character gives way to the sign")
    for (text, line) in [("abcde", "abcde"), ("abcde  ", "abcde"), ("abcdef", "abcd…"), ("abcde f", "abcd…")] {
      grid.draw(text, at: Point(column: 0, row: 0))
      #expect(grid.line(0) == line, "\(text)")
    }
    grid.draw("abcdef", at: Point(column: 0, row: 0), width: 3)
    #expect(grid.line(0) == "ab…d…", "so it is where there is less room than the grid has")
    grid.draw("xyz", at: Point(column: -1, row: 1))
    #expect(grid.line(1) == "yz")
    grid.draw("far", at: Point(column: 9, row: 9))
    #expect(grid[9, 9] == .blank)
  }

  @Test("drawing over half of a wide character blanks the other half") func halves() {
    var grid = Grid(size: Size(columns: 4, rows: 1))
    grid.draw("日本", at: Point(column: 0, row: 0))
    grid.draw("x", at: Point(column: 1, row: 0))
    #expect(grid.line(0) == " x本")
    grid.draw("y", at: Point(column: 2, row: 0))
    #expect(grid.line(0) == " xy")
  }

  @Test("nothing that is drawn is raw") func safe() {
    var grid = Grid(size: Size(columns: 10, rows: 1))
    grid.draw("\u{1b}]0;x\u{7}", at: Point(column: 0, row: 0))
    #expect(grid.text == "␛]0;x␇")
  }

  @Test("an empty grid takes everything") func empty() {
    var grid = Grid(size: Size(columns: 0, rows: 0))
    grid.draw("x", at: Point(column: 0, row: 0))
    grid.fill(column: 0, row: 0, columns: 3, rows: 3)
    grid.restyle(column: -1, row: -1, columns: 9) { $0.isBold = true }
    #expect(grid.text == "")
  }
}

@Suite("Key scripts") struct KeyTests {
  @Test("spell keys, and every key spells itself") func roundTrip() throws {
    let keys = try Key.keys(in: "j<Enter> <C-d><lt>é<Esc><Tab><S-Tab><Up><PageDown><BS><F5>")
    #expect(keys.count == 13)
    for key in keys { #expect(try Key.keys(in: key.name) == [key]) }
  }

  @Test("an unknown name is told", arguments: ["<Nope>", "a<", "<C-ab>", "<>"])
  func unknown(_ script: String) {
    #expect(throws: KeyScriptError.self) { try Key.keys(in: script) }
  }
}

@Suite("Cuts") struct CutTests {
  @Test("a text that begins as its neighbour does shows where they differ") func differs() {
    let start = "RUN apt-get update && apt-get install -y curl git make gcc"
    func cut(_ text: String, _ neighbours: [String], _ width: Int = 40) -> String {
      fitted(text, unlike: neighbours, to: width)
    }
    #expect(cut("short", ["short too"]) == fitted("short", to: 40))
    #expect(cut(start + " python3", [start + " ruby"]) == "RUN apt-get update && apt-get in…python3")
    // What is seen anyway needs no other cut.
    #expect(cut("a" + start, ["b" + start]) == fitted("a" + start, to: 40))
    #expect(cut(start, [start]) == fitted(start, to: 40))
    #expect(cut(start + " x", []) == fitted(start, to: 40))
    // A long end is cut, too.
    let long = cut(start + " a" + String(repeating: "b", count: 99), [start + " c"])
    #expect(long.hasPrefix("RUN apt-get ") && long.contains("…ab"))
    #expect(long.hasSuffix("b…"))
  }

  @Test("whatever the texts are, the width is kept") func widths() {
    let texts = [
      "", "日本語日本語日本語日本語日本語日本語x", "日本語日本語日本語日本語日本語日本語y", "\u{1b}[31m" + String(repeating: "a ", count: 50),
      "\u{1b}[31m" + String(repeating: "a ", count: 50) + "b", String(repeating: "e\u{301}", count: 90),
      String(repeating: "e\u{301}", count: 89) + "x", String(repeating: "n", count: 9000),
    ]
    for text in texts {
      for width in 0...60 {
        for sign in ["…", "~"] as [Character] {
          #expect(displayWidth(fitted(text, unlike: texts, to: width, cutSign: sign)) == width, "\(text) \(width)")
        }
      }
    }
  }
}
