import BuildCache
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

  /// The tree that is written.
  let target: FilePath
  /// How files come into it.
  let sharing: Sharing
  /// The bytes that were added: files that could not be shared, and folders.
  private(set) var addedBytes: Int64 = 0
  /// A folder of the target that is known to be a real one.
  private var known: FilePath?
  /// Where the first name of a file with several was written.
  private var written: [FileIdentity: FilePath] = [:]

  /// Told how many more bytes were written.
  private let progress: @Sendable (Int64) -> Void

  /// Makes a writer onto a folder that exists.
  init(onto target: FilePath, _ sharing: Sharing, progress: @escaping @Sendable (Int64) -> Void = { _ in }) {
    self.target = target
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
    try TreeComparison(lower: lower, upper: upper, care: .content, leavingOut: leavingOut).walk { step in
      switch step {
      case .enter(let path, _, let change):
        if change != .unchanged { try makeFolders(to: path) }
      case .entry(let path, let status, let change):
        if change != .unchanged { try write(upper.pushing(path), status, to: path) }
      case .removed(let path):
        try remove(path)
      case .leave(let path, let status, let change, let differs):
        // Last, as writing into a folder changes its times, and a closed folder could not be written into.
        guard change != .unchanged || differs, try isRealFolder(path) else { return }
        try dress(target.pushing(path), as: status, upper.pushing(path))
      }
    }
  }

  /// Removes what stands at a path, unless a link stands on the way to it: then there is nothing of that path.
  mutating func remove(_ path: FilePath) throws {
    guard try isRealFolder(path.removingLastComponent()) else { return }
    known = nil
    try removeTree(at: target.pushing(path))
  }

  /// Removes what is in a folder.
  mutating func empty(_ path: FilePath) throws {
    guard try isRealFolder(path) else { return }
    known = nil
    for name in try names(in: target.pushing(path)) { try removeTree(at: target.pushing(path).appending(name)) }
  }

  /// Whether a path is a folder in the target, as are all on the way to it; none of them a link. Those that their owner
  /// may not write are opened: what is about to be done there shows in them, so they are dressed at last.
  private mutating func isRealFolder(_ path: FilePath) throws -> Bool {
    if path.isEmpty || path == known { return true }
    var folder = target
    for component in path.components {
      folder.append(component)
      guard let status = try FileStatus(of: folder), status.isDirectory else { return false }
      try status.open(folder)
    }
    known = path
    return true
  }

  /// Makes the folders of a path real folders; what is not one is replaced.
  private mutating func makeFolders(to path: FilePath) throws {
    if try isRealFolder(path) { return }
    var folder = target
    for component in path.components {
      folder.append(component)
      if let status = try FileStatus(of: folder) {
        if status.isDirectory { continue }
        try removeTree(at: folder)
      }
      try makeFolder(folder)
      addedBytes += try FileStatus(of: folder)?.bytes ?? 0
    }
    known = path
  }

  private mutating func write(_ source: FilePath, _ status: FileStatus, to path: FilePath) throws {
    if status.isSocket { return }  // nobody listens behind a copy
    let place = target.pushing(path)
    try makeFolders(to: path.removingLastComponent())
    if let old = try FileStatus(of: place) {
      if old.isDirectory { known = nil }
      try removeTree(at: place)
    }
    if sharing == .link, link(source, place) { return }
    if status.hasOtherNames, let first = written[status.identity], link(first, place) { return }
    if status.isRegular {
      try copyFile(source, to: place)
      progress(status.length)
    } else if status.isLink {
      try copyLink(source, to: place)
    } else if place.withPlatformString({ mknod($0, status.raw.st_mode, status.raw.st_rdev) }) != 0 {
      throw FileError("can't make device or pipe", place)
    }
    try dress(place, as: status, source)
    if status.hasOtherNames { written[status.identity] = place }
    addedBytes += try FileStatus(of: place)?.bytes ?? 0
  }

  private func link(_ source: FilePath, _ place: FilePath) -> Bool {
    source.withPlatformString { source in
      place.withPlatformString { linkat(AT_FDCWD, source, AT_FDCWD, $0, 0) == 0 }
    }
  }

  private func copyLink(_ source: FilePath, to place: FilePath) throws {
    let text = try linkText(of: source)
    guard place.withPlatformString({ symlink(text, $0) }) == 0 else { throw FileError("can't make link", place) }
  }

  /// Gives a name the attributes, owner, mode and times of another.
  private func dress(_ place: FilePath, as status: FileStatus, _ source: FilePath) throws {
    try status.dress(place)
    let attributes = try ExtendedAttributes(of: source)
    guard !attributes.isEmpty else { return }
    try attributes.set(on: place)
  }
}

extension FileStatus {
  /// Makes a folder one that its owner may write to, where it is not; root may anyway.
  func open(_ folder: FilePath) throws {
    guard !isRoot, permissions & 0o700 != 0o700 else { return }
    guard folder.withPlatformString({ chmod($0, permissions | 0o700) }) == 0 else {
      throw FileError("can't change the mode of", folder)
    }
  }

  /// Gives a name this owner (where the user is root, who alone may give files away), mode and times.
  ///
  /// - Throws: ``CacheError`` `storage` naming the path.
  func dress(_ place: FilePath) throws {
    try place.withPlatformString { name in
      if isRoot, lchown(name, raw.st_uid, raw.st_gid) != 0 {
        throw FileError("can't change the owner of", place)
      }
      if !isLink, chmod(name, permissions) != 0 { throw FileError("can't change the mode of", place) }
    }
    try keepTimes(of: place)
  }

  /// Gives a name these times.
  func keepTimes(of place: FilePath) throws {
    let times = [raw.st_atim, raw.st_mtim]
    guard place.withPlatformString({ utimensat(AT_FDCWD, $0, times, AT_SYMLINK_NOFOLLOW) }) == 0 else {
      throw FileError("can't change the times of", place)
    }
  }
}

/// What a link points at, ending in 0.
func linkText(of path: FilePath) throws -> [CChar] {
  var text = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
  let count = path.withPlatformString { readlink($0, &text, Int(PATH_MAX)) }
  guard count >= 0 else { throw FileError("can't read link", path) }
  return Array(text[...count])
}

/// Removes a name with all beneath it; does nothing where there is none.
///
/// - Throws: ``CacheError`` `storage` naming what can't be removed.
func removeTree(at path: FilePath) throws {
  guard let status = try FileStatus(of: path) else { return }
  guard status.isDirectory else {
    guard path.withPlatformString({ unlink($0) }) == 0 || errno == ENOENT else { throw FileError("can't remove", path) }
    return
  }
  // A folder that its owner may not write can't be emptied; it is about to go.
  if status.permissions & 0o700 != 0o700 { _ = path.withPlatformString { chmod($0, 0o700) } }
  for name in try names(in: path) { try removeTree(at: path.appending(name)) }
  guard path.withPlatformString({ rmdir($0) }) == 0 || errno == ENOENT else { throw FileError("can't remove", path) }
}
