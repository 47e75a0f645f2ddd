import BuildCache
import FileTrees
import Foundation
import Glibc
import SystemPackage

/// The path that a path leads to, links followed; nothing, and `errno`, where it leads nowhere.
func realPath(of path: FilePath) -> FilePath? {
  guard let real = path.withPlatformString({ realpath($0, nil) }) else { return nil }
  defer { free(real) }
  return FilePath(platformString: real)
}

extension FilePath {
  /// Whether it is a folder or lies in it, links followed; of a path that doesn't exist, what it would be made in
  /// counts.
  ///
  /// - Throws: ``CacheError`` `storage` naming what can't be looked at.
  func lies(in folder: FilePath) throws -> Bool {
    guard let own = try FileStatus(of: folder).map({ _ in try FileStatus(following: folder).identity }) else {
      return false
    }
    var place = whole
    while realPath(of: place) == nil {
      guard place.removeLastComponent() else { return false }
    }
    guard var real = realPath(of: place) else { return false }
    while true {
      if try FileStatus(of: real)?.identity == own { return true }
      guard real.removeLastComponent() else { return false }
    }
  }

  /// The path from the file system's top: what is relative begins in the working folder.
  var whole: FilePath {
    isAbsolute ? self : FilePath(FileManager.default.currentDirectoryPath).pushing(self)
  }
}
