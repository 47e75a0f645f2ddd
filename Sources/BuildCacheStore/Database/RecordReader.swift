import BuildCache
import GRDB

/// Reads all records with their parents.
struct RecordReader {
  private var records: [StoreContents.StoredRecord] = []
  private var numbers: [RecordID: Int32] = [:]
  private var unreadable: [UnreadableRecord] = []
  /// The kind that was stored of each record.
  private var kinds: [RecordKind] = []

  /// Everything that is stored, in one transaction of the caller's.
  ///
  /// - Throws: `DatabaseError`; `CancellationError` where the task was cancelled.
  static func contents(_ db: Database) throws -> StoreContents {
    var reader = RecordReader()
    reader.reserve(try db.number("SELECT count(*) FROM record") ?? 0)
    try reader.readRecords(db)
    try reader.readParents(db)
    return StoreContents(
      records: reader.records, numbers: reader.numbers, unreadable: reader.unreadable, holds: try HoldRow.all(db))
  }

  /// One record; nothing where there is no such one, or it can't be read.
  static func record(_ id: RecordID, _ db: Database) throws -> RecordMetadata? {
    var reader = RecordReader()
    try reader.readRecords(db, "WHERE id = ?", [id])
    try reader.readParents(db, "WHERE record = ?", [id])
    return reader.records.first?.metadata
  }

  /// The rows of the largest records that are committed, measured, and no half of a pair; without their parents.
  static func largest(_ count: Int, _ db: Database) throws -> CacheState {
    var reader = RecordReader()
    try reader.readRecords(
      db,
      """
      WHERE committed AND NOT deleted AND equal_mutable IS NULL AND size IS NOT NULL
      ORDER BY size DESC, id LIMIT \(count)
      """)
    var builder = CacheState.Builder()
    for (record, kind) in zip(reader.records.map(\.metadata), reader.kinds) {
      builder.add(CacheState.Row(record, kind: kind, size: record.size ?? 0), parents: [])
    }
    return builder.finish()
  }

  private mutating func reserve(_ count: Int) {
    records.reserveCapacity(count)
    numbers.reserveCapacity(count)
    kinds.reserveCapacity(count)
  }

  private mutating func readRecords(
    _ db: Database, _ which: String = "", _ arguments: StatementArguments = StatementArguments()
  ) throws {
    let statement = try db.makeStatement(sql: RecordFields.query(which))
    try statement.setArguments(arguments)
    try statement.forEachRow { row in
      try Task.checkCancellation()
      let fields = RecordFields(row)
      do {
        let kind = try fields.kind()
        records.append(
          StoreContents.StoredRecord(metadata: try Self.metadata(fields, kind), lacksSnapshot: fields.lacksSnapshot))
        numbers[fields.id] = Int32(records.count - 1)  // ids of other bytes may be equal as texts
        kinds.append(kind)
      } catch {
        unreadable.append(fields.unreadable(error))
      }
    }
  }

  private static func metadata(_ fields: RecordFields, _ kind: RecordKind) throws -> RecordMetadata {
    var metadata = RecordMetadata(
      id: fields.id, parents: parents(kind, []), isCommitted: fields.isCommitted, snapshot: fields.snapshot,
      createdAt: fields.createdAt)
    metadata.isDeleted = fields.isDeleted
    if let mutable = fields.equalMutable { metadata.equalMutable = mutable }
    metadata.isRetained = fields.isRetained
    metadata.recordType = fields.recordType(like: .regular)
    metadata.description = fields.description
    metadata.imageRefs = try fields.imageRefs()
    metadata.lastUsedAt = fields.lastUsedAt
    metadata.usageCount = try fields.usageCount()
    metadata.size = try fields.size()
    if let blob = try fields.blob() { metadata.blob = blob }
    metadata.isBlobOnly = fields.isBlobOnly
    if let id = try fields.chainID() { metadata.chainID = id }
    if let id = try fields.blobChainID() { metadata.blobChainID = id }
    return metadata
  }

  /// Gives each record its parents, whose rows stand together.
  private mutating func readParents(
    _ db: Database, _ which: String = "", _ arguments: StatementArguments = StatementArguments()
  ) throws {
    var isWhole = kinds.map { ParentRuns.areWhole([], for: $0) }
    try ParentRuns.forEach(db, which, arguments, id: { $0.name($1) as RecordID }) { child, run in
      guard let number = numbers[child].map({ Int($0) }) else { return }
      // The parent's own text, so that it is kept once.
      let parents = run.map { parent in
        (parent.position, numbers[parent.id].map { records[Int($0)].metadata.id } ?? parent.id)
      }
      records[number].metadata.parents = Self.parents(kinds[number], parents)
      isWhole[number] = ParentRuns.areWhole(run.map(\.position), for: kinds[number])
    }
    if !isWhole.allSatisfy(\.self) { leaveOut { !isWhole[$0] } }
  }

  /// Leaves records out whose parents are not those of their kind.
  private mutating func leaveOut(_ isStray: (Int) -> Bool) {
    let left = records
    (records, numbers) = ([], [:])
    for (number, record) in left.enumerated() {
      guard isStray(number) else {
        numbers[record.metadata.id] = Int32(records.count)
        records.append(record)
        continue
      }
      unreadable.append(
        UnreadableRecord(
          id: record.metadata.id, problem: ParentRuns.problem(of: kinds[number]), stored: record.metadata.stored,
          snapshot: record.metadata.ownSnapshot))
    }
  }

  private static func parents(_ kind: RecordKind, _ parents: [(position: Int, id: RecordID)]) -> ParentIDs {
    switch kind {
    case .base: .none
    case .layer: parents.first.map { .layer($0.id) } ?? .none
    case .merge: .merge(parents.map(\.id))
    case .diff: .diff(lower: parents.first { $0.position == 0 }?.id, upper: parents.first { $0.position == 1 }?.id)
    }
  }
}
