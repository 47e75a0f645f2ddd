import BuildCache
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

private func objects(_ text: String) throws -> [[String: Any]] {
  try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
}

private func object(_ text: String) throws -> [String: Any] {
  try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}

@Suite("The command line", .serialized) struct CommandLineTests {
  private let scratch: ScratchFolder
  private var root: String { scratch.path.appending("cache").string }

  init() throws { scratch = try ScratchFolder() }

  private func strata(_ arguments: String..., input: String = "") async throws -> Program.Result {
    try await strata(arguments, input: input)
  }

  private func strata(_ arguments: [String], input: String = "") async throws -> Program.Result {
    try await Program.run(arguments + ["--root", root], input: input)
  }

  /// A folder with one file of so many bytes.
  private func folder(_ name: String, bytes: Int) throws -> String {
    let folder = scratch.path.appending(name).string
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(repeating: 65, count: bytes).write(to: URL(filePath: folder + "/" + name + ".bin"))
    return folder
  }

  private func snapshot(_ name: String, bytes: Int, _ more: String...) async throws -> String {
    let result = try await Program.run(["snapshot", folder(name, bytes: bytes), "--root", root] + more)
    #expect(result.code == 0, "\(result.errors)")
    return result.output.trimmingCharacters(in: .newlines)
  }

  @Test("rules of a daemon that isn't asked are refused") func ownRules() async throws {
    let list = try ScratchFolder()
    let file = list.path.appending("list.json").string
    try Data("[]".utf8).write(to: URL(filePath: file))
    let result = try await Program.run(["prune", "--dry-run", "--gc", "--from", file])
    #expect(result.code == 2 && result.errors.contains("--policy"))
    #expect(try await Program.run(["prune", "--dry-run", "--gc", "--all", "--from", file]).code == 2)
  }

