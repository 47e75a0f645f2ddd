import BuildCache
import FileTrees
import Glibc
import SystemPackage

/// Brings the entries of a layer from where their contents are to their places in a tree.
///
/// Files of the tree may be another tree's too: they are replaced, never written to.
struct LayerPlacer {
  private let tree: TreeInterior
  private let stage: Folder
  /// Whether entries get the modes, owners and times that they have in the archive.
  private let isDressing: Bool
  /// How the folders that the layer touches look in the end, by their paths. They are dressed last, as what is put
  /// into them changes their times; those that no entry is about keep the look that they have.
  private var looks: [FilePath: Look] = [:]

  init(onto tree: Folder, from stage: Folder, isDressing: Bool) {
    self.tree = TreeInterior(tree)
    (self.stage, self.isDressing) = (stage, isDressing)
  }

  /// Places all entries, in their order.
  ///
  /// - Returns: what the layer removes.
  /// - Throws: ``CacheError`` `badArchive` naming the entry that can't be taken, `storage`.
  mutating func place(_ entries: [ArchiveEntry]) throws -> [LayerRemoval] {
    // First, wherever they stand: a layer's removals act on what is beneath it, not on what it brings.
    let removals = try remove(entries)
    for entry in entries {
      try Task.checkCancellation()
      if entry.role == .content { try place(entry) }
    }
    try removeLeftovers(of: entries)
    if isDressing { try dressFolders() }
    return removals
  }

  // MARK: removing

  private mutating func remove(_ entries: [ArchiveEntry]) throws -> [LayerRemoval] {
    var removals: [LayerRemoval] = []
    var known: (opaque: Set<FilePath>, others: Set<FilePath>) = ([], [])
    let replaced = ReplacedLinks(entries, tree.top)
    for entry in entries {
      guard case .removal(let wanted) = entry.role else { continue }
      try Task.checkCancellation()
      let removal = try remove(wanted, replaced, entry.name)
      let isNew =
        removal.isOpaque ? known.opaque.insert(removal.path).inserted : known.others.insert(removal.path).inserted
      if isNew { removals.append(removal) }
    }
    return removals
  }

  /// Removes what a lower layer has at a path; answers with where that is, links on the way followed.
  private mutating func remove(_ removal: LayerRemoval, _ replaced: ReplacedLinks, _ entry: String) throws
    -> LayerRemoval
  {
    let above = removal.isOpaque ? removal.path : removal.path.removingLastComponent()
    guard
      let folder = try tree.folder(
        at: above, for: entry, following: { try replaced.isFollowed($0, to: $1) }, opening: { try keep($0, $1) })
    else { return removal }
    try keepLook(of: folder)
    if removal.isOpaque {
      for name in try folder.names() { try removeTree(name, in: folder) }
      return LayerRemoval(tree.path, isOpaque: true)
    }
    guard let name = removal.path.lastComponent else { return removal }
    try removeTree(name, in: folder)
    return LayerRemoval(tree.path.appending(name))
  }

  /// Removes what aufs kept in a layer for itself: files of several names, which entries may be hard links to.
  private func removeLeftovers(of entries: [ArchiveEntry]) throws {
    let names = Set(entries.compactMap(\.path.components.first).filter { $0.string.hasPrefix(ArchiveEntry.aufs) })
    for name in names { try removeTree(name, in: tree.top) }
  }

  // MARK: placing

  private mutating func place(_ entry: ArchiveEntry) throws {
    guard let name = entry.last else {
      // The tree's own folder.
      if isDressing { try ExtendedAttributes.remove(from: nil, in: tree.top) }
      looks[FilePath()] = entry.look
      return
    }
    let source = try source(of: entry)
    guard let folder = try folder(of: entry) else { return }
    let old = try folder.status(of: name)
    if entry.kind == .folder {
      if old?.isDirectory != true {
        try removeTree(name, in: folder)
        try folder.makeFolder(name)
      } else if isDressing {
        try ExtendedAttributes.remove(from: name, in: folder)
      }
      looks[tree.path.appending(name)] = entry.look
      return
    }
    if let source, let old, source.status.identity == old.identity { return }
    if old?.isDirectory == true || entry.kind != .file { try removeTree(name, in: folder) }
    switch entry.kind {
    case .folder: break
    case .file:
      guard folder.move(entry.stageName, from: stage, to: name) else {
        throw folder.error("can't bring entry \(entry.name) to", name)
      }
      return
    case .hardLink:
      guard let source, folder.link(source.name, in: source.folder, as: name) else {
        throw folder.error("can't make hard link", name)
      }
      return
    case .link(let target):
      try folder.makeLink(name, to: target.map { CChar(bitPattern: $0) } + [0])
    case .pipe: try folder.makeNode(name, S_IFIFO | 0o600, 0)
    case .device(let type, let number): try folder.makeNode(name, type | 0o600, number)
    }
    if isDressing { try entry.look.dress(name, in: folder) }
  }

