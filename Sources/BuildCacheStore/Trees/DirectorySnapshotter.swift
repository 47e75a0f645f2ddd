import BuildCache
import FileTrees
import Glibc
import Synchronization
import SystemPackage

/// The embedded ``Snapshotter``: each tree is a whole folder, `trees/<number>`.
///
/// A tree to be written holds copies (reflinks where the file system has them). When it is done, files that are the
/// same as in its parent become other names of the parent's, so that the disk holds them once.
public final class DirectorySnapshotter: Snapshotter {
  private let top: FilePath
  /// Where trees are made: `top`, or a folder aside.
  private let written: FilePath
  /// The last number that was there from the beginning.
  private let lastFound: TreeID
  private let last: Guarded<TreeID>
  private let steps: DurableSteps

  /// Makes a snapshotter over a folder, which is made where it is missing.
  ///
  /// - Throws: ``CacheError`` `storage` naming the folder.
  public init(_ folder: FilePath, _ access: FolderAccess = .write, steps: DurableSteps = .unwatched) throws {
    top = folder
    self.steps = steps
    written = access.written(over: folder)
    if access != .read { try makeFolderIfMissing(written) }
    let found = access == .read ? [] : try (FileStatus(of: top) == nil ? [] : names(in: top))
    lastFound = found.compactMap { TreeID(exactly: $0.string) }.max() ?? 0
    last = Guarded(lastFound)
    if access == .write { try removeLeftovers(among: found) }
  }

  /// Removes what work that was cut off has left beside the trees, by the names that it gives such things; whatever else
  /// is there is not ours.
  private func removeLeftovers(among names: [FilePath.Component]) throws {
    for name in names where Self.isLeftover(name) { try removeTree(at: top.appending(name)) }
  }

  /// `<number>.unpack`, `<number>.unpack.names`, `<number>.link`; `import-<id>`, `pack-<id>`.
  private static func isLeftover(_ name: FilePath.Component) -> Bool {
    let text = name.string
    for work in ["import-", "pack-"] where text.hasPrefix(work) {
      return RandomIdentities.isID(text.dropFirst(work.count))
    }
    return [".unpack", ".unpack.names", ".link"].contains { suffix in
      text.hasSuffix(suffix) && TreeID(exactly: text.dropLast(suffix.count)) != nil
    }
  }

  /// The next number.
  ///
  /// - Throws: ``CacheError`` `storage` where there are no more.
  public func newTree() throws -> TreeID {
    try last.withLock { last in
      guard last < TreeID.max else { throw CacheError(.storage, "\(top) has a folder with the last number there is") }
      last += 1
      return last
    }
  }

  /// Where a tree is.
  public func folder(of tree: TreeID) -> FilePath {
    place(of: tree).appending("\(tree)")
  }

  /// A further name would show on the file: what is made aside changes nothing of what it is made of.
  private var sharing: TreeWriter.Sharing { written == top ? .link : .copy }

  private func place(of tree: TreeID) -> FilePath { tree > lastFound ? written : top }

  /// The numbered folders.
  public func trees() throws -> [TreeID] {
    let found = try FileStatus(of: top) == nil ? [] : Self.numbers(in: top)
    return written == top ? found : try found + Self.numbers(in: written)
  }

  private static func numbers(in folder: FilePath) throws -> [TreeID] {
    try names(in: folder).compactMap { TreeID(exactly: $0.string) }
  }

  /// Copies the parent's tree, or makes an empty folder.
  public func prepare(_ tree: TreeID, copying parent: TreeID?) async throws {
    try making(tree) {
      guard let parent else { return }
      var writer = try TreeWriter(onto: folder(of: tree), .copy, steps: steps)
      try writer.apply(lower: nil, upper: folder(of: parent))
    }
  }

  /// Gives another tree's files further names, folders being the tree's own.
  public func prepare(_ tree: TreeID, sharing parent: TreeID?) async throws {
    try making(tree) {
      guard let parent else { return }
      var writer = try TreeWriter(onto: folder(of: tree), sharing, steps: steps)
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
    try steps.pass("removals") { try writeFile(bytes, to: removalsFile(of: tree)) }
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
  private func removalsFile(of tree: TreeID) -> FilePath { place(of: tree).appending("\(tree).\(Self.removed)") }

  /// Applies the differences, sharing files with their sources.
  public func merge(_ tree: TreeID, of differences: [TreeDifference]) async throws -> Int64 {
    try making(tree) {
      var writer = try TreeWriter(onto: folder(of: tree), sharing, steps: steps)
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
    let spare = (folder: try Folder(place(of: tree)), name: FilePath.Component("\(tree).link") ?? "link")
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

  /// What overlayfs would store for the tree; see ``UsageCount``.
  public func usage(of tree: TreeID, over parent: TreeID?) async throws -> Int64 {
    guard try FileStatus(of: folder(of: tree)) != nil else { return 0 }
    var usage = UsageCount()
    // A tree that is settled is one file with its parent wherever it is the same, and quick to compare; of one that is
    // being written the status has to do.
    try TreeComparison(lower: parent.map(folder), upper: folder(of: tree), care: .status).walk { usage.count($0) }
    return usage.bytes
  }

  /// Syncs the whole file system once, and reads what the tree holds.
  public func seal(_ tree: TreeID, over parent: TreeID?) async throws -> (seal: TreeSeal, usage: Int64) {
    try steps.pass("sync") { try synchronizeAll(under: place(of: tree)) }
    let sealing = try TreeSealing.all(of: folder(of: tree), over: parent.map(folder))
    return (sealing.seal, sealing.usage.bytes)
  }

  /// Compares the tree with its seal.
  public func damage(of tree: TreeID, over parent: TreeID?, _ seal: TreeSeal, deep: Bool) async throws -> String? {
    let folder = folder(of: tree)
    do {
      guard let status = try FileStatus(of: folder) else { return "it is missing" }
      guard status.isDirectory else { return "it is no folder" }
      let found = try TreeSealing.listing(of: folder)
      if found.entries != seal.entries { return "it holds \(found.entries) names, not \(seal.entries)" }
      if found.bytes != seal.bytes { return "its files hold \(found.bytes) bytes, not \(seal.bytes)" }
      if found.listing != seal.listing { return "a name, kind, owner, mode or size in it is not what it was" }
      guard deep || found.times != seal.times else { return nil }
      let contents = try TreeSealing.all(of: folder, over: parent.map(self.folder)).seal.contents
      return contents == seal.contents ? nil : "what is in its files is not what it was"
    } catch let error as CacheError {
      return "it can't be read: \(error)"
    }
  }

  /// Removes a tree's folder, cancelled or not; a tree that others are made aside of stays.
  public func remove(_ tree: TreeID) async throws {
    guard place(of: tree) == written else { return }
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
  ///   - steps: what every file passes.
  /// - Throws: ``CacheError`` `storage` naming the file, `CancellationError`; the tree is then half written.
  public static func copyContents(
    of source: FilePath, to folder: FilePath, leavingOut: FilePath? = nil,
    progress: @escaping @Sendable (Int64) -> Void = { _ in }, steps: DurableSteps = .unwatched
  ) throws {
    var writer = try TreeWriter(onto: folder, .copy, progress: progress, steps: steps)
    let left = try leavingOut.flatMap { try FileStatus(of: $0)?.identity }
    try writer.apply(lower: nil, upper: source, leavingOut: left)
  }
}

extension TreeID {
  /// The number that a name is: as it is written, so that no two names are one number.
  fileprivate init?(exactly name: some StringProtocol) {
    guard let number = TreeID(name), number > 0, String(number) == name else { return nil }
    self = number
  }
}
