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
  private let last: Mutex<TreeID>

  /// Makes a snapshotter over a folder, which is made where it is missing.
  ///
  /// - Throws: ``CacheError`` `storage` naming the folder.
  public init(_ folder: FilePath, isReadOnly: Bool = false) throws {
    top = folder
    if !isReadOnly, folder.withPlatformString({ mkdir($0, 0o700) }) != 0, errno != EEXIST {
      throw FileError("can't make folder", folder)
    }
    last = Mutex(isReadOnly ? 0 : try Self.numbers(in: folder).max() ?? 0)
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
      var writer = TreeWriter(onto: folder(of: tree), .copy)
      try writer.apply(lower: nil, upper: folder(of: parent))
    }
  }

  /// Applies the differences, sharing files with their sources.
  public func merge(_ tree: TreeID, of differences: [TreeDifference]) async throws -> Int64 {
    try making(tree) {
      var writer = TreeWriter(onto: folder(of: tree), .link)
      for difference in differences {
        try writer.apply(lower: difference.lower.map(folder), upper: difference.upper.map(folder))
      }
      return writer.addedBytes + (try FileStatus(of: folder(of: tree))?.bytes ?? 0)
    }
  }

  private func making<T>(_ tree: TreeID, _ fill: () throws -> T) throws -> T {
    let folder = folder(of: tree)
    guard folder.withPlatformString({ mkdir($0, 0o755) }) == 0 else { throw FileError("can't make folder", folder) }
    do {
      return try fill()
    } catch {
      try? removeTree(at: folder)
      throw error
    }
  }

  /// Replaces files that are the same as the parent's by other names of those.
  public func settle(_ tree: TreeID, over parent: TreeID) async throws {
    let upper = folder(of: tree)
    let lower = folder(of: parent)
    let spare = top.appending("\(tree).link")
    try TreeComparison(lower: lower, upper: upper).walk { step in
      guard case .entry(let path, let status, .unchanged) = step, status.isRegular, !status.hasOtherNames,
        let below = try FileStatus(of: lower.pushing(path)), below.identity != status.identity,
        try haveSameContent(lower.pushing(path), upper.pushing(path))
      else { return }
      // By way of another name, so that the file is there at any moment.
      let isLinked = lower.pushing(path).withPlatformString { below in
        spare.withPlatformString { Glibc.link(below, $0) == 0 }
      }
      guard isLinked else { return }
      let file = upper.pushing(path)
      guard spare.withPlatformString({ spare in file.withPlatformString { rename(spare, $0) } }) == 0 else {
        let error = FileError("can't replace", file)
        try? removeTree(at: spare)
        throw error
      }
    }
  }

  /// What overlayfs would store for the tree: all that differs from the parent, with the folders on the way to it.
  ///
  /// Whole blocks are counted, a file with several names once. A folder that is only passed through counts one block
  /// of 4 KiB, however many names of the parent's it lists here.
  public func usage(of tree: TreeID, over parent: TreeID?) async throws -> Int64 {
    var bytes: Int64 = 0
    var counted: Set<FileIdentity> = []
    try TreeComparison(lower: parent.map(folder), upper: folder(of: tree)).walk { step in
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
    try removeTree(at: folder(of: tree))
  }

  /// Lays the content of a folder over a tree that is being written, as copies.
  ///
  /// - Parameters:
  ///   - source: the folder; links in it are kept as links.
  ///   - folder: the tree's folder.
  ///   - leavingOut: a folder that is passed over, the cache's own root for instance, which may lie in the source.
  /// - Throws: ``CacheError`` `storage` naming the file, `CancellationError`; the tree is then half written.
  public static func copyContents(of source: FilePath, to folder: FilePath, leavingOut: FilePath? = nil) throws {
    var writer = TreeWriter(onto: folder, .copy)
    let left = try leavingOut.flatMap { try FileStatus(of: $0)?.identity }
    try writer.apply(lower: nil, upper: source, leavingOut: left)
  }
}
