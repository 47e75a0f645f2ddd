import BuildCache
import Glibc
import SystemPackage

/// Brings the entries of a layer from where tar unpacked them to their places in a tree.
///
/// Files of the tree may be another tree's too: they are replaced, never written to.
struct LayerPlacer {
  private let tree: TreeInterior
  private let stage: FilePath
  /// The layer's folders: they get their modes and times last, as what is put into them changes those.
  private var folders: [(place: FilePath, status: FileStatus, attributes: ExtendedAttributes)] = []

  init(onto tree: FilePath, from stage: FilePath) {
    self.tree = TreeInterior(top: tree)
    self.stage = stage
  }

  /// Places all entries.
  ///
  /// - Returns: what the layer removes.
  /// - Throws: ``CacheError`` `badArchive` naming the entry that can't be taken, `storage`.
  mutating func place(_ entries: [ArchiveEntry]) throws -> [LayerRemoval] {
    let entries = entries.filter { !$0.isOfAufs }
    // A layer's removals act on what is beneath it, wherever they stand in the archive.
    var removals: [LayerRemoval] = []
    for entry in entries {
      guard let removal = try entry.removal() else { continue }
      try remove(removal, entry)
      removals.append(removal)
    }
    // Of several entries of one path the last counts.
    var last: [FilePath: Int] = [:]
    for (number, entry) in entries.enumerated() { last[entry.path] = number }
    for (number, entry) in entries.enumerated() where last[entry.path] == number {
      try Task.checkCancellation()
      if try entry.removal() == nil { try place(entry) }
    }
    for folder in folders.reversed() {
      try folder.attributes.set(on: folder.place)
      try folder.status.dress(folder.place)
    }
    return removals
  }

  /// Makes a folder of a lower layer writable for as long as is needed, where its owner may not write to it.
  private mutating func open(_ folder: FilePath) throws {
    guard !isRoot, let status = try FileStatus(of: folder), status.permissions & 0o700 != 0o700 else { return }
    folders.append((folder, status, try ExtendedAttributes(of: folder)))
    try status.open(folder)
  }

  private mutating func remove(_ removal: LayerRemoval, _ entry: ArchiveEntry) throws {
    if removal.isOpaque {
      guard let folder = try tree.folder(at: removal.path, making: false, for: entry.name) else { return }
      try open(folder)
      for name in try names(in: folder) { try removeTree(at: folder.appending(name)) }
    } else if let name = removal.path.lastComponent,
      let folder = try tree.folder(at: removal.path.removingLastComponent(), making: false, for: entry.name)
    {
      try open(folder)
      try removeTree(at: folder.appending(name))
    }
  }

  private mutating func place(_ entry: ArchiveEntry) throws {
    guard let name = entry.path.lastComponent else { return try keepFolder(tree.top, entry) }
    guard let folder = try tree.folder(at: entry.path.removingLastComponent(), making: true, for: entry.name) else {
      return
    }
    try open(folder)
    let place = folder.appending(name)
    let old = try FileStatus(of: place)
    switch entry.kind {
    case .folder:
      if old?.isDirectory != true {
        try removeTree(at: place)
        try makeFolder(place)
      }
      try keepFolder(place, entry)
    case .file, .device, .pipe:
      try removeTree(at: place)
      let source = stage.pushing(entry.path)
      guard source.withPlatformString({ source in place.withPlatformString { rename(source, $0) } }) == 0 else {
        throw FileError("can't bring entry \(entry.name) to", place)
      }
    case .link(let target):
      try removeTree(at: place)
      guard target.withPlatformString({ target in place.withPlatformString { symlink(target, $0) } }) == 0 else {
        throw FileError("can't make link", place)
      }
      try dress(link: place, entry)
    case .hardLink(let target):
      try link(place, to: target, entry)
    }
  }

  /// Remembers what a folder is to look like in the end.
  private mutating func keepFolder(_ place: FilePath, _ entry: ArchiveEntry) throws {
    let source = stage.pushing(entry.path)
    guard let status = try FileStatus(of: source), status.isDirectory else { return }
    folders.append((place, status, try ExtendedAttributes(of: source)))
    // What is in it is moved out; a folder that its owner may not write would not let it go.
    try status.open(source)
  }

  private func dress(link place: FilePath, _ entry: ArchiveEntry) throws {
    let seconds = Int(entry.modified.nanoseconds.quotientFloored(1_000_000_000))
    let time = timespec(
      tv_sec: seconds, tv_nsec: Int(entry.modified.nanoseconds - Int64(seconds) * 1_000_000_000))
    try place.withPlatformString { name in
      if isRoot, lchown(name, entry.owner.user, entry.owner.group) != 0 {
        throw FileError("can't change the owner of", place)
      }
      guard utimensat(AT_FDCWD, name, [time, time], AT_SYMLINK_NOFOLLOW) == 0 else {
        throw FileError("can't change the times of", place)
      }
    }
  }

  private func link(_ place: FilePath, to target: FilePath, _ entry: ArchiveEntry) throws {
    guard let name = target.lastComponent,
      let folder = try tree.folder(at: target.removingLastComponent(), making: false, for: entry.name),
      let status = try FileStatus(of: folder.appending(name)), !status.isDirectory
    else { throw CacheError(.badArchive, "entry \(entry.name) is a hard link to \(target), which is not in the tree") }
    if try FileStatus(of: place)?.identity == status.identity { return }
    try removeTree(at: place)
    let source = folder.appending(name)
    let code = source.withPlatformString { source in
      place.withPlatformString { linkat(AT_FDCWD, source, AT_FDCWD, $0, 0) }
    }
    guard code == 0 else { throw FileError("can't make hard link", place) }
  }
}

extension Int64 {
  /// The quotient rounded down, also below zero.
  fileprivate func quotientFloored(_ divisor: Int64) -> Int64 {
    let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? quotient - 1 : quotient
  }
}
