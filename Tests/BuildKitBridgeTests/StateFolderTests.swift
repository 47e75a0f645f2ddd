import BoltWriter
import BuildCache
import CacheReport
import FileTrees
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import BuildKitBridge

@Suite("Folders of BuildKit and Docker") struct StateFolderTests {
  /// A row of a daemon's own list, whichever of its forms.
  private struct ListedRow: Decodable, Equatable {
    let id: String
    let size: Int64
    let parents: [String]
    let createdAt: String
    let lastUsedAt: String?
    let usageCount: Int
    let description: String
    let recordType: String
    let isShared: Bool
    /// Absent in Docker's lists.
    let isMutable: Bool?

    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(_ text: String) { stringValue = text }
      init?(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let members = try decoder.container(keyedBy: Key.self)
      func value<T: Decodable>(_ names: String...) throws -> T? {
        for name in names {
          if let value = try? members.decodeIfPresent(T.self, forKey: Key(name)) { return value }
        }
        return nil
      }
      id = try value("id", "ID") ?? ""
      size = try value("size", "Size") ?? -1
      let parent: String = try value("Parent") ?? ""
      parents = try value("parents", " Parents") ?? (parent.isEmpty ? [] : [parent])
      createdAt = try value("createdAt", "CreatedAt") ?? ""
      lastUsedAt = try value("lastUsedAt", "LastUsedAt")
      usageCount = try value("usageCount", "UsageCount") ?? 0
      description = try value("description", "Description") ?? ""
      recordType = try value("recordType", "Type") ?? "regular"
      isShared = try value("shared", "Shared") ?? false
      isMutable = try value("mutable", "Mutable")
    }
  }

  private struct DockerList: Decodable {
    let BuildCache: [ListedRow]
  }

  private static func list(_ text: String) throws -> [ListedRow] {
    let data = Data(text.utf8)
    if let list = try? JSONDecoder().decode(DockerList.self, from: data) { return list.BuildCache }
    if text.hasPrefix("[") { return try JSONDecoder().decode([ListedRow].self, from: data) }
    return try text.split(separator: "\n").map { try JSONDecoder().decode(ListedRow.self, from: Data($0.utf8)) }
  }

  /// What differs from a daemon's list, in words.
  private static func differences(_ state: CacheState, from list: [ListedRow]) throws -> [String] {
    var differences: [String] = []
    let ids = Set(list.map(\.id))
    for row in state.rows where !ids.contains(row.id.text) { differences.append("\(row.id) is not in the list") }
    for listed in list {
      guard let number = state.index(of: RecordID(listed.id)) else {
        differences.append("\(listed.id) is missing")
        continue
      }
      let row = state.rows[number]
      func expect(_ what: String, _ isEqual: Bool) { if !isEqual { differences.append("\(listed.id): \(what)") } }
      expect("size \(row.size), not \(listed.size)", row.size == listed.size)
      expect("parents", state.parentIDs(of: number).map(\.text) == listed.parents)
      expect("created", row.createdAt == (try Timestamp(parsing: listed.createdAt)))
      expect("last used", row.lastUsedAt == (try listed.lastUsedAt.map { try Timestamp(parsing: $0) }))
      expect("uses", row.usageCount == listed.usageCount)
      expect("description", row.description == listed.description)
      expect("type", row.recordType.rawValue == listed.recordType)
      expect("shared", row.isShared == listed.isShared)
      if let isMutable = listed.isMutable { expect("mutable", row.isMutable == isMutable) }
    }
    return differences
  }

  // MARK: disk usage

  @Test(
    "disk usage is what the daemon said",
    arguments: [
      ("buildkitd", "", "du.json"), ("docker-20.10", "", "du.json"), ("docker-graphdriver", "", "du.json"),
      ("docker-containerd", "", "du.json"), ("head-overlayfs-aged", "", "head-overlayfs-aged.jsonl"),
      ("head-overlayfs-aged-ties", "", "head-overlayfs-aged-ties.jsonl"),
      ("v0.10.0-overlayfs-aged-committed", "", "v0.10.0-overlayfs-aged-committed.jsonl"),
      ("head-overlayfs-liveprune", "s0", "head-overlayfs-liveprune-s0.jsonl"),
      ("head-overlayfs-liveprune", "s2", "head-overlayfs-liveprune-s2.jsonl"),
      ("head-overlayfs-liveprune", "s4", "head-overlayfs-liveprune-s4.jsonl"),
    ])
  func diskUsage(_ name: String, _ folder: String, _ list: String) async throws {
    let state = try await State(name)
    let reading = try await StateFolderSource(state.file(folder)).read()
    let recorded = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Recordings/\(list)")
    let text = try list == "du.json" ? state.text(list) : String(contentsOf: recorded, encoding: .utf8)
    let differences = try Self.differences(reading.state, from: Self.list(text))
    #expect(differences.isEmpty, "\(differences.prefix(5))")
  }

