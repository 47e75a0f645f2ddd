import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import BuildCache
@testable import BuildCacheStore

/// Damage is found, told and kept: trees and blobs that are not what they were, rows that can't be read.
@Suite("Damage") struct DamageTests {
  private let scratch: ScratchFolder
  private let root: FilePath
  private let base: RecordID
  private let top: RecordID
  private let image: [RecordID]

  init() async throws {
    scratch = try ScratchFolder(in: FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : nil)
    root = scratch.path.appending("root")
    let source = scratch.path.appending("source")
    try FileManager.default.createDirectory(atPath: source.string + "/dir", withIntermediateDirectories: true)
    for name in ["one", "dir/two"] {
      try Data("\(name) content".utf8).write(to: URL(filePath: source.string + "/" + name))
    }
    symlink("one", source.string + "/link")
    let cache = try EmbeddedCache(root, .write)
    let first = try await cache.store(source, RecordOptions(description: "base", retain: true))
    try Data("three".utf8).write(to: URL(filePath: source.string + "/three"))
    let second = try await cache.store(source, over: first, RecordOptions(description: "top", retain: true))
    (base, top) = (first.id, second.id)
    let layout = scratch.path.appending("layout")
    try await cache.exportImage(of: first, to: layout)
    try cache.manager.tag("tagged", base)
    for ref in [second, first] { try ref.release() }
    try cache.close()
    let other = try EmbeddedCache(scratch.path.appending("image"), .write)
    image = try await other.importImage(at: layout, name: "image")
    try other.close()
  }

  private func tree(of id: RecordID, in root: FilePath? = nil) throws -> String {
    let cache = try EmbeddedCache(root ?? self.root, .read)
    return try #require(try cache.manager.details(of: id).folder).string
  }

  private func findings(_ root: FilePath? = nil, deep: Bool = false) async throws -> [Finding] {
    try await EmbeddedCache(root ?? self.root, .read).manager.verify(deep: deep)
  }

  @Test("a copy of a cache is well, whatever its times are") func copied() async throws {
    let copy = scratch.path.appending("copy")
    try FileManager.default.copyItem(atPath: root.string, toPath: copy.string)
    #expect(try await findings(copy) == [])
    #expect(try await findings(copy, deep: true) == [])
  }

  @Test(
    "what is missing, emptied, replaced, added or changed in a tree is found",
    arguments: ["tree", "file", "emptied", "added", "mode", "link", "kind", "same size", "same size and time"])
  func trees(_ damage: String) async throws {
    let tree = try tree(of: top)
    let file = tree + "/three"
    switch damage {
    case "tree": try FileManager.default.removeItem(atPath: tree)
    case "file": try FileManager.default.removeItem(atPath: file)
    case "emptied": truncate(file, 0)
    case "added": try Data().write(to: URL(filePath: tree + "/more"))
    case "mode": chmod(file, 0o777)
    case "link":
      unlink(tree + "/link")
      symlink("two", tree + "/link")
    case "kind":
      unlink(file)
      symlink("one", file)
    default:
      var status = stat()
      stat(file, &status)
      let descriptor = open(file, O_WRONLY)
      write(descriptor, "eerht", 5)
      close(descriptor)
      if damage.hasSuffix("time") { utimensat(AT_FDCWD, file, [status.st_atim, status.st_mtim], 0) }
    }
    let quick = try await findings().filter { $0.severity == .broken }
    let deep = try await findings(deep: true).filter { $0.severity == .broken }
    #expect(!deep.isEmpty)
    #expect(deep.allSatisfy { $0.description.contains(top.text) || $0.description.contains("tree") }, "\(deep)")
    #expect(quick.isEmpty == damage.hasSuffix("time"), "\(quick)")
  }

