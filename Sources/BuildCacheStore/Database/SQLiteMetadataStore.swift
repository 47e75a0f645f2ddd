import BuildCache
import FileTrees
import GRDB
import Glibc
import SystemPackage

/// The embedded ``MetadataStore``: one SQLite file in WAL mode, every step durable when it returns.
public final class SQLiteMetadataStore: MetadataStore {
  /// What the opener means to do.
  public enum Access: Sendable {
    /// Change it; a file that doesn't exist is made, and one of an older version brought up to date.
    case write
    /// Look at it, leaving no trace: see ``TracelessReader``.
    case read
  }

  /// The file, for messages.
  private let path: FilePath
  /// Absent where nothing may be changed.
  private let writer: DatabaseQueue?
  private let steps: DurableSteps

  /// Opens a database.
  ///
  /// - Throws: ``CacheError`` `storage` naming the file: it is no database, comes from an older or newer version, is
  ///   damaged, or can't be opened.
  public init(_ path: FilePath, _ access: Access = .write, steps: DurableSteps = .unwatched) throws {
    self.path = path
    self.steps = steps
    do {
      guard access == .write else {
        writer = nil
        try reading(checkVersion)
        return
      }
      if try FileStatus(of: path) == nil { try Self.make(path, steps: steps) }
      let database = try DatabaseQueue(path: path.string, configuration: Self.configuration(isWAL: true))
      writer = database
      if try database.read({ try !Schema.migrator.hasBeenSuperseded($0) }) { try Schema.migrator.migrate(database) }
      try database.read(checkVersion)
    } catch {
      throw Self.explained(error, path)
    }
  }

  /// A copy of another's content in memory: what is changed in it is gone with it.
  init(copying other: SQLiteMetadataStore) throws {
    path = other.path
    steps = .unwatched
    let copy = try DatabaseQueue(configuration: Self.configuration(isWAL: false))
    try other.reading { source in try copy.writeWithoutTransaction { try source.backup(to: $0) } }
    writer = copy
  }

  /// Makes a database where there is none. It has its name from the moment that it is whole: whoever is killed before
  /// leaves a file that is known by its own.
  ///
  /// - Parameter migration: the last step to take, for tests; absent: all.
  /// - Throws: ``CacheError`` `storage` naming the file.
  static func make(_ path: FilePath, upTo migration: String? = nil, steps: DurableSteps = .unwatched) throws {
    let part = path.removingLastComponent().appending(CacheRoot.Name.newDatabase + RandomIdentities().newID().text)
    defer { for name in [part.string, part.string + "-journal"] { try? removeTree(at: FilePath(name)) } }
    do {
      let database = try DatabaseQueue(path: part.string, configuration: configuration(isWAL: false))
      try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA application_id = \(Schema.applicationID)") }
      try migration.map { try Schema.migrator.migrate(database, upTo: $0) } ?? Schema.migrator.migrate(database)
      try database.close()
    } catch {
      throw explained(error, path)
    }
    try steps.pass("database") {
      let code = part.withPlatformString { part in path.withPlatformString { link(part, $0) } }
      guard code == 0 || errno == EEXIST else { throw FileError("can't make", path) }  // another was quicker: as good
      try synchronize(folder: path.removingLastComponent())
    }
  }

  private static func configuration(isWAL: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(5)  // a reader may hold the file for the moment of a checkpoint
    configuration.prepareDatabase { db in
      try db.execute(sql: (isWAL ? "PRAGMA journal_mode = WAL; " : "") + "PRAGMA synchronous = FULL")
    }
    return configuration
  }

  private func checkVersion(_ db: Database) throws {
    if try Schema.migrator.hasBeenSuperseded(db) {
      throw CacheError(.foreign, "\(path) was made by a newer strata; use that one")
    }
    // Looking has no need of indices: it reads a cache on a disk that can't be written all the same.
    if writer == nil, try db.number("PRAGMA user_version") ?? 0 >= Schema.oldestReadable { return }
    guard try Schema.migrator.hasCompletedMigrations(db) else {
      throw CacheError(.storage, "\(path) is of an older version: `strata gc` brings it up to date")
    }
  }

