import BuildCache
import GRDB
import SystemPackage

/// The embedded ``MetadataStore``: one SQLite file in WAL mode, every step durable when it returns.
public final class SQLiteMetadataStore: MetadataStore {
  /// The file, for messages.
  private let path: FilePath
  private let database: DatabaseQueue
  private let isReadOnly: Bool
  private let steps: DurableSteps

  /// Opens a database, making and migrating it unless it is opened for reading only.
  ///
  /// - Throws: ``CacheError`` `storage` naming the file: it is no database, comes from a newer version, is damaged, or
  ///   can't be opened.
  public init(_ path: FilePath, isReadOnly: Bool = false, steps: DurableSteps = .unwatched) throws {
    self.path = path
    self.steps = steps
    self.isReadOnly = isReadOnly
    var configuration = Configuration()
    configuration.readonly = isReadOnly
    configuration.busyMode = .timeout(5)  // a reader may hold the file for the moment of a checkpoint
    configuration.prepareDatabase { db in
      guard !isReadOnly else { return }
      try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    }
    do {
      database = try DatabaseQueue(path: path.string, configuration: configuration)
      let migrator = Schema.migrator
      if !isReadOnly { try migrator.migrate(database) }
      let (isNewer, isComplete) = try database.read { db in
        (try migrator.hasBeenSuperseded(db), try migrator.hasCompletedMigrations(db))
      }
      if isNewer { throw CacheError(.storage, "\(path) was made by a newer strata; use that one") }
      if !isComplete { throw CacheError(.storage, "\(path) is of an older version; open it once for writing") }
    } catch {
      throw Self.explained(error, path)
    }
  }

  /// Carries out one step as one immediate transaction.
  public func apply(_ changes: [StoreChange]) throws {
    guard !isReadOnly else { throw CacheError(.readOnly, "\(path) is open for reading only") }
    try explaining {
      try steps.pass("transaction") {
        try database.writeWithoutTransaction { db in
          try db.inTransaction(.immediate) {
            for change in changes { try change.apply(to: db) }
            return .commit
          }
        }
      }
    }
  }

  /// All records and holds, in one read transaction.
  public func load() throws -> StoreContents {
    try explaining { try database.read { try RecordReader.contents($0) } }
  }

  /// The largest of the records that are sure to be rows: committed, measured, and no half of a pair.
  func largest(_ count: Int) throws -> CacheState {
    try explaining { try database.read { try RecordReader.largest(count, $0) } }
  }

  /// The snapshot of this name, if there is one.
  public func snapshot(_ id: SnapshotID) throws -> Snapshot? {
    try explaining {
      try database.read { try SnapshotRow.all($0, where: "WHERE id = ?", [id]).first }
    }
  }

  /// All snapshots.
  public func forEachSnapshot(_ body: (Snapshot) -> Void) throws {
    try explaining { try database.read { try SnapshotRow.forEach($0, body: body) } }
  }

  /// The snapshots that nothing leased stands on.
  public func unleasedSnapshots() throws -> [Snapshot] {
    try explaining {
      try database.read {
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
  }

  /// All leases.
  public func leases() throws -> [Lease] {
    try explaining {
      try database.read { db in
        var leases: [String: Lease] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT id, temporary FROM lease") {
          leases[row[0]] = Lease(id: row[0], isTemporary: row[1])
        }
        for row in try Row.fetchAll(db, sql: "SELECT lease, snapshot FROM leased_snapshot") {
          leases[row[0]]?.snapshots.insert(row[1])
        }
        for row in try Row.fetchAll(db, sql: "SELECT lease, blob FROM leased_blob") {
          leases[row[0]]?.blobs.insert(try Digest(parsing: row[1]))
        }
        return Array(leases.values)
      }
    }
  }

  /// All tags.
  public func tags() throws -> [Tag] {
    try explaining {
      try database.read { db in
        try Row.fetchAll(db, sql: "SELECT name, record FROM tag").map { Tag(name: $0[0], record: $0[1]) }
      }
    }
  }

  /// Every blob that a lease holds.
  public func leasedBlobs() throws -> Set<Digest> {
    try digests(sql: "SELECT DISTINCT blob FROM leased_blob")
  }

  /// The blobs that a blob's labels lead to.
  public func variants(of blob: Digest) throws -> Set<Digest> {
    try digests(
      sql: """
        WITH RECURSIVE same(blob) AS (
          SELECT ?1 UNION SELECT variant.other FROM same JOIN variant USING (blob)
        ) SELECT blob FROM same WHERE blob != ?1
        """, [blob.description])
  }

  private func digests(sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> Set<Digest> {
    try explaining {
      try database.read { Set(try String.fetchAll($0, sql: sql, arguments: arguments).map { try Digest(parsing: $0) }) }
    }
  }

  /// A foreign value.
  public func value(_ key: String, of record: RecordID) throws -> String? {
    try explaining {
      try database.read {
        try String.fetchOne($0, sql: "SELECT value FROM value WHERE record = ? AND key = ?", arguments: [record, key])
      }
    }
  }

  /// The records whose foreign values have this index.
  public func records(withIndex index: String) throws -> Set<RecordID> {
    try explaining {
      try database.read {
        try String.fetchSet($0, sql: "SELECT record FROM value WHERE search = ?", arguments: [index])
      }
    }
  }

  /// SQLite's own check of the file, and of what its tables say of each other.
  public func check() throws -> [String] {
    try explaining {
      try database.read { db in
        let damage = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
        let strays = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { row in
          "a row of table \(row[0] as String) belongs to a record that does not exist"
        }
        return damage.map { "database \(path): \($0)" } + strays
      }
    }
  }

  /// Closes the file; no other call may follow.
  public func close() throws {
    try explaining { try database.close() }
  }

  private func explaining<T>(_ body: () throws -> T) throws -> T {
    do { return try body() } catch { throw Self.explained(error, path) }
  }

  /// What SQLite says, with the file's name and what to do.
  private static func explained(_ error: any Error, _ path: FilePath) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    let advice =
      switch error.resultCode {
      case .SQLITE_NOTADB: "is no database of strata's"
      case .SQLITE_CORRUPT: "is damaged"
      case .SQLITE_FULL: "can't grow: the disk is full"
      case .SQLITE_CANTOPEN: "can't be opened"
      case .SQLITE_READONLY, .SQLITE_PERM: "can't be written"
      case .SQLITE_BUSY: "is in use by another program"
      default: "failed"
      }
    return CacheError(.storage, "database \(path) \(advice)", cause: error.message ?? "\(error.resultCode)")
  }
}
