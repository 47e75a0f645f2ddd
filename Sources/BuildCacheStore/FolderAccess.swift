import BuildCache
import FileTrees
import Glibc
import SystemPackage

/// What may be done with a folder of trees or blobs.
public enum FolderAccess: Sendable, Equatable {
  /// All.
  case write
  /// It is looked at, and need not exist.
  case read
  /// It is looked at, and what has to be made goes into another folder, which is gone afterwards.
  case aside(FilePath)

  /// Where what is made goes.
  func written(over folder: FilePath) -> FilePath {
    if case .aside(let other) = self { other } else { folder }
  }
}

/// Makes a folder for its owner alone, unless there is one; what is there and is no folder, or a link to one, is refused.
///
/// - Throws: ``CacheError`` `storage` naming it.
func makeFolderIfMissing(_ folder: FilePath) throws {
  guard folder.withPlatformString({ mkdir($0, 0o700) }) != 0 else { return }
  let error = errno
  guard error == EEXIST, try FileStatus(of: folder)?.isDirectory == true else {
    throw FileError("can't make folder", folder, error)
  }
}
