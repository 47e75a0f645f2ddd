import BuildCache
import BuildCacheStore
import FileTrees
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

/// A folder of files to walk, written by a few words.
private struct Folder {
  let path: FilePath

  func write(_ name: String, _ text: String) throws {
    let file = path.appending(name)
    try FileManager.default.createDirectory(
      atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: file.string))
  }
  func read(_ name: String) -> String? { try? String(contentsOfFile: path.appending(name).string, encoding: .utf8) }
  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path.appending(name).string, withDestinationPath: target)
  }
  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path.appending(name).string) }
  func status(_ name: String) -> stat {
    var status = stat()
    _ = path.appending(name).withPlatformString { lstat($0, &status) }
    return status
  }
}

@Suite("Trees on disk") struct TreeTests {
  private let scratch: ScratchFolder
  private let trees: DirectorySnapshotter

  init() throws {
    scratch = try ScratchFolder()
    trees = try DirectorySnapshotter(scratch.path.appending("trees"))
  }

  private func tree(over parent: TreeID? = nil, _ fill: (Folder) throws -> Void) async throws -> TreeID {
    let tree = try trees.newTree()
    try await trees.prepare(tree, copying: parent)
    try fill(Folder(path: trees.folder(of: tree)))
    return tree
  }

  private func folder(_ tree: TreeID) -> Folder { Folder(path: trees.folder(of: tree)) }

  @Test("a tree to be written shares no file with its parent") func copies() async throws {
    let base = try await tree { try $0.write("dir/a", "one") }
    let top = try await tree(over: base) { _ in }
    #expect(folder(top).read("dir/a") == "one")
    #expect(folder(top).status("dir/a").st_ino != folder(base).status("dir/a").st_ino)
    let handle = try #require(FileHandle(forWritingAtPath: folder(top).path.appending("dir/a").string))
    handle.write(Data("two".utf8))
    try handle.close()
    #expect(folder(base).read("dir/a") == "one")
  }

