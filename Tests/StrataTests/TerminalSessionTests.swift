import BuildCacheStore
import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("The program in a real terminal", .serialized) struct TerminalSessionTests {
  private let scratch: ScratchFolder
  private var root: String { scratch.path.appending("cache").string }

  init() async throws {
    scratch = try ScratchFolder()
    #expect(try await Program.run(["demo", "--root", root, "--records", "30", "--no-ui"]).code == 0)
  }

  /// Runs the explorer between two looks at the terminal's modes, and says `same` if they are.
  private func explore(_ terminal: TestTerminal, _ environment: String = "") async throws {
    let modes = scratch.path.appending("modes").string
    try await terminal.type(
      "clear; stty -g > \(modes); \(environment) \(try Program.path) --root \(root); code=$?; "
        + "test \"$(stty -g)\" = \"$(cat \(modes))\" && echo modes are the same, code $code.")
  }

  @Test("move, mark, preview, move the limit, prune, quit: the cache is smaller by what was promised") func wholeWay()
    async throws
  {
    try await TestTerminal.open { terminal in
      try await explore(terminal)
      try await terminal.waitFor("30 records")
      try await terminal.press("j", "Space")
      try await terminal.waitFor("1 marked")
      try await terminal.press("p")
      try await terminal.waitFor("removes")
      try await terminal.press("t")
      try await terminal.press("1", "M", "B", "Enter")
      let preview = try await terminal.waitFor("keep-bytes 1.0 MB of")
      let promised = try #require(preview.firstMatch(of: /frees ([0-9.]+ [kM]?B) · ([0-9.]+ [kM]?B) left/))
      try await terminal.press("Enter")
      try await terminal.waitFor("It can't be undone")
      try await terminal.press("n")
      try await terminal.waitFor("nothing was removed")
      try await terminal.press("Enter")
      try await terminal.waitFor("It can't be undone")
      try await terminal.press("y")
      try await terminal.waitFor("freed \(promised.1)")
      try await terminal.waitFor("of \(promised.2) ")
      try await terminal.press("q")
      try await terminal.waitFor("[1 Records]")
      try await terminal.press("q")
      try await terminal.waitFor("modes are the same, code 0.")
    }
  }

  @Test("tables and sentences fit the window, and are whole in a pipe", arguments: [60, 100])
  func printed(_ columns: Int) async throws {
    let program = try Program.path
    try await TestTerminal.open(columns: columns, rows: 120) { terminal in
      // Each ends with a word of its own, which isn't in the line that is typed.
      func screen(_ command: String, _ end: Int) async throws -> String {
        try await terminal.type("clear; \(program) \(command) --root \(root); echo end''ed \(end).")
        return try await terminal.waitFor("ended \(end).")
      }
      for (number, command) in ["du", "prune --dry-run --keep-storage 1MB"].enumerated() {
        let screen = try await screen(command, number)
        let piped = try await Program.run(command.split(separator: " ").map(String.init) + ["--root", root]).output
        // As many lines as in a pipe: none was wrapped.
        func table(_ text: String) -> [Substring] {
          let lines = text.split(separator: "\n").drop { !$0.contains("ID ") }
          return Array(lines.prefix { !$0.hasPrefix("In use:") && !$0.hasPrefix("Would remove") })
        }
        #expect(table(screen).count == table(piped).count && table(piped).count > 1, "\(screen)")
        #expect(!table(piped).joined().contains("…"))
        let headings = try #require(table(screen).first)
        for word in headings.split(separator: " ") { #expect(table(piped)[0].split(separator: " ").contains(word)) }
      }
      let graph = try await screen("graph", 2)
      let lines = graph.split(separator: "\n").prefix { !$0.contains("ended 2.") }
      // A line a record, and how many there are.
      #expect(lines.count == 31 && lines.contains { $0.contains("…") }, "\(graph)")
      #expect(try await !Program.run(["graph", "--root", root]).output.contains("…"))
    }
  }

  /// How many records there are and what they take, as `strata du` says it.
  private func usage() async throws -> (records: String, bytes: String) {
    let table = try await Program.run(["du", "--root", root]).output
    let total = try #require(table.firstMatch(of: /Total: +(\S+ \S+)/)).1
    let count = table.split(separator: "\n").prefix { !$0.hasPrefix("In use:") }.count - 1  // the heading
    return ("\(count) records", String(total))
  }

  /// Reads anew, and waits until the title says what `strata du` says.
  private func refresh(_ terminal: TestTerminal) async throws {
    let usage = try await usage()
    try await terminal.press("r")
    try await terminal.waitFor("\(usage.records) · \(usage.bytes) ·")
  }

  @Test(
    "two explorers and a prune on one root: nobody waits, each r shows what du says, and who met a lock tries again")
  func together() async throws {
    try await TestTerminal.open { one in
      try await TestTerminal.open { other in
        for terminal in [one, other] {
          try await explore(terminal)
          try await terminal.waitFor("30 records")
        }
        let pruned = try await Program.run(["prune", "--yes", "--keep-storage", "4500kB", "--root", root])
        #expect(pruned.code == 0, "\(pruned.errors)")
        #expect(try await usage().records != "30 records")
        for terminal in [one, other] { try await refresh(terminal) }
        let writer = try EmbeddedCache(FilePath(root), .write)
        try await one.press("p")
        try await one.waitFor("removes")
        try await one.press("Enter")
        try await one.waitFor("It can't be undone")
        try await one.press("y")
        try await one.waitFor("process \(getpid()), since 20")
        try await other.press("H")
        try await other.waitFor("is changing this cache")
        try writer.close()
        try await one.press("Enter")
        try await one.waitFor("It can't be undone")
        try await one.press("y")
        try await one.waitFor(", freed ")
        try await other.press("r")
        try await refresh(other)
        try await other.press("H")
        try await other.waitFor("held: no prune takes it")
        try await refresh(one)
        for terminal in [one, other] { try await terminal.press("q", "q") }
        for terminal in [one, other] { try await terminal.waitFor("modes are the same, code 0.") }
      }
    }
  }

  @Test("find out why, mark three, take one back, filter, look at files, draw the graph, quit") func recipes()
    async throws
  {
    try await TestTerminal.open { terminal in
      try await explore(terminal)
      try await terminal.waitFor("30 records")
      try await terminal.press("w")
      try await terminal.waitFor("any key: back")
      try await terminal.press("Escape")
      try await terminal.press("Space", "Space", "Space")
      try await terminal.waitFor("3 marked")
      try await terminal.press("u")
      try await terminal.waitFor("2 marked")
      try await terminal.press("m")
      try await terminal.waitFor("[Marks]")
      try await terminal.press("q", "/")
      try await terminal.press("c", "a", "c", "h", "e", "m", "o", "u", "n", "t", "Enter")
      try await terminal.waitFor("filter: cachemount")
      try await terminal.press("f")
      try await terminal.waitFor("on disk with all beneath")
      try await terminal.press("q")
      try await terminal.waitFor("[1 Records]")
      try await terminal.press("Escape")
      try await terminal.waitFor("no filter any more")
      try await terminal.press("2")
      try await terminal.waitFor("[2 Graph]")
      try await terminal.press("q")
      try await terminal.waitFor("[1 Records]")
      try await terminal.press("q")
      try await terminal.waitFor("2 marked: q again leaves")
      try await terminal.press("q")
      try await terminal.waitFor("modes are the same, code 0.")
    }
  }

  @Test("graph fits the terminal that it prints on, and says everything in a pipe", arguments: [60, 80, 120])
  func graphFits(columns: Int) async throws {
    let piped = try await Program.run(["graph", "--root", root]).output.split(separator: "\n").map(String.init)
    #expect(piped.first?.contains(/^30 records, \d+ lanes?, newest leaf first$/) == true)
    #expect(piped.contains { $0.hasSuffix(" ./cmd/api") || $0.hasSuffix(" npm ci") || $0.hasSuffix("npm run build") })
    #expect(!piped.contains { $0.contains("…") })
    try await TestTerminal.open(columns: columns, rows: 60) { terminal in
      try await terminal.type("clear; \(try Program.path) graph --root \(root); echo printed.")
      let screen = try await terminal.waitFor("\nprinted.")
      let lines = screen.split(separator: "\n").prefix { $0 != "printed." }
      #expect(lines.count == 31, "a record a line: none is wrapped\n\(screen)")
      #expect(lines.contains { $0.hasSuffix("…") }, "a cut is seen")
    }
  }

  @Test("a list that is piped in is shown, its keys come from the terminal, and r keeps it") func pipedList()
    async throws
  {
    let list = scratch.path.appending("list.json").string
    let du = try await Program.run(["du", "--root", root, "--format", "json"])
    try Data(du.output.utf8).write(to: URL(filePath: list))
    let modes = scratch.path.appending("modes").string
    let program = try Program.path
    try await TestTerminal.open { terminal in
      try await terminal.type(
        "clear; stty -g > \(modes); cat \(list) | \(program) --from -; code=$?; "
          + "test \"$(stty -g)\" = \"$(cat \(modes))\" && echo modes are the same, code $code.")
      try await terminal.waitFor("30 records")
      try await terminal.press("j", "Space")
      try await terminal.waitFor("1 marked")
      try await terminal.press("r", "p")
      try await terminal.waitFor("removes")
      try await terminal.press("1")
      try await terminal.waitFor("30 records")
      try await terminal.press("q", "q")
      try await terminal.waitFor("modes are the same, code 0.")
      try await terminal.type("clear; echo garbage | \(program) --from -; echo code $?.")
      try await terminal.waitFor("code 1.")
      try await terminal.waitFor("begins with \"garbage\"")
      try await terminal.type("clear; \(program) --from -; echo code $?.")
      try await terminal.waitFor("code 2.")
    }
  }

  @Test("Ctrl-Z gives the terminal back, and fg goes on where it was") func suspend() async throws {
    try await TestTerminal.open { terminal in
      try await explore(terminal)
      try await terminal.waitFor("30 records")
      try await terminal.press("j", "Space")
      try await terminal.waitFor("1 marked")
      try await terminal.press("C-z")
      let shell = try await terminal.waitFor("Stopped")
      #expect(!shell.contains("1 marked"))
      try await terminal.type("fg")
      try await terminal.waitFor("1 marked")
      try await terminal.press("q", "q")
      try await terminal.waitFor("code")
    }
  }

  @Test("--mouse: a click goes to a line, the wheel on") func mouse() async throws {
    try await TestTerminal.open { terminal in
      try await terminal.type("clear; \(try Program.path) explore --mouse --root \(root); echo code $?.")
      try await terminal.waitFor("30 records")
      // As a terminal tells a press and a release of the first button in column 11, row 8.
      for button in [" ", "#"] { try await terminal.tmux(["send-keys", "-l", "\u{1b}[M\(button)+("]) }
      for _ in 0..<20_000 {
        if try await cursorRow(terminal) == 7 { break }
      }
      #expect(try await cursorRow(terminal) == 7)
      try await terminal.press("q")
      try await terminal.waitFor("code 0.")
    }
  }

  /// The row of the window that the cursor's sign is in.
  private func cursorRow(_ terminal: TestTerminal) async throws -> Int? {
    try await terminal.tmux(["capture-pane", "-p"]).split(separator: "\n", omittingEmptySubsequences: false)
      .firstIndex { $0.hasPrefix(" ▌") }
  }

  @Test("Ctrl-C ends it, and the terminal is whole") func interrupt() async throws {
    try await TestTerminal.open { terminal in
      try await explore(terminal)
      try await terminal.waitFor("30 records")
      try await terminal.press("C-c")
      try await terminal.waitFor("modes are the same, code 0.")
    }
  }

  @Test("leaving at the first frame, the cache being read or not, is quiet") func leavesEarly() async throws {
    let fresh = scratch.path.appending("fresh").string
    #expect(try await Program.run(["demo", "--root", fresh, "--records", "40", "--no-ui"]).code == 0)
    try await TestTerminal.open { terminal in
      try await terminal.type("clear; \(try Program.path) --root \(fresh); echo it left with $?.")
      try await terminal.waitFor("[1 Records]")
      try await terminal.press("q")
      #expect(!(try await terminal.waitFor("it left with 0.")).contains("swift-runtime"))
    }
  }

  /// The process that runs the explorer on this test's cache.
  private func explorer() throws -> Int32? {
    let program = try Program.path.string
    return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.first { process in
      let arguments = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
      let words = arguments.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      return words.first == program && words.contains(root)
    }
  }

  @Test("SIGTERM ends it, and the terminal is whole") func terminate() async throws {
    try await TestTerminal.open { terminal in
      try await explore(terminal)
      try await terminal.waitFor("30 records")
      kill(try #require(try explorer()), SIGTERM)
      try await terminal.waitFor("modes are the same, code 143.")
    }
  }

  #if DEBUG
    @Test("a crash leaves the terminal whole") func crash() async throws {
      try await TestTerminal.open { terminal in
        try await explore(terminal, "STRATA_CRASH=1 SWIFT_BACKTRACE=enable=no")
        let screen = try await terminal.waitFor("modes are the same, code 13")
        #expect(!screen.contains("[1 Records]"))
      }
    }
  #endif

  @Test("a window is resized at any moment, down to 20 by 5") func resize() async throws {
    try await TestTerminal.open { terminal in
      try await explore(terminal)
      try await terminal.waitFor("30 records")
      try await terminal.tmux(["resize-window", "-x", "20", "-y", "5"])
      try await terminal.press("j", "p")
      try await terminal.waitFor("keep-bytes")
      try await terminal.tmux(["resize-window", "-x", "120", "-y", "30"])
      try await terminal.waitFor("SCORE")
      try await terminal.press("q", "q")
      try await terminal.waitFor("modes are the same, code 0.")
    }
  }

  @Test("without UTF-8 only ASCII is shown") func ascii() async throws {
    try await TestTerminal.open(environment: ["LANG": "C", "LC_ALL": "C"]) { terminal in
      try await explore(terminal)
      try await terminal.waitFor("30 records")
      let screen = try await terminal.waitFor(" > ")
      #expect(screen.unicodeScalars.allSatisfy { $0.isASCII })
      try await terminal.press("q")
      try await terminal.waitFor("code 0.")
    }
  }

  @Test("a terminal that can't place text gets a clear message", arguments: ["dumb", "nosuch", ""])
  func dumb(_ name: String) async throws {
    try await TestTerminal.open { terminal in
      try await explore(terminal, "TERM=\(name)")
      let screen = try await terminal.waitFor("code 2.")
      #expect(screen.contains("strata: "))
      #expect(screen.contains("TERM") || screen.contains("terminal"))
    }
  }

  @Test("TERM=vt100, linux and xterm-256color show it", arguments: ["vt100", "linux", "xterm-256color"])
  func terminals(_ name: String) async throws {
    try await TestTerminal.open { terminal in
      try await explore(terminal, "TERM=\(name)")
      try await terminal.waitFor("30 records")
      try await terminal.press("q")
      try await terminal.waitFor("code 0.")
    }
  }

  @Test("while it is open another process may look and prune, and the next look shows that") func secondProcess()
    async throws
  {
    try await TestTerminal.open { terminal in
      try await explore(terminal)
      try await terminal.waitFor("30 records")
      let reader = try await Program.run(["du", "--root", root])
      #expect(reader.code == 0)
      #expect(reader.errors.isEmpty)
      let writer = try await Program.run(["prune", "--all", "--root", root, "--yes"])
      #expect(writer.code == 0)
      let left = try await Program.run(["du", "--root", root, "--format", "json"]).output
      let count = try #require(JSONSerialization.jsonObject(with: Data(left.utf8)) as? [Any]).count
      #expect(count < 30)
      try await terminal.press("r")
      try await terminal.waitFor("\(count) records")
      try await terminal.press("q")
      try await terminal.waitFor("code 0.")
    }
  }

  @Test("nobody is asked about a prune that can't begin: whoever changes the cache is named first") func heldByOther()
    async throws
  {
    let id = try #require(
      try await Program.run(["du", "--root", root]).output.split(separator: "\n").dropFirst().first
    )
    .prefix { $0 != " " }
    var runs = [("prune", root, 3, "process \(getpid()), since 20"), ("rm \(id)", root, 3, "process \(getpid())")]
    // Another user's cache may be looked at, and no more.
    let other = scratch.path.appending("other").string
    if geteuid() == 0 {
      #expect(try await Program.tool("cp", ["-a", root, other]).code == 0)
      #expect(try await Program.tool("chown", ["-R", "1:1", other]).code == 0)
      runs.append(("prune", other, 1, "belongs to user 1"))
    }
    let writer = try EmbeddedCache(FilePath(root), .write)
    try await TestTerminal.open(columns: 200) { terminal in
      for (number, (command, root, code, words)) in runs.enumerated() {
        try await terminal.type("clear; \(try Program.path) \(command) --root \(root); echo run '\(number)' ends: $?.")
        try await terminal.type("n")  // the answer, where there is a question
        let screen = try await terminal.waitFor("run \(number) ends: ")
        #expect(screen.contains("ends: \(code).") && screen.contains(words) && !screen.contains("[y/N]"), "\(screen)")
      }
    }
    try writer.close()
  }

  @Test("the question of the command line has no as its default") func question() async throws {
    try await TestTerminal.open { terminal in
      try await terminal.type("\(try Program.path) prune --root \(root); echo code $?.")
      let question = try await terminal.waitFor("[y/N]")
      // What goes is told by name, not by an id alone.
      #expect(question.contains("Largest") && question.contains("Missed soon: "), "\(question)")
      #expect(question.contains(/[a-z0-9]{25} \(.+\)/), "\(question)")
      try await terminal.press("Enter")
      try await terminal.waitFor("code 1.")
      try await terminal.type("clear; \(try Program.path) prune --root \(root); echo code $?.")
      try await terminal.waitFor("[y/N]")
      try await terminal.press("y", "Enter")
      try await terminal.waitFor("code 0.")
    }
  }
}
