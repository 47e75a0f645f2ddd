import BuildCache
import Foundation
import Glibc
import Logging
import SystemPackage

/// A cache in a folder of this machine, opened: the manager on SQLite and whole folders.
///
///     root
///     ├─ lock       who may change it; held by one process at a time
///     ├─ cache.db   records, snapshots, leases, tags, holds (SQLite; -wal and -shm beside it)
///     ├─ trees      a folder a snapshot, by number
///     └─ blobs      a file a blob, by digest
public final class EmbeddedCache: CacheController {
  /// What the opener means to do.
  public enum Access: Sendable {
    /// Change it; a root that doesn't exist is made.
    case write
    /// Look at it. What is measured is stored where the lock is free at once.
    case read
  }

  /// The cache's folder.
  public let root: FilePath
  /// The manager, for all that a controller doesn't offer.
  public let manager: CacheManager
  /// Why nothing can be changed, where that is so.
  public let readOnlyReason: String?
  private let lock: RootLock?
  private let store: SQLiteMetadataStore
  /// The blobs, for programs that bring some in.
  public let content: any ContentStore

  /// Opens the cache in a folder.
  ///
  /// - Parameters:
  ///   - root: the folder.
  ///   - access: whether it is to be changed.
  ///   - clock: tells the time.
  ///   - identities: makes ids.
  ///   - maxUnpacked: the bytes that the layers unpacked by this cache may have together; absent: no limit.
  ///   - progress: told how many more bytes of a layer were packed or unpacked.
  ///   - steps: what every durable step passes, for tests.
  ///   - logger: where oddities are told.
  /// - Throws: ``CacheError`` `notFound` where there is nothing to read, `heldByOther` where another process changes
  ///   it and this one means to, `storage` naming the file that can't be used.
  public init(
    _ root: FilePath, _ access: Access, clock: any CacheClock = SystemClock(),
    identities: any IdentitySource = RandomIdentities(), maxUnpacked: Int64? = nil,
    progress: @escaping @Sendable (Int64) -> Void = { _ in }, steps: DurableSteps = .unwatched,
    logger: Logger = Logger(label: "strata.cache")
  ) throws {
    // Whole, as tar and others are run in folders of their own.
    let root = root.isAbsolute ? root : FilePath(FileManager.default.currentDirectoryPath).pushing(root)
    self.root = root
    if access == .write {
      try Self.makeFolder(root)
    } else if try FileStatus(of: root.appending(Self.database)) == nil {
      throw CacheError(.notFound, "there is no cache in \(root): `strata snapshot` and `strata demo` make one")
    }
    (lock, readOnlyReason) = try Self.takeLock(root, access)
    do {
      let isReadOnly = readOnlyReason != nil
      store = try SQLiteMetadataStore(root.appending(Self.database), isReadOnly: isReadOnly, steps: steps)
      content = try BlobFolder(root.appending("blobs"), isReadOnly: isReadOnly, steps: steps)
      let trees = root.appending("trees")
      manager = try CacheManager(
        CacheManager.Foundation(
          store: store, snapshotter: try DirectorySnapshotter(trees, isReadOnly: isReadOnly, steps: steps),
          content: content,
          applier: TarLayerApplier(maxUnpacked: maxUnpacked, progress: progress),
          differ: TarLayerDiffer(staging: trees, progress: progress),
          references: TagReferences(store), clock: clock, identities: identities, logger: logger,
          isReadOnly: isReadOnly))
    } catch {
      lock?.release()
      throw error
    }
  }

  private static let database: FilePath.Component = "cache.db"

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

  /// The folder's path.
  public var name: String { root.string }

  /// The embedded manager ranks as the seed does, and no prune is a use (G6).
  public var behavior: PruneBehavior { .embedded }

  /// Disk usage with sizes measured.
  public func usage(matching filter: Filter) async throws -> CacheState {
    try await manager.usage(matching: filter)
  }

  /// The file system's room, and what no record owns.
  public func space() async throws -> CacheSpace? {
    var status = statvfs()
    guard root.withPlatformString({ (path: UnsafePointer<CChar>) -> Int32 in statvfs(path, &status) }) == 0 else {
      throw FileError("can't ask for the free space of", root)
    }
    let block = Int64(status.f_frsize)
    return CacheSpace(
      capacity: Int64(status.f_blocks) * block, free: Int64(status.f_bfree) * block,
      unowned: try await manager.unownedBytes())
  }

  /// Carries out a plan by the manager.
  public func carryOut(_ plan: PrunePlan, progress: @escaping @Sendable (CacheState.Row) -> Void) async throws
    -> PruneReport
  {
    if let readOnlyReason { throw CacheError(.readOnly, readOnlyReason) }
    return try await manager.carryOut(plan, progress: progress)
  }

  /// Nothing is missing here.
  public var noInsightReason: String? { nil }

  /// All that the manager knows of a record.
  public func details(of id: RecordID) async throws -> RecordDetails? {
    try manager.details(of: id)
  }

  /// Holds a record, or lets go of it.
  public func setHeld(_ isHeld: Bool, _ id: RecordID, reason: String) async throws {
    if let readOnlyReason { throw CacheError(.readOnly, readOnlyReason) }
    if isHeld { try manager.hold(id, reason: reason) } else { try manager.unhold(id) }
  }

  /// Closes the database and lets go of the lock.
  public func close() throws {
    try store.close()
    lock?.release()
  }
}