  /// What a hard link is another name of.
  private mutating func source(of entry: ArchiveEntry) throws
    -> (folder: Folder, name: FilePath.Component, status: FileStatus)?
  {
    guard case .hardLink(let target) = entry.kind else { return nil }
    // Opened anew, as the way to the link's own place may close it.
    guard let name = target.lastComponent,
      try tree.folder(at: target.removingLastComponent(), for: entry.name, opening: { try keep($0, $1) }) != nil,
      let folder = try tree.top.openFolder(at: tree.path), let status = try folder.status(of: name),
      !status.isDirectory
    else { throw CacheError(.badArchive, "entry \(entry.name) is a hard link to \(target), which is not in the tree") }
    return (folder, name, status)
  }

  /// The folder that an entry is in, made where it is missing.
  private mutating func folder(of entry: ArchiveEntry) throws -> Folder? {
    var made: [FilePath] = []
    let folder = try tree.folder(
      at: entry.above, .made { made.append($0) }, for: entry.name, opening: { try keep($0, $1) })
    for path in made { looks[path] = nil }
    if let folder { try keepLook(of: folder) }
    return folder
  }

  // MARK: folders

  /// Opens a folder that its owner may not write; it is closed again in the end.
  private mutating func keep(_ above: Folder, _ path: FilePath) throws {
    guard !isRoot, let name = path.lastComponent, let status = try above.status(of: name),
      status.permissions & 0o700 != 0o700
    else { return }
    if looks[path] == nil { looks[path] = Look(status) }
    try above.open(name)
  }

  private mutating func keepLook(of folder: Folder) throws {
    let path = tree.path
    if looks[path] == nil { looks[path] = Look(try folder.status()) }
  }

  private func dressFolders() throws {
    var trail = FolderTrail(tree.top)
    // What is in a folder comes before it, as who may not pass a folder could not reach it.
    for (_, path, look) in looks.map({ ($0.key.string, $0.key, $0.value) }).sorted(by: { $0.0 > $1.0 }) {
      if try trail.go(to: path) { try look.dress(nil, in: trail.last) }
    }
  }
}

/// The links of lower layers that a layer puts something else in the place of. What lower layers have in the folder that
/// such a link leads to is not at a path through it any more.
private final class ReplacedLinks {
  private let entries: [ArchiveEntry]
  private let tree: TreeInterior
  private var places: [FilePath: ArchiveEntry.Kind]?

  init(_ entries: [ArchiveEntry], _ top: Folder) {
    self.entries = entries
    tree = TreeInterior(top)
  }

  /// Whether removals go through a link; not through one that the layer replaces by anything but the same again.
  func isFollowed(_ place: FilePath, to target: FilePath) throws -> Bool {
    let places = try places ?? find()
    return Self.isFollowed(places[place], to: target)
  }

  private static func isFollowed(_ kind: ArchiveEntry.Kind?, to target: FilePath) -> Bool {
    guard let kind else { return true }
    guard case .link(let text) = kind else { return false }
    return FilePath(bytes: text) == target
  }

  /// Finds where the entries will be. Only asked for where a removal meets a link.
  private func find() throws -> [FilePath: ArchiveEntry.Kind] {
    var found: [FilePath: ArchiveEntry.Kind] = [:]
    for entry in entries where entry.role == .content {
      guard let name = entry.last else { continue }
      let isThere = try tree.folder(
        at: entry.above, for: entry.name, following: { Self.isFollowed(found[$0], to: $1) }
      )
      found[(isThere == nil ? entry.above : tree.path).appending(name)] = entry.kind
    }
    places = found
    return found
  }
}