  /// One transaction over all that a query reads.
  private func reading<T>(_ body: (Database) throws -> T) throws -> T {
    do {
      return try steps.read("query") { try writer.map { try $0.read(body) } ?? TracelessReader(path).read(body) }
    } catch {
      throw Self.explained(error, path)
    }
  }

  /// Carries out one step as one immediate transaction.
  public func apply(_ changes: [StoreChange]) throws {
    guard let writer else { throw CacheError(.readOnly, "\(path) is open for reading only") }
    do {
      try steps.pass("transaction") {
        try writer.writeWithoutTransaction { db in
          try db.inTransaction(.immediate) {
            for change in changes { try change.apply(to: db) }
            return .commit
          }
        }
      }
    } catch {
      throw Self.explained(error, path)
    }
  }

  /// All records and holds, in one read transaction.
  public func load() throws -> StoreContents {
    try reading(RecordReader.contents)
  }

  /// All that a look at the cache needs, in one read transaction.
  func state(treesOnDisk: [TreeID]) throws -> StoredState {
    try reading { try StateReader.state($0, treesOnDisk: treesOnDisk) }
  }

  /// All that is stored of a record, in one read transaction; nothing where there is no such record.
  ///
  /// - Parameter half: the other half of the pair that it is one of.
  func stored(_ id: RecordID, half: RecordID?) throws -> RecordSurroundings? {
    try reading { db -> RecordSurroundings? in
      guard var metadata = try RecordReader.record(id, db) else { return nil }
      metadata.isCommitted = metadata.isCommitted || metadata.isJoined  // E5
      // E2: what is named and is no half is gone.
      let mutable = metadata.equalMutable == nil ? nil : half
      metadata.equalMutable = mutable
      let tree = try mutable.flatMap { try RecordReader.record($0, db) }
      let snapshot = tree?.ownSnapshot ?? metadata.ownSnapshot
      return RecordSurroundings(
        metadata: metadata,
        refs: try db.number(
          "SELECT count(*) FROM parent JOIN record ON id = record WHERE parent = ? AND NOT deleted", [id]) ?? 0,
        isHeld: try db.number("SELECT 1 FROM hold WHERE record = ?", [id]) != nil,
        equalHalf: half, tree: try SnapshotRow.all(db, where: "WHERE id = ?", [snapshot]).first?.tree,
        leases: try Self.leases(holding: snapshot, or: metadata.blob?.digest, db),
        tags: Set(try db.texts("SELECT name FROM tag WHERE record = ?", [id])))
    }
  }

  /// The largest of the records that are sure to be rows: committed, measured, and no half of a pair.
  func largest(_ count: Int) throws -> CacheState {
    try reading { try RecordReader.largest(count, $0) }
  }

  /// The snapshot of this name, if there is one.
  public func snapshot(_ id: SnapshotID) throws -> Snapshot? {
    try reading { try SnapshotRow.all($0, where: "WHERE id = ?", [id]).first }
  }

  /// All snapshots.
  public func forEachSnapshot(_ body: (Snapshot) -> Void) throws {
    // A query that leaves no trace may run again: what it found is handed on only then.
    guard writer != nil else { return try reading { try SnapshotRow.all($0) }.forEach(body) }
    try reading { try SnapshotRow.forEach($0, body: body) }
  }

  /// The snapshots that nothing leased stands on.
  public func unleasedSnapshots() throws -> [Snapshot] {
    try reading {
      try SnapshotRow.all(
        $0,
        where: """
          WHERE id NOT IN (
            WITH RECURSIVE held(id) AS (
              SELECT snapshot FROM leased_snapshot
              UNION SELECT snapshot.parent FROM held JOIN snapshot USING (id) WHERE snapshot.parent IS NOT NULL
            ) SELECT id FROM held)
          """)
    }
  }

  /// All leases.
  public func leases() throws -> [Lease] {
    try reading { try LeaseRow.all($0).leases }
  }

  /// The names of leases that hold a snapshot or a blob.
  public func leases(holding snapshot: SnapshotID, or blob: Digest?) throws -> Set<String> {
    try reading { try Self.leases(holding: snapshot, or: blob, $0) }
  }

