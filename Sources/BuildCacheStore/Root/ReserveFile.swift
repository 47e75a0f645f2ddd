import BuildCache
import FileTrees
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
    guard try FileSystemStatus(of: path.removingLastComponent()).available < Self.size else { return }
    try removeTree(at: path)
  }

  /// Makes the file, or lets it grow to its size, as far as that takes half of what is free at most: whoever closes the
  /// cache next goes on. A reserve that can't be made is no error, only none.
  func make() {
    let made = (try? FileStatus(of: path))??.length ?? 0
    guard made < Self.size, let free = try? FileSystemStatus(of: path.removingLastComponent()).available else { return }
    let wanted = min(Self.size, made.addingSaturating(free / 2)) & ~0xfff
    guard wanted > max(made, 1 << 20),
      let file = try? FileDescriptor.open(
        path, .writeOnly, options: [.create, .noFollow, .nonBlocking, .closeOnExec], permissions: .ownerReadWrite)
    else { return }
    let code = posix_fallocate(file.rawValue, 0, off_t(wanted))
    try? file.close()
    if code != 0 { try? removeTree(at: path) }
  }
}
