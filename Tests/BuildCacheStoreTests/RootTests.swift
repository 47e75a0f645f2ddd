import BuildCache
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import BuildCacheStore

/// A root is a cache or it is refused, and whoever only looks leaves no trace.
@Suite("Roots") struct RootTests {
  private let scratch: ScratchFolder
  private let root: FilePath

  init() throws {
    scratch = try ScratchFolder()
    root = scratch.path.appending("root")
  }

  /// All names below a folder, with what their status and bytes say.
  private func picture(_ folder: FilePath) throws -> [String: String] {
    var found: [String: String] = [:]
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.string) + ["."]
    for name in names {
      var status = stat()
      lstat(folder.string + "/" + name, &status)
      let content = FileManager.default.contents(atPath: folder.string + "/" + name) ?? Data()
      // Of a log that it opens as root SQLite sets the owner, to whom it is: that shows in this time alone.
      let changed = name.hasSuffix("-wal") ? timespec() : status.st_ctim
      found[name] =
        "\(status.st_mode) \(status.st_uid) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) "
        + "\(changed.tv_sec).\(changed.tv_nsec) \(Digest(of: content))"
    }
    return found
  }

  /// The names whose picture is another than before.
  private func changes(_ folder: FilePath, since before: [String: String]) throws -> [String] {
    let now = try picture(folder)
    return Set(now.keys).union(before.keys).filter { now[$0] != before[$0] }.sorted()
  }

  private func makeRoot() async throws -> RecordID {
    let source = scratch.path.appending("source")
    try? FileManager.default.createDirectory(atPath: source.string, withIntermediateDirectories: true)
    try Data("content".utf8).write(to: URL(filePath: source.appending("file").string))
    let cache = try EmbeddedCache(root, .write)
    let ref = try await cache.store(source, RecordOptions(description: "a", retain: true))
    try ref.release()
    try cache.close()
    return ref.id
  }

  @Test(
    "what is no cache is refused by every access, and left as it is",
    arguments: [
      "file", "home", "layout", "trees", "emptyDatabase", "foreignDatabase", "text", "lockOnly", "lockLink",
      "missingDatabase", "newer", "treesFile", "treesLink", "databaseLink", "databaseFifo", "blobsOther",
    ])
  func foreign(_ kind: String) async throws {
    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: URL(filePath: root.appending(name).string))
    }
    func folder(_ name: String) throws {
      try FileManager.default.createDirectory(
        atPath: root.pushing(FilePath(name)).string, withIntermediateDirectories: true)
    }
    func replace(_ name: String, byLinkTo other: String) throws {
      let path = root.appending(name).string
      try FileManager.default.moveItem(atPath: path, toPath: scratch.path.appending(other).string)
      try FileManager.default.createSymbolicLink(
        atPath: path, withDestinationPath: scratch.path.appending(other).string)
    }
    switch kind {
    case "file": try Data("x".utf8).write(to: URL(filePath: root.string))
    case "home":
      try folder("Documents")
      try write("notes.txt", "mine")
    case "layout":
      try folder("blobs/sha256")
      try write("oci-layout", "{}")
      try write("index.json", "{}")
    case "trees":
      try folder("trees/import-1")
      try folder("trees/12.unpack")
    case "emptyDatabase":
      _ = try await makeRoot()
      try write("cache.db", "")
    case "foreignDatabase":
      try folder(".")
      _ = try shell("sqlite3", root.appending("cache.db").string, "PRAGMA journal_mode = WAL; CREATE TABLE t (x)")
    case "text":
      try folder(".")
      try write("cache.db", String(repeating: "not a database ", count: 100))
    case "lockOnly":
      try folder(".")
      try write("lock", "somebody's")
    case "lockLink":
      _ = try await makeRoot()
      try replace("lock", byLinkTo: "elsewhere")
    case "missingDatabase":
      _ = try await makeRoot()
      try FileManager.default.removeItem(atPath: root.appending("cache.db").string)
    case "newer":
      _ = try await makeRoot()
      _ = try shell("sqlite3", root.appending("cache.db").string, "PRAGMA user_version = 99")
    case "treesFile":
      _ = try await makeRoot()
      try FileManager.default.removeItem(atPath: root.appending("trees").string)
      try write("trees", "x")
    case "treesLink":
      _ = try await makeRoot()
      try replace("trees", byLinkTo: "elsewhere")
    case "databaseLink":
      _ = try await makeRoot()
      try replace("cache.db", byLinkTo: "elsewhere")
    case "databaseFifo":
      _ = try await makeRoot()
      try FileManager.default.removeItem(atPath: root.appending("cache.db").string)
      mkfifo(root.appending("cache.db").string, 0o600)
    default:
      guard geteuid() == 0 else { return print("not run: only root can give files away") }
      _ = try await makeRoot()
      chown(root.appending("blobs").string, 1, 1)
    }
    let before = try picture(scratch.path)
    for access in [EmbeddedFolder.Access.read, .write, .reclaim] {
      #expect {
        try EmbeddedCache(root, access)
      } throws: { error in
        (error as? CacheError)?.code == .foreign && "\(error)".contains(root.string)
      }
    }
    let changed = try changes(scratch.path, since: before)
    #expect(changed == [])
  }

  @Test("another user's cache is looked at, and not changed") func othersCache() async throws {
    guard geteuid() == 0 else { return print("not run: only root can give files away") }
    _ = try await makeRoot()
    _ = try shell("chown", "-R", "1:1", root.string)
    let before = try picture(root)
    #expect(throws: CacheError.self) { try EmbeddedCache(root, .write) }
    #expect(try await EmbeddedSource(root).read().state.rows.count == 1)
    let changed = try changes(root, since: before)
    #expect(changed == [])
  }

  @Test("an empty folder is taken, one of a file system of its own too; leftovers of a killed making go")
  func empty() throws {
    for name in ["lost+found", ".", "cache.db.new-\(RandomIdentities().newID())"] {
      let path = root.pushing(FilePath(name)).string
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try EmbeddedCache(root, .write).close()
      #expect(FileManager.default.fileExists(atPath: root.appending("cache.db").string))
      #expect(FileManager.default.fileExists(atPath: path) == (name != "cache.db.new"))
      try FileManager.default.removeItem(atPath: root.string)
    }
  }

  @Test("looking makes, changes and keeps nothing, whether the last writer closed or was killed")
  func looking() async throws {
    let id = try await makeRoot()
    let copy = scratch.path.appending("killed")
    let writer = try EmbeddedCache(root, .write)
    try writer.manager.tag("t", id)
    // As a kill leaves it: the log is not yet in the database.
    try FileManager.default.copyItem(atPath: root.string, toPath: copy.string)
    try? FileManager.default.removeItem(atPath: copy.appending("cache.db-shm").string)
    try writer.close()
    for root in [root, copy] {
      let before = try picture(root)
      let cache = try EmbeddedCache(root, .read)
      #expect(try await cache.manager.usage().rows.map(\.isShared) == [true])
      #expect(try cache.manager.tags().map(\.name) == ["t"])
      #expect(try await cache.manager.verify().allSatisfy { $0.severity == .unfinished })
      try cache.close()
      let changed = try changes(root, since: before)
      #expect(changed == [])
    }
  }

  @Test("a tree that was never made is looked at, extracted and exported without changing the cache")
  func aside() async throws {
    let id = try await makeRoot()
    let cache = try EmbeddedCache(root, .write)
    let base = try cache.manager.get(id, countsAsUse: false)
    let other = try await cache.store(scratch.path.appending("source"), RecordOptions(retain: true))
    let merge = try #require(try await cache.manager.merge([base, other], RecordOptions(retain: true)))
    for ref in [base, other, merge] { try ref.release() }
    try cache.close()
    let before = try picture(root)
    let watched = try EmbeddedSource(root)
    #expect(try await watched.insight().means(to: "look").files(of: merge.id, at: "/").map(\.name.string) == ["file"])
    for (number, made) in [true, false].enumerated() {
      let out = scratch.path.appending("out\(number)")
      if made { try FileManager.default.createDirectory(atPath: out.string, withIntermediateDirectories: true) }
      try await EmbeddedCache.looking(at: root, makingIn: scratch.path) { cache in
        try await cache.extract(try cache.manager.get(merge.id), to: out)
        try await cache.exportImage(of: try cache.manager.get(merge.id), to: out.appending("layout"))
      }
      #expect(Set(try FileManager.default.contentsOfDirectory(atPath: out.string)) == ["file", "layout"])
    }
    let changed = try changes(root, since: before)
    #expect(changed == [])
    #expect(
      Set(try FileManager.default.contentsOfDirectory(atPath: scratch.path.string)) == [
        "out0", "out1", "root", "source",
      ])
  }

  @Test("a cache takes nothing of itself in, and is not written into") func containment() async throws {
    let id = try await makeRoot()
    let cache = try EmbeddedCache(root, .write)
    let link = scratch.path.appending("link")
    try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: root.string)
    let ref = try cache.manager.get(id, countsAsUse: false)
    for inside in [root, root.appending("trees"), link, link.appending("blobs")] {
      await #expect { try await cache.store(inside, RecordOptions()) } throws: { "\($0)".contains("in the cache") }
      let made = inside.appending("new").appending("deeper")
      await #expect { try await cache.extract(ref, to: made) } throws: { "\($0)".contains("in the cache") }
      await #expect { try await cache.exportImage(of: ref, to: made) } throws: { "\($0)".contains("in the cache") }
    }
    #expect(try cache.lies(in: scratch.path))
    let whole = try await cache.store(scratch.path, RecordOptions(retain: true))
    #expect(try await cache.files(of: whole).map(\.name.string).sorted() == ["link", "source"])
    try cache.close()
  }

  @Test("only names that Strata gives to what it makes are leftovers") func leftovers() async throws {
    _ = try await makeRoot()
    let id = RandomIdentities().newID()
    let (ours, others) = (
      ["9.unpack", "9.unpack.names", "9.link", "import-\(id)", "pack-\(id)"],
      ["09.unpack", "x.unpack", "import-1", "import-\(id)x", "notes", "+7", "9.removed", "99999999999999999999"]
    )
    for name in ours + others {
      try FileManager.default.createDirectory(
        atPath: root.appending("trees").appending(name).string, withIntermediateDirectories: true)
    }
    try Data().write(to: URL(filePath: root.pushing("blobs/staging/notes").string))
    try EmbeddedCache(root, .write).close()
    let left = try FileManager.default.contentsOfDirectory(atPath: root.appending("trees").string)
    #expect(Set(left) == Set(others + ["1"]))
    #expect(FileManager.default.fileExists(atPath: root.pushing("blobs/staging/notes").string))
  }

  private func shell(_ name: String, _ arguments: String...) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [name] + arguments
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
