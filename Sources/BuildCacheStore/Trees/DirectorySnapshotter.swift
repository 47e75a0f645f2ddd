import BuildCache
import Glibc
import Synchronization
import SystemPackage

/// The embedded ``Snapshotter``: each tree is a whole folder, `trees/<number>`.
///
/// A tree to be written holds copies (reflinks where the file system has them). When it is done, files that are the
/// same as in its parent become other names of the parent's, so that the disk holds them once.
public final class DirectorySnapshotter: Snapshotter {
  private let top: FilePath
  private let last: Guarded<TreeID>
  private let steps: DurableSteps

  /// Makes a snapshotter over a folder, which is made where it is missing.
  ///
  /// - Throws: ``CacheError`` `storage` naming the folder.
  public init(_ folder: FilePath, isReadOnly: Bool = false, steps: DurableSteps = .unwatched) throws {
    top = folder
    self.steps = steps
    if !isReadOnly, folder.withPlatformString({ mkdir($0, 0o700) }) != 0, errno != EEXIST {
      throw FileError("can't make folder", folder)
    }
    let found = isReadOnly ? [] : try names(in: folder)
    last = Guarded(found.compactMap { TreeID($0.string) }.max() ?? 0)
    try removeLeftovers(among: found)
  }

  /// Removes what work that was cut off has left beside the trees.
  private func removeLeftovers(among names: [FilePath.Component]) throws {
    for name in names where TreeID(name.string) == nil {
      let isKept = name.extension == Self.removed && TreeID(name.stem) != nil
      if !isKept { try removeTree(at: top.appending(name)) }
    }
  }

  /// The next number.
  public func newTree() -> TreeID {
    last.withLock { last in
      last += 1
      return last
    }
  }

  /// Where a tree is.
  public func folder(of tree: TreeID) -> FilePath {
    top.appending("\(tree)")
  }

  /// The numbered folders.
  public func trees() throws -> [TreeID] {
    try Self.numbers(in: top)
  }

  private static func numbers(in folder: FilePath) throws -> [TreeID] {
    try names(in: folder).compactMap { TreeID($0.string) }
  }

  /// Copies the parent's tree, or makes an empty folder.
  public func prepare(_ tree: TreeID, copying parent: TreeID?) async throws {
    try making(tree) {
      guard let parent else { return }
      var writer = try TreeWriter(onto: folder(of: tree), .copy)
      try writer.apply(lower: nil, upper: folder(of: parent))
    }
  }

  /// Gives another tree's files further names, folders being the tree's own.
  public func prepare(_ tree: TreeID, sharing parent: TreeID?) async throws {
    try making(tree) {
      guard let parent else { return }
      var writer = try TreeWriter(onto: folder(of: tree), .link)
      try writer.apply(lower: nil, upper: folder(of: parent))
    }
  }

  /// Writes the removals into a file beside the tree, `<number>.removed`: of each its path, with `o` before that of an
  /// opaque folder and `w` before others, ended by a NUL.
  public func keep(_ removals: [LayerRemoval], of tree: TreeID) async throws {
    guard !removals.isEmpty else { return }
    var bytes: [UInt8] = []
    for removal in removals {
      bytes.append(UInt8(ascii: removal.isOpaque ? "o" : "w"))
      bytes += removal.path.bytes + [0]
    }
    let file = try FileDescriptor.writing(removalsFile(of: tree))
    try file.closeAfter { _ = try file.writeAll(bytes) }
  }

  private func removals(of tree: TreeID) throws -> [LayerRemoval] {
    guard try FileStatus(of: removalsFile(of: tree)) != nil else { return [] }
    let file = try FileDescriptor.reading(removalsFile(of: tree))
    let bytes = try file.closeAfter { try readAll(file) }
    return bytes.split(separator: 0).compactMap { item in
      guard let kind = item.first else { return nil }
      let path = FilePath(bytes: item.dropFirst())
      return LayerRemoval(path, isOpaque: kind == UInt8(ascii: "o"))
    }
  }

  private static let removed = "removed"
  private func removalsFile(of tree: TreeID) -> FilePath { top.appending("\(tree).\(Self.removed)") }

  /// Applies the differences, sharing files with their sources.
  public func merge(_ tree: TreeID, of differences: [TreeDifference]) async throws -> Int64 {
    try making(tree) {
      var writer = try TreeWriter(onto: folder(of: tree), .link)
      for difference in differences {
        // Before what the layer brings, as a layer's removals act on what is beneath it.
        for removal in try difference.isLayer ? difference.upper.map(removals) ?? [] : [] {
          if removal.isOpaque { try writer.empty(removal.path) } else { try writer.remove(removal.path) }
        }
        try writer.apply(lower: difference.lower.map(folder), upper: difference.upper.map(folder))
      }
      return writer.addedBytes + (try FileStatus(of: folder(of: tree))?.bytes ?? 0)
    }
  }

