import BuildCache
import FileTrees
import Glibc
import SystemPackage

/// Removes a name with all beneath it; does nothing where there is none.
///
/// - Throws: ``CacheError`` `storage` naming what can't be removed.
func removeTree(at path: FilePath) throws {
  guard let name = path.lastComponent, try FileStatus(of: path) != nil else { return }
  let above = path.removingLastComponent()
  try removeTree(name, in: try Folder(above.isEmpty ? "." : above))
}

/// Removes a name in a folder with all beneath it; does nothing where there is none.
///
/// - Parameter visit: told of each folder, and the name in it that goes next.
/// - Throws: ``CacheError`` `storage` naming what can't be removed.
func removeTree(
  _ name: FilePath.Component, in folder: Folder,
  visiting visit: (Folder, FilePath.Component) throws -> Void = { _, _ in }
) throws {
  if try folder.removeFile(name) { return }
  var trail = FolderTrail(folder)
  var left: [[FilePath.Component]] = [[name]]
  while let next = left[left.count - 1].last {
    try visit(trail.last, next)
    if try trail.last.removeFile(next) {
      left[left.count - 1].removeLast()
    } else {
      // A folder that its owner may not write can't be emptied; it is about to go.
      try trail.last.open(next)
      guard try trail.enter(next) else { continue }  // it was replaced meanwhile
      left.append(try trail.last.names().reversed())
    }
    while left.count > 1, left[left.count - 1].isEmpty {
      left.removeLast()
      guard let emptied = trail.names.last else { break }
      try trail.leave()
      try trail.last.removeFolder(emptied)
      left[left.count - 1].removeLast()
    }
  }
}

extension Folder {
  /// Removes a name unless it is a folder's.
  ///
  /// - Returns: whether there is nothing of that name any more.
  fileprivate func removeFile(_ name: FilePath.Component) throws -> Bool {
    if name.withPlatformString({ unlinkat(descriptor, $0, 0) }) == 0 || errno == ENOENT { return true }
    if errno == EISDIR { return false }
    let failure = error("can't remove", name)
    guard try status(of: name)?.isDirectory == true else { throw failure }
    return false
  }

  fileprivate func removeFolder(_ name: FilePath.Component) throws {
    let code = name.withPlatformString { unlinkat(descriptor, $0, AT_REMOVEDIR) }
    guard code == 0 || errno == ENOENT else { throw error("can't remove", name) }
  }
}
