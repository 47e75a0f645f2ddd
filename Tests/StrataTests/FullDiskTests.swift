import BuildCache
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

/// What commands do on a disk that is full, or becomes so while they work: a file system of its own in memory, which only
/// root can mount.
@Suite("On a full disk", .serialized, .enabled(if: SmallDisk.isPossible)) final class FullDiskTests {
  private let scratch: ScratchFolder
  private let disk: SmallDisk
  private var root: String { disk.path.appending("root").string }

  init() async throws {
    scratch = try ScratchFolder()
    disk = try await SmallDisk(at: scratch.path.appending("disk"), megabytes: 40)
    try write("source/one", kilobytes: 300)
    try write("source/two", kilobytes: 700)
    try await run("snapshot", scratch.path.appending("source").string)
    let base = try #require(try await ids().first)
    try write("source/three", kilobytes: 200)
    try await run("snapshot", scratch.path.appending("source").string, "--parent", base)
    let top = try #require(try await ids().first { $0 != base })
    try await run("export", top, scratch.path.appending("layout").string)
    try await run("merge", base, top)
  }

  deinit { disk.unmount() }

  private func write(_ name: String, kilobytes: Int) throws {
    let file = scratch.path.pushing(FilePath(name))
    try FileManager.default.createDirectory(
      atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
    var random = SeededGenerator(UInt64(kilobytes))
    let bytes = (0..<kilobytes * 128).map { _ in random.next() as UInt64 }
    let data = bytes.withUnsafeBytes { Data($0) }
    try data.write(to: URL(filePath: file.string))
  }

  @discardableResult
  private func run(_ arguments: String...) async throws -> Program.Result {
    let result = try await Program.run(arguments + ["--root", root])
    #expect(result.code == 0, "\(arguments): \(result.errors)")
    return result
  }

  private func ids() async throws -> [String] {
    let rows = try JSONSerialization.jsonObject(with: Data(try await run("du", "--format", "json").output.utf8))
    return try #require(rows as? [[String: Any]]).compactMap { $0["id"] as? String }
  }

  @Test("with no byte free: looking and planning work, a prune frees, and the reserve is there again") func prunes()
    async throws
  {
    let before = try await ids()
    try disk.fill(leaving: 0)
    #expect(disk.free == 0)
    #expect(try await ids() == before)
    for look in [
      ["du"], ["check", "--max-records", "99"], ["verify"], ["tags"], ["graph"], ["prune", "--dry-run"],
      ["show", before[0]], ["files", before[0]],
    ] {
      let result = try await Program.run(look + ["--root", root])
      #expect(result.code == 0, "\(look): \(result.errors)")
    }
    let screen = try await run("explore", "--print", "--keys", "p<Enter>", "--size", "90x20")
    #expect(screen.output.contains("frees"), "\(screen.output)")
    let tag = try await Program.run(["tag", "t", before[0], "--root", root])
    #expect(
      tag.code == 1 && tag.errors.contains("the disk is full") && tag.errors.contains("cache.db"), "\(tag.errors)")
    let result = try await run("prune", "--all", "--yes")
    #expect(result.output.contains("Removed 3 records"))
    #expect(try await ids().isEmpty)
    #expect(disk.free > 2 << 20)
    #expect(try await run("verify").output == "All is well.\n")
    var status = stat()
    #expect(stat(root + "/reserve", &status) == 0 && status.st_size > 1 << 20)
  }

  @Test("a disk that gets full in mid-work: the error says so, and what was half made is gone") func inMidWork()
    async throws
  {
    let before = try await ids()
    let merge = try #require(try await objectsOfKind("merge").first)
    let commands = [
      ["snapshot", scratch.path.appending("source").string],
      ["snapshot", scratch.path.appending("source").string, "--parent", before[0]],
      ["import", scratch.path.appending("layout").string, "--ref", "again"],
      ["extract", merge, disk.path.appending("out").string],
      ["export", merge, disk.path.appending("out").string],
    ]
    var failures = 0
    for command in commands {
      var free = 0
      while true {
        try disk.fill(leaving: free << 10)
        let kept = try await ids()
        let result = try await Program.run(command + ["--root", root])
        let out = FileManager.default.fileExists(atPath: disk.path.appending("out").string)
        if result.code == 0 { break }
        failures += 1
        #expect(result.code == 1, "\(command), \(free) kB free: \(result.errors)")
        #expect(result.errors.contains("the disk is full"), "\(command), \(free) kB free: \(result.errors)")
        #expect(!out, "\(command), \(free) kB free")
        #expect(try await ids() == kept, "\(command), \(free) kB free")
        let verified = try await Program.run(["verify", "--deep", "--root", root])
        #expect(verified.output == "All is well.\n", "\(command), \(free) kB free: \(verified.output)")
        let names = try FileManager.default.contentsOfDirectory(atPath: disk.path.string)
        #expect(Set(names).subtracting(["root", "filler"]).isEmpty, "\(command): \(names)")
        free += max(16, 400 / long(1))
        guard free < 20_000 else {
          Issue.record("\(command) fails with \(free) kB free: \(result.errors)")
          break
        }
      }
      try? FileManager.default.removeItem(atPath: disk.path.appending("out").string)
    }
    #expect(failures >= commands.count)
    print("full disk: \(failures) commands failed for want of room, each cleanly")
  }

  private func objectsOfKind(_ kind: String) async throws -> [String] {
    let rows = try JSONSerialization.jsonObject(with: Data(try await run("du", "--format", "json").output.utf8))
    return try #require(rows as? [[String: Any]]).filter { $0["kind"] as? String == kind }.compactMap {
      $0["id"] as? String
    }
  }
}

/// A file system in memory with room for so much.
final class SmallDisk: Sendable {
  let path: FilePath

  /// Whether this process may mount one.
  static var isPossible: Bool {
    guard geteuid() == 0 else {
      print("tests on small disks are not run: only root can mount one")
      return false
    }
    return true
  }

  init(at path: FilePath, megabytes: Int) async throws {
    self.path = path
    try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
    let mounted = try await Program.tool("mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path.string])
    try #require(mounted.code == 0, "\(mounted.errors)")
  }

  func unmount() { umount2(path.string, Int32(MNT_DETACH)) }

  /// What is free, in bytes.
  var free: Int {
    var status = statvfs()
    statvfs(path.string, &status)
    return Int(status.f_bavail) * Int(status.f_frsize)
  }

  /// Fills the disk with a file.
  func fill(leaving bytes: Int) throws {
    let file = path.appending("filler").string
    unlink(file)
    let descriptor = open(file, O_WRONLY | O_CREAT, 0o600)
    defer { close(descriptor) }
    let size = free - bytes
    if size > 0 { try #require(posix_fallocate(descriptor, 0, off_t(size)) == 0) }
  }
}