  @Test(
    "a disk usage changes what it measured (G13): the one record that differs afterwards is such a one",
    arguments: ["head-overlayfs", "v0.10.0-overlayfs"])
  func afterDiskUsage(_ name: String) async throws {
    let state = try await State(name)
    let reading = try await StateFolderSource(state.folder).read()
    let differences = try Self.differences(reading.state, from: Self.list(try state.text("du.jsonl")))
    #expect(differences.count == 2)
    #expect(Set(differences.compactMap { $0.split(separator: ":").first }).count == 1)
    #expect(differences.allSatisfy { $0.hasSuffix("last used") || $0.hasSuffix("uses") })
  }

  @Test("sizes that no disk usage measured yet are what the daemon then measured, and which ones that uses is known")
  func unmeasured() async throws {
    let state = try await State("head-overlayfs")
    // The records as they were before the first disk usage, over what lies under them.
    let folder = state.file("runc-overlayfs/metadata_v2.db")
    try state.bytes("dump/pre-du.db").withUnsafeBytes {
      try Data($0).write(to: URL(filePath: folder.string))
    }
    let reading = try await StateFolderSource(state.folder).read()
    let list = try Self.list(try state.text("dump/pre-du.jsonl"))
    let measured = Dictionary(uniqueKeysWithValues: list.map { ($0.id, $0) })
    var known = 0
    for row in reading.state.rows where row.hasKnownSize {
      guard let listed = measured[row.id.text] else { continue }
      known += 1
      #expect(row.size == listed.size, "\(row.id) \(row.description)")
    }
    #expect(known > 80)
    #expect(reading.state.rows.contains { $0.isMeasuredByUse })
    #expect(reading.state.rows.allSatisfy { !$0.isMeasuredByUse || $0.isMutable })
    #expect(reading.notes.contains { $0.contains("isn't known") })
  }

  // MARK: plans

  @Test("a prune is planned of a folder as of the list that its daemon made, by the rules of that version")
  func plans() async throws {
    var compared = 0
    for name in ["head-overlayfs-aged", "head-overlayfs-aged-ties", "v0.10.0-overlayfs-aged-committed"] {
      let state = try await State(name)
      let reading = try await StateFolderSource(state.folder).read()
      for recording in RecordedPruneTests.recordings where recording.list == "\(name).jsonl" {
        #expect(reading.behavior == recording.behavior)
        let policies = [try recording.policy()]
        let now = try Timestamp(parsing: recording.start)
        let list = try await recording.state()
        let ofFolder = try PrunePlan(
          reading.state, policies: policies, behavior: reading.behavior, now: now, free: 1 << 35)
        let ofList = try PrunePlan(list, policies: policies, behavior: recording.behavior, now: now, free: 1 << 35)
        let ids = [ofFolder, ofList].map { plan in plan.victims.map { plan.state.rows[$0.row].id } }
        #expect(policies[0].limits == .none ? Set(ids[0]) == Set(ids[1]) : ids[0] == ids[1], "\(recording.name)")
        compared += 1
      }
    }
    #expect(compared == 57 + 14 + 49)
    // One that was never started anew: what its folder was before each step.
    let steps = try await State("head-overlayfs-liveprune")
    for step in 0...6 {
      let reading = try await StateFolderSource(steps.file("s\(step)")).read()
      let behavior = PruneAssumptions(restart: .never).applied(to: reading.behavior)
      let list = "head-overlayfs-liveprune-s\(step).jsonl"
      for recording in RecordedPruneTests.recordings where recording.list == list {
        let (policies, now) = ([try recording.policy()], try Timestamp(parsing: recording.start))
        let ofFolder = try PrunePlan(reading.state, policies: policies, behavior: behavior, now: now)
        let ofList = try PrunePlan(
          try await recording.state(), policies: policies, behavior: recording.behavior, now: now)
        let ids = [ofFolder, ofList].map { plan in plan.victims.map { plan.state.rows[$0.row].id } }
        #expect(policies[0].limits == .none ? Set(ids[0]) == Set(ids[1]) : ids[0] == ids[1], "\(recording.name)")
        compared += 1
      }
    }
    #expect(compared == 57 + 14 + 49 + 7)
  }

