import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import strata

@Suite("Output that can't be written", .serialized) struct OutputTests {
  private let scratch: ScratchFolder
  private var root: String { scratch.path.appending("cache").string }

  init() throws { scratch = try ScratchFolder() }

  private func snapshot(_ number: Int) async throws -> String {
    let folder = scratch.path.appending("folder")
    try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    let result = try await Program.run(["snapshot", folder.string, "--root", root, "--description", "\(number)"])
    #expect(result.code == 0, "\(result.errors)")
    return result.output.trimmingCharacters(in: .newlines)
  }

  @Test("every command that prints says that the disk is full, and goes quietly where nobody reads")
  func everyCommand() async throws {
    let id = try await snapshot(1)
    let commands = [
      ["du"], ["du", "--verbose"], ["du", "--format", "json"], ["du", "--format", "prometheus"],
      ["check", "--max-records", "9"], ["check", "--max-records", "9", "--format", "json"],
      ["tags", "--format", "json"], ["tags"], ["show", id],
      ["show", id, "--format", "json"], ["why", id], ["files", id], ["graph"], ["graph", "--format", "dot"],
      ["graph", "--format", "json"], ["prune", "--dry-run"], ["prune", "--dry-run", "--format", "json"],
      ["explore", "--print"], ["verify"], ["gc"], ["merge", id, id], ["diff", id, id],
    ]
    for arguments in commands.map({ $0 + ["--root", root] }) + [["--help"], ["help", "du"], ["du", "--help"]] {
      let full = try await Program.run(arguments, into: .fullDisk)
      #expect(full.code == 1, "\(arguments)")
      #expect(full.errors == "strata: can't write standard output: No space left on device\n", "\(arguments)")
      let closed = try await Program.run(arguments, into: .closedPipe)
      #expect(closed.code == 141, "\(arguments)")
      #expect(closed.errors == "", "\(arguments)")
    }
  }

  @Test("a prune whose output is lost finishes, and says what went", arguments: Program.Nowhere.allCases)
  func prune(_ nowhere: Program.Nowhere) async throws {
    for arguments in [["prune", "--yes"], ["prune", "--yes", "--format", "json"], ["rm", "--yes"]] {
      let ids = [try await snapshot(1), try await snapshot(2)]
      let more = arguments[0] == "rm" ? ids : []
      let result = try await Program.run(arguments + more + ["--root", root], into: nowhere)
      #expect(result.code == 1, "\(arguments)")
      #expect(result.errors.hasPrefix("strata: removed 2 records, freed "), "\(arguments): \(result.errors)")
      #expect(result.errors.hasSuffix(", but can't write standard output: \(nowhere.rawValue)\n"), "\(result.errors)")
      #expect(try await Program.run(["du", "--format", "json", "--root", root]).output == "[]\n", "\(arguments)")
    }
  }