  private func making<T>(_ tree: TreeID, _ fill: () throws -> T) throws -> T {
    let folder = folder(of: tree)
    guard folder.withPlatformString({ mkdir($0, 0o755) }) == 0 else { throw FileError("can't make folder", folder) }
    do {
      return try steps.pass("tree", fill)
    } catch {
      try? removeTree(at: folder)
      throw error
    }
  }

  /// Replaces files that are the same as the parent's by other names of those.
  public func settle(_ tree: TreeID, over parent: TreeID) async throws {
    let upper = folder(of: tree)
    let lower = folder(of: parent)
    let spare = (folder: try Folder(top), name: FilePath.Component("\(tree).link") ?? "link")
    var replaced: Set<FilePath> = []
    try steps.pass("settling") {
      try TreeComparison(lower: lower, upper: upper, care: .content).walk { step, place in
        switch step {
        case .entry(let path, let status, .unchanged):
          guard status.isRegular, !status.hasOtherNames, let name = path.lastComponent, let other = place.lower,
            let below = try other.status(of: name), below.identity != status.identity,
            try replace(name, in: place.upper, byThatOf: other, spare)
          else { return }
          replaced.insert(path.removingLastComponent())
        case .leave(let path, let status, _, _):
          if replaced.remove(path) != nil {
            try place.upper.setTimes(status.raw.st_atim, status.raw.st_mtim, of: nil)
          }
        default: break
        }
      }
    }
  }

  /// Makes a file another name of another's, unless the file system forbids it; it is there at any moment.
  private func replace(
    _ name: FilePath.Component, in folder: Folder, byThatOf other: Folder,
    _ spare: (folder: Folder, name: FilePath.Component)
  ) throws -> Bool {
    guard spare.folder.link(name, in: other, as: spare.name) else { return false }
    guard folder.move(spare.name, from: spare.folder, to: name) else {
      let error = folder.error("can't replace", name)
      let isForbidden = errno == EACCES || errno == EPERM  // in a folder that its owner may not write
      try? removeTree(spare.name, in: spare.folder)
      if isForbidden { return false }
      throw error
    }
    return true
  }

  /// What overlayfs would store for the tree: all that differs from the parent, with the folders on the way to it.
  ///
  /// Whole blocks are counted, a file with several names once. A folder that is only passed through counts one block
  /// of 4 KiB, however many names of the parent's it lists here.
  public func usage(of tree: TreeID, over parent: TreeID?) async throws -> Int64 {
    var bytes: Int64 = 0
    var counted: Set<FileIdentity> = []
    // A tree that is settled is one file with its parent wherever it is the same, and quick to compare; of one that is
    // being written the status has to do.
    try TreeComparison(lower: parent.map(folder), upper: folder(of: tree), care: .status).walk { step in
      switch step {
      case .entry(_, let status, let change) where change != .unchanged:
        if !status.hasOtherNames || counted.insert(status.identity).inserted { bytes += status.bytes }
      case .leave(let path, let status, let change, let differs):
        if change == .added {
          bytes += status.bytes
        } else if differs || change == .changed || path.isEmpty {
          bytes += min(status.bytes, 4096)
        }
      default: break
      }
    }
    return bytes
  }

  /// Removes a tree's folder, cancelled or not.
  public func remove(_ tree: TreeID) async throws {
    try steps.pass("removal of a tree") {
      try removeTree(at: removalsFile(of: tree))
      try removeTree(at: folder(of: tree))
    }
  }

  /// Lays the content of a folder over a tree that is being written, as copies.
  ///
  /// - Parameters:
  ///   - source: the folder; links in it are kept as links.
  ///   - folder: the tree's folder.
  ///   - leavingOut: a folder that is passed over, the cache's own root for instance, which may lie in the source.
  ///   - progress: told how many more bytes were copied.
  /// - Throws: ``CacheError`` `storage` naming the file, `CancellationError`; the tree is then half written.
  public static func copyContents(
    of source: FilePath, to folder: FilePath, leavingOut: FilePath? = nil,
    progress: @escaping @Sendable (Int64) -> Void = { _ in }
  ) throws {
    var writer = try TreeWriter(onto: folder, .copy, progress: progress)
    let left = try leavingOut.flatMap { try FileStatus(of: $0)?.identity }
    try writer.apply(lower: nil, upper: source, leavingOut: left)
  }
}
