import BuildCache
import Foundation
import GRDB

/// How records are written to their two tables and read back.
enum RecordRow {
  static let columns = [
    "id", "kind", "committed", "deleted", "snapshot", "equal_mutable", "retained", "type", "description",
    "image_refs", "created_at", "last_used_at", "usage_count", "size", "blob", "diff_id", "media_type", "blob_size",
    "urls", "blob_only", "chain_id", "blob_chain_id",
  ]

  private static let insertion: String = {
    let marks = columns.map { _ in "?" }.joined(separator: ", ")
    let updates = columns.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    return "INSERT INTO record (\(columns.joined(separator: ", "))) VALUES (\(marks)) "
      + "ON CONFLICT (id) DO UPDATE SET \(updates)"
  }()

  /// An update leaves id, parents, and the kind that comes of them, alone.
  private static let fixed = 2
  private static let change =
    "UPDATE record SET \(columns.dropFirst(fixed).map { $0 + " = ?" }.joined(separator: ", ")) WHERE id = ?"

  static func put(_ metadata: RecordMetadata, _ db: Database) throws {
    try run(insertion, StatementArguments(values(of: metadata)), db)
    try run("DELETE FROM parent WHERE record = ?", [metadata.id], db)
    for (position, parent) in positions(of: metadata.parents) {
      try run("INSERT INTO parent VALUES (?, ?, ?)", [metadata.id, position, parent], db)
    }
  }

  static func update(_ metadata: RecordMetadata, _ db: Database) throws {
    try run(change, StatementArguments(values(of: metadata).dropFirst(fixed) + [metadata.id]), db)
  }

  private static func values(of metadata: RecordMetadata) -> [(any DatabaseValueConvertible)?] {
    [
      metadata.id, kinds.firstIndex(of: metadata.parents.kind), metadata.isCommitted, metadata.isDeleted,
      metadata.snapshot, metadata.equalMutable, metadata.isRetained, metadata.recordType.rawValue,
      metadata.description, text(metadata.imageRefs), metadata.createdAt.nanoseconds,
      metadata.lastUsedAt?.nanoseconds, metadata.usageCount, metadata.size, metadata.blob?.digest?.description,
      metadata.blob?.diffID.description, metadata.blob?.mediaType ?? "", metadata.blob?.size ?? 0,
      text(metadata.blob?.urls ?? []), metadata.isBlobOnly, metadata.chainID?.description,
      metadata.blobChainID?.description,
    ]
  }

  static let kinds: [RecordKind] = [.base, .layer, .merge, .diff]

  private static func positions(of parents: ParentIDs) -> [(Int, RecordID)] {
    guard case .diff(let lower, let upper) = parents else { return parents.all.enumerated().map { ($0, $1) } }
    return [(0, lower), (1, upper)].compactMap { position, id in id.map { (position, $0) } }
  }
}

/// How snapshots are read.
enum SnapshotRow {
  static func all(_ db: Database, where condition: String = "", _ arguments: StatementArguments = StatementArguments())
    throws -> [Snapshot]
  {
    var snapshots: [Snapshot] = []
    try forEach(db, where: condition, arguments) { snapshots.append($0) }
    return snapshots
  }

  static func forEach(
    _ db: Database, where condition: String = "", _ arguments: StatementArguments = StatementArguments(),
    body: (Snapshot) -> Void
  ) throws {
    let statement = try db.cachedStatement(
      sql: "SELECT id, parent, kind, tree, usage, entries, bytes, listing, times, contents FROM snapshot \(condition)")
    try statement.setArguments(arguments)
    try statement.forEachRow { row in
      body(
        Snapshot(
          id: row.name(0), parent: row.isNull(1) ? nil : row.name(1),
          kind: Snapshot.Kind(rawValue: row.integer(2)) ?? .committed, tree: row.int64(3),
          usage: row.count(4), seal: seal(row)))
    }
  }

  /// A seal that is not whole, or can't be read, is none: the tree is then known by its name alone.
  private static func seal(_ row: StatementRow) -> TreeSeal? {
    guard !row.isNull(5), !row.isNull(6), let listing = try? Digest(parsing: row.text(7)),
      let times = try? Digest(parsing: row.text(8)), let contents = try? Digest(parsing: row.text(9))
    else { return nil }
    return TreeSeal(entries: row.int64(5), bytes: row.int64(6), listing: listing, times: times, contents: contents)
  }
}

/// How leases are read.
enum LeaseRow {
  /// All leases with what they hold, and what of that can't be read, in words.
  static func all(_ db: Database) throws -> (leases: [Lease], unreadable: [String]) {
    var leases: [String: Lease] = [:]
    var unreadable: [String] = []
    try db.forEachRow("SELECT id, temporary FROM lease") { row in
      leases[row.text(0)] = Lease(id: row.text(0), isTemporary: row.flag(1))
    }
    try db.forEachRow("SELECT lease, snapshot FROM leased_snapshot") { row in
      leases[row.text(0)]?.snapshots.insert(row.name(1))
    }
    try db.forEachRow("SELECT lease, blob FROM leased_blob") { row in
      let (lease, blob) = (row.text(0), row.text(1))
      guard let digest = try? Digest(parsing: blob) else {
        unreadable.append("lease \(lease) holds a blob whose digest can't be read (column blob): \(blob)")
        return
      }
      leases[lease]?.blobs.insert(digest)
    }
    return (Array(leases.values), unreadable)
  }
}

