import BuildCache
import Foundation
import Glibc
import SystemPackage

/// The folder of an embedded cache: locked, and its database open, but no record read.
///
/// Opening one takes the same few milliseconds however many records there are. ``EmbeddedCache`` reads them.
public final class EmbeddedFolder: Sendable {
  /// What the opener means to do.
  public enum Access: Sendable {
    /// Change it; a root that doesn't exist is made.
    case write
    /// Look at it. What is measured is stored where the lock is free at once.
    case read
  }

  /// The cache's folder.
  public let root: FilePath
  /// Why nothing can be changed, where that is so.
  public let readOnlyReason: String?
  let store: SQLiteMetadataStore
  let steps: DurableSteps
  private let lock: RootLock?

  /// Opens a folder.
  ///
  /// - Parameters:
  ///   - root: the folder.
  ///   - access: whether it is to be changed.
  ///   - steps: what every durable step passes, for tests.
  /// - Throws: ``CacheError`` `notFound` where there is nothing to read, `heldByOther` where another process changes
  ///   it and this one means to, `storage` naming the file that can't be used.
  public init(_ root: FilePath, _ access: Access, steps: DurableSteps = .unwatched) throws {
    // Whole, as tar and others are run in folders of their own.
    let root = root.isAbsolute ? root : FilePath(FileManager.default.currentDirectoryPath).pushing(root)
    self.root = root
    self.steps = steps
    if access == .write {
      try Self.makeFolder(root)
    } else if try FileStatus(of: root.appending(Self.database)) == nil {
      throw CacheError(.notFound, "there is no cache in \(root): `strata snapshot` and `strata demo` make one")
    }
    (lock, readOnlyReason) = try Self.takeLock(root, access)
    do {
      store = try SQLiteMetadataStore(
        root.appending(Self.database), isReadOnly: readOnlyReason != nil, steps: steps)
    } catch {
      lock?.release()
      throw error
    }
  }

  private static let database: FilePath.Component = "cache.db"

  /// The largest of the records that are sure to be shown, largest first, without their parents: what can be looked at
  /// while all are being read.
  ///
  /// - Complexity: one pass over the records' sizes, on a connection of its own.
  public func largest(_ count: Int) throws -> CacheState {
    let store = try SQLiteMetadataStore(root.appending(Self.database), isReadOnly: true)
    defer { try? store.close() }
    return try store.largest(count)
  }

  /// Closes the database and lets go of the lock.
  public func close() throws {
    defer { lock?.release() }
    try store.close()
  }

  /// Makes a folder with those above it that are missing, for its owner alone.
  private static func makeFolder(_ folder: FilePath) throws {
    let above = folder.removingLastComponent()
    if !above.isEmpty, above != folder, !isFolder(above) { try makeFolder(above) }
    guard folder.withPlatformString({ mkdir($0, 0o700) }) != 0 else { return }
    let error = errno
    guard error == EEXIST, isFolder(folder) else { throw FileError("can't make folder", folder, error) }
  }

  private static func isFolder(_ path: FilePath) -> Bool {
    (try? FileStatus(following: path))?.isDirectory == true
  }

  /// Takes the lock, or tells why it is done without.
  private static func takeLock(_ root: FilePath, _ access: Access) throws -> (RootLock?, String?) {
    do {
      return (try RootLock(root.appending("lock")), nil)
    } catch let error as CacheError where error.code == .heldByOther && access == .read {
      return (nil, "\(error.message); what it has in use is unknown here")
    } catch let error as Errno {
      guard access == .read, error == .permissionDenied || error == .readOnlyFileSystem else {
        throw CacheError(.storage, "can't write \(root.appending("lock"))", cause: error.description)
      }
      return (nil, "\(root) may not be written by this user")
    }
  }
}
