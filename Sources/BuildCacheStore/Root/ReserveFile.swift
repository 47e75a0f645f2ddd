import Glibc
import SystemPackage

/// Room that a root keeps for itself, so that a prune can begin on a full disk: SQLite has to write before it can free.
///
/// It is given back to the disk by who means to make room there, and made again when that is done.
struct ReserveFile {
  /// Bytes: what the write-ahead log may grow to while a hundred records are removed.
  static let size: Int64 = 8 << 20
  private let path: FilePath

  init(in root: FilePath) {
    path = root.appending(CacheRoot.Name.reserve)
  }

  /// Removes the file where the disk has no more room than it would have.
  ///
  /// - Throws: ``CacheError`` `storage` naming the file.
  func giveBackIfNeeded() throws {
    guard (Self.freeBytes(path.removingLastComponent()) ?? 0) < Self.size else { return }
    try removeTree(at: path)
  }

  /// Makes the file, unless it is there or the disk has not twice the room: then the next to close the cache does.
  func makeIfMissing() {
    guard (Self.freeBytes(path.removingLastComponent()) ?? 0) >= 2 * Self.size,
      let file = try? FileDescriptor.open(
        path, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec], permissions: .ownerReadWrite)
    else { return }
    let code = posix_fallocate(file.rawValue, 0, off_t(Self.size))
    try? file.close()
    if code != 0 { try? removeTree(at: path) }
  }

  /// What this user may still write, in bytes.
  private static func freeBytes(_ folder: FilePath) -> Int64? {
    (try? FileSystemStatus(of: folder))?.available
  }
}