  // MARK: the source

  @Test(
    "the source keeps its contract",
    arguments: ["buildkitd", "docker-20.10", "docker-graphdriver", "docker-containerd"])
  func contract(_ name: String) async throws {
    let state = try await State(name)
    let source = try StateFolderSource(state.folder)
    try await checkContract(of: source, refusesPruning: true) {
      try FileManager.default.subpathsOfDirectory(atPath: state.folder.string).map { path in
        let status = try FileStatus(of: state.file(path))
        return "\(path) \(status?.raw.st_mtim.tv_nsec ?? 0) \(status?.length ?? 0)"
      }
    }
  }

  @Test(
    "it is found from every folder that a person would name",
    arguments: ["", "buildkit", "buildkit/containerd-overlayfs"])
  func places(_ folder: String) async throws {
    let state = try await State("docker-containerd")
    let reading = try await StateFolderSource(state.file(folder)).read()
    #expect(reading.state.rows.count == 56)
    #expect(reading.state.rows.count { $0.isShared } == 53)
  }

  @Test("the database itself means its folder, and a builder's volume in Docker's root is pointed at") func near()
    async throws
  {
    let state = try await State("buildkitd")
    let database = state.file("runc-overlayfs/metadata_v2.db")
    #expect(try await StateFolderSource(database).read().state.rows.count == 48)
    let docker = try await State("docker-20.10")
    let volume = docker.file("volumes/buildx_buildkit_mine0_state")
    try FileManager.default.createDirectory(atPath: volume.string, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: state.folder.string, toPath: volume.appending("_data").string)
    let notes = try await StateFolderSource(docker.folder).read().notes
    #expect(notes.contains { $0.hasSuffix("--buildkit-root \(volume.appending("_data"))") })
  }

  @Test("a folder that is copied alone is taken for today's, unless what is in it says otherwise") func copied()
    async throws
  {
    for (name, folder, ranking) in [
      ("buildkitd", "runc-overlayfs", RankingRule.current), ("head-overlayfs-aged", "runc-overlayfs", .current),
      ("v0.10.0-overlayfs", "runc-overlayfs", .seed), ("docker-20.10", "buildkit", .seed),
    ] {
      let state = try await State(name)
      let scratch = try ScratchFolder()
      let copy = scratch.path.appending("copy")
      try FileManager.default.copyItem(atPath: state.file(folder).string, toPath: copy.string)
      #expect(try await StateFolderSource(copy).read().behavior.ranking == ranking, "\(name)")
    }
    let bare = try await State("head-overlayfs-liveprune")
    try FileManager.default.removeItem(atPath: bare.file("s0/history.db").string)
    #expect(try await StateFolderSource(bare.file("s0")).read().behavior.ranking == .current)
  }

  @Test("images that can't be read are told: what they share is not known then") func unreadableImages() async throws {
    let state = try await State("docker-graphdriver")
    #expect(try await StateFolderSource(state.folder).read().notes.isEmpty)
    let images = state.file("image/overlay2/imagedb/content/sha256")
    let image = try #require(FileManager.default.contentsOfDirectory(atPath: images.string).first)
    try Data("{".utf8).write(to: URL(filePath: images.appending(image).string))
    #expect(try await StateFolderSource(state.folder).read().notes.contains { $0.hasPrefix("1 images can't be read") })
    try FileManager.default.removeItem(atPath: state.file("image/overlay2/imagedb").string)
    #expect(try await StateFolderSource(state.folder).read().notes.contains { $0.contains("isn't known") })
  }