  @Test("a repair whose output is lost is done all the same", arguments: Program.Nowhere.allCases)
  func repair(_ nowhere: Program.Nowhere) async throws {
    let id = try await snapshot(1)
    let details = try await Program.run(["show", id, "--format", "json", "--root", root]).output
    let tree = try #require(try JSONSerialization.jsonObject(with: Data(details.utf8)) as? [String: Any])["tree"]
    try FileManager.default.removeItem(atPath: try #require(tree as? String))
    let result = try await Program.run(["verify", "--repair", "--yes", "--root", root], into: nowhere)
    #expect(result.code == 1)
    #expect(result.errors == "strata: can't write standard output: \(nowhere.rawValue)\n")
    #expect(try await Program.run(["verify", "--root", root]).output == "All is well.\n")
  }

  @Test("what prints much ends as soon as nobody reads") func endsEarly() async throws {
    let list = scratch.path.appending("list.json").string
    let rows = (0..<3000).map {
      #"{"id":"row\#($0)","size":\#($0),"createdAt":"2026-01-01T00:00:00Z","description":"\#(String(repeating: "x", count: 100))"}"#
    }
    try Data(rows.joined(separator: "\n").utf8).write(to: URL(filePath: list))
    // The reader takes one line of 400 kB, more than a pipe holds, and goes.
    let script = "{ \"$0\" du --from \"$1\"; echo $? >\"$2\"; } | head -1"
    let code = scratch.path.appending("code").string
    let result = try await Program.tool("sh", ["-c", script, try Program.path.string, list, code])
    #expect(result.output.hasPrefix("ID"))
    #expect(result.errors == "")
    #expect(try String(contentsOfFile: code, encoding: .utf8) == "141\n")
  }

  @Test("a closed standard output is an error, and no file of the cache takes its place") func noOutput() async throws {
    let id = try await snapshot(1)
    for arguments in ["du", "prune --yes"] {
      let script = "\"$0\" \(arguments) --root \"$1\" >&-"
      let result = try await Program.tool("sh", ["-c", script, try Program.path.string, root])
      #expect(result.code == 1)
      #expect(result.errors.contains("can't write standard output: Bad file descriptor"), "\(result.errors)")
    }
    #expect(try await !Program.run(["du", "--root", root]).output.contains(id))
    #expect(try await Program.run(["verify", "--root", root]).output == "All is well.\n")
  }

  @Test("a failure keeps its code where its output is lost, and messages that can't be told are no matter")
  func failures() async throws {
    let id = try await snapshot(1)
    let details = try await Program.run(["show", id, "--format", "json", "--root", root]).output
    let tree = try #require(try JSONSerialization.jsonObject(with: Data(details.utf8)) as? [String: Any])["tree"]
    try FileManager.default.removeItem(atPath: try #require(tree as? String))
    let result = try await Program.run(["verify", "--root", root], into: .closedPipe)
    #expect(result.code == 1)
    #expect(result.errors.contains("1 broken"))
    for target in ["/dev/full", "&-"] {
      let script = "\"$0\" du --filter nosuch --root \"$1\" 2>\(target)"
      #expect(try await Program.tool("sh", ["-c", script, try Program.path.string, root]).code == 2, "\(target)")
    }
  }

  @Test("JSON escapes what a terminal would misunderstand, and nothing else") func json() throws {
    for value in UInt32(0x20)...0x2100 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let text = "a\(scalar)b"
      let json = try encodedJSON([text])
      #expect(try JSONDecoder().decode([String].self, from: json) == [text])
      let isUnsafe =
        (0x7f...0x9f).contains(value) || [0x61c, 0x200e, 0x200f].contains(value) || (0x2028...0x202e).contains(value)
        || (0x2066...0x2069).contains(value)
      if isUnsafe { #expect(json.allSatisfy { $0 < 0x7f }, "\(value)") }
      if value >= 0x80, !isUnsafe { #expect(String(decoding: json, as: UTF8.self).unicodeScalars.contains(scalar)) }
    }
    #expect(escapingUnsafe(Data([0xe2, 0x80])) == Data([0xe2, 0x80]))
  }
}

@Suite("Standard output") struct StandardOutputTests {
  @Test("a terminal gets every line as it comes, a pipe many in one go") func prompt() throws {
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    defer { close(master) }
    var number: Int32 = 0
    #expect(ioctl(master, UInt(0x4004_5431), &number) == 0)  // TIOCSPTLCK: unlocks the other side
    #expect(ioctl(master, UInt(0x8004_5430), &number) == 0)  // TIOCGPTN: its number
    let terminal = FileDescriptor(rawValue: open("/dev/pts/\(number)", O_RDWR | O_NOCTTY))
    let ends = try FileDescriptor.pipe()
    for (target, source, waits) in [
      (terminal, FileDescriptor(rawValue: master), false), (ends.writeEnd, ends.readEnd, true),
    ] {
      let output = StandardOutput(target)
      output.line("one\u{1b}")
      var ready = pollfd(fd: source.rawValue, events: Int16(POLLIN), revents: 0)
      #expect(poll(&ready, 1, waits ? 0 : 10_000) == (waits ? 0 : 1))
      #expect(output.close(0) == 0)
      var bytes = [UInt8](repeating: 0, count: 100)
      let count = try bytes.withUnsafeMutableBytes { try source.read(into: $0) }
      #expect(String(decoding: bytes[..<count], as: UTF8.self).hasPrefix("one\u{241b}"))
    }
    try ends.readEnd.close()
  }

  @Test("a descriptor that doesn't wait is waited for") func nonBlocking() async throws {
    let ends = try FileDescriptor.pipe()
    #expect(fcntl(ends.writeEnd.rawValue, F_SETFL, O_NONBLOCK) == 0)
    let count = 1 << 20
    let reader = Thread.detachedReader(of: ends.readEnd)
    #expect(writeAll([UInt8](repeating: 65, count: count), to: ends.writeEnd) == nil)
    try ends.writeEnd.close()
    #expect(await reader.value == count)
    try ends.readEnd.close()
  }
}

extension Thread {
  /// Reads a descriptor to its end on a thread of its own, and tells how many bytes there were.
  fileprivate static func detachedReader(of source: FileDescriptor) -> Task<Int, Never> {
    let (counts, count) = AsyncStream.makeStream(of: Int.self)
    Thread.detachNewThread {
      var sum = 0
      var bytes = [UInt8](repeating: 0, count: 1 << 14)
      while let read = try? bytes.withUnsafeMutableBytes({ try source.read(into: $0) }), read > 0 { sum += read }
      count.yield(sum)
      count.finish()
    }
    return Task { await counts.reduce(0, +) }
  }
}

@Suite("Tables") struct TableTests {
  @Test("one cell wider than any honest one does not make all lines so wide") func width() {
    var table = TextTable([.init(title: "ID"), .init(title: "SIZE", isNumber: true), .init(title: "WORDS")])
    table.add([String(repeating: "x", count: 5000), "1", "a"])
    table.add(["y\u{1b}", "2", "b"])
    #expect(table.lines.map(\.count) == [200 + 2 + 4 + 2 + 5, 5000 + 2 + 4 + 2 + 1, 200 + 2 + 4 + 2 + 1])
    #expect(table.lines[1].hasPrefix(String(repeating: "x", count: 5000) + "     1"))
  }

  private static let columns: [TextTable.Column] = [
    .init(title: "ID", least: 6), .init(title: "KIND", dropped: 1), .init(title: "SIZE", isNumber: true),
    .init(title: "LAST USED", isNumber: true, dropped: 2), .init(title: "WHAT IT IS", least: 10),
  ]

  private func table(_ width: Int?) -> [String] {
    var table = TextTable(Self.columns)
    table.add(["k2v9q1m0abcdefgh", "layer", "1.9 GB", "12m", "a description of some length, with words"])
    table.add(["9fq0aa31abcdefgh", "base", "840.1 MB", "never", "short"])
    table.fit(to: width)
    return table.lines
  }

  @Test("a table is fitted to a window: columns go in order, texts are cut with a sign, numbers and headings never")
  func fitted() {
    let whole = table(nil)
    #expect(whole[1].hasSuffix("with words") && !whole.joined().contains("…"))
    for width in 20...120 {
      let lines = table(width)
      #expect(lines.allSatisfy { $0.count <= width || width < 32 }, "\(width): \(lines)")
      let has = Self.columns.map { lines[0].contains($0.title.split(separator: " ")[0]) }
      #expect(has[0] && has[2] && has[4] && (has[3] || !has[1]), "\(width): \(lines[0])")
      #expect(lines[1].contains("1.9 GB") && lines[2].contains("840.1 MB"))
      #expect(lines[1].contains("with words") || lines[1].hasSuffix("…"))
      for word in lines[0].split(separator: " ") where !word.contains("…") {
        #expect(Self.columns.contains { $0.title.split(separator: " ").contains(word) }, "\(width): \(word)")
      }
    }
    #expect(table(90) == whole)
  }
}
