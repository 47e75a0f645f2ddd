import BuildCache
import Glibc
import SystemPackage

/// A tree whose links are followed as if it were the whole file system: nothing outside it can be reached.
package final class TreeInterior {
  private var trail: FolderTrail

  /// Opens a tree.
  ///
  /// - Throws: ``CacheError`` `storage` naming its folder.
  package convenience init(top: FilePath) throws { self.init(try Folder(top)) }

  package init(_ top: Folder) { trail = FolderTrail(top) }

  /// The tree's folder.
  package var top: Folder { trail.top }
  /// Where the last path led, as one of folders.
  package var path: FilePath { trail.path }

  /// What is done about a part of a path that is no folder.
  package enum Missing {
    /// There is no such path then.
    case accepted
    /// A folder is made; it is told of as a path of folders.
    case made((FilePath) -> Void)
  }

  /// The real folder that a path leads to inside the tree, links on the way followed.
  ///
  /// - Parameters:
  ///   - path: relative to the top; links in it are followed, its last component's too.
  ///   - missing: what is done about a part that is no folder.
  ///   - entry: what the path belongs to, for messages.
  ///   - follows: asked of each link, where it is and what it points at, whether it is followed; if not, there is
  ///     nothing at the path.
  ///   - open: told of each folder before it is entered.
  /// - Returns: nothing where a part is missing or no folder, and none is to be made.
  /// - Throws: ``CacheError`` `badArchive` naming the entry where links go round in circles or a file is in the way.
  package func folder(
    at path: FilePath, _ missing: Missing = .accepted, for entry: String,
    following follows: (FilePath, FilePath) throws -> Bool = { _, _ in true },
    opening open: (Folder, FilePath) throws -> Void = { _, _ in }
  ) throws -> Folder? {
    if path == trail.path { return trail.last }
    let wanted = Array(path.components)
    let known = zip(wanted, trail.names).prefix { $0 == $1 }.count
    try trail.leave(to: known)
    var rest = Array(wanted[known...].reversed())
    var hops = 0
    while let component = rest.popLast() {
      if component.kind == .parentDirectory {
        try trail.leave()
        continue
      }
      if component.kind == .currentDirectory { continue }
      let place = trail.path.appending(component)
      let status = try trail.last.status(of: component)
      if let status, !status.isDirectory {
        guard status.isLink else {
          guard case .made = missing else { return nil }
          throw CacheError(.badArchive, "entry \(entry) is in \(component.string), which is no folder")
        }
        hops += 1
        guard hops <= 255 else { throw CacheError(.badArchive, "entry \(entry) goes through links without end") }
        let target = FilePath(platformString: try trail.last.linkText(of: component))
        guard try follows(place, target) else { return nil }
        if target.isAbsolute { try trail.leave(to: 0) }
        rest += target.components.reversed()
        continue
      } else if status == nil {
        guard case .made(let note) = missing else { return nil }
        try trail.last.makeFolder(component, mode: 0o755)
        note(place)
      }
      try open(trail.last, place)
      guard try trail.enter(component) else { throw trail.last.error("can't enter", component, ENOTDIR) }
    }
    return trail.last
  }
}
