import BuildCache
import Glibc
import SystemPackage

/// The open folders from a tree's top down to where something is done.
///
/// Of a deep trail only the lowest folders are kept open; those above are opened again by the way back, and must then
/// be the ones that they were.
package struct FolderTrail {
  /// The names that were gone down by.
  package private(set) var names: [FilePath.Component] = []
  private var folders: [Folder]
  /// How many below the top are kept open.
  package static let kept = 32

  package init(_ top: Folder) { folders = [top] }

  /// The tree's top.
  package var top: Folder { folders[0] }
  /// Where it has come to.
  package var last: Folder { folders[folders.count - 1] }
  /// The same as a path in the tree.
  package private(set) var path = FilePath()

  /// Goes down by one name.
  ///
  /// - Returns: whether that is a folder, and no link to one.
  package mutating func enter(_ name: FilePath.Component) throws -> Bool {
    guard let next = try last.openFolder(name) else { return false }
    try enter(next, name)
    return true
  }

  /// Goes down into a folder that was opened from the last.
  package mutating func enter(_ folder: Folder, _ name: FilePath.Component) throws {
    folders.append(folder)
    names.append(name)
    path.append(name)
    let far = folders.count - 1 - Self.kept
    if far > 0 { try folders[far].close() }
  }

  /// Goes up by one; at the top it stays there.
  package mutating func leave() throws {
    guard let below = folders.last, names.popLast() != nil else { return }
    path.removeLastComponent()
    folders.removeLast()
    try last.reopen(from: below)
  }

  /// Goes up until no more than so many names are left.
  package mutating func leave(to count: Int) throws {
    if count == 0 {
      names = []
      path = FilePath()
      folders.removeLast(folders.count - 1)
    }
    while names.count > count { try leave() }
  }

  /// Goes to a path of folders, none of them a link.
  ///
  /// - Parameter open: told of each folder on the way before it is entered.
  /// - Returns: whether there is such a path; if not, the trail ends where it ceases.
  package mutating func go(to path: FilePath, opening open: (Folder, FilePath.Component) throws -> Void = { _, _ in })
    throws
    -> Bool
  {
    if path == self.path { return true }
    // Walks go up and down by one, also where paths are long.
    if path == self.path.removingLastComponent() {
      try leave()
      return true
    }
    if let name = path.lastComponent, path.removingLastComponent() == self.path {
      try open(last, name)
      return try enter(name)
    }
    let wanted = Array(path.components)
    try leave(to: zip(wanted, names).prefix { $0 == $1 }.count)
    for name in wanted[names.count...] {
      try open(last, name)
      guard try enter(name) else { return false }
    }
    return true
  }

  /// The next name on the way to a path that goes on from here.
  package func name(towards path: FilePath) -> FilePath.Component? {
    path.removingLastComponent() == self.path ? path.lastComponent : path.components.dropFirst(names.count).first
  }
}