  @Test("modes, times, links, hard links, holes and names that are no UTF-8 survive a copy") func faithful()
    async throws
  {
    let base = try await tree { folder in
      try folder.write("a", "text")
      chmod(folder.path.appending("a").string, 0o4751)
      try folder.link("l", to: "/nowhere/at all")
      link(folder.path.appending("a").string, folder.path.appending("b").string)
      let odd = folder.path.string + "/\u{1}"
      var bytes = Array(odd.utf8CString)
      bytes[bytes.count - 2] = CChar(bitPattern: 0xff)
      close(creat(bytes, 0o600))
      let sparse = open(folder.path.appending("sparse").string, O_CREAT | O_WRONLY, 0o600)
      _ = pwrite(sparse, "x", 1, 10_000_000)
      close(sparse)
      mkdir(folder.path.appending("closed").string, 0o555)
      var times = [timespec(tv_sec: 5, tv_nsec: 7), timespec(tv_sec: 11, tv_nsec: 13)]
      utimensat(AT_FDCWD, folder.path.appending("a").string, &times, 0)
    }
    let copy = folder(try await tree(over: base) { _ in })
    #expect(copy.status("a").st_mode & 0o7777 == 0o4751)
    #expect(copy.status("a").st_mtim.tv_sec == 11 && copy.status("a").st_mtim.tv_nsec == 13)
    #expect(copy.status("a").st_ino == copy.status("b").st_ino)
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: copy.path.appending("l").string) == "/nowhere/at all")
    #expect(copy.status("sparse").st_size == 10_000_001)
    #expect(copy.status("sparse").st_blocks < 1000)
    #expect(copy.status("closed").st_mode & 0o777 == 0o555)
    let names = try #require(opendir(copy.path.string))
    defer { closedir(names) }
    var hasOdd = false
    while let entry = readdir(names) {
      hasOdd = hasOdd || entry.pointee.d_name.0 == CChar(bitPattern: 0xff)
    }
    #expect(hasOdd)
    #expect(
      try await trees.usage(of: base, over: nil) == (try await trees.usage(of: trees.trees().max() ?? 0, over: nil)))
  }

  @Test("B11: a layer's usage is what it adds, as overlayfs counts") func usage() async throws {
    let block = folder(0).path.removingLastComponent()  // any folder of this file system tells what one takes
    var status = stat()
    stat(block.string, &status)
    let directory = min(Int64(status.st_blocks) * 512, 4096)
    let base = try await tree { folder in
      for number in 0..<20 { try folder.write("dir/file\(number)", String(repeating: "x", count: 5000)) }
      try folder.write("other/a", "a")
    }
    let top = try await tree(over: base) { folder in
      try folder.write("dir/new", String(repeating: "y", count: 5000))
    }
    #expect(try await trees.usage(of: top, over: base) == 8192 + 2 * directory)
    let empty = try await tree(over: base) { _ in }
    #expect(try await trees.usage(of: empty, over: base) == directory)
    let removed = try await tree(over: base) { try $0.remove("dir/file3") }
    #expect(try await trees.usage(of: removed, over: base) == 2 * directory)
  }

  @Test("a finished tree shares with its parent what is the same, and changes nothing") func settles() async throws {
    let base = try await tree {
      try $0.write("same", String(repeating: "s", count: 100_000))
      try $0.write("changed", "before")
    }
    let top = try await tree(over: base) { try $0.write("changed", "after!") }
    let before = try await trees.usage(of: top, over: base)
    try await trees.settle(top, over: base)
    #expect(folder(top).status("same").st_ino == folder(base).status("same").st_ino)
    #expect(folder(top).status("changed").st_ino != folder(base).status("changed").st_ino)
    #expect(folder(top).read("changed") == "after!")
    #expect(try await trees.usage(of: top, over: base) == before)
  }

  @Test("a file changed without changing size and time is found by its content when trees are settled")
  func settlesByContent() async throws {
    let base = try await tree { try $0.write("a", "before") }
    let top = try await tree(over: base) { folder in
      let time = folder.status("a").st_mtim
      try folder.write("a", "behind")
      var times = [time, time]
      utimensat(AT_FDCWD, folder.path.appending("a").string, &times, 0)
    }
    try await trees.settle(top, over: base)
    #expect(folder(top).read("a") == "behind")
  }

  @Test("B8: a merge applies differences in order, with what they removed") func merges() async throws {
    let a = try await tree {
      try $0.write("keep", "a")
      try $0.write("over", "a")
      try $0.write("gone", "a")
      try $0.write("dir/x", "a")
    }
    let b = try await tree(over: a) {
      try $0.write("over", "b-longer")
      try $0.remove("gone")
    }
    let c = try await tree { try $0.write("gone-not", "c") }
    let merged = try trees.newTree()
    _ = try await trees.merge(
      merged,
      of: [
        TreeDifference(lower: nil, upper: c), TreeDifference(lower: nil, upper: a), TreeDifference(lower: a, upper: b),
      ])
    #expect(folder(merged).read("keep") == "a")
    #expect(folder(merged).read("over") == "b-longer")
    #expect(folder(merged).read("gone") == nil)
    #expect(folder(merged).read("gone-not") == "c")
    #expect(folder(merged).read("dir/x") == "a")
    #expect(folder(merged).status("keep").st_ino == folder(a).status("keep").st_ino)
  }

  @Test("a merge never writes through a link") func mergesOverLinks() async throws {
    let outside = scratch.path.appending("outside")
    mkdir(outside.string, 0o755)
    let a = try await tree { try $0.link("dir", to: outside.string) }
    let b = try await tree { try $0.write("dir/file", "b") }
    let merged = try trees.newTree()
    _ = try await trees.merge(merged, of: [TreeDifference(lower: nil, upper: a), TreeDifference(lower: nil, upper: b)])
    #expect(folder(merged).read("dir/file") == "b")
    #expect(try FileManager.default.contentsOfDirectory(atPath: outside.string).isEmpty)
  }

  @Test("what can't be copied leaves nothing behind") func failureLeavesNothing() async throws {
    let tree = try trees.newTree()
    await #expect(throws: CacheError.self) { try await trees.prepare(tree, copying: 999) }
    #expect(try trees.trees().isEmpty)
  }
}
