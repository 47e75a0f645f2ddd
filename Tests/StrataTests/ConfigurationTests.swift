import BuildCache
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import strata

@Suite("Words as a shell makes them") struct ShellWordsTests {
  @Test(
    "blanks part, quotes and backslashes keep",
    arguments: [
      ("", []), ("  a\tb\n c ", ["a", "b", "c"]), ("'a b' \"c d\"", ["a b", "c d"]), ("a'b c'd", ["ab cd"]),
      ("''", [""]), ("\"\"x", ["x"]), ("a\\ b", ["a b"]), ("\"a\\\"b\\n\"", ["a\"b\\n"]), ("'a\\b'", ["a\\b"]),
      ("--filter 'size>1MB,age>7d'", ["--filter", "size>1MB,age>7d"]), ("a=\"b c\"", ["a=b c"]),
    ])
  func words(_ text: String, _ words: [String]) throws {
    #expect(try shellWords(text, of: "it") == words)
  }

  @Test("what has no end is an error that names the text", arguments: ["'a", "\"a", "a\\", "\"a\\"])
  func errors(_ text: String) {
    do {
      _ = try shellWords(text, of: "STRATA_OPTS")
      Issue.record("taken")
    } catch {
      #expect(error.message.hasPrefix("STRATA_OPTS: "))
    }
  }
}

@Suite("Flags that stand in a file or a variable") struct StandingFlagTests {
  private let catalog = FlagCatalog(Strata.self)

  @Test("the parser tells which flags each command knows") func known() {
    #expect(catalog.standard == "explore")
    #expect(catalog.commands["explore"]?["--mouse"] == .alone)
    #expect(catalog.commands["explore"]?["--color"] == .value)
    #expect(catalog.commands["du"]?["--mouse"] == nil)
    #expect(catalog.kind(of: "--format") == .value)
    #expect(catalog.kind(of: "--nosuch") == nil)
  }

  @Test("one a line, with a value behind a blank or =, comments and blank lines between") func lines() throws {
    let flags = try StandingFlags(
      lines:
        "# mine\n\n--mouse\n  --color never\n--format=json \n\t--filter size>1MB, type==regular\nkey ^P=p\nkey x = d",
      of: "config", catalog
    ).flags
    #expect(
      flags == [
        StandingFlag(name: "--mouse", value: nil, place: "config:3"),
        StandingFlag(name: "--color", value: "never", place: "config:4"),
        StandingFlag(name: "--format", value: "json", place: "config:5"),
        StandingFlag(name: "--filter", value: "size>1MB, type==regular", place: "config:6"),
        StandingFlag(name: "--key", value: "^P=p", place: "config:7"),
        StandingFlag(name: "--key", value: "x = d", place: "config:8"),
      ])
    #expect(try StandingFlags(lines: "--mouse\r\n--ascii\r\n", of: "config", catalog).flags.count == 2)
  }

  @Test(
    "what is wrong is told with its file and line",
    arguments: [
      ("--mouse\n--nosuch", "config:2: --nosuch: no command knows"), ("mouse", "config:1: mouse is no flag"),
      ("--mouse yes", "config:1: --mouse has no value"), ("--color", "config:1: --color wants a value"),
      ("--yes", "config:1: --yes stands on the command line only"), ("\n\n--repair", "config:3: --repair stands on"),
      ("--root /x", "config:1: --root stands on"), ("--docker", "config:1: --docker stands on"),
      ("--keys dy", "config:1: --keys stands on"), ("key", "config:1: write key NEW=OLD"),
      ("--all=yes", "config:1: --all stands on"), ("\u{1b}[31m", "config:1: \u{1b}[31m is no flag"),
    ])
  func wrong(_ text: String, _ words: String) {
    do {
      _ = try StandingFlags(lines: text, of: "config", catalog)
      Issue.record("taken: \(text)")
    } catch {
      #expect(error.message.hasPrefix(words), "\(error.message)")
      #expect(error.code == .badInput)
    }
  }

  @Test("a variable has the words of a command line, but neither commands nor names") func variable() throws {
    let flags = try StandingFlags(words: "--mouse --color never --format=json", of: "STRATA_OPTS", catalog).flags
    #expect(flags.map(\.value) == [nil, "never", "json"])
    for text in ["du", "-", "--", "--mouse x", "--color", "--yes"] {
      #expect(throws: CacheError.self, "\(text)") { try StandingFlags(words: text, of: "STRATA_OPTS", catalog) }
    }
  }

  @Test("what is typed wins, and what a command does not know is passed over") func order() throws {
    let file = try StandingFlags(lines: "--mouse\n--color never\n--format json\n--filter a", of: "config", catalog)
    let flags = file.overridden(by: try StandingFlags(words: "--color always", of: "STRATA_OPTS", catalog))
    func words(_ typed: String...) -> [String] { flags.putting(before: typed, catalog).words }
    #expect(words("du", "x") == ["du", "--format=json", "--filter=a", "x"])
    #expect(words("du", "--format", "table") == ["du", "--filter=a", "--format", "table"])
    #expect(words("du", "--filter=b", "--filter=c") == ["du", "--format=json", "--filter=b", "--filter=c"])
    #expect(words("--ascii") == ["--mouse", "--filter=a", "--color=always", "--ascii"])
    #expect(words("gc") == ["gc"])
    #expect(words("du", "--", "--format") == ["du", "--format=json", "--filter=a", "--", "--format"])
  }

  @Test("keys are checked together, and the wrong line is named") func keys() throws {
    let flags = try StandingFlags(lines: "key ^P=p\n\nkey d=p", of: "config", catalog)
    do {
      try flags.checkKeys()
      Issue.record("taken")
    } catch {
      #expect(error.message.hasPrefix("config:3: key d=p: d is prune marked"), "\(error.message)")
    }
  }

  @Test("the file is below XDG_CONFIG_HOME, else below the home folder") func place() {
    func path(_ variables: [String: String]) -> String? { ConfigFile.path { variables[$0] } }
    #expect(path(["XDG_CONFIG_HOME": "/x", "HOME": "/h"]) == "/x/strata/config")
    #expect(path(["XDG_CONFIG_HOME": "", "HOME": "/h"]) == "/h/.config/strata/config")
    #expect(path(["XDG_CONFIG_HOME": "relative", "HOME": "/h"]) == "/h/.config/strata/config")
    #expect(path([:]) == nil && path(["HOME": ""]) == nil)
  }
}