  private static func leases(holding snapshot: SnapshotID, or blob: Digest?, _ db: Database) throws -> Set<String> {
    Set(
      try db.texts(
        "SELECT lease FROM leased_snapshot WHERE snapshot = ? UNION SELECT lease FROM leased_blob WHERE blob = ?",
        [snapshot, blob?.description]))
  }

  /// All tags.
  public func tags() throws -> [Tag] {
    try reading { db in
      try db.rows("SELECT name, record FROM tag") { Tag(name: $0.text(0), record: $0.name(1)) }
    }
  }

  /// Every blob that a lease holds. Where damage hides which one, all that are named anywhere: none goes that is needed.
  public func leasedBlobs() throws -> Set<Digest> {
    try reading { db in
      let leased = try db.texts("SELECT DISTINCT blob FROM leased_blob").map { try? Digest(parsing: $0) }
      let others =
        leased.contains(nil)
        ? try db.texts(
          """
          SELECT blob FROM record WHERE blob IS NOT NULL UNION SELECT blob FROM variant UNION SELECT other FROM variant
          """) : []
      return Set(leased.compactMap(\.self) + others.compactMap { try? Digest(parsing: $0) })
    }
  }

  /// The blobs that a blob's labels lead to.
  public func variants(of blob: Digest) throws -> Set<Digest> {
    try reading { try VariantRow.variants(of: blob, $0).blobs }
  }

  /// A foreign value.
  public func value(_ key: String, of record: RecordID) throws -> String? {
    try reading {
      try $0.texts("SELECT value FROM value WHERE record = ? AND key = ?", [record, key]).first
    }
  }

  /// The records whose foreign values have this index.
  public func records(withIndex index: String) throws -> Set<RecordID> {
    try reading {
      Set(try $0.names("SELECT record FROM value WHERE search = ?", [index]))
    }
  }

  /// All in one transaction, with SQLite's own check of the file and of what its tables say of each other.
  public func inspect() throws -> StoreInspection {
    try reading { db in
      let damage = try db.texts("PRAGMA integrity_check(20)").filter { $0 != "ok" }
      let strays = try db.rows("PRAGMA foreign_key_check") { row in
        "a row of table \(row.text(0)) belongs to a \(row.text(2)) that does not exist"
      }
      let (leases, unreadable) = try LeaseRow.all(db)
      let links = try VariantRow.unreadable(db)
      return StoreInspection(
        contents: try RecordReader.contents(db), snapshots: try SnapshotRow.all(db), leases: leases,
        damage: damage.map { "database \(path): \($0)" } + strays, unreadableBlobs: unreadable + links)
    }
  }

  /// Closes the file; of a store that may change it no other call may follow.
  public func close() throws {
    do { try writer?.close() } catch { throw Self.explained(error, path) }
  }

  /// What SQLite says, with the file's name and what to do.
  private static func explained(_ error: any Error, _ path: FilePath) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    if error.resultCode == .SQLITE_FULL || error.extendedResultCode == .SQLITE_IOERR_SHMSIZE {
      return CacheError(.diskFull, "database \(path) can't grow: the disk is full", cause: error.message)
    }
    let advice =
      switch error.resultCode {
      case .SQLITE_NOTADB: "is no database of strata's"
      case .SQLITE_CORRUPT: "is damaged"
      case .SQLITE_CANTOPEN: "can't be opened"
      case .SQLITE_READONLY, .SQLITE_PERM: "can't be written"
      case .SQLITE_BUSY: "is in use by another program"
      default: "failed"
      }
    return CacheError(.storage, "database \(path) \(advice)", cause: error.message ?? "\(error.resultCode)")
  }
}

/// A record with all that the store says of it in other places.
struct RecordSurroundings {
  let metadata: RecordMetadata
  /// The refs of records that stand on it.
  let refs: Int
  let isHeld: Bool
  let equalHalf: RecordID?
  let tree: TreeID?
  let leases: Set<String>
  let tags: Set<String>
}

extension RecordMetadata {
  /// Whether it is a merge or a diff.
  fileprivate var isJoined: Bool { parents.kind == .merge || parents.kind == .diff }
}
