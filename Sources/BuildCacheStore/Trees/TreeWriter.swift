import BuildCache
import FileTrees
import Glibc
import SystemPackage

/// Brings what differs between two trees into a third: how trees are copied, laid over each other, and merged.
///
/// It never writes through a link: a name that stands where a folder has to be is replaced, whatever it points at.
struct TreeWriter {
  /// How a file comes into the target.
  enum Sharing {
    /// As a file of its own, so that whoever writes to it changes nothing else.
    case copy
    /// As another name of the same file, where the file system allows; for trees that nobody writes any more.
    case link
  }

  /// How files come into the tree.
  let sharing: Sharing
  /// The bytes that were added: files that could not be shared, and folders.
  private(set) var addedBytes: Int64 = 0
  /// The tree that is written, open where something was written last.
  private var target: FolderTrail
  /// Where the first name of a file with several was written.
  private var written: [FileIdentity: FilePath] = [:]

  /// Told how many more bytes are done, those of a file's further names included.
  private let progress: @Sendable (Int64) -> Void
  private let steps: DurableSteps

  /// Makes a writer onto a folder that exists.
  ///
  /// - Throws: ``CacheError`` `storage` naming it.
  init(
    onto target: FilePath, _ sharing: Sharing, progress: @escaping @Sendable (Int64) -> Void = { _ in },
    steps: DurableSteps = .unwatched
  ) throws {
    self.target = FolderTrail(try Folder(target))
    self.steps = steps
    self.sharing = sharing
    self.progress = progress
  }

  /// Applies what leads from one tree to another.
  ///
  /// - Parameters:
  ///   - lower: before; absent: an empty tree, so that all of `upper` is laid over the target.
  ///   - upper: after; absent: an empty tree.
  ///   - leavingOut: a folder of `upper` that is passed over.
  /// - Throws: ``CacheError`` `storage` naming the file, `CancellationError`; the target is then half written.
  mutating func apply(lower: FilePath?, upper: FilePath?, leavingOut: FileIdentity? = nil) throws {
    guard let upper else {
      for name in try lower.map({ try names(in: $0) }) ?? [] { try remove(FilePath(root: nil, [name])) }
      return
    }
    written = [:]
    let steps = steps
    try TreeComparison(lower: lower, upper: upper, care: .content, leavingOut: leavingOut).walk { step, place in
      switch step {
      case .enter(let path, _, let change):
        if change != .unchanged { try makeFolders(to: path) }
      case .entry(let path, let status, let change):
        guard change != .unchanged, let name = path.lastComponent else { return }
        try steps.pass("file") { try write(name, in: place.upper, status, to: path) }
      case .removed(let path):
        try remove(path)
      case .leave(let path, let status, let change, let differs):
        // Last, as writing into a folder changes its times, and a closed folder could not be written into.
        guard change != .unchanged || differs, try isRealFolder(path) else { return }
        try Look(status, of: nil, in: place.upper).dress(nil, in: target.last)
      }
    }
  }

  /// Removes what stands at a path, unless a link stands on the way to it: then there is nothing of that path.
  mutating func remove(_ path: FilePath) throws {
    guard let name = path.lastComponent, try isRealFolder(path.removingLastComponent()) else { return }
    try removeTree(name, in: target.last)
  }

  /// Removes what is in a folder.
  mutating func empty(_ path: FilePath) throws {
    guard try isRealFolder(path) else { return }
    for name in try target.last.names() { try removeTree(name, in: target.last) }
  }

  /// Whether a path is a folder in the target, as are all on the way to it; none of them a link. It is then the last of
  /// the trail. Those that their owner may not write are opened: what is about to be done there shows in them, so they
  /// are dressed at last.
  private mutating func isRealFolder(_ path: FilePath) throws -> Bool {
    try target.go(to: path) { try $0.open($1) }
  }

  /// Makes the folders of a path real folders; what is not one is replaced.
  private mutating func makeFolders(to path: FilePath) throws {
    while try !isRealFolder(path) {
      guard let name = target.name(towards: path) else { return }
      try removeTree(name, in: target.last)
      try target.last.makeFolder(name)
      addedBytes += try target.last.status(of: name)?.bytes ?? 0
    }
  }

  private mutating func write(
    _ name: FilePath.Component, in source: Folder, _ status: FileStatus, to path: FilePath
  ) throws {
    if status.isSocket { return }  // nobody listens behind a copy
    try makeFolders(to: path.removingLastComponent())
    let folder = target.last
    // First, as mostly nothing is in its place: to remove that would be a call more for each file.
    if sharing == .link, folder.link(name, in: source, as: name) { return }
    let isInTheWay = sharing == .link && errno == EEXIST
    try removeTree(name, in: folder)
    if isInTheWay, folder.link(name, in: source, as: name) { return }
    if status.hasOtherNames, let first = written[status.identity], let other = first.lastComponent,
      let above = try target.top.openFolder(at: first.removingLastComponent()),
      folder.link(other, in: above, as: name)
    {
      if status.isRegular { progress(status.length) }
      return
    }
    if status.isRegular {
      try copyFile(name, in: source, to: name, in: folder, progress: progress)
    } else if status.isLink {
      try folder.makeLink(name, to: source.linkText(of: name))
    } else {
      try folder.makeNode(name, status.raw.st_mode, status.raw.st_rdev)
    }
    try Look(status, of: name, in: source).dress(name, in: folder)
    if status.hasOtherNames { written[status.identity] = path }
    addedBytes += try folder.status(of: name)?.bytes ?? 0
  }
}
