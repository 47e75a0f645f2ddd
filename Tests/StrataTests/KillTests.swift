#if DEBUG
  import Foundation
  import SystemPackage
  import TestSupport
  import Testing

  /// Ends the program before and after each of its durable steps: the next open is whole, and the work can be done again.
  @Suite("Killed at any durable step", .serialized) struct KillTests {
    private let scratch: ScratchFolder

    init() async throws {
      scratch = try ScratchFolder()
      for name in ["one", "two"] {
        let folder = scratch.path.appending(name).string
        try FileManager.default.createDirectory(atPath: folder + "/dir", withIntermediateDirectories: true)
        for file in 0..<3 { try Data("\(name) \(file)".utf8).write(to: URL(filePath: folder + "/dir/\(file)")) }
      }
      try await strata("made", ["snapshot", scratch.path.appending("one").string])
      let base = try #require(try await ids("made").first)
      try await strata("made", ["snapshot", scratch.path.appending("two").string, "--parent", base])
      let top = try #require(try await ids("made").first { $0 != base })
      try await strata("made", ["export", top, scratch.path.appending("layout").string])
    }

    private func root(_ name: String) -> String { scratch.path.appending(name).string }

    @discardableResult
    private func strata(_ name: String, _ arguments: [String], kill: String? = nil) async throws -> Program.Result {
      let result = try await Program.run(
        arguments + ["--root", root(name)], environment: kill.map { ["STRATA_KILL": $0] } ?? [:])
      if kill == nil { #expect(result.code == 0, "\(arguments): \(result.errors)") }
      return result
    }

    private func ids(_ name: String) async throws -> [String] {
      let rows = try JSONSerialization.jsonObject(
        with: Data(try await strata(name, ["du", "--format", "json"]).output.utf8))
      return try #require(rows as? [[String: Any]]).compactMap { $0["id"] as? String }
    }

    /// Runs a command on copies of a cache, killed at one step after the other, until it comes to its end.
    private func killEverywhere(_ origin: String, _ command: [String], then check: (String) async throws -> Void)
      async throws
    {
      for moment in ["before", "after"] {
        var step = 1
        while step < 200 {
          let name = "killed"
          for path in [root(name), root("target")] { try? FileManager.default.removeItem(atPath: path) }
          if FileManager.default.fileExists(atPath: root(origin)) {
            try FileManager.default.copyItem(atPath: root(origin), toPath: root(name))
          }
          let result = try await strata(name, command, kill: "\(moment):\(step)")
          if result.code != 128 + 9 {
            #expect(result.code == 0, "\(command): \(result.errors)")
            #expect(step > 1, "\(command) passes no durable step")
            break
          }
          if FileManager.default.fileExists(atPath: root(name) + "/cache.db") {
            let verified = try await strata(name, ["verify"])
            #expect(!verified.output.contains("broken"), "\(moment) \(step) of \(command): \(verified.output)")
          }
          try? FileManager.default.removeItem(atPath: root("target"))
          try await strata(name, command)
          try await check(name)
          try await strata(name, ["gc"])
          #expect(try await strata(name, ["verify"]).output == "All is well.\n", "\(moment) \(step) of \(command)")
          step += 1
        }
      }
    }

    @Test("Ctrl-C takes back what was half done, or stops between two removals") func interrupts() async throws {
      let layout = scratch.path.appending("layout").string
      for step in 3...5 {
        let name = "interrupted-\(step)"
        let result = try await strata(name, ["import", layout], kill: "interrupt:\(step)")
        #expect(result.code == 1, "\(step): \(result.errors)")
        #expect(result.errors.contains("stopped"))
        let left = try await ids(name)
        #expect(left.isEmpty, "\(step)")
        #expect(try await strata(name, ["verify"]).output == "All is well.\n")
      }
      let before = try await ids("made")
      let result = try await strata("made", ["prune", "--yes"], kill: "interrupt:2")
      #expect(result.code == 1 && result.errors.contains("stopped"), "\(result.code): \(result.errors)")
      let after = try await ids("made")
      #expect(before == after)
      let stopped = try await strata("made", ["snapshot", scratch.path.appending("one").string], kill: "interrupt:2")
      #expect(stopped.code == 1 && stopped.errors.contains("stopped"), "\(stopped.code): \(stopped.errors)")
      #expect(try await strata("made", ["verify"]).output == "All is well.\n")
    }

    @Test("in the middle of an import") func imports() async throws {
      try await killEverywhere("nothing", ["import", scratch.path.appending("layout").string]) { name in
        let ids = try await ids(name)
        #expect(ids.count == 2)
      }
    }

    @Test("in the middle of a snapshot: commit and finalize") func commits() async throws {
      let before = try await ids("made")
      try await killEverywhere("made", ["snapshot", scratch.path.appending("one").string, "--parent", before[0]]) {
        name in
        let after = try await ids(name)
        #expect(Set(before).isSubset(of: after))
        #expect(after.count >= 3)
      }
    }

    @Test("in the middle of an extraction") func extracts() async throws {
      let ids = try await ids("made")
      let merge = try await strata("made", ["merge"] + ids).output.trimmingCharacters(in: .newlines)
      try await killEverywhere("made", ["extract", merge, scratch.path.appending("target").string]) { name in
        let ids = try await self.ids(name)
        #expect(ids.count == 3)
        #expect(FileManager.default.fileExists(atPath: scratch.path.appending("target/dir/2").string))
      }
    }

    @Test("in the middle of a prune, and of the garbage collection after it") func prunes() async throws {
      try await killEverywhere("made", ["prune", "--all", "--yes"]) { name in
        let ids = try await ids(name)
        #expect(ids.isEmpty)
      }
    }
  }
#endif