  @Test("what is missing, emptied, cut or changed of a blob is found, and the tree stays")
  func blobs() async throws {
    let root = scratch.path.appending("image")
    let folder = root.pushing("blobs/sha256")
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.string).first)
    let blob = folder.appending(name).string
    let whole = try Data(contentsOf: URL(filePath: blob))
    var changed = whole
    changed[changed.count / 2] ^= 1
    for (content, isSeen) in [(Data(), true), (whole.dropLast(), true), (changed, false), (nil, true)]
      as [(Data?, Bool)]
    {
      unlink(blob)
      try content?.write(to: URL(filePath: blob))
      #expect(try await findings(root).contains { $0.severity == .broken } == isSeen)
      #expect(try await findings(root, deep: true).contains { $0.severity == .broken })
    }
    let cache = try EmbeddedCache(root, .write)
    let plan = try await cache.manager.repairPlan()
    #expect(plan.mended.contains { $0.contains("forgets its blob") } && plan.dropped.isEmpty, "\(plan)")
    #expect(try await cache.manager.repair(plan) == [])
    #expect(try cache.manager.listing().rows.count == image.count)
    try cache.close()
  }

  @Test("a damaged tree whose blob is whole is unpacked again; one without goes with what stands on it")
  func repairs() async throws {
    let root = scratch.path.appending("image")
    let tree = try tree(of: #require(image.last), in: root)
    truncate(tree + "/one", 1)
    let cache = try EmbeddedCache(root, .write)
    let plan = try await cache.manager.repairPlan()
    #expect(plan.mended.contains { $0.contains("unpacked again") } && plan.dropped.isEmpty, "\(plan)")
    #expect(try await cache.manager.repair(plan) == [])
    try cache.close()
    let again = try self.tree(of: #require(image.last), in: root)
    #expect(try String(contentsOfFile: again + "/one", encoding: .utf8) == "one content")

    // The file is one with that of the record above, which has no blob.
    truncate(try self.tree(of: base) + "/dir/two", 0)
    let other = try EmbeddedCache(self.root, .write)
    let drop = try await other.manager.repairPlan()
    #expect(drop.mended.count == 1 && drop.dropped.count == 1 && drop.dropped[0].contains(top.text), "\(drop)")
    #expect(try await other.manager.repair(drop) == [])
    #expect(try other.manager.listing().rows.map(\.id) == [base])
    try other.close()
  }

  @Test(
    "a row that can't be read is told with its column, kept aside by a writer, and dropped by a repair alone",
    arguments: [
      ("size", "UPDATE record SET size = -1"), ("kind", "UPDATE record SET kind = 9"),
      ("diff_id", "UPDATE record SET diff_id = 'garbage'"), ("image_refs", "UPDATE record SET image_refs = '{'"),
      ("parent", "DELETE FROM parent"), ("usage_count", "UPDATE record SET usage_count = -5"),
    ])
  func rows(_ column: String, _ sql: String) async throws {
    let condition = column == "parent" ? "record = '\(top)'" : "id = '\(top)'"
    try shell("sqlite3", root.appending("cache.db").string, "\(sql) WHERE \(condition)")
    let tree = "2"
    let reader = try EmbeddedCache(root, .read)
    #expect(try await reader.manager.usage().rows.map(\.id) == [base])
    let notes = reader.notes
    #expect(notes.count == 1 && notes[0].contains(top.text) && notes[0].contains(column), "\(notes)")
    #expect(try await findings().contains { $0.severity == .broken && $0.description.contains(column) })
    #expect(!FileManager.default.fileExists(atPath: root.appending("lost").string))

    let writer = try EmbeddedCache(root, .write)
    #expect(writer.notes.contains { $0.contains(top.text) && $0.contains("moved to \(root)/lost/1") })
    try await writer.manager.collectGarbage()
    let kept = root.pushing("lost/1").string
    #expect(try FileManager.default.contentsOfDirectory(atPath: kept).sorted() == [tree, "records.json"])
    #expect(FileManager.default.fileExists(atPath: "\(kept)/\(tree)/three"))
    let found = try await writer.manager.verify(deep: true)
    #expect(found.map(\.severity) == [.unfinished] && found[0].description.contains(top.text), "\(found)")
    try writer.close()
    let again = try EmbeddedCache(root, .write)
    #expect(again.notes.isEmpty)
    let plan = try await again.manager.repairPlan()
    #expect(plan.dropped.count == 1 && plan.dropped[0].contains(top.text))
    #expect(try await again.manager.repair(plan) == [])
    #expect(!FileManager.default.fileExists(atPath: kept))
    try again.close()
  }

  @Test("what stands on a lost record is kept aside with it; a tree that others have stays") func children()
    async throws
  {
    try shell("sqlite3", root.appending("cache.db").string, "UPDATE record SET size = -1 WHERE id = '\(base)'")
    let writer = try EmbeddedCache(root, .write)
    #expect(Set(writer.manager.cleared.map(\.id)) == [base, top])
    #expect(try writer.manager.listing().rows.isEmpty)
    try writer.close()
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: root.pushing("lost/1").string).sorted()
        == ["1", "2", "records.json"])
  }

  @Test("B11: a size that damage made less than nothing is measured anew, by a look and by a manager")
  func negativeUsage()
    async throws
  {
    let sizes = try await EmbeddedSource(root).read().state.rows.map(\.size)
    try shell(
      "sqlite3", root.appending("cache.db").string,
      "UPDATE record SET size = NULL; UPDATE snapshot SET usage = -9223372036854775807")
    #expect(try await EmbeddedSource(root).read().state.rows.map(\.size) == sizes)
    #expect(try await EmbeddedCache(root, .read).manager.usage().rows.map(\.size).sorted() == sizes.sorted())
  }

  @Test("ids of other bytes that are equal as texts stop neither a look nor an opening") func equalIDs() async throws {
    let ids: [RecordID] = ["caf\u{e9}", "cafe\u{301}"]
    let store = try SQLiteMetadataStore(root.appending("cache.db"))
    for id in ids + ["\u{1}after"] {
      let record = RecordMetadata(
        id: id, parents: .none, isCommitted: true, snapshot: "", createdAt: Timestamp(nanoseconds: 0))
      try store.apply([.putRecord(record), .putTag(Tag(name: "tag \(Array(id.text.utf8))", record: id))])
    }
    try store.close()
    let before = 2
    #expect(try await EmbeddedSource(root).read().state.rows.count == before + 3)
    let contents = try SQLiteMetadataStore(root.appending("cache.db"), .read).load()
    for (id, number) in contents.numbers { #expect(contents.records[Int(number)].metadata.id == id) }
    let cache = try EmbeddedCache(root, .write)
    #expect(try await !cache.manager.usage().rows.isEmpty)
    try cache.close()
  }

  /// Mends what drops no record.
  private func repair(_ root: FilePath) async throws {
    let cache = try EmbeddedCache(root, .write)
    let plan = try await cache.manager.repairPlan()
    #expect(!plan.mended.isEmpty && plan.dropped.isEmpty, "\(plan)")
    #expect(try await cache.manager.repair(plan) == [])
    try cache.close()
  }

  @Test("a link between blobs that can't be read is told, and the look goes on") func badVariant() async throws {
    let root = scratch.path.appending("image")
    let rows = try await EmbeddedSource(root).read().state.rows.count
    try shell(
      "sqlite3", root.appending("cache.db").string,
      "UPDATE record SET size = NULL; INSERT INTO variant SELECT blob, 'garbage' FROM record")
    let reading = try await EmbeddedSource(root).read()
    #expect(reading.state.rows.count == rows && reading.state.rows.allSatisfy(\.hasKnownSize))
    #expect(reading.notes.count == 1 && reading.notes[0].contains("garbage"), "\(reading.notes)")
    #expect(try await EmbeddedCache(root, .read).manager.usage().rows.count == rows)
    #expect(try await findings(root).contains { $0.severity == .broken && $0.description.contains("garbage") })
    try await repair(root)
  }

  @Test("where a lease's blob can't be read, garbage is collected all the same, and no blob goes that a record names")
  func badLease() async throws {
    let root = scratch.path.appending("image")
    try shell(
      "sqlite3", root.appending("cache.db").string,
      "UPDATE OR REPLACE leased_blob SET blob = 'garbage ' || lease")
    let folder = root.pushing("blobs/sha256").string
    let before = try FileManager.default.contentsOfDirectory(atPath: folder)
    try Data("x".utf8).write(to: URL(filePath: folder + "/" + Digest(of: "x".utf8).hex))
    let cache = try EmbeddedCache(root, .write)
    #expect(try await cache.manager.collectGarbage() == 1)
    try cache.close()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == before)
    try await repair(root)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == before)
  }

  @Test("what an act of a source cleared away is told by its report and by later readings; a look's note stays true")
  func clearedByActs() async throws {
    let database = root.appending("cache.db").string
    let source = try EmbeddedSource(root)
    try shell("sqlite3", database, "UPDATE record SET size = -1 WHERE id = '\(top)'")
    let reading = try await source.read()
    #expect(reading.notes.count == 1 && reading.notes[0].contains("while the cache is only looked at"))
    let plan = try PrunePlan(reading.state, removing: [])
    let report = try await source.pruning().means(to: "prune").carryOut(plan) { _ in }
    #expect(report.notes.count == 1 && report.notes[0].contains("\(top)"), "\(report.notes)")
    #expect(report.notes.first?.contains("is moved to \(root)/lost/1") == true)
    #expect(try await source.read().notes == report.notes)
    try shell("sqlite3", database, "UPDATE record SET kind = 9 WHERE id = '\(base)'")
    await #expect(throws: CacheError.self) {
      try await source.insight().means(to: "hold").setHeld(true, self.base, reason: "")
    }
    #expect(try await source.read().notes.contains { $0.contains("\(base)") && $0.contains("is moved to") })
  }

  @Test("verify beside a writer finds nothing broken") func besideWriter() async throws {
    let source = scratch.path.appending("source")
    let writer = try EmbeddedCache(root, .write)
    async let writing: Void = {
      for _ in 0..<long(20) {
        try await writer.store(source, RecordOptions(description: "more", retain: true)).release()
        _ = try await writer.manager.prune([PrunePolicy(filter: Filter(parsing: ["description==more"]))])
      }
    }()
    for _ in 0..<long(20) {
      let broken = try await findings().filter { $0.severity == .broken }
      #expect(broken == [])
    }
    try await writing
    try writer.close()
  }

  @Test("a byte flipped anywhere loses no record silently") func flips() async throws {
    let copy = scratch.path.appending("flipped")
    let names = try FileManager.default.subpathsOfDirectory(atPath: root.string).filter { name in
      name == "cache.db" || name.hasPrefix("trees/") || name.hasPrefix("blobs/")
    }.filter { name in
      var status = stat()
      lstat(root.string + "/" + name, &status)
      return status.st_mode & S_IFMT == S_IFREG
    }.sorted()
    // All of them at 100 times the usual, which is every byte.
    let stride = max(1, 401 / long(1))
    var (tries, refused, told) = (0, 0, 0)
    for name in names {
      let size = try Data(contentsOf: URL(filePath: root.string + "/" + name)).count
      for place in Swift.stride(from: tries % stride, to: size, by: name == "cache.db" ? stride : max(1, stride / 40)) {
        try? FileManager.default.removeItem(atPath: copy.string)
        try shell("cp", "-a", root.string, copy.string)
        let file = open(copy.string + "/" + name, O_RDWR)
        var byte: UInt8 = 0
        pread(file, &byte, 1, off_t(place))
        byte ^= 0x5a
        pwrite(file, &byte, 1, off_t(place))
        close(file)
        tries += 1
        let context = "\(name), byte \(place)"
        do {
          let reader = try EmbeddedCache(copy, .read)
          let rows = Set(try await reader.manager.usage().rows.map(\.id))
          let known = rows.union(reader.manager.cleared.map(\.id))
          let broken = try await findings(copy, deep: true).filter { $0.severity == .broken }
          if !known.isSuperset(of: [base, top]) { #expect(!broken.isEmpty, "\(context): looked at, \(known)") }
          if name != "cache.db" { #expect(!broken.isEmpty, "\(context) is not found") }
          if !broken.isEmpty { told += 1 }
          let writer = try EmbeddedCache(copy, .write)
          let kept = Set(try await writer.manager.usage().rows.map(\.id)).union(writer.manager.cleared.map(\.id))
          if !kept.isSuperset(of: [base, top]) { #expect(!broken.isEmpty, "\(context): written to, \(kept)") }
          try writer.close()
        } catch {
          refused += 1
          #expect(error is CacheError, "\(context): \(error)")
          #expect("\(error)".contains(copy.string), "\(context): \(error)")
        }
      }
    }
    print("byte flips: \(tries), of which \(refused) refused and \(told) told by verify")
  }

  private func shell(_ name: String, _ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [name] + arguments
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(name) \(arguments)")
  }
}
