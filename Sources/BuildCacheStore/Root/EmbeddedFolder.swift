import BuildCache
import FileTrees
import Glibc
import SystemPackage

/// The folder of an embedded cache: found to be one, its database at hand, but no record read.
///
/// Opening one takes the same few milliseconds however many records there are. ``EmbeddedCache`` reads them.
public final class EmbeddedFolder: Sendable {
  /// What the opener means to do.
  public enum Access: Sendable {
    /// Change it, and be the only one who does; a root that doesn't exist is made.
    case write
    /// Make room in it: as ``write``, but on a full disk the root's reserve is given back first.
    case reclaim
    /// Look at it: nothing is locked, made or changed, and nothing is held between two looks.
    case read
  }

  /// The cache's folder.
  public let root: FilePath
  /// Whether this is for looking only.
  public let isReadOnly: Bool
  let store: SQLiteMetadataStore
  let steps: DurableSteps
  private let lock: RootLock?
  private let reserve: ReserveFile?

  /// Opens a folder.
  ///
  /// - Parameters:
  ///   - root: the folder.
  ///   - access: whether it is to be changed.
  ///   - steps: what every durable step passes, for tests.
  /// - Throws: ``CacheError`` `notFound` where there is nothing to read, `foreign` where the folder is something else
  ///   than a cache of this user's, `heldByOther` where another process changes it and this one means to, `storage`
  ///   naming the file that can't be used.
  public init(_ root: FilePath, _ access: Access, steps: DurableSteps = .unwatched) throws {
    let found = try CacheRoot(at: root)
    self.root = found.path
    self.steps = steps
    isReadOnly = access == .read
    let database = found.path.appending(CacheRoot.Name.database)
    guard access != .read else {
      guard found.isCache else {
        throw CacheError(.notFound, "there is no cache in \(root): `strata snapshot` and `strata demo` make one")
      }
      (lock, reserve) = (nil, nil)
      store = try SQLiteMetadataStore(database, .read, steps: steps)
      return
    }
    if !found.exists { try Self.makeFolder(found.path) } else { try found.checkIsOwn() }
    if !found.isCache { try SQLiteMetadataStore.make(database, steps: steps) }
    let lock = try RootLock(found.path)
    let reserve = ReserveFile(in: found.path)
    do {
      if access == .reclaim { try reserve.giveBackIfNeeded() }
      store = try SQLiteMetadataStore(database, .write, steps: steps)
    } catch {
      reserve.make()
      lock.release()
      throw error
    }
    (self.lock, self.reserve) = (lock, reserve)
  }

  /// Gives the reserve back to a full disk, for as long as the folder is open.
  func giveBackReserve() { try? reserve?.giveBackIfNeeded() }

  /// Closes the database and lets go of the lock.
  public func close() throws {
    defer {
      reserve?.make()
      lock?.release()
    }
    try store.close()
  }

  /// Makes a folder with those above it that are missing, for its owner alone.
  private static func makeFolder(_ folder: FilePath) throws {
    let above = folder.removingLastComponent()
    if !above.isEmpty, above != folder, !isFolder(above) { try makeFolder(above) }
    guard folder.withPlatformString({ mkdir($0, 0o700) }) != 0 else { return try synchronize(folder: above) }
    let error = errno
    guard error == EEXIST, isFolder(folder) else { throw FileError("can't make folder", folder, error) }
  }

  private static func isFolder(_ path: FilePath) -> Bool {
    (try? FileStatus(following: path))?.isDirectory == true
  }
}
