import BuildCache
import FileTrees
import Foundation
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import BuildCacheStore

@Suite("Folders exchanged for links in mid-walk") struct ExchangedFolderTests {
  private let scratch: ScratchFolder
  private let tree: FilePath
  private let elsewhere: FilePath

  init() throws {
    scratch = try ScratchFolder()
    tree = scratch.path.appending("tree")
    elsewhere = scratch.path.appending("elsewhere")
    for name in ["tree/a", "tree/m/sub", "elsewhere/sub"] {
      try FileManager.default.createDirectory(
        atPath: scratch.path.string + "/" + name, withIntermediateDirectories: true)
    }
    for (name, text) in ["tree/a/x": "own", "tree/m/sub/x": "own", "tree/m/z": "own"] { try write(name, text) }
    for name in ["elsewhere/x", "elsewhere/sub/x", "elsewhere/z", "elsewhere/secret"] { try write(name, "other") }
  }

  private func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(filePath: scratch.path.string + "/" + name))
  }

  /// Puts a link to elsewhere in the place of a folder.
  private func exchange(_ folder: FilePath) throws {
    try FileManager.default.moveItem(atPath: folder.string, toPath: scratch.path.string + "/moved")
    try FileManager.default.createSymbolicLink(atPath: folder.string, withDestinationPath: elsewhere.string)
  }

  private func expectElsewhereUntouched() throws {
    #expect(
      try contents(of: elsewhere) == ["x": "other", "z": "other", "secret": "other", "sub/": "", "sub/x": "other"])
  }

  @Test("a walk goes on in the folder that it has entered") func walk() throws {
    var seen: [String] = []
    try TreeComparison(lower: nil, upper: tree, care: .status).walk { step in
      if case .enter("m", _, _) = step { try exchange(tree.appending("m")) }
      if case .entry(let path, _, _) = step { seen.append(path.string) }
    }
    #expect(seen == ["a/x", "m/sub/x", "m/z"])
  }

  @Test("a walk takes a folder that is a link by now for the link that it is") func walkLater() throws {
    var seen: [String] = []
    try TreeComparison(lower: nil, upper: tree, care: .status).walk { step in
      if case .entry("a/x", _, _) = step { try exchange(tree.appending("m")) }
      if case .entry(let path, _, _) = step { seen.append(path.string) }
    }
    #expect(seen == ["a/x", "m"])
  }

  @Test("a copy reads and writes nothing elsewhere") func copy() throws {
    let target = scratch.path.appending("target")
    try makeFolder(target)
    for (name, place) in [("source", tree), ("target", target)] {
      let isFirst = Guarded(true)
      try DirectorySnapshotter.copyContents(of: tree, to: target) { _ in
        // After the first file of m/sub, for instance: the copy stands in the folder.
        if FileManager.default.fileExists(atPath: target.string + "/m/sub/x"),
          isFirst.withLock({ isFirst in
            defer { isFirst = false }
            return isFirst
          })
        {
          try? exchange(place.appending("m"))
        }
      }
      #expect(name == "target" || !FileManager.default.fileExists(atPath: target.string + "/m/secret"))
      try expectElsewhereUntouched()
      try removeTree(at: scratch.path.appending("moved"))
      try removeTree(at: target)
      try removeTree(at: tree.appending("m"))
      try makeFolder(target)
      try makeFolder(tree.appending("m"))
      try makeFolder(tree.appending("m/sub"))
      for name in ["tree/m/sub/x", "tree/m/z"] { try write(name, "own") }
    }
  }

  @Test("what is removed is what was found", arguments: ["m", "sub"]) func removal(_ moment: String) throws {
    var isDone = false
    let parent = try Folder(scratch.path)
    // Whether it ends or gives up: nothing elsewhere is touched.
    try? removeTree("tree", in: parent) { folder, name in
      guard !isDone, name.string == moment else { return }
      isDone = true
      try exchange(tree.appending("m"))
    }
    try expectElsewhereUntouched()
  }

  @Test("settling joins no file to one elsewhere") func settling() async throws {
    let trees = try DirectorySnapshotter(scratch.path.appending("trees"))
    let lower = try trees.newTree()
    try await trees.prepare(lower, copying: nil)
    try DirectorySnapshotter.copyContents(of: tree, to: trees.folder(of: lower))
    let upper = try trees.newTree()
    try await trees.prepare(upper, copying: lower)
    try removeTree(at: trees.folder(of: upper).appending("m"))
    try FileManager.default.createSymbolicLink(
      atPath: trees.folder(of: upper).string + "/m", withDestinationPath: elsewhere.string)
    try await trees.settle(upper, over: lower)
    try expectElsewhereUntouched()
  }

  @Test("a folder that was moved elsewhere in mid-walk leads nowhere else: the way back must be the way there")
  func movedDeep() throws {
    let depth = FolderTrail.kept + 8
    var trail = FolderTrail(try Folder(tree))
    for _ in 0..<depth {
      try trail.last.makeFolder("d")
      #expect(try trail.enter("d"))
    }
    let path = trail.path
    // The deepest folder goes elsewhere; those above it that were closed can't be reached from there.
    var other = tree
    for _ in 0..<4 { other.append("d") }
    try FileManager.default.moveItem(
      atPath: other.string, toPath: elsewhere.appending("moved").string)
    #expect(path.components.count == depth)
    #expect(throws: (any Error).self) { try trail.leave(to: 1) }
  }

  /// How many files and folders of this test are open: others of this process have theirs.
  private func openFolders() -> Int {
    let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return open.count { name in
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
      return target?.hasPrefix(scratch.path.string) == true
    }
  }

  @Test("a deep tree is walked, copied, merged and removed with few open files") func deep()
    async throws
  {
    let name: FilePath.Component = "d"
    let depth = long(40)
    var trail = FolderTrail(try Folder(tree))
    for _ in 0..<depth {
      try trail.last.makeFolder(name)
      #expect(try trail.enter(name))
    }
    for name in ["end", "other"] {
      let file = try trail.last.makeFile(try #require(FilePath.Component(name)))
      try file.close()
    }
    // Beside each other, so that the way is gone up and down again below what is closed.
    for name in ["side", "wide"] { try trail.last.makeFolder(try #require(FilePath.Component(name))) }
    let trees = try DirectorySnapshotter(scratch.path.appending("trees"))
    let one = try trees.newTree()
    try await trees.prepare(one, copying: nil)
    let most = Guarded(0)
    try DirectorySnapshotter.copyContents(of: tree, to: trees.folder(of: one)) { _ in
      let count = openFolders()
      most.withLock { $0 = max($0, count) }
    }
    // The way that was made above, one that is read and one that is written.
    #expect((1..<3 * FolderTrail.kept + 20).contains(most.withLock { $0 }))
    let two = try trees.newTree()
    try await trees.prepare(two, copying: one)
    try await trees.settle(two, over: one)
    #expect(try await trees.usage(of: two, over: one) > 0)
    let merged = try trees.newTree()
    _ = try await trees.merge(
      merged, of: [TreeDifference(lower: nil, upper: one), TreeDifference(lower: one, upper: two)])
    for tree in try trees.trees() { try await trees.remove(tree) }
    try removeTree(at: tree)
    #expect(!FileManager.default.fileExists(atPath: tree.string))
  }
}
