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
///     ├─ blobs      a file a blob, by digest
///     ├─ lost       what was damaged and had to be cleared away, until a repair is asked for
///     └─ reserve    room that is given back to a full disk, so that a prune can begin
public final class EmbeddedCache: Sendable {
  /// What the opener means to do.
  public typealias Access = EmbeddedFolder.Access

  /// The manager.
  public let manager: CacheManager
  /// The blobs, for programs that bring some in.
  public var content: any ContentStore { blobs }
  let blobs: BlobFolder
  /// What unpacks layers.
  let layers: TarLayerApplier
  let folder: EmbeddedFolder

  /// The cache's folder.
  public var root: FilePath { folder.root }

  /// Opens the cache in a folder: ``EmbeddedFolder/init(_:_:steps:)``, and then its records.
  ///
  /// - Parameters:
  ///   - root: the folder.
  ///   - access: whether it is to be changed.
  ///   - clock: tells the time.
  ///   - identities: makes ids.
  ///   - maxUnpacked: the bytes that the layers unpacked by this cache may have together; absent: 64 GB.
  ///   - progress: told how many more bytes of a layer were packed or unpacked.
  ///   - steps: what every durable step passes, for tests.
  ///   - logger: where oddities are told.
  /// - Throws: ``CacheError`` `notFound` where there is nothing to read, `foreign` where the folder is something else
  ///   than a cache of this user's, `heldByOther` where another process changes it and this one means to, `storage`
  ///   naming the file that can't be used.
  public convenience init(
    _ root: FilePath, _ access: Access, clock: any CacheClock = SystemClock(),
    identities: any IdentitySource = RandomIdentities(), maxUnpacked: Int64? = nil,
    progress: @escaping @Sendable (Int64) -> Void = { _ in }, steps: DurableSteps = .unwatched,
    logger: Logger = Logger(label: "strata.cache")
  ) throws {
    try self.init(
      try EmbeddedFolder(root, access, steps: steps), clock: clock, identities: identities, maxUnpacked: maxUnpacked,
      progress: progress, logger: logger)
  }

  /// Reads the records of a folder that is open; the parameters are those of
  /// ``init(_:_:clock:identities:maxUnpacked:progress:steps:logger:)``.
  ///
  /// - Parameters:
  ///   - folder: it is this cache's to close, and closed where reading fails.
  ///   - aside: a folder for what looking has to make (a tree that was never made, a blob), where the cache itself is
  ///     only looked at; it is the caller's to remove.
  /// - Throws: ``CacheError`` `storage` naming the file that can't be used.
  public init(
    _ folder: EmbeddedFolder, makingIn aside: FilePath? = nil, clock: any CacheClock = SystemClock(),
    identities: any IdentitySource = RandomIdentities(), maxUnpacked: Int64? = nil,
    progress: @escaping @Sendable (Int64) -> Void = { _ in }, logger: Logger = Logger(label: "strata.cache")
  ) throws {
    self.folder = folder
    do {
      let aside = folder.isReadOnly ? aside : nil
      func access(_ name: FilePath.Component) -> FolderAccess {
        if let aside { return .aside(aside.appending(name)) }
        return folder.isReadOnly ? .read : .write
      }
      let trees = CacheRoot.Name.trees
      let store = try aside == nil ? folder.store : SQLiteMetadataStore(copying: folder.store)
      let content = try BlobFolder(
        folder.root.appending(CacheRoot.Name.blobs), access(CacheRoot.Name.blobs), steps: folder.steps)
      blobs = content
      layers = TarLayerApplier(maxUnpacked: maxUnpacked, progress: progress, steps: folder.steps)
      manager = try CacheManager(
        CacheManager.Dependencies(
          store: store,
          snapshotter: try DirectorySnapshotter(folder.root.appending(trees), access(trees), steps: folder.steps),
          content: content,
          applier: layers,
          differ: TarLayerDiffer(staging: (aside ?? folder.root).appending(trees), progress: progress),
          lost: aside == nil ? LostFolder(in: folder.root, steps: folder.steps) : nil,
          references: TagReferences(store), clock: clock, identities: identities, logger: logger,
          isReadOnly: folder.isReadOnly && aside == nil))
    } catch {
      try? folder.close()
      throw error
    }
  }

  /// What has to be known of what was read: who else is changing the cache, and what in it is damaged.
  public var notes: [String] {
    let writer = folder.isReadOnly ? RootLock.holder(of: root) : nil
    return (writer.map { ["\($0) is changing this cache; what it has in use is unknown here"] } ?? [])
      + manager.cleared.map { Self.note(of: $0.id, $0.reason, movedTo: manager.lostPlace) }
  }

  /// What is said of a record that can't be used.
  static func note(of id: RecordID, _ reason: String, movedTo place: String?) -> String {
    "record \(id) can't be used (\(reason)), and "
      + (place.map { "is moved to \($0)" } ?? "stays as it is while the cache is only looked at")
  }

  /// Closes the database and lets go of the lock.
  public func close() throws { try folder.close() }
}