@Suite("A configuration, from the command line") struct ConfigurationTests {
  private let scratch: ScratchFolder
  private var variables: [String: String] { ["XDG_CONFIG_HOME": scratch.path.string] }
  private var file: String { scratch.path.appending("strata/config").string }

  init() throws {
    scratch = try ScratchFolder()
    try FileManager.default.createDirectory(
      atPath: scratch.path.appending("strata").string, withIntermediateDirectories: true)
    try Data("[]".utf8).write(to: URL(filePath: list))
  }

  private var list: String { scratch.path.appending("list.json").string }

  private func configure(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: file)) }

  private func strata(_ arguments: String..., opts: String? = nil) async throws -> Program.Result {
    var variables = variables
    variables["STRATA_OPTS"] = opts
    return try await Program.run(arguments, environment: variables)
  }

  @Test("no file is nothing; its flags hold; what is typed wins; --ignore-config does without") func holds()
    async throws
  {
    #expect(try await strata("du", "--from", list).code == 0)
    try configure("# as I like it\n--format json\n--mouse\n")
    #expect(try await strata("du", "--from", list).output == "[]\n")
    #expect(try await strata("du", "--from", list, "--format", "table").output != "[]\n")
    #expect(try await strata("du", "--from", list, "--ignore-config").output != "[]\n")
    #expect(try await strata("du", "--from", list, opts: "--format table").output != "[]\n")
    #expect(try await strata("--from", list, "--print").code == 0, "explore knows no --format: it is passed over")
    #expect(try await strata("--help").code == 0)
  }

  @Test("keys of the file work, and the screen shows them") func keys() async throws {
    try configure("key ^P=p\nkey x=?\nkey ?=w\n")
    let screen = try await strata("--from", list, "--keys", "Z", "--print")
    #expect(screen.output.contains("Z does nothing here: x shows the keys"))
    #expect(screen.output.contains("^P prune preview"))
    let typed = try await strata("--from", list, "--keys", "Z", "--print", "--key", "X=?")
    #expect(typed.output.contains("X help"))
  }

  @Test("what is wrong ends with exit code 2 and names its place, and no command goes on") func wrong() async throws {
    for (text, words) in [
      ("--mouse\n--nosuch\n", "config:2: --nosuch: no command knows this flag"),
      ("--yes\n", "config:1: --yes stands on the command line only"),
      ("key d=p\n", "config:1: key d=p: d is prune marked"), ("\u{1b}[2Jx\n", "config:1: ␛[2Jx is no flag"),
    ] {
      try configure(text)
      for command in ["du", "explore"] {
        let result = try await strata(command, "--from", list)
        #expect(result.code == 2 && result.errors.contains(words) && result.output.isEmpty, "\(result.errors)")
      }
    }
    try configure("--color puce\n")
    let result = try await strata("--from", list, "--print")
    #expect(result.code == 2 && result.errors.contains("--color stands in \(file):1"), "\(result.errors)")
    try configure("")
    let variable = try await strata("du", "--from", list, opts: "--format 'json")
    #expect(variable.code == 2 && variable.errors.contains("STRATA_OPTS: a quote has no end"))
    #expect(try await strata("du", "--from", list, opts: "--yes").code == 2)
  }

  @Test("one that can't be read is an error that names it") func unreadable() async throws {
    try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: true)
    let folder = try await strata("du", "--from", list)
    #expect(folder.code == 1 && folder.errors.contains(file), "\(folder.errors)")
    #expect(try await strata("du", "--from", list, "--ignore-config").code == 0)
    try FileManager.default.removeItem(atPath: file)
    try Data([0x2d, 0x2d, 0xff, 0xfe]).write(to: URL(filePath: file))
    let binary = try await strata("du", "--from", list)
    #expect(binary.code == 2 && binary.errors.contains("UTF-8"))
    try FileManager.default.removeItem(atPath: file)
    #expect(mkfifo(file, 0o600) == 0)
    #expect(try await strata("du", "--from", list).code == 0, "a pipe that nobody writes to is as good as empty")
  }
}
