import BuildCache
import Glibc
import SystemPackage

/// The room of the file system under a folder, in bytes.
package struct FileSystemStatus {
  package let capacity: Int64
  /// Free, those kept for root included, as BuildKit counts.
  package let free: Int64
  /// Free for this user.
  package let available: Int64

  /// Asks.
  ///
  /// - Throws: ``CacheError`` `storage` naming the folder.
  package init(of folder: FilePath) throws {
    var status = statvfs()
    guard folder.withPlatformString({ (path: UnsafePointer<CChar>) -> Int32 in statvfs(path, &status) }) == 0 else {
      throw FileError("can't ask for the free space of", folder)
    }
    func bytes(_ blocks: fsblkcnt_t) -> Int64 {
      let (bytes, isTooMany) = UInt64(blocks).multipliedReportingOverflow(by: UInt64(status.f_frsize))
      return isTooMany ? .max : Int64(clamping: bytes)
    }
    capacity = bytes(status.f_blocks)
    free = bytes(status.f_bfree)
    available = bytes(status.f_bavail)
  }
}