  @Test("what is no such folder is refused by name") func foreign() throws {
    let scratch = try ScratchFolder()
    #expect { try StateFolderSource(scratch.path) } throws: {
      ($0 as? CacheError)?.code == .badInput && "\($0)".contains("metadata_v2.db")
    }
    #expect { try StateFolderSource(scratch.path.appending("none")) } throws: {
      ($0 as? CacheError)?.code == .storage && "\($0)".contains("No such file")
    }
  }

  @Test("of several caches one is chosen by name; without a choice all are listed, and that is said") func workers()
    async throws
  {
    let state = try await State("buildkitd")
    let other = try await State("docker-20.10")
    try FileManager.default.createDirectory(atPath: state.file("runc-native").string, withIntermediateDirectories: true)
    try Data(try other.bytes("buildkit/metadata_v2.db")).write(
      to: URL(filePath: state.file("runc-native/metadata_v2.db").string))
    let all = try await StateFolderSource(state.folder).read()
    #expect(all.state.rows.count == 48 + 65)
    #expect(all.planRefusal?.hasSuffix("--worker runc-native or --worker runc-overlayfs") == true)
    #expect(try await StateFolderSource(state.folder, worker: "runc-native").read().state.rows.count == 65)
    #expect { try StateFolderSource(state.folder, worker: "x") } throws: {
      "\($0)".contains("runc-native, runc-overlayfs")
    }
  }

  @Test("a record that can't be read right, is marked deleted, or stands on itself is told, and the look goes on")
  func damagedRecords() async throws {
    func record(_ values: [String: String]) -> BoltWriter.Entry {
      .bucket(values.mapValues { .text($0) })
    }
    let size = #"{"value":10}"#
    let bytes = BoltWriter.file([
      (
        Array("_main".utf8),
        .bucket([
          "fine": record(["snapshot.size": size, "snapshot.committed": #"{"value":true}"#]),
          "odd": record(["snapshot.size": size, "cache.usageCount": "{", "cache.description": #"{"value":"step"}"#]),
          "gone": record(["snapshot.size": size, "cache.deleted": #"{"value":true}"#]),
          "a": record(["snapshot.size": size, "cache.parent": #"{"value":"b"}"#]),
          "b": record(["snapshot.size": size, "cache.parent": #"{"value":"a"}"#]),
          "young": record(["cache.parent": #"{"value":"elsewhere"}"#]),
        ])
      )
    ])
    let scratch = try ScratchFolder()
    try Data(bytes).write(to: URL(filePath: scratch.path.appending("metadata_v2.db").string))
    let reading = try await StateFolderSource(scratch.path).read()
    #expect(Set(reading.state.rows.map(\.id)) == ["fine", "odd", "young"])
    let odd = try #require(reading.state.index(of: "odd"))
    #expect(reading.state.rows[odd].description == "step" && reading.state.rows[odd].size == 10)
    let young = try #require(reading.state.index(of: "young"))
    #expect(reading.state.parentIDs(of: young) == ["elsewhere"] && !reading.state.rows[young].hasKnownSize)
    for words in [
      "record odd: cache.usageCount can't be read", "1 record marked deleted", "2 records left out", "isn't known",
    ] {
      #expect(reading.notes.contains { $0.contains(words) }, "\(words)")
    }
  }

  @Test("records whose damaged ids read alike are one, and that is said") func alikeIDs() async throws {
    func record(_ size: Int) -> BoltWriter.Entry {
      .bucket(["snapshot.size": .text("{\"value\":\(size)}"), "snapshot.committed": .text("{\"value\":true}")])
    }
    let bytes = BoltWriter.file([
      (
        Array("_main".utf8),
        .bucket([
          (Array("a".utf8) + [0xff], record(10)), (Array("a".utf8) + [0xfe], record(20)),
          (Array("a\u{fffd}".utf8), record(30)), (Array("b".utf8), record(40)),
        ])
      )
    ])
    let scratch = try ScratchFolder()
    try Data(bytes).write(to: URL(filePath: scratch.path.appending("metadata_v2.db").string))
    let source = try StateFolderSource(scratch.path)
    let reading = try await source.read()
    #expect(Set(reading.state.rows.map(\.id)) == ["a\u{fffd}", "b"] && reading.state.rows.count == 2)
    #expect(reading.notes.contains("2 records left out: damaged ids, which read like those of others"))
    #expect(try await source.glimpse(of: 10)?.rows.count == 2)
  }

  // MARK: insight

  @Test("what the folder knows of a record is told: its mount, leases, blob, images, and the other half of its pair")
  func details() async throws {
    let state = try await State("buildkitd")
    let source = try StateFolderSource(state.folder)
    let reading = try await source.read()
    let insight = try source.insight().means(to: "look")
    var mounts: Set<String> = []
    var facts: Set<String> = []
    for row in reading.state.rows {
      let details = try await insight.details(of: row.id)
      if row.recordType == .execCacheMount {
        mounts.insert("\(details.cacheMount?.id ?? "-") \(details.cacheMount?.target ?? "-")")
      }
      if !details.leases.isEmpty { facts.insert("leases") }
      if details.leases.contains("\(row.id)-variants") { facts.insert("variants") }
      if details.metadata.blob?.digest != nil { facts.insert("blob") }
      if details.metadata.chainID != nil { facts.insert("chain") }
      if !details.metadata.imageRefs.isEmpty { facts.insert("images") }
      if details.equalHalf != nil { facts.insert("pair") }
    }
    #expect(facts == ["leases", "variants", "blob", "chain", "pair"])
    #expect(mounts == ["/c /c", "/loop /loop", "named /c", "priv /d"])
  }

  @Test("the files of a record are listed where its tree is here, with what a layer hides") func files() async throws {
    let state = try await State("buildkitd")
    let source = try StateFolderSource(state.folder)
    let reading = try await source.read()
    let insight = try source.insight().means(to: "look")
    let id = try #require(reading.state.rows.first { $0.kind == .layer && !$0.isMutable }?.id)
    await #expect { try await insight.files(of: id, at: "/") } throws: { "\($0)".contains("isn't here") }
    // Folders as containerd would have them, for every number that there may be.
    for number in 1...700 {
      let folder = state.file("runc-overlayfs/snapshots/snapshots/\(number)/fs/etc")
      try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
      try Data("x\n".utf8).write(to: URL(filePath: folder.appending("hosts").string))
    }
    #expect(try await insight.files(of: id, at: "/").map(\.label) == ["etc/"])
    #expect(try await insight.files(of: id, at: "/etc").map(\.label) == ["hosts"])
    #expect(try await source.read().space != nil)
    let tree = try #require(try await insight.details(of: id).folder)
    guard geteuid() == 0 else { return print("whiteouts need root to be made: not tried") }
    #expect(mknod(tree.appending("gone").string, S_IFCHR, 0) == 0)
    var opaque = ExtendedAttributes()
    opaque.add("trusted.overlay.opaque".utf8, "y".utf8)
    try opaque.set(on: "etc", in: Folder(tree))
    #expect(
      try await insight.files(of: id, at: "/").map(\.label) == [
        "etc/ (what is beneath is hidden)", "gone (removed here)",
      ])
  }

  @Test("a daemon that runs on the folder is told, and its start decides which records were loaded (G6)")
  func holder() async throws {
    let state = try await State("buildkitd")
    let file = try FileDescriptor.open(state.file("runc-overlayfs/metadata_v2.db"), .readWrite)
    defer { try? file.close() }
    #expect(try await StateFolderSource(state.folder).read().behavior.restart == .before)
    #expect(flock(file.rawValue, LOCK_EX | LOCK_NB) == 0)
    // So many more that the kernel's list of them comes in several portions.
    let others = try (0..<200).map { number in
      try FileDescriptor.open(
        state.file("other\(number)"), .readWrite, options: [.create], permissions: .ownerReadWrite)
    }
    defer { for other in others { try? other.close() } }
    for other in others { #expect(flock(other.rawValue, LOCK_EX | LOCK_NB) == 0) }
    var reading = try await StateFolderSource(state.folder).read()
    // Where other processes take and drop many locks, the kernel's list may lack ours for a moment.
    for _ in 0..<50 where reading.behavior.restart == .before {
      reading = try await StateFolderSource(state.folder).read()
    }
    guard FileManager.default.isReadableFile(atPath: "/proc/locks") else { return }
    #expect(reading.notes.contains { $0.contains("process \(getpid())") && $0.contains("runs on this folder") })
    guard case .at(let start) = reading.behavior.restart else {
      Issue.record("the start of process \(getpid()) isn't known")
      return
    }
    #expect(start <= reading.moment && reading.moment.since(start).nanoseconds < 24 * 3600 * 1_000_000_000)
  }
}