  @Test("snapshot, merge, diff, du: sizes agree with the blocks that du counts") func sizes() async throws {
    let base = try await snapshot("base", bytes: 100_000)
    let top = try await snapshot("top", bytes: 50_000, "--parent", String(base.prefix(10)))
    let merge = try await strata("merge", base, top).output.trimmingCharacters(in: .newlines)
    let diff = try await strata("diff", base, top).output.trimmingCharacters(in: .newlines)
    let rows = try objects(try await strata("du", "--format", "json").output)
    let sizes = Dictionary(uniqueKeysWithValues: rows.map { ($0["id"] as? String ?? "", $0["size"] as? Int ?? -1) })
    let du = try await Program.tool("du", ["-s", "-B1", scratch.path.appending("base").string])
    let blocks = du.output.split(separator: "\t")
    #expect(sizes[base] == Int(blocks[0]))
    #expect(try #require(sizes[top]) < 100_000)
    #expect(sizes[merge] == 0)
    #expect(sizes[diff] == 0)
    #expect(rows.map { $0["size"] as? Int ?? -1 } == rows.map { $0["size"] as? Int ?? -1 }.sorted(by: >))
    let row = try #require(rows.first { $0["id"] as? String == top })
    #expect(row["parents"] as? [String] == [base])
    #expect(row["kind"] as? String == "layer")
    #expect(
      Set(row.keys) == [
        "id", "mutable", "inUse", "size", "createdAt", "lastUsedAt", "usageCount", "parents", "description",
        "recordType", "shared", "kind",
      ])
    #expect(try await strata("du", "--verbose").output.contains(base))
    #expect(try await strata("du", "--filter", "parents~=\(base)").output.contains(top))
  }

  @Test("prune takes what the dry run named, in that order") func pruneAsPlanned() async throws {
    for number in 0..<6 { _ = try await snapshot("s\(number)", bytes: 10_000 * (number + 1)) }
    let before = try await strata("du", "--format", "json").output
    let dry = try object(try await strata("prune", "--keep-storage", "100kB", "--dry-run", "--format", "json").output)
    #expect(try await strata("du", "--format", "json").output == before)
    let real = try object(try await strata("prune", "--keep-storage", "100kB", "--yes", "--format", "json").output)
    let ids = { (plan: [String: Any]) in (plan["plan"] as? [[String: Any]] ?? []).map { $0["id"] as? String ?? "" } }
    #expect(!ids(dry).isEmpty)
    #expect(ids(dry) == ids(real))
    #expect(dry["after"] as? Int == real["after"] as? Int)
    let rows = try objects(try await strata("du", "--format", "json").output)
    #expect(rows.reduce(0) { $0 + ($1["size"] as? Int ?? 0) } == dry["after"] as? Int)
    let first = try #require((dry["plan"] as? [[String: Any]])?.first)
    #expect(first["order"] as? Int == 1)
    #expect((first["lastUsedRank"] as? [Int])?.count == 2)
    #expect(try await strata("prune", "--dry-run").output.contains("Would remove"))
    let unranked = try object(try await strata("prune", "--dry-run", "--format", "json").output)
    #expect((unranked["plan"] as? [[String: Any]])?.first?["score"] is NSNull)
  }

  @Test("tags and holds keep records, and let them go") func names() async throws {
    let a = try await snapshot("a", bytes: 1000)
    let b = try await snapshot("b", bytes: 1000)
    #expect(try await strata("tag", "app:1", a).code == 0)
    #expect(try await strata("hold", b, "--reason", "a build").code == 0)
    #expect(try await strata("tags").output.contains("app:1"))
    #expect(try objects(try await strata("tags", "--format", "json").output).first?["record"] as? String == a)
    let plan = try object(try await strata("prune", "--dry-run", "--format", "json").output)
    let kept = (plan["kept"] as? [[String: Any]] ?? []).map { $0["reason"] as? String ?? "" }
    #expect(Set(kept) == ["shared", "inUse"])
    #expect(try await strata("untag", "app:1").code == 0)
    #expect(try await strata("unhold", b).code == 0)
    #expect(try await strata("prune", "--yes").output.contains("Removed 2 records"))
  }

  @Test("a saved list is planned as newer BuildKit would") func savedList() async throws {
    _ = try await snapshot("a", bytes: 1000)
    _ = try await snapshot("b", bytes: 5000)
    let list = scratch.path.appending("list.json").string
    try Data(try await strata("du", "--format", "json").output.utf8).write(to: URL(filePath: list))
    let plan = try await Program.run(["prune", "--from", list, "--dry-run", "--keep-storage", "1B", "--format", "json"])
    let first = try #require((try object(plan.output)["plan"] as? [[String: Any]])?.first)
    #expect((first["usageRank"] as? [Int]) == [2, 2])
    let seed = try await Program.run(
      ["prune", "--from", list, "--dry-run", "--keep-storage", "1B", "--ranking", "seed", "--format", "json"])
    #expect(((try object(seed.output)["plan"] as? [[String: Any]])?.first?["usageRank"] as? [Int]) == [1, 1])
    let piped = try await Program.run(
      ["du", "--from", "-", "--format", "json"], input: try String(contentsOfFile: list, encoding: .utf8))
    #expect(try objects(piped.output).count == 2)
    // What it takes for granted, and how options of Docker's are understood, is told.
    let assumed = try #require((try object(plan.output))["assumptions"] as? [String: Any])
    #expect(assumed["ranking"] as? String == "current" && assumed["restarted"] as? String == "no")
    #expect(assumed["measured"] is NSNull && assumed["ordered"] as? Bool == true)
    let typed = try await Program.run(
      [
        "prune", "--from", list, "--dry-run", "--filter", "type=regular", "--filter", "until=1h", "--keep-storage",
        "1GB",
      ])
    #expect(typed.code == 0 && typed.output.contains("Stays: 2 used within keep-duration"))
    for words in [
      "type=regular is read as type==regular", "until=1h is read as --keep-duration 1h",
      "docker's is 1GiB, 1,073,741,824",
    ] {
      #expect(typed.errors.contains(words), "\(words): \(typed.errors)")
    }
    let hinted = try await Program.run(["prune", "--from", list, "--dry-run", "--filter", "type==\"cachemount\""])
    #expect(hinted.code == 0 && hinted.errors.contains("no record is of type cachemount; there are regular,"))
    // Quotes are the grammar's: what is in them is no filter.
    for filter in ["type==\"source.local\"", "description==\"a,inuse==b,type==c\""] {
      let quoted = try await Program.run(["du", "--from", list, "--filter", filter])
      #expect(
        quoted.code == 0 && !quoted.errors.contains("filter") && !quoted.errors.contains("no record"), "\(filter)")
    }
    let mixed = try await Program.run([
      "prune", "--from", list, "--dry-run", "--filter", "immutable, type=regular,until=1h",
    ])
    #expect(mixed.code == 0 && mixed.output.contains("Stays: 2 used within keep-duration"))
    #expect(mixed.errors.contains("immutable, type=regular,until=1h is read as immutable,type==regular"))
    let screen = try await Program.run(["--from", list, "--print", "--size", "90x20", "--keys", "p"])
    #expect(screen.output.contains("ranking current"))
    #expect(screen.output.contains("[read only]"))
  }

  @Test("what a list lacks is told, in a plan's JSON too; where nothing can be planned, that is the answer")
  func lackingList() async throws {
    let rounded = scratch.path.appending("buildx.jsonl").string
    let row =
      #"{"CreatedAt":"2026-11-01 10:00:00 +0000 UTC","Description":"WORDS","ID":"ID","LastUsedAt":"6 days ago","#
      + #""Mutable":false,"Parents":PARENTS,"Reclaimable":true,"Shared":false,"Size":"8MB","Type":"regular","UsageCount":3}"#
    let base = row.replacing("WORDS", with: "pulled from alpine").replacing("\"ID\":\"ID\"", with: #""ID":"a""#)
    let step = row.replacing("WORDS", with: "[2/2] RUN make").replacing("\"ID\":\"ID\"", with: #""ID":"b""#)
    try Data(
      (base.replacing("PARENTS", with: "null") + "\n" + step.replacing("PARENTS", with: #"["a"]"#)).utf8
    ).write(to: URL(filePath: rounded))
    let plan = try await Program.run(["prune", "--from", rounded, "--dry-run", "--format", "json"])
    #expect(plan.code == 0)
    let notes = try #require(try object(plan.output)["notes"] as? [String])
    #expect(notes.count == 3)
    for note in notes { #expect(plan.errors.contains("strata: \(note)\n")) }
    #expect(try await Program.run(["du", "--from", rounded]).errors == plan.errors)
    let screen = try await Program.run(["--from", rounded, "--print", "--size", "120x20"])
    #expect(screen.output.contains("3 notes; first: \(notes[0].prefix(60))"))

    let orphaned = scratch.path.appending("orphaned.jsonl").string
    try Data((base + "\n" + step).replacing("PARENTS", with: "null").utf8).write(to: URL(filePath: orphaned))
    for arguments in [["prune", "--dry-run"], ["prune", "--dry-run", "--format", "json"], ["why", "b"]] {
      let result = try await Program.run(arguments + ["--from", orphaned])
      #expect(result.code == 1 && result.output.isEmpty, "\(arguments)")
      #expect(result.errors.contains("no prune can be planned on this list: it names no parents"))
    }
    #expect(try await Program.run(["du", "--from", orphaned]).code == 0)
    let shown = try await Program.run(["--from", orphaned, "--print", "--keys", "p", "--size", "160x20"])
    #expect(shown.output.contains("no prune can be planned on this list"))
    _ = try await snapshot("a", bytes: 1000)
    let own = try object(try await strata("prune", "--dry-run", "--format", "json").output)
    #expect((own["notes"] as? [String])?.isEmpty == true)
  }

  @Test("a list that can't be read ends the explorer, too, with what is wrong") func unreadableList() async throws {
    let table = "ID\t\tRECLAIMABLE\tSIZE\t\tLAST ACCESSED\nabc\t\ttrue\t\t1B\nReclaimable:\t1B\nTotal:\t\t1B\n"
    let result = try await Program.run(["--from", "-", "--print"], input: table)
    #expect(result.code == 1 && result.output.isEmpty)
    #expect(result.errors.contains("standard input is the table of `buildctl du`"))
    // It ends before it reads: what was written to it would be lost on the way.
    let noTerminal = try await Program.run(["--from", "-"])
    #expect(noTerminal.code == 2 && noTerminal.errors.contains("no terminal"))
  }

  @Test(
    "lists of real daemons leave a name its room at every width, and no column says nothing",
    arguments: ["buildctl.json", "engine-1.56.json", "engine-20.10.json", "docker-df-v.json"])
  func realLists(_ name: String) async throws {
    let lists = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "BuildKitBridgeTests/Fixtures/lists")
    for width in [60, 80, 100, 120, 149, 200] {
      let screen = try await Program.run(
        ["--from", lists.appending(path: name).path, "--print", "--size", "\(width)x40", "--keys", "i"])
      #expect(screen.code == 0, "\(screen.errors)")
      let lines = screen.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      let heading = try #require(lines.first { $0.contains("DESCRIPTION") })
      let start = heading.distance(
        from: heading.startIndex, to: try #require(heading.firstRange(of: "DESC")).lowerBound)
      #expect(heading.contains("kind unknown") && !heading.contains("KIND"), "\(heading)")
      let others = heading.prefix(start).split(separator: " ").filter { !["ID", "SIZE", "↓"].contains($0) }
      let room =
        (heading.firstIndex(of: "│").map { heading.distance(from: heading.startIndex, to: $0) } ?? width) - start
      #expect(room > 30 || others.isEmpty, "\(width): \(heading)")
      #expect(lines.allSatisfy { $0.count <= width })
    }
  }

  @Test("a plan names what goes; the explorer writes it as the same JSON, or as text, and never over a file")
  func planFiles() async throws {
    func record(_ id: String, _ size: Int, _ words: String, inUse: Bool = false) -> String {
      """
      {"id":"\(id)","mutable":false,"inUse":\(inUse),"shared":false,"size":\(size),"createdAt":"2026-01-02T03:04:05Z",\
      "lastUsedAt":"2026-01-02T03:04:05Z","usageCount":1,"parents":[],"description":"\(words)","recordType":"regular"}
      """
    }
    let list = [
      record("aaaaaaaa", 5_000_000, "pulled from docker.io/library/node:20"),
      record("bbbbbbbb", 4_000_000, "[web 5/8] RUN npm ci \\u001b[31m"),
      record("cccccccc", 3_000_000, "mount / from exec /bin/sh -c make all", inUse: true),
    ]
    let file = scratch.path.appending("list.json").string
    try Data("[\(list.joined(separator: ","))]".utf8).write(to: URL(filePath: file))
    let text = try await Program.run(["prune", "--dry-run", "--from", file])
    #expect(text.code == 0 && text.output.contains("DESCRIPTION"), "\(text.errors)")
    #expect(text.output.contains("node:20  pulled") && text.output.contains("RUN npm ci ␛[31m  [web 5/8]"))
    let json = try await Program.run([
      "prune", "--dry-run", "--from", file, "--keep-storage", "4MB", "--format", "json",
    ])
    let folder = scratch.path.appending("files").string
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (keys, name) in [("pej", "strata-plan.json"), ("pej", "strata-plan-2.json"), ("pet", "strata-plan.txt")] {
      let script =
        "cd '\(folder)' && '\(try Program.path)' --from '\(file)' --keep-storage 4MB --print --size 100x24 --keys \(keys)"
      let screen = try await Program.tool("sh", ["-c", script])
      #expect(screen.output.contains("wrote the plan to \(name)"), "\(screen.output)\(screen.errors)")
    }
    func written(_ name: String) throws -> String { try String(contentsOfFile: folder + "/" + name, encoding: .utf8) }
    #expect(try written("strata-plan.json") == json.output)
    #expect(try written("strata-plan-2.json") == json.output)
    let ticket = try written("strata-plan.txt")
    for words in [
      "Prune plan for \(file)", "nothing was removed", "Policy: max used 4.0 MB", "aaaaaaaa", "node:20  pulled",
      "RUN npm ci ␛[31m  [web 5/8]", "Would remove 2 records, freeing 9.0 MB",
      "Stays, in use: 1 record, 3.0 MB; the largest is cccccccc (RUN make all).",
    ] {
      #expect(ticket.contains(words), "\(words) is not in\n\(ticket)")
    }
    #expect(!ticket.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
  }

  @Test("a policy file is carried out rule by rule, and why tells each rule's reason") func policyFile() async throws {
    let old = try await snapshot("a", bytes: 30_000)
    let new = try await snapshot("b", bytes: 1000)
    let file = scratch.path.appending("buildkitd.toml").string
    let rules = """
      [worker.oci]
      [[worker.oci.gcpolicy]]
      keepDuration = "24h"
      [[worker.oci.gcpolicy]]
      all = true
      maxUsedSpace = 20000
      """
    try Data(rules.utf8).write(to: URL(filePath: file))
    let options = ["--policy", file, "--ranking", "current"]
    let dry = try object(try await strata(["prune", "--dry-run", "--format", "json"] + options).output)
    let plan = try #require(dry["plan"] as? [[String: Any]])
    #expect(plan.map { $0["id"] as? String } == [old])
    #expect(plan.map { $0["rule"] as? Int } == [2])
    #expect((dry["rules"] as? [[String: Any]])?.map { $0["removed"] as? Int } == [0, 1])
    let kept = try #require((dry["kept"] as? [[String: Any]])?.first)
    #expect(kept["passedBy"] as? [String] == ["keepDuration", "withinLimit"])
    let text = try await strata(["prune", "--dry-run"] + options).output
    #expect(text.contains("Rule 1 (unused for 1d): no limit, of"))
    #expect(text.contains("Rule 2 (all, max used 20.0 kB): keeps 20.0 kB of"))
    let why = try await strata(["why", new] + options).output
    #expect(why.contains(/Rule 1 \(unused for 1d\) passes it by: used (now|\d+[sm] ago), keep-duration 1d\./), "\(why)")
    #expect(why.contains("So it stays."))
    let screen = try await strata(["explore", "--print", "--keys", "p", "--size", "120x20"] + options).output
    #expect(screen.contains("rule 2: all, max used 20.0 kB"))
    #expect(screen.contains("rule 2 keeps 20.0 kB"))
    let typed = try await strata(["explore", "--print", "--keys", "pEk" + "Eo\(file)<Enter>", "--size", "120x20"])
      .output
    #expect(typed.contains("2 rules of"))
    #expect(typed.contains("rule 2: all, max used 20.0 kB"))
    // In two days the first rule takes both; nothing of it is done.
    let later = Timestamp(nanoseconds: SystemClock().now().nanoseconds + 172_800_000_000_000).text
    let planned = try object(
      try await strata(["prune", "--dry-run", "--format", "json", "--at", later] + options).output)
    #expect((planned["plan"] as? [[String: Any]])?.map { $0["rule"] as? Int } == [1, 1])
    #expect(try await strata(["prune", "--yes"] + options).output.contains("Removed 1 record"))
    #expect(try objects(try await strata("du", "--format", "json").output).map { $0["id"] as? String } == [new])
  }

  @Test("a daemon.json is planned rule by rule, its moments in the zone of this machine") func dockerPolicy()
    async throws
  {
    let list = scratch.path.appending("list.json").string
    let row =
      #"[{"id":"a","size":5,"createdAt":"2026-11-25T10:00:00Z","lastUsedAt":"2026-11-25T20:00:00Z","usageCount":1}]"#
    try Data(row.utf8).write(to: URL(filePath: list))
    let file = scratch.path.appending("daemon.json").string
    try Data(#"{"builder":{"gc":{"policy":[{"filter":["until=2026-11-26"]},{}]}}}"#.utf8).write(to: URL(filePath: file))
    let arguments = ["prune", "--from", list, "--dry-run", "--at", "2026-11-26T00:00:00Z", "--policy", file]
    let here = try await Program.run(arguments, environment: ["TZ": "UTC0"])
    #expect(here.output.contains("Rule 1 (everything unused): no limit, of 5 B, removes 1 record"), "\(here.errors)")
    #expect(here.output.contains("Rule 2 (everything unused): no limit"))
    // In India it is half past five on the 26th: what was used since midnight stays.
    let there = try await Program.run(arguments, environment: ["TZ": "IST-5:30"])
    #expect(there.output.contains("Rule 1 (unused for 5h): no limit, of 5 B, removes 0 records"), "\(there.output)")
    #expect(there.errors.contains("in the time zone of this machine"))
  }

  @Test("what may not be read of a daemon's folder is told with what to do") func forbiddenFolders() async throws {
    func made(_ name: String, _ files: String...) throws -> FilePath {
      let folder = scratch.path.appending(name)
      for path in files.map({ folder.pushing(FilePath($0)) }) {
        try FileManager.default.createDirectory(
          atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: path.string))
      }
      return folder
    }
    let (engine, root) = (try made("docker", "image/x"), try made("root", "runc-overlayfs/metadata_v2.db"))
    let (unlisted, unread) = (try made("unlisted"), try made("unread", "metadata_v2.db"))
    let modes: [(FilePath, mode_t)] = [
      (engine.appending("buildkit"), 0o644), (root.appending("runc-overlayfs"), 0o644), (unlisted, 0o311),
      (unread.appending("metadata_v2.db"), 0),
    ]
    for folder in [engine.appending("buildkit"), unlisted] {
      try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    }
    for (path, mode) in modes { #expect(chmod(path.string, mode) == 0) }
    defer { for (path, _) in modes { chmod(path.string, 0o755) } }
    let what = "Permission denied; a daemon's folder belongs to root: run it with sudo, or read a copy"
    for (folder, words) in [
      (
        engine,
        "\(engine) holds no cache of BuildKit or Docker, as far as it may be looked into: \(modes[0].0): \(what)"
      ),
      (root, "\(root) holds no cache of BuildKit or Docker, as far as it may be looked into: \(modes[1].0): \(what)"),
      (unlisted, "can't read \(unlisted): \(what)"), (unread, "can't read \(modes[3].0): \(what)"),
    ] {
      guard let result = try await Program.runAsNobody(["du", "--buildkit-root", folder.string], in: scratch.path)
      else {
        return print("setpriv is missing, and this is root: what may not be read was not tried")
      }
      #expect(result.code == 1 && result.errors.contains(words), "\(result.errors)")
    }
  }

  @Test("the explorer looks as if it were the time that --at says") func explorerAt() async throws {
    _ = try await snapshot("a", bytes: 1000)
    let later = Timestamp(nanoseconds: SystemClock().now().nanoseconds + 172_800_000_000_000).text
    let options = ["explore", "--print", "--read-only", "--keep-duration", "24h", "--size", "120x20", "--keys", "p"]
    #expect(try await strata(options).output.contains("removes 0 records"))
    let screen = try await strata(options + ["--at", later]).output
    #expect(screen.contains("removes 1 record,") && screen.contains("2d"), "\(screen)")
  }

  @Test("a prune makes a root that doesn't exist, as it writes; a dry run says that there is none") func noRoot()
    async throws
  {
    let dry = try await strata("prune", "--dry-run")
    #expect(dry.code == 1 && dry.errors.contains("there is no cache in"))
    #expect(!FileManager.default.fileExists(atPath: root))
    let done = try await strata("prune", "--yes", "--format", "json")
    #expect(done.code == 0, "\(done.errors)")
    #expect((try object(done.output)["plan"] as? [Any])?.isEmpty == true)
    #expect(try await strata("verify").output == "All is well.\n")
  }

  @Test("what a prune had to clear away is told on standard error") func clearedByPrune() async throws {
    let id = try await snapshot("a", bytes: 1000)
    _ = try await Program.tool("sqlite3", [root + "/cache.db", "UPDATE record SET size = -1"])
    let pruned = try await strata("prune", "--yes")
    #expect(pruned.code == 0 && pruned.output.contains("Removed 0 records"))
    #expect(pruned.errors.contains("record \(id) can't be used") && pruned.errors.contains("is moved to"))
  }

  @Test("min free looks at the disk under the cache, or at what is pretended") func minFree() async throws {
    _ = try await snapshot("a", bytes: 1000)
    func plan(_ options: String...) async throws -> [[String: Any]]? {
      let output = try await strata(["prune", "--dry-run", "--format", "json"] + options).output
      return try object(output)["plan"] as? [[String: Any]]
    }
    // G12: enough is free, so nothing goes.
    #expect(try await plan("--min-free-space", "1B")?.isEmpty == true)
    #expect(try await plan("--min-free-space", "1GB", "--free-space", "0")?.count == 1)
    #expect(try await plan("--min-free-space", "1GB", "--free-space", "0", "--reserved-space", "1MB")?.isEmpty == true)
    #expect(try await plan("--max-used-space", "1B")?.count == 1)
  }

  @Test("demo: so many rows, and the same again from the same seed") func demo() async throws {
    var lists: [[[String: Any]]] = []
    for name in ["one", "two"] {
      let place = scratch.path.appending(name).string
      #expect(try await Program.run(["demo", "--root", place, "--records", "60", "--seed", "5", "--no-ui"]).code == 0)
      lists.append(try objects(try await Program.run(["du", "--root", place, "--format", "json"]).output))
    }
    #expect(lists[0].count == 60)
    for key in ["id", "size", "parents", "usageCount", "description", "kind", "shared", "inUse"] {
      #expect(lists[0].map { "\($0[key] ?? "")" } == lists[1].map { "\($0[key] ?? "")" }, "\(key)")
    }
    for kind in ["base", "layer", "merge", "diff"] {
      #expect(lists[0].contains { $0["kind"] as? String == kind }, "\(kind)")
    }
    for key in ["shared", "inUse", "mutable"] { #expect(lists[0].contains { $0[key] as? Bool == true }, "\(key)") }
    #expect(lists[0].contains { $0["recordType"] as? String == "internal" })
    // Named as daemons name them, and made in a week.
    let descriptions = lists[0].compactMap { $0["description"] as? String }
    for part in [
      "pulled from docker.io/library/node:22-bookworm-slim@sha256:", "local source for context",
      "cached mount /root/.npm from exec /bin/sh -c npm ci", "mount / from exec /bin/sh -c ",
      "[api builder 8/8] RUN --mount=type=cache,target=/root/.cache/go-build go build -o /out/api ./cmd/api",
      "[web build 3/8] COPY package.json package-lock.json ./",
    ] {
      #expect(descriptions.contains { $0.hasPrefix(part) }, "\(part)")
    }
    let again = try await Program.run(["demo", "--root", scratch.path.appending("one").string, "--no-ui"])
    #expect(again.code == 1)
    #expect(again.errors.contains("there is a cache"))
  }

  @Test("demo: just so many records, however few", arguments: [0, 1, 2, 7, 31])
  func smallDemo(records: Int) async throws {
    let place = scratch.path.appending("small").string
    let result = try await Program.run(["demo", "--root", place, "--records", "\(records)", "--no-ui"])
    #expect(result.code == 0, "\(result.errors)")
    #expect(try objects(try await Program.run(["du", "--root", place, "--format", "json"]).output).count == records)
  }

  @Test("show, why, graph and files tell about a record") func inspecting() async throws {
    let base = try await snapshot("base", bytes: 1000)
    let top = try await snapshot("top", bytes: 5000, "--parent", base)
    #expect(try await strata("hold", top, "--reason", "a build").code == 0)
    let shown = try await strata("show", base).output
    for words in [base, "Children:", top, "Freed if pruned:", "Tree:"] {
      #expect(shown.contains(words), "\(words)")
    }
    let json = try object(try await strata("show", String(top.prefix(12)), "--format", "json").output)
    #expect(json["id"] as? String == top)
    #expect(json["refs"] as? Int == 1)
    #expect(json["held"] as? Bool == true)
    #expect(json["parents"] as? [String] == [base])
    let why = try await strata("why", base).output
    #expect(
      why == "It stays: something in use stands on it.\n\(top) (top) stands on it, and stays: somebody holds it.\n")
    #expect(try await strata("unhold", top).code == 0)
    #expect(try await strata("why", base, "--filter", "id==\(base)").output.contains("the filter does not match it"))
    #expect(try await strata("why", base).output.hasPrefix("It can be pruned"))
    #expect(try await strata("why", base, "--keep-storage", "1B").output.hasPrefix("It goes as number 2 of 2"))
    #expect(try await strata("files", top).output.contains("8.2 kB  top.bin"))
    #expect(try await strata("files", top, "/base.bin").output.contains("base.bin"))
    #expect(try await strata("files", top, "/nosuch").code == 1)
    let graph = try await strata("graph").output.split(separator: "\n")
    #expect(graph.count == 3)
    #expect(graph.first == "2 records, 1 lane, newest leaf first")
    #expect(graph.dropFirst().first?.hasPrefix("●") == true && graph.last?.hasPrefix("○") == true)
    #expect(try await strata("graph", "--ascii").output.contains("\no"))
    #expect(try await strata("graph", top).output.hasPrefix("2 records around \(top), 1 lane"))
    let edges = try object(try await strata("graph", base, "--format", "json").output)["edges"] as? [[String: String]]
    #expect(edges == [["child": top, "parent": base, "role": "layer"]])
    #expect(try await strata("graph", "--format", "dot").output.contains("\"\(top)\" -> \"\(base)\""))
  }

  @Test("rm takes what stands on a record too, and nothing in use") func remove() async throws {
    let base = try await snapshot("base", bytes: 1000)
    let top = try await snapshot("top", bytes: 1000, "--parent", base)
    let other = try await snapshot("other", bytes: 1000)
    #expect(try await strata("rm", base).code == 2)
    #expect(try await strata("hold", top).code == 0)
    let refused = try await strata("rm", base, "--yes")
    #expect(refused.code == 1)
    #expect(refused.errors.contains("\(base) can't go"))
    #expect(try await strata("unhold", top).code == 0)
    #expect(try await strata("rm", base, "--yes").output.contains("Removed 2 records"))
    #expect(try objects(try await strata("du", "--format", "json").output).map { $0["id"] as? String } == [other])
  }

  @Test("import, export, extract, gc, verify: from one root to another") func images() async throws {
    let base = try await snapshot("base", bytes: 100_000)
    let layout = scratch.path.appending("layout").string
    #expect(try await strata("export", base, layout).code == 0)
    #expect(try await strata("export", base, layout).code == 2)
    let other = scratch.path.appending("other").string
    let imported = try await Program.run(["import", layout, "--ref", "app:1", "--root", other])
    let id = imported.output.trimmingCharacters(in: .newlines)
    #expect(imported.code == 0, "\(imported.errors)")
    #expect(try await Program.run(["tags", "--root", other]).output.contains("app:1"))
    let tree = scratch.path.appending("tree").string
    #expect(try await Program.run(["extract", id, tree, "--root", other]).code == 0)
    #expect(try Data(contentsOf: URL(filePath: tree + "/base.bin")).count == 100_000)
    #expect(try await Program.run(["gc", "--root", other]).output.hasPrefix("Dropped 0"))
    #expect(try await Program.run(["verify", "--root", other]).output == "All is well.\n")
    let bomb = try await Program.run(["import", layout, "--max-unpacked", "10kB", "--root", other + "2"])
    #expect(bomb.code == 1)
    #expect(bomb.errors.contains("entry base.bin makes the image larger than 10.0 kB when unpacked: `--max-unpacked`"))
  }

  @Test("import chooses by name, takes all, and gives the name that an image bears only when asked") func imageNames()
    async throws
  {
    let (base, top) = (try await snapshot("base", bytes: 1000), try await snapshot("top", bytes: 2000))
    let (one, two) = (scratch.path.appending("one").string, scratch.path.appending("two").string)
    for (id, tag, layout) in [(base, "app:one", one), (top, "app:two", two)] {
      #expect(try await strata("tag", tag, id).code == 0)
      #expect(try await strata("export", id, layout).code == 0)
    }
    let merged = """
      cd '\(scratch.path)'; cp -r one both; cp -n two/blobs/sha256/* both/blobs/sha256/
      entry() { sed 's/.*"manifests":\\[\\(.*\\)\\],"mediaType".*/\\1/' $1/index.json; }
      printf '{"schemaVersion":2,"manifests":[%s,%s]}' "$(entry one)" "$(entry two)" > both/index.json
      """
    #expect(try await Program.tool("sh", ["-euc", merged]).code == 0)
    let other = ["--root", scratch.path.appending("other").string]
    let several = try await Program.run(["import", scratch.path.appending("both").string] + other)
    #expect(several.code == 2 && several.errors.contains("2 images in"), "\(several.errors)")
    #expect(several.errors.contains("--image (app:one, app:two), or take each with --all"))
    let all = try await Program.run(["import", scratch.path.appending("both").string, "--all"] + other)
    let lines = all.output.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(lines.map { $0.last } == ["app:one", "app:two"] && lines.allSatisfy { $0.count == 2 }, "\(all.errors)")
    #expect(try await Program.run(["tags", "--format", "json"] + other).output == "[]\n")
    let tagged = try await Program.run(
      ["import", scratch.path.appending("both").string, "--image", "two", "--tag"] + other)
    #expect(tagged.output == "\(lines[1][0])\n")
    let tags = try objects(try await Program.run(["tags", "--format", "json"] + other).output)
    #expect(tags.map { $0["name"] as? String } == ["app:two"])
    for wrong in [["--tag", "--ref", "x"], ["--all", "--ref", "x"]] {
      #expect(try await Program.run(["import", one] + wrong + other).code == 2)
    }
  }

  @Test("export writes a tar to standard output or, for docker load, to a new file; both come in again")
  func exportPacked() async throws {
    let base = try await snapshot("base", bytes: 200_000)
    let id = try await snapshot("top", bytes: 1000, "--parent", base)
    #expect(try await strata("tag", "team/app:1", id).code == 0)
    let (file, other) = (scratch.path.appending("app.tar").string, scratch.path.appending("other").string)
    #expect(try await strata("export", id, file, "--docker").code == 0)
    let again = try await strata("export", id, file, "--docker")
    #expect(again.code == 2 && again.errors.contains("\(file) is there already"))
    let inside = try await strata("export", id, root + "/app.tar", "--docker")
    #expect(inside.code != 0 && inside.errors.contains("in the cache"))
    let list = try await Program.tool("tar", ["-xOf", file, "manifest.json"])
    let saved = try #require(try objects(list.output).first)
    #expect(saved["RepoTags"] as? [String] == ["team/app:1"])
    #expect((saved["Layers"] as? [String])?.count == 2)
    for docker in ["", "--docker"] {
      let script = """
        '\(try Program.path)' export \(id) - \(docker) --root '\(root)' | tee '\(scratch.path)/piped' |
          '\(try Program.path)' import - --tag --root '\(other)\(docker)'
        """
      let result = try await Program.tool("sh", ["-euc", script])
      #expect(result.code == 0 && result.output.split(separator: "\n").count == 2, "\(result.errors)")
      #expect(try await Program.run(["tags", "--root", other + docker]).output.contains("team/app:1"))
      #expect(try await Program.run(["verify", "--root", other + docker]).code == 0)
    }
    #expect(
      try Data(contentsOf: URL(filePath: file))
        == Data(contentsOf: URL(filePath: scratch.path.appending("piped").string)))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.path.string).allSatisfy { !$0.hasPrefix(".strata-") })
  }

  @Test("import reads an archive from standard input, which is named so") func importPiped() async throws {
    let id = try await snapshot("base", bytes: 300_000)
    let layout = scratch.path.appending("layout").string
    #expect(try await strata("export", id, layout).code == 0)
    let other = scratch.path.appending("other").string
    let script = """
      tar -cf - -C '\(layout)' . | '\(try Program.path)' import - --root '\(other)'
      '\(try Program.path)' verify --root '\(other)'
      """
    let result = try await Program.tool("sh", ["-euc", script])
    #expect(result.code == 0 && result.output.hasSuffix("\nAll is well.\n"), "\(result.errors)")
    for (input, words) in [("", "standard input"), ("no tar at all", "standard input is no image that can be read")] {
      let refused = try await Program.run(["import", "-", "--root", other], input: input)
      #expect(
        refused.code == 1 && refused.errors.contains(words) && !refused.errors.contains(other), "\(refused.errors)")
    }
  }

  @Test("another user than root, and a relative root, do as well", .enabled(if: geteuid() == 0)) func otherUser()
    async throws
  {
    // Folders that their owner may not write, changed and emptied by the next layer.
    let program = try Program.path
    let script = """
      cd '\(scratch.path)'; mkdir -p one/ro/deep two/ro/deep; echo x > one/ro/f; echo z > one/ro/deep/z
      echo changed > two/ro/deep/z; chmod 555 one/ro/deep one/ro two/ro/deep two/ro; cp '\(program)' strata
      chown -R nobody . ; chmod 755 .; exec su -s /bin/sh nobody -c '
        set -e; A=$(./strata snapshot one --root r); B=$(./strata snapshot two --parent $A --root r)
        C=$(./strata snapshot two --root r); D=$(./strata diff $A $C --root r); M=$(./strata merge $A $D --root r)
        ./strata export $M layout --root r; ./strata import layout --root other
        ./strata extract $B b --root r; ./strata extract $M m --root r; ./strata prune --all --yes --root r >/dev/null
        ./strata verify --root r; ./strata verify --root other; find b m -mindepth 1 -printf "%p %m\\n" | sort; cat m/ro/deep/z'
      """
    let result = try await Program.tool("sh", ["-euc", script])
    #expect(result.code == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n").map(String.init)
    let tree = [
      "b/ro 555", "b/ro/deep 555", "b/ro/deep/z 644", "b/ro/f 644", "m/ro 555", "m/ro/deep 555", "m/ro/deep/z 644",
    ]
    #expect(Array(lines.suffix(10)) == ["All is well.", "All is well."] + tree + ["changed"])
  }

  @Test("verify names what is broken, and --repair mends it") func verify() async throws {
    let kept = try await snapshot("kept", bytes: 1000)
    let lost = try await snapshot("lost", bytes: 1000)
    let details = try object(try await strata("show", lost, "--format", "json").output)
    try FileManager.default.removeItem(atPath: try #require(details["tree"] as? String))
    let found = try await strata("verify")
    #expect(found.code == 1)
    #expect(found.output.contains("snapshot \(lost) has no folder"))
    #expect(try await strata("verify", "--repair", "--yes").code == 0)
    #expect(try await strata("verify").output == "All is well.\n")
    #expect(try objects(try await strata("du", "--format", "json").output).map { $0["id"] as? String } == [kept])
  }

  @Test("what is wrong gets its message and its exit code") func failures() async throws {
    _ = try await snapshot("a", bytes: 1000)
    let damaged = scratch.path.appending("damaged.json").string
    try Data("[{\"id\":".utf8).write(to: URL(filePath: damaged))
    let cases: [(arguments: [String], code: Int32, words: String)] = [
      (["du", "--root", root + "-none"], 1, "there is no cache in"),
      (["du", "--from", damaged], 1, "damaged.json"),
      (["du", "--from", "/nonexistent/list"], 1, "can't read /nonexistent/list"),
      (["du", "--root", root, "--filter", "size>3G"], 2, "3G is no size"),
      (["du", "--root", root, "--filter", "nosuch==1"], 2, "the keys are id"),
      (["du", "--root", root, "--from", damaged], 2, "two sources"),
      (["du", "--root", root, "--nosuch"], 2, "nosuch"),
      (["merge", "--root", root, "zzzz"], 1, "no record zzzz"),
      (["tag", "--root", root, "x", "zzzz"], 1, "no record zzzz"),
      (["prune", "--root", root, "--keep-storage", "20G", "--dry-run"], 2, "--keep-storage: 20G is no size"),
      (
        ["prune", "--root", root, "--keep-storage", "8000", "--dry-run"], 2,
        "write 8000MB if you mean what buildctl does"
      ),
      (["prune", "--root", root, "--filter", "inuse==true", "--dry-run"], 2, "inuse has no value: write it alone"),
      (["prune", "--root", root, "--filter", "shared=true", "--dry-run"], 2, "shared has no value: write it alone"),
      (
        ["prune", "--root", root, "--filter", "mutable=false", "--dry-run"], 2, "mutable has no value: write immutable"
      ),
      (["du", "--root", root, "--filter", "type=a,private!=true"], 2, "private has no value: write shared"),
      (["du", "--root", root, "--filter", "shared!=false"], 2, "shared has no value: write it alone"),
      (
        ["prune", "--root", root, "--filter", "inuse==no", "--dry-run"], 2,
        "inuse has no value: leave it out, as a prune"
      ),
      (["du", "--root", root, "--filter", "inuse=0"], 2, "inuse has no value, and no filter finds what is not in use"),
      (
        ["du", "--root", root, "--filter", "mutable,colour=red"], 2,
        "= is no operator: expected ==, != or ~= (character 15)"
      ),
      (
        ["prune", "--root", root, "--filter", "type=regular", "--filter", "mutable", "--dry-run"], 2,
        "write one filter, type==regular,mutable"
      ),
      (["prune", "--root", root, "--filter", "type=a", "--filter", "type=b", "--dry-run"], 2, "type is given twice"),
      (["prune", "--root", root, "--filter", "parent=x", "--dry-run"], 2, "sees no parents"),
      (["prune", "--root", root, "--filter", "until=soon", "--dry-run"], 2, "soon is no duration"),
      (["du", "--root", root, "--filter", "until=24h"], 2, "write 'age>24h'"),
      (["du", "--root", root, "--format", "prometheus", "--filter", "mutable"], 2, "leave --filter out"),
      (["check", "--root", root], 2, "give --max-used, --min-free, --max-unused-for or --max-records"),
      (["check", "--root", root, "--format", "json"], 2, "there is no limit to hold it against"),
      (["check", "--root", root, "--max-used", "20G"], 2, "--max-used: 20G is no size"),
      (["check", "--root", root, "--min-free", "5"], 2, "--min-free: 5 needs a unit"),
      (["check", "--root", root, "--max-unused-for", "1w"], 2, "--max-unused-for: 1w is no duration"),
      (["check", "--root", root, "--max-records=-1"], 2, "--max-records: -1 is no count"),
      (["check", "--root", root, "--max-used", "1GB", "--free-space", "1GB"], 2, "--free-space is for --min-free"),
      (["check", "--root", root, "--min-free", "1GB", "--free-space", "much"], 2, "--free-space: much is no size"),
      (["check", "--root", root + "-none", "--max-used", "1GB"], 1, "there is no cache in"),
      (["check", "--from", damaged, "--max-used", "1GB", "--format", "prometheus"], 1, "damaged.json"),
      (["prune", "--root", root, "--free-storage", "3"], 2, "--free-storage is --min-free-space here"),
      (["du", "--root", root, "--worker", "runc-overlayfs"], 2, "--worker chooses"),
      (["du", "--root", root, "--buildkit-root", "/"], 2, "two sources"),
      (["du", "--buildkit-root", scratch.path.string], 2, "is no folder of BuildKit or Docker"),
      (["prune", "--buildkit-root", "/", "--yes"], 2, "never pruned: add --dry-run"),
      (["prune", "--root", root, "--keep-duration", "soon", "--dry-run"], 2, "--keep-duration: soon is no duration"),
      (["prune", "--root", root, "--ranking", "best", "--dry-run"], 2, "ranking"),
      (["prune", "--root", root], 2, "--yes"),
      (["prune", "--root", root, "--yes", "--at", "2026-01-01T00:00:00Z"], 2, "--at only plans"),
      (["prune", "--root", root, "--yes", "--free-space", "1GB"], 2, "--free-space only plans"),
      (["prune", "--root", root, "--dry-run", "--at", "today"], 2, "--at: today is no time"),
      (["prune", "--root", root, "--dry-run", "--keep-storage", "1B", "--min-free-space", "1B"], 2, "--keep-storage"),
      (["prune", "--root", root, "--dry-run", "--policy", "/nonexistent/p.toml"], 1, "/nonexistent/p.toml"),
      (["prune", "--root", root, "--dry-run", "--policy", damaged], 2, "damaged.json: line 1"),
      (["prune", "--root", root, "--dry-run", "--policy", damaged, "--all"], 2, "leave --all out"),
      (["prune", "--root", root, "--dry-run", "--restarted", "maybe"], 2, "maybe"),
      (["prune", "--from", damaged, "--yes"], 2, "--dry-run"),
      (["explore", "--root", root], 2, "no terminal"),
      (["--root", root], 2, "no terminal"),
      (["explore", "--root", root, "--print", "--size", "big"], 2, "--size: big is no size"),
      (["explore", "--root", root, "--print", "--keys", "<Nope>"], 2, "<Nope> is no key"),
      (["explore", "--root", root, "--keys", "j"], 2, "--print"),
      (["explore", "--root", root, "--print", "--at", "2026-01-01T00:00:00Z"], 2, "add --read-only"),
      (["snapshot", "--root", root, "/nonexistent/folder"], 1, "/nonexistent/folder"),
      (["snapshot", "--root", "/proc/nowhere", "/tmp"], 1, "/proc/nowhere"),
      (["demo", "--records", "many"], 2, "many"),
    ]
    for (arguments, code, words) in cases {
      let result = try await Program.run(arguments)
      #expect(result.code == code, "\(arguments): \(result.errors)")
      #expect(result.errors.contains(words), "\(arguments): \(result.errors)")
      #expect(result.output.isEmpty, "\(arguments)")
    }
    // Nothing was lost by all that.
    #expect(try objects(try await strata("du", "--format", "json").output).count == 1)
  }

  /// A list of one record that is shared, one that is in use, and two that are neither.
  private func watchedList() throws -> String {
    let list = scratch.path.appending("watched.json").string
    func row(_ id: String, _ more: String) -> String {
      #"{"id":"\#(id)","size":1000,"createdAt":"2020-01-01T00:00:00Z","description":"RUN \#(id)",\#(more)}"#
    }
    let rows = [
      row("a", #""lastUsedAt":"2020-02-01T00:00:00Z","recordType":"exec.cachemount""#),
      row("b", #""lastUsedAt":"2021-02-01T00:00:00Z""#), row("c", #""shared":true"#), row("d", #""inUse":true"#),
    ]
    try Data("[\(rows.joined(separator: ","))]".utf8).write(to: URL(filePath: list))
    return list
  }

  @Test("check tells every limit that is passed, and nothing where it can't read") func check() async throws {
    let list = ["--from", try watchedList()]
    let limits = [
      "--max-used", "2999B", "--min-free", "5GB", "--free-space", "4GB", "--max-unused-for", "7d", "--max-records", "3",
    ]
    let passed = try await Program.run(["check"] + list + limits)
    #expect(passed.code == 1 && passed.errors.isEmpty, "\(passed.errors)")
    let lines = passed.output.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines[0] == "The cache uses 3.0 kB (3,000 B) without what is shared: more than 3.0 kB (2,999 B).")
    #expect(lines[1] == "4.0 GB (4,000,000,000 B) of the disk is free: less than 5.0 GB (5,000,000,000 B).")
    #expect(
      lines[2].wholeMatch(of: /Record a \(RUN a\) was last used \d+d\S* ago: longer than 7d\./) != nil, "\(lines[2])")
    #expect(lines[3] == "There are 4 records: more than 3.")
    let some = try await Program.run(["check"] + list + ["--max-used", "3000B", "--max-records", "3"])
    #expect(some.code == 1 && some.output == "There are 4 records: more than 3.\n")

    let within = ["--max-used", "3kB", "--min-free", "4GB", "--free-space", "4GB", "--max-unused-for", "99999d"]
    let kept = try await Program.run(["check"] + list + within)
    #expect(kept.code == 0 && kept.output == "Within all limits.\n")

    let unknown = try await Program.run(["check"] + list + ["--min-free", "1B"])
    #expect(unknown.code == 2 && unknown.output.isEmpty && unknown.errors.contains("give --free-space"))
    // The disk of a folder that is here is known.
    _ = try await snapshot("s", bytes: 1000)
    #expect(try await strata("check", "--min-free", "1B", "--max-records", "1").code == 0)
    #expect(try await strata("check", "--min-free", "9000TB").code == 1)
    #expect(try await strata("check", "--min-free", "9000TB", "--free-space", "9000TB").code == 0)
  }

  @Test("check's answer as JSON and as gauges has the same exit code") func checkFormats() async throws {
    let list = ["--from", try watchedList()]
    let limits = ["--max-used", "1kB", "--max-records", "4", "--max-unused-for", "1d"]
    let json = try await Program.run(["check"] + list + limits + ["--format", "json"])
    #expect(json.code == 1)
    let answer = try object(json.output)
    #expect(answer["ok"] as? Bool == false)
    let found = try #require(answer["limits"] as? [String: [String: Any]])
    #expect(Set(found.keys) == ["maxUsed", "maxRecords", "maxUnusedFor"])
    #expect(found["maxUsed"]?["figure"] as? Int == 3000 && found["maxUsed"]?["limit"] as? Int == 1000)
    #expect(found["maxUsed"]?["ok"] as? Bool == false && found["maxRecords"]?["ok"] as? Bool == true)
    #expect(found["maxUnusedFor"]?["limit"] as? Int == 86_400)
    #expect((found["maxUnusedFor"]?["record"] as? [String: Any])?["id"] as? String == "a")

    let gauges = try await Program.run(["check"] + list + limits + ["--format", "prometheus"])
    #expect(gauges.code == 1)
    let source = #"source="\#(list[1])""#
    for line in [
      #"strata_check_ok{\#(source),limit="max_used"} 0"#, #"strata_check_ok{\#(source),limit="max_records"} 1"#,
      #"strata_cache_bytes{\#(source),state="reclaimable",type="exec.cachemount"} 1000"#,
      #"strata_cache_used_bytes{\#(source)} 3000"#,
    ] {
      #expect(gauges.output.contains("\n\(line)\n"), "\(line) in \(gauges.output)")
    }
    // Without limits both commands print the same gauges, but for the moment.
    let runs = [["check", "--format", "prometheus"], ["du", "--format", "prometheus"]]
    var outputs: [[Substring]] = []
    for arguments in runs {
      let result = try await Program.run(arguments + list)
      #expect(result.code == 0 && result.output.hasSuffix("\n"))
      outputs.append(
        result.output.split(separator: "\n").filter {
          !$0.hasPrefix("strata_cache_read") && !$0.hasPrefix("strata_cache_oldest")
        })
    }
    #expect(outputs[0] == outputs[1])
    #expect(!outputs[0].contains { $0.contains("strata_check_ok") })
    // The whole of `du`'s table is in the gauges.
    _ = try await snapshot("s", bytes: 100_000)
    let own = try await strata("du", "--format", "prometheus").output
    for name in ["strata_disk_free_bytes", "strata_disk_capacity_bytes", "strata_cache_unowned_bytes"] {
      #expect(own.contains("\n\(name){source="), "\(name)")
    }
  }

  @Test("help is told on standard output, with exit code 0") func help() async throws {
    let result = try await Program.run(["--help"])
    #expect(result.code == 0)
    for name in [
      "explore", "demo", "du", "check", "prune", "snapshot", "merge", "diff", "tag", "untag", "tags", "hold", "unhold",
      "show",
      "why", "graph", "files", "import", "export", "extract", "rm", "verify", "gc",
    ] {
      #expect(result.output.contains("  \(name)"), "\(name)")
    }
  }

  @Test("text from a cache reaches no terminal raw") func hostileText() async throws {
    _ = try await snapshot("a", bytes: 10, "--description", "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}")
    for arguments in [
      ["du"], ["du", "--verbose"], ["prune", "--dry-run"], ["explore", "--print"], ["check", "--max-unused-for", "0s"],
    ] {
      let output = try await Program.run(arguments + ["--root", root]).output
      #expect(!output.unicodeScalars.contains { ($0.value < 0x20 && $0 != "\n") || (0x7f...0x9f).contains($0.value) })
    }
  }

  @Test("the root comes from --root, STRATA_ROOT, XDG_DATA_HOME, HOME, in this order") func roots() async throws {
    _ = try await snapshot("a", bytes: 10)
    #expect(try await Program.run(["du"], environment: ["STRATA_ROOT": root]).code == 0)
    let data = scratch.path.appending("data").string
    let made = try await Program.run(
      ["snapshot", scratch.path.appending("a").string], environment: ["XDG_DATA_HOME": data, "STRATA_ROOT": ""])
    #expect(made.code == 0, "\(made.errors)")
    #expect(FileManager.default.fileExists(atPath: data + "/strata/cache.db"))
    let home = scratch.path.appending("home").string
    #expect(
      try await Program.run(["snapshot", scratch.path.appending("a").string], environment: ["HOME": home]).code == 0)
    #expect(FileManager.default.fileExists(atPath: home + "/.local/share/strata/cache.db"))
  }

  @Test("a snapshot of a folder that holds the cache leaves the cache out") func ownRoot() async throws {
    let inside = scratch.path.appending("all/cache").string
    try FileManager.default.createDirectory(atPath: inside, withIntermediateDirectories: true)
    try Data("x".utf8).write(to: URL(filePath: scratch.path.appending("all/x").string))
    #expect(try await Program.run(["snapshot", scratch.path.appending("all").string, "--root", inside]).code == 0)
    let rows = try objects(try await Program.run(["du", "--root", inside, "--format", "json"]).output)
    #expect(try #require(rows.first?["size"] as? Int) < 20_000)
  }
}
