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
  /// Where the first name of a file with several was written.
  private var written: [FileIdentity: FilePath] = [:]
  /// Only root may give files away.
  private let keepsOwners = geteuid() == 0

  /// Makes a writer onto a folder that exists.
  init(onto target: FilePath, _ sharing: Sharing) {
    self.target = target
    self.sharing = sharing
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
      for name in try lower.map({ try names(in: $0) }) ?? [] { try removeTree(at: target.appending(name)) }
      return
    }
    written = [:]
    try TreeComparison(lower: lower, upper: upper, leavingOut: leavingOut).walk { step in
      switch step {
      case .enter(let path, _, let change):
        if change != .unchanged { try makeFolders(to: path) }
      case .entry(let path, let status, let change):
        if change != .unchanged { try write(upper.pushing(path), status, to: path) }
      case .removed(let path):
        try removeTree(at: target.pushing(path))
      case .leave(let path, let status, let change, let differs):
        // Last, as writing into a folder changes its times, and a closed folder could not be written into.
        guard change != .unchanged || differs, let own = try FileStatus(of: target.pushing(path)), own.isDirectory
        else { return }
        try dress(target.pushing(path), as: status)
      }
    }
  }

  /// Makes the folders of a path real folders; what is not one is replaced.
  private mutating func makeFolders(to path: FilePath) throws {
    var folder = target
    for component in path.components {
      folder.append(component)
      if let status = try FileStatus(of: folder) {
        if status.isDirectory { continue }
        try removeTree(at: folder)
      }
      guard folder.withPlatformString({ mkdir($0, 0o700) }) == 0 else { throw FileError("can't make folder", folder) }
      addedBytes += try FileStatus(of: folder)?.bytes ?? 0
    }
  }

  private mutating func write(_ source: FilePath, _ status: FileStatus, to path: FilePath) throws {
    if status.isSocket { return }  // nobody listens behind a copy
    let place = target.pushing(path)
    if try FileStatus(of: place) != nil {
      try removeTree(at: place)
    } else {
      try makeFolders(to: path.removingLastComponent())
    }
    if sharing == .link, link(source, place) { return }
    if status.hasOtherNames, let first = written[status.identity], link(first, place) { return }
    if status.isRegular {
      try copyFile(source, to: place)
    } else if status.isLink {
      try copyLink(source, to: place)
    } else if place.withPlatformString({ mknod($0, status.raw.st_mode, status.raw.st_rdev) }) != 0 {
      throw FileError("can't make device or pipe", place)
    }
    try dress(place, as: status)
    if status.hasOtherNames { written[status.identity] = place }
    addedBytes += try FileStatus(of: place)?.bytes ?? 0
  }

  private func link(_ source: FilePath, _ place: FilePath) -> Bool {
    source.withPlatformString { source in
      place.withPlatformString { linkat(AT_FDCWD, source, AT_FDCWD, $0, 0) == 0 }
    }
  }

  private func copyLink(_ source: FilePath, to place: FilePath) throws {
    var text = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = source.withPlatformString { readlink($0, &text, Int(PATH_MAX)) }
    guard count >= 0 else { throw FileError("can't read link", source) }
    guard place.withPlatformString({ symlink(text, $0) }) == 0 else { throw FileError("can't make link", place) }
  }

  /// Gives a name the owner, mode and times of another.
  private func dress(_ place: FilePath, as status: FileStatus) throws {
    try place.withPlatformString { place in
      if keepsOwners, lchown(place, status.raw.st_uid, status.raw.st_gid) != 0 {
        throw FileError("can't change the owner of", FilePath(platformString: place))
      }
      if !status.isLink, chmod(place, status.permissions) != 0 {
        throw FileError("can't change the mode of", FilePath(platformString: place))
      }
      let times = [status.raw.st_atim, status.raw.st_mtim]
      if utimensat(AT_FDCWD, place, times, AT_SYMLINK_NOFOLLOW) != 0 {
        throw FileError("can't change the times of", FilePath(platformString: place))
      }
    }
  }
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
