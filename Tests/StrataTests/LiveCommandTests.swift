import Foundation
import SystemPackage
import TestSupport
import Testing

/// The command line before a daemon: a stand-in for `buildctl`, which does not always do as it is told.
@Suite("Commands that ask a daemon") struct LiveCommandTests {
  private let scratch: ScratchFolder
  private let source: [String]

  init() throws {
    scratch = try ScratchFolder()
    let path = scratch.path.appending("buildctl").string
    source = ["--buildctl-path", path, "--buildctl-addr", "unix:///nowhere"]
    try Data(Self.script.utf8).write(to: URL(filePath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  private static func row(_ id: String, _ day: Int) -> String {
    #"{"id":"\#(id)","mutable":false,"inUse":false,"size":1000,"createdAt":"2026-11-0\#(day)T00:00:00Z","#
      + #""lastUsedAt":"2026-11-0\#(day)T00:00:00Z","usageCount":1,"parents":null,"description":"RUN \u001b[31m\#(id)","recordType":"regular","shared":false}"#
  }

  /// It removes `ccc` with whatever else it is to remove, once there is a file `more`; with a file `hang` it never answers.
  private static let script = """
    #!/bin/sh
    # A stand-in for buildctl.
    here=$(dirname "$0")
    a='\(row("aaa", 1))' b='\(row("bbb", 2))' c='\(row("ccc", 3))'
    case "$*" in
    *" du "*)
      if [ -f "$here/hang" ]; then echo $$ >"$here/pid"; mkfifo "$here/fifo" 2>/dev/null; exec cat "$here/fifo"; fi
      if [ -f "$here/gone" ]; then echo "[$b]"; else echo "[$a,$b,$c]"; fi ;;
    *workers*) echo '[{"buildkitVersion":{"version":"v0.32.0"}}]' ;;
    *" prune "*) touch "$here/gone"; echo "$a"; if [ -f "$here/more" ]; then echo "$c"; fi ;;
    esac
    """

  private func put(_ name: String) throws { try Data().write(to: URL(filePath: scratch.path.appending(name).string)) }

  @Test("a prune tells whether it went as foreseen; --expect fails where more went") func outcome() async throws {
    let prune = ["prune", "--yes", "--expect", "--keep-storage", "2500B"] + source
    let asForeseen = try await Program.run(prune)
    #expect(asForeseen.code == 0 && asForeseen.output.contains("As foreseen."), "\(asForeseen)")
    try FileManager.default.removeItem(atPath: scratch.path.appending("gone").string)
    try put("more")
    let more = try await Program.run(prune)
    #expect(more.code == 1 && more.errors.contains("1 record went that the plan doesn't name"))
    #expect(more.output.contains("Not as foreseen: 1 more.") && more.output.contains("ccc"))
    #expect(!more.output.contains("\u{1b}"), "text of a daemon's never reaches the terminal raw")
    try FileManager.default.removeItem(atPath: scratch.path.appending("gone").string)
    let json = try await Program.run(prune.filter { $0 != "--expect" } + ["--format", "json"])
    #expect(json.code == 0 && json.output.contains(#""more":["ccc"]"#) && json.output.contains(#""asForeseen":false"#))
  }

  @Test("an id that goes is removed, and what is left is told with exit code 1") func remove() async throws {
    let wrong = try await Program.run(["rm", "--yes", "bbb"] + source)
    #expect(wrong.code == 1 && wrong.output.contains("bbb"), "\(wrong)")
  }

  @Test("options that don't say which daemon are refused") func refusals() async throws {
    for arguments in [
      ["--docker", ""], ["--docker", "--from", "x"], ["--buildctl-tlscacert", "x"], ["--buildctl-path", "x"],
      ["--builder", "a", "--docker"], ["--docker-path", "x"],
    ] {
      #expect(try await Program.run(["du"] + arguments).code == 2, "\(arguments)")
    }
    let missing = try await Program.run(["du", "--docker", "--docker-path", "/nowhere/docker"])
    #expect(missing.code == 1 && missing.errors.contains("--docker-socket"), "\(missing.errors)")
  }

  @Test("what was asked for a look ends with it") func interrupted() async throws {
    try put("hang")
    let process = Process()
    process.executableURL = URL(filePath: try Program.path.string)
    process.arguments = ["du"] + source
    process.standardError = FileHandle.nullDevice
    try process.run()
    let file = scratch.path.appending("pid").string
    var asked: pid_t?
    while asked == nil {
      asked = (try? String(contentsOfFile: file, encoding: .utf8)).flatMap { pid_t($0.prefix { $0.isNumber }) }
      await Task.yield()
    }
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationStatus == 1)
    let child = try #require(asked)
    while kill(child, 0) == 0 { await Task.yield() }
  }
}
