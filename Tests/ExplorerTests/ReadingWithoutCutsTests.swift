import BuildCache
import BuildKitBridge
import Foundation
import Terminal
import Testing

@testable import Explorer

/// Real lists: the bridge's tests have them.
private func realList(_ name: String) async throws -> CacheState {
  let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "BuildKitBridgeTests/Fixtures/\(name)")
  return try await SavedList(readingFrom: file.path).read().state
}

/// Every screen and overlay, in the keys that lead there.
private let scripts = [
  "", "jj<Space>", "2", "2jjl", "p", "pw", "pe", "pE", "zs", "zsl", "p<Enter>", "w", "s", "?", "2?", "p?", "f", "Am",
  "Amd",
  "d", "i",
  "/", "/type==regular", "/type==regular<Enter>", "/nosuch==1", ":", ":mark ", ":nosuch<Enter>", "Aq", "jvjj", "R", "Z",
  ":filter size>1kB<Enter>",
]

@Suite("Screens read without cuts") struct ReadingWithoutCutsTests {
  @Test(
    "no word is cut without a sign, no column says nothing, no line is wider than the window, with real lists",
    arguments: ["du.json", "lists/engine-1.56.json", "lists/engine-20.10.json", "sample"])
  func lists(_ name: String) async throws {
    // Beside real lists the one that the kept screens are of.
    let state = name == "sample" ? sample : try await realList(name)
    let scripts = name == "du.json" || name == "sample" ? scripts : ["", "2", "p", "w", "i", "f", "Am", "Amd"]
    var sessions: [(script: String, session: DrivenSession)] = []
    // What a huge window says is whole.
    var texts = state.rows.flatMap { [$0.id.text, $0.description, $0.recordType.rawValue] }
    for script in scripts {
      let session = await DrivenSession(MemoryCache(state), size: Size(columns: 400, rows: 180))
      try await session.press(script)
      texts += [session.state.draw().text, session.state.helpLines.joined(separator: " ")]
      sessions.append((script, session))
    }
    let checker = ScreenChecker(texts)
    for (script, session) in sessions {
      for columns in [20, 40, 60, 80, 100, 110, 120, 160, 250] {
        await session.send(.resize(Size(columns: columns, rows: 24)))
        let shown = session.state
        let grid = shown.draw()
        var isTable = shown.screen != .files
        switch shown.overlay {
        case nil, .filter, .prompt: break
        default: isTable = false
        }
        let problems = checker.problems(
          grid, heading: isTable ? shown.listLines.lowerBound - 1 : nil, list: isTable ? shown.listLines : 0..<0)
        #expect(
          problems.isEmpty,
          "\(name), \(script), \(columns) columns: \(problems.joined(separator: "; "))\n\(grid.text)")
      }
    }
  }

  @Test("a window of 20x5 says what is open and how much, on every screen") func tiny() async throws {
    let state = try await realList("du.json")
    for script in ["", "2", "p", "f", "Am"] {
      let grid = try await play(script, on: MemoryCache(state), size: Size(columns: 20, rows: 5))
      #expect(grid.line(0).hasPrefix(" memory") && grid.line(0).hasSuffix("30.2 MB"), "\(script): \(grid.line(0))")
    }
  }

  @Test("the checker finds what is wrong") func finds() {
    func problems(_ lines: [String], heading: Int? = nil) -> [String] {
      var grid = Grid(size: Size(columns: 30, rows: lines.count), cutSign: "…")
      for (row, line) in lines.enumerated() { grid.draw(line, at: Point(column: 0, row: row)) }
      return ScreenChecker(["description of it all", "sha256:0123456789"]).problems(
        grid, heading: heading, list: 1..<lines.count)
    }
    #expect(problems([" description of it"]).isEmpty)
    #expect(problems([" descrip… of it"]).isEmpty)
    #expect(problems([" descrip of it"]).count == 1)
    #expect(problems([" ription of it"]).count == 1)
    #expect(problems([" other words"]).isEmpty)
    #expect(problems([" sha256:01234", " 56789 of"]).isEmpty, "broken, with the rest beneath")
    #expect(problems([" sha256:01234", "   56789 of"]).count == 2)
    #expect(problems([" ID  SIZE  KIND", " ab  1 B   ?", " cd  2 B   ?"], heading: 0).count == 1)
    #expect(problems([" ID  SIZE  KIND", " ab        layer", " cd        ?"], heading: 0).count == 1)
  }

  @Test("what a message has no room for is said on two lines, and else whole by ?") func messages() async throws {
    let long = "2 notes of this cache that are worth a line: " + (1...40).map { "word\($0)" }.joined(separator: " ")
    let cache = MemoryCache(sample, notes: [long])
    let grid = try await play("", on: cache, size: Size(columns: 60, rows: 20))
    #expect(grid.line(17).hasPrefix(" 2 notes of this cache"))
    #expect(grid.line(18).hasSuffix("? all"))
    #expect(grid.line(18).contains(" … "))
    let help = try await play("?", on: cache, size: Size(columns: 60, rows: 40))
    #expect(shows(help, "word40"))
    #expect(try await play("?<Esc>", on: cache, size: Size(columns: 60, rows: 20)).line(17).hasPrefix(" 2 notes"))
    #expect(shows(try await play("", on: cache, size: Size(columns: 250, rows: 20)), "word1 "))
    let several = MemoryCache(sample, notes: ["the first note", "the second note"])
    #expect(shows(try await play("j?", on: several, size: Size(columns: 110, rows: 90)), "the second note"))
    #expect(shows(try await play("y?<Esc>", size: Size(columns: 60, rows: 20)), "copied base0000"))
    #expect(!shows(try await play("yj?<Esc>", size: Size(columns: 60, rows: 20)), "copied base0000"))
  }

  @Test("help scrolls no further than its end, says where it is, and any other key leaves it") func help() async throws
  {
    let size = Size(columns: 60, rows: 12)
    #expect(shows(try await play("?", size: size), "j k scroll, 1-8 of"))
    #expect(shows(try await play("?jj", size: size), "j k scroll, 3-10 of"))
    #expect(shows(try await play("?GGGGk", size: size), "freed: "))
    #expect(shows(try await play("?G<PageUp>g", size: size), "scroll, 1-8 of"))
    #expect(!shows(try await play("?x", size: size), "scroll, "))
    #expect(shows(try await play("?", size: Size(columns: 110, rows: 120)), "any other key: back"))
  }

  @Test("a question in a low window keeps its answers") func question() async throws {
    for rows in [5, 8, 10, 12, 20] {
      let grid = try await play("d", size: Size(columns: 40, rows: rows))
      #expect(shows(grid, "prune 3"), "\(rows) rows\n\(grid.text)")
    }
  }
}