/// How it is read which blobs have the same bytes.
enum VariantRow {
  /// The blobs that a blob's links lead to, and which links can't be read, in words.
  static func variants(of blob: Digest, _ db: Database) throws -> (blobs: Set<Digest>, unreadable: [String]) {
    let names = try db.texts(
      """
      WITH RECURSIVE same(blob) AS (
        SELECT ?1 UNION SELECT variant.other FROM same JOIN variant USING (blob)
      ) SELECT blob FROM same WHERE blob != ?1
      """, [blob.description])
    let blobs = names.map { try? Digest(parsing: $0) }
    return (Set(blobs.compactMap(\.self)), zip(names, blobs).filter { $1 == nil }.map { problem($0.0) })
  }

  /// All links that can't be read, in words.
  static func unreadable(_ db: Database) throws -> [String] { try unreadableNames(db).map(problem) }

  static func unreadableNames(_ db: Database) throws -> [String] {
    try db.texts("SELECT blob FROM variant UNION SELECT other FROM variant")
      .filter { (try? Digest(parsing: $0)) == nil }
  }

  static func forget(_ name: String, _ db: Database) throws {
    try run("DELETE FROM variant WHERE blob = ?1 OR other = ?1", [name], db)
  }

  private static func problem(_ name: String) -> String {
    "table variant names a blob whose digest can't be read: \(name.prefix(100))"
  }
}

/// How holds are read.
enum HoldRow {
  static func all(_ db: Database) throws -> [Hold] {
    try db.rows("SELECT record, reason, since FROM hold") { row in
      Hold(record: row.name(0), reason: row.text(1), since: Timestamp(nanoseconds: row.int64(2)))
    }
  }
}

extension StoreChange {
  /// Writes the change; part of a transaction.
  func apply(to db: Database) throws {
    switch self {
    case .putRecord(let metadata): try RecordRow.put(metadata, db)
    case .updateRecord(let metadata): try RecordRow.update(metadata, db)
    case .removeRecord(let id): try run("DELETE FROM record WHERE id = ?", [id], db)
    case .putLease(let id, let isTemporary):
      try run("INSERT INTO lease VALUES (?, ?) ON CONFLICT (id) DO NOTHING", [id, isTemporary], db)
    case .leaseSnapshot(let snapshot, let lease):
      try run("INSERT INTO leased_snapshot VALUES (?, ?) ON CONFLICT DO NOTHING", [lease, snapshot], db)
    case .leaseBlob(let blob, let lease):
      try run("INSERT INTO leased_blob VALUES (?, ?) ON CONFLICT DO NOTHING", [lease, blob.description], db)
    case .linkVariants(let one, let other):
      for (blob, other) in [(one, other), (other, one)] {
        try run("INSERT OR REPLACE INTO variant VALUES (?, ?)", [blob.description, other.description], db)
      }
    case .forgetBlob(let blob):
      try VariantRow.forget(blob.description, db)
    case .forgetUnreadableBlobs:
      for name in try VariantRow.unreadableNames(db) { try VariantRow.forget(name, db) }
      for name in try db.texts("SELECT DISTINCT blob FROM leased_blob") where (try? Digest(parsing: name)) == nil {
        try run("DELETE FROM leased_blob WHERE blob = ?", [name], db)
      }
    case .putValue(let record, let key, let value?, let index):
      try run("INSERT OR REPLACE INTO value VALUES (?, ?, ?, ?)", [record, key, value, index], db)
    case .putValue(let record, let key, nil, _):
      try run("DELETE FROM value WHERE record = ? AND key = ?", [record, key], db)
    case .removeLease(let id): try run("DELETE FROM lease WHERE id = ?", [id], db)
    case .removeTemporaryLeases: try run("DELETE FROM lease WHERE temporary", [], db)
    case .putSnapshot(let snapshot):
      try run(
        """
        INSERT OR REPLACE INTO snapshot (id, parent, kind, tree, usage, entries, bytes, listing, times, contents)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          snapshot.id, snapshot.parent, snapshot.kind.rawValue, snapshot.tree, snapshot.usage, snapshot.seal?.entries,
          snapshot.seal?.bytes, snapshot.seal?.listing.description, snapshot.seal?.times.description,
          snapshot.seal?.contents.description,
        ], db)
    case .removeSnapshot(let id): try run("DELETE FROM snapshot WHERE id = ?", [id], db)
    case .putTag(let tag): try run("INSERT OR REPLACE INTO tag VALUES (?, ?)", [tag.name, tag.record], db)
    case .removeTag(let name): try run("DELETE FROM tag WHERE name = ?", [name], db)
    case .putHold(let hold):
      try run(
        "INSERT OR REPLACE INTO hold VALUES (?, ?, ?)", [hold.record, hold.reason, hold.since.nanoseconds], db)
    case .removeHold(let id): try run("DELETE FROM hold WHERE record = ?", [id], db)
    }
  }
}

private func run(_ sql: String, _ arguments: StatementArguments, _ db: Database) throws {
  try db.cachedStatement(sql: sql).execute(arguments: arguments)
}

/// A JSON array of strings, as `json_each` reads it.
private func text(_ names: [String]) -> String {
  guard !names.isEmpty, let data = try? JSONEncoder().encode(names) else { return "[]" }
  return String(decoding: data, as: UTF8.self)
}
