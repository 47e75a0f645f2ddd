import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite("Hostile input", .serialized) struct HostileInputTests {
  private let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private func file(_ name: String, _ text: String) throws -> String {
    let path = scratch.path.appending(name).string
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  /// A row of a saved list whose every text means harm.
  private static let hostileID = "a\u{1b}[31m\u{9b}31m\u{202e}\u{7f}\\\"b"

  private func hostileList() throws -> String {
    let id = #"a\u001b[31m\u009b31m\u202e\u007f\\\"b"#
    return try file(
      "hostile.json",
      """
      {"id":"\(id)","size":9223372036854775807,"createdAt":"1678-01-01T00:00:00Z","recordType":"\(id)",\
      "usageCount":9223372036854775807,"description":"\(id)\\n","parents":["gone\(id)"]}
      {"id":"next","size":9223372036854775807,"createdAt":"2261-12-31T23:59:59Z","usageCount":9223372036854775807,\
      "lastUsedAt":"2261-12-31T23:59:59Z","parents":["\(id)","\(id)"]}
      {"id":"third","size":9223372036854775807,"createdAt":"2026-01-01T00:00:00Z","inUse":true,"shared":true}
      """)
  }

  private func isSafe(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: scalar == "\n"
      default: true
      }
    }
  }

  @Test("texts and numbers at their ends pass every command, and nothing reaches a terminal raw")
  func everyCommand() async throws {
    let list = try hostileList()
    let id = Self.hostileID
    let limit = ["--keep-storage", "9223372036854775807B"]
    let commands = [
      ["du"], ["du", "--verbose"], ["du", "--format", "json"], ["du", "--format", "prometheus"],
      ["check", "--max-used", "9223372036854775807B", "--format", "json"], ["show", id],
      ["show", id, "--format", "json"],
      ["why", id], ["why", id, "--restarted", "yes", "--keep-storage", "1B"], ["graph"], ["graph", "--format", "dot"],
      ["graph", "--format", "json"], ["graph", "--ascii", id], ["prune", "--dry-run"],
      ["prune", "--dry-run", "--all", "--format", "json"] + limit, ["prune", "--dry-run", "--all"] + limit,
      ["prune", "--dry-run", "--keep-storage", "1B", "--restarted", "yes", "--all", "--ranking", "seed"],
      ["prune", "--dry-run", "--keep-duration", "106751d", "--restarted", "yes"],
      ["prune", "--dry-run", "--at", "1678-01-01T00:00:00Z", "--keep-duration", "106751d"],
      ["prune", "--dry-run", "--min-free-space", "9223372036854775807B", "--free-space", "9223372036854775807B"],
      ["explore", "--print", "--keys", "Aijjdn2p+++---]]][[[gjG", "--size", "170x40"],
      ["explore", "--print", "--keys", "p++++]]]]]", "--all"] + limit, ["explore", "--print", "--keys", "Am"],
    ]
    for arguments in commands {
      let result = try await Program.run(arguments + ["--from", list])
      #expect(result.code == 0, "\(arguments): \(result.errors)")
      #expect(!result.output.isEmpty, "\(arguments)")
      #expect(isSafe(result.output) && isSafe(result.errors), "\(arguments): \(result.output.debugDescription)")
    }
    let dot = try await Program.run(["graph", "--format", "dot", "--from", list]).output
    #expect(dot.contains(#"\\\"b" [label="#), "\(dot)")
  }

  @Test("arguments that are told again are made safe too") func arguments() async throws {
    let text = "\u{1b}[31m\u{9b}\u{202e}"
    let list = try hostileList()
    for arguments in [
      ["du", "--\(text)"], ["du", "--from", text], ["du", "--from", list, "--filter", "\"\(text)\"==1"],
      ["show", text, "--from", list], [text], ["prune", "--dry-run", "--from", list, "--keep-storage", text],
      ["explore", "--print", "--from", list, "--keys", "<\(text)>"], ["prune", "--policy", text, "--dry-run"],
      ["du", "--format", text], ["help", text],
    ] {
      let result = try await Program.run(arguments, environment: ["STRATA_ROOT": "/nonexistent"])
      #expect(isSafe(result.output) && isSafe(result.errors), "\(arguments): \(result.errors.debugDescription)")
    }
  }

  @Test("a script of more keys than are played is wrong use") func keys() async throws {
    let list = try hostileList()
    let keys = String(repeating: "j", count: 10_001)
    let result = try await Program.run(["--from", list, "--print", "--keys", keys])
    #expect(result.code == 2)
    #expect(result.errors == "strata: --keys: 10001 keys are more than the 10000 that are played\n")
    let name = try await Program.run(["--from", list, "--print", "--keys", "<" + keys])
    #expect(name.errors.hasPrefix("strata: --keys: <jjjjjjjjjjjjjjjjjjjj> is no key"))
  }

  @Test("the explorer reads no policy from its keys, nor from what is no file") func policyPrompt() async throws {
    let list = try hostileList()
    let fifo = scratch.path.appending("fifo").string
    #expect(mkfifo(fifo, 0o600) == 0)
    for (path, words) in [("-", "can't read ./-"), (fifo, "it is a fifo"), ("/dev/stdin", "it is a fifo")] {
      let keys = "pEo\(path)<Enter>"
      let result = try await Program.run(
        ["--from", list, "--print", "--keys", keys, "--size", "170x20"], input: path == "/dev/stdin" ? "gc = true" : "")
      #expect(result.code == 0, "\(result.errors)")
      #expect(path == "/dev/stdin" || result.output.contains(words), "\(result.output)")
    }
  }

  @Test("a list that a shell's pipe gives is read") func processSubstitution() async throws {
    let list = try hostileList()
    let script = #""$0" du --from <(cat "$1") --format json"#
    let result = try await Program.tool("bash", ["-c", script, try Program.path.string, list])
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("third"))
  }
}
