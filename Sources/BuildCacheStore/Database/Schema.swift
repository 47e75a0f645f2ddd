import GRDB

/// The database of a cache.
///
/// Its file's head bears Strata's mark, the application id, and the format, the user version: the number of the last
/// migration. Both can be read without opening it as a database.
///
///     record                          one row a record
///     ├─ id              TEXT  key
///     ├─ kind            0 base, 1 layer, 2 merge, 3 diff
///     ├─ committed       0 while it may be written
///     ├─ deleted         1 once its deletion has begun (D6)
///     ├─ snapshot        TEXT  the snapshot that is its tree
///     ├─ equal_mutable   TEXT  the mutable record that it shares its snapshot with (B2)
///     ├─ retained        1 if it outlives its last ref (A5)
///     ├─ type            TEXT  what it was made for
///     ├─ description     TEXT
///     ├─ image_refs      TEXT  a JSON array of names (B10)
///     ├─ created_at      nanoseconds since 1970
///     ├─ last_used_at    the same; NULL: never
///     ├─ usage_count
///     ├─ size            bytes; NULL: unknown (B11)
///     ├─ blob            TEXT  its blob's digest; NULL: none, or none of its own
///     ├─ diff_id         TEXT  the digest before compression; NULL: it has no blob
///     ├─ media_type, blob_size, urls (a JSON array)   the rest of the blob's descriptor
///     ├─ blob_only       1 while its tree has still to be made of its blob (B8)
///     └─ chain_id, blob_chain_id   TEXT  its layers' contents, and blobs, in one digest (B9)
///     parent                          one row a parent of a record
///     ├─ record, position   key; for a diff position 0 is the lower, 1 the upper
///     └─ parent          TEXT  a record's id
///     snapshot                        a tree under a name
///     ├─ id              TEXT  key
///     ├─ parent          TEXT  the snapshot that it stands on
///     ├─ kind            1 active, 2 view, 3 committed
///     ├─ tree            the number of its folder
///     ├─ usage           bytes that it adds, where known from its making
///     └─ entries, bytes, listing, times, contents   its seal: what was in it when it was done; NULL: it is not sealed
///     lease                           what keeps snapshots from garbage collection
///     ├─ id              TEXT  key: a record's id, or that with a suffix
///     └─ temporary       1 if it is dropped at the next open
///     leased_snapshot                 what a lease holds; the snapshot need not exist yet
///     └─ lease, snapshot    key
///     leased_blob                     the same for blobs
///     └─ lease, blob        key
///     variant                         two blobs of the same bytes, compressed otherwise (B15); both ways round
///     └─ blob, other        key
///     value                           what foreign programs keep with a record (B14)
///     ├─ record, key        key
///     ├─ value           TEXT
///     └─ search          TEXT  by what the record is found; NULL: not by this
///     tag                             a name that points at a record (G7)
///     ├─ name            TEXT  key
///     └─ record
///     hold                            a ref that lasts (G8)
///     ├─ record          TEXT  key
///     ├─ reason          TEXT
///     └─ since           nanoseconds since 1970
///
/// Beside the keys there are indices for who stands on a record, who shares a mutable's snapshot, who holds a snapshot or
/// a blob, and for tags and searched values.
enum Schema {
  /// The mark: "Stra".
  static let applicationID: UInt32 = 0x5374_7261
  /// The number of the last migration.
  static let format: UInt32 = 3
  /// The first format that has all columns.
  static let oldestReadable = 2

  /// The steps from an empty file to the schema above. A step that was released is never changed.
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1: records, snapshots, blobs, leases, tags, holds, values") { db in
      try db.execute(
        sql: """
          CREATE TABLE record (
            id TEXT PRIMARY KEY NOT NULL, kind INTEGER NOT NULL, committed INTEGER NOT NULL, deleted INTEGER NOT NULL,
            snapshot TEXT NOT NULL, equal_mutable TEXT, retained INTEGER NOT NULL, type TEXT NOT NULL,
            description TEXT NOT NULL, image_refs TEXT NOT NULL, created_at INTEGER NOT NULL, last_used_at INTEGER,
            usage_count INTEGER NOT NULL, size INTEGER, blob TEXT, diff_id TEXT, media_type TEXT NOT NULL,
            blob_size INTEGER NOT NULL, urls TEXT NOT NULL, blob_only INTEGER NOT NULL, chain_id TEXT,
            blob_chain_id TEXT
          ) STRICT;
          CREATE TABLE parent (
            record TEXT NOT NULL REFERENCES record(id) ON DELETE CASCADE, position INTEGER NOT NULL,
            parent TEXT NOT NULL, PRIMARY KEY (record, position)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE snapshot (
            id TEXT PRIMARY KEY NOT NULL, parent TEXT, kind INTEGER NOT NULL, tree INTEGER NOT NULL, usage INTEGER
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE lease (id TEXT PRIMARY KEY NOT NULL, temporary INTEGER NOT NULL) STRICT, WITHOUT ROWID;
          CREATE TABLE leased_snapshot (
            lease TEXT NOT NULL REFERENCES lease(id) ON DELETE CASCADE, snapshot TEXT NOT NULL,
            PRIMARY KEY (lease, snapshot)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE leased_blob (
            lease TEXT NOT NULL REFERENCES lease(id) ON DELETE CASCADE, blob TEXT NOT NULL, PRIMARY KEY (lease, blob)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE variant (blob TEXT NOT NULL, other TEXT NOT NULL, PRIMARY KEY (blob, other))
            STRICT, WITHOUT ROWID;
          CREATE TABLE value (
            record TEXT NOT NULL REFERENCES record(id) ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
            search TEXT, PRIMARY KEY (record, key)
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX value_search ON value(search) WHERE search IS NOT NULL;
          CREATE TABLE tag (
            name TEXT PRIMARY KEY NOT NULL, record TEXT NOT NULL REFERENCES record(id) ON DELETE CASCADE
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX tag_record ON tag(record);
          CREATE TABLE hold (
            record TEXT PRIMARY KEY NOT NULL REFERENCES record(id) ON DELETE CASCADE, reason TEXT NOT NULL,
            since INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("2: seals of trees") { db in
      try db.execute(
        sql: """
          ALTER TABLE snapshot ADD COLUMN entries INTEGER;
          ALTER TABLE snapshot ADD COLUMN bytes INTEGER;
          ALTER TABLE snapshot ADD COLUMN listing TEXT;
          ALTER TABLE snapshot ADD COLUMN times TEXT;
          ALTER TABLE snapshot ADD COLUMN contents TEXT;
          PRAGMA user_version = 2;
          """)
    }
    migrator.registerMigration("3: who stands on a record, and who holds a snapshot or a blob") { db in
      try db.execute(
        sql: """
          CREATE INDEX parent_parent ON parent(parent);
          CREATE INDEX record_equal_mutable ON record(equal_mutable) WHERE equal_mutable IS NOT NULL;
          CREATE INDEX leased_snapshot_snapshot ON leased_snapshot(snapshot);
          CREATE INDEX leased_blob_blob ON leased_blob(blob);
          PRAGMA user_version = 3;
          """)
    }
    return migrator
  }
}
