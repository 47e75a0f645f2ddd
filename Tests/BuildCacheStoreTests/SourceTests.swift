import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import BuildCache
@testable import BuildCacheStore

/// The embedded cache as a source: alone, beside a writer, on a disk that can't be written.
@Suite("The embedded source") final class SourceTests {
  private let scratch: ScratchFolder
  private let root: FilePath
  private var mounted: FilePath?

  init() async throws {
    scratch = try ScratchFolder()
    root = scratch.path.appending("root")
    let folder = scratch.path.appending("folder")
    try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    try Data(count: 5_000).write(to: URL(filePath: folder.appending("file").string))
    let cache = try EmbeddedCache(root, .write)
    let base = try await cache.store(folder, RecordOptions(description: "base", retain: true))
    try Data(count: 9_000).write(to: URL(filePath: folder.appending("more").string))
    let top = try await cache.store(folder, over: base, RecordOptions(description: "top", retain: true))
    let merge = try #require(try await cache.manager.merge([base, top], RecordOptions(retain: true)))
    try cache.manager.hold(base.id, reason: "a test")
    for ref in [merge, top, base] { try ref.release() }
    try cache.close()
  }

  deinit { if let mounted { umount2(mounted.string, Int32(MNT_DETACH)) } }

  /// All names in the root with their times and sizes.
  private func trace() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: root.string).sorted().map { name in
      var status = stat()
      lstat(root.string + "/" + name, &status)
      return "\(name) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
  }

  @Test("alone") func alone() async throws {
    try await checkContract(of: try EmbeddedSource(root), trace: trace)
  }

  @Test("beside a writer: what that has in use is said to be unknown, and an act is refused with who it is")
  func besideAWriter() async throws {
    let source = try EmbeddedSource(root)
    let writer = try EmbeddedCache(root, .write)
    try await checkContract(of: source, isHeld: true, trace: { 0 })
    #expect(try await source.read().notes.contains { $0.contains("what it has in use is unknown here") })
    let record = try #require(try await source.read().state.rows.first)
    await #expect { try await source.insight().means(to: "hold").setHeld(true, record.id, reason: "") } throws: {
      "\($0)".contains("process \(getpid()), since 20")
    }
    try writer.close()
    try await checkContract(of: source, trace: trace)
  }

  @Test("on a file system that can't be written") func readOnly() async throws {
    let place = scratch.path.appending("readonly")
    try FileManager.default.createDirectory(atPath: place.string, withIntermediateDirectories: true)
    guard mount(root.string, place.string, nil, UInt(MS_BIND), nil) == 0 else {
      return print("not run: only root can mount")
    }
    mounted = place
    #expect(mount(nil, place.string, nil, UInt(MS_BIND | MS_REMOUNT | MS_RDONLY), nil) == 0)
    let source = try EmbeddedSource(place)
    try await checkContract(of: source, refusesPruning: true, trace: trace)
    #expect(await source.pruning().refusal?.contains("may not be written") == true)
    let record = try #require(try await source.read().state.rows.first)
    await #expect(throws: CacheError.self) {
      try await source.insight().means(to: "hold").setHeld(true, record.id, reason: "")
    }
    #expect(umount2(place.string, 0) == 0, "nothing is held")
    mounted = nil
  }

  @Test("a source whose folder went away says so, and comes back with it") func gone() async throws {
    let source = try EmbeddedSource(root)
    _ = try await source.read()
    let aside = scratch.path.appending("aside").string
    try FileManager.default.moveItem(atPath: root.string, toPath: aside)
    await #expect(throws: CacheError.self) { try await source.read() }
    #expect(await source.pruning().refusal != nil)
    #expect(!FileManager.default.fileExists(atPath: root.string), "looking makes nothing")
    try FileManager.default.moveItem(atPath: aside, toPath: root.string)
    #expect(try await source.read().state.rows.count == 3)
  }
}
