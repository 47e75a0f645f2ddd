import BuildCache
import Foundation
import GRDB

/// Reads all records with their parents.
struct RecordReader {
  private var records: [StoreContents.Record] = []
  private var numbers: [RecordID: Int32] = [:]
  private var unreadable: [UnreadableRecord] = []
  /// Records whose parents have gaps in their positions.
  private var torn: Set<RecordID> = []
  /// The kind that was stored of each record.
  private var kinds: [RecordKind] = []

  /// Everything that is stored, in one transaction of the caller's.
  ///
  /// - Throws: `DatabaseError`; `CancellationError` where the task was cancelled.
  static func contents(_ db: Database) throws -> StoreContents {
    var reader = RecordReader()
    reader.reserve(try Int.fetchOne(db, sql: "SELECT count(*) FROM record") ?? 0)
    try reader.readRecords(db)
    try reader.readParents(db)
    reader.leaveOutStrays()
    return StoreContents(
      records: reader.records, numbers: reader.numbers, unreadable: reader.unreadable, holds: try HoldRow.all(db))
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

  private mutating func readRecords(_ db: Database, _ which: String = "") throws {
    // Only few need a snapshot to live: to look for all of theirs would take longer than all the rest.
    let statement = try db.makeStatement(
      sql: """
        SELECT \(RecordRow.columns.joined(separator: ", ")),
          CASE WHEN committed AND equal_mutable IS NULL THEN 0 ELSE NOT EXISTS (
            SELECT 1 FROM snapshot WHERE id = CASE record.snapshot WHEN '' THEN record.id ELSE record.snapshot END) END
        FROM record \(which)
        """)
    try statement.forEachRow { row in
      try Task.checkCancellation()
      let id = row.text(0)
      do {
        guard RecordRow.kinds.indices.contains(row.integer(1)) else {
          throw Unreadable(column: 1, why: "is no kind: \(row.integer(1))")
        }
        let kind = RecordRow.kinds[row.integer(1)]
        records.append(StoreContents.Record(metadata: try Self.metadata(row, id, kind), lacksSnapshot: row.flag(22)))
        numbers[id] = Int32(numbers.count)
        kinds.append(kind)
      } catch {
        unreadable.append(
          UnreadableRecord(id: id, problem: "\(error)", stored: Self.stored(row), snapshot: row.text(4, sharing: id)))
      }
    }
  }

  /// What can't be read of a row.
  private struct Unreadable: Error, CustomStringConvertible {
    let column: Int32
    let why: String
    var description: String { "column \(RecordRow.columns[Int(column)]) \(why)" }
  }

  /// A row as text, by column; those that are NULL are left out.
  private static func stored(_ row: StatementRow) -> [String: String] {
    var stored: [String: String] = [:]
    for (number, name) in RecordRow.columns.enumerated() where !row.isNull(Int32(number)) {
      stored[name] = row.text(Int32(number))
    }
    return stored
  }

  private static func metadata(_ row: StatementRow, _ id: RecordID, _ kind: RecordKind) throws -> RecordMetadata {
    var metadata = RecordMetadata(
      id: id, parents: parents(kind, []), isCommitted: row.flag(2), snapshot: row.text(4, sharing: id),
      createdAt: Timestamp(nanoseconds: row.int64(10)))
    metadata.isDeleted = row.flag(3)
    if !row.isNull(5) { metadata.equalMutable = row.text(5) }
    metadata.isRetained = row.flag(6)
    metadata.recordType = RecordType(rawValue: row.text(7))
    metadata.description = row.text(8)
    metadata.imageRefs = try names(row, 9)
    if !row.isNull(11) { metadata.lastUsedAt = Timestamp(nanoseconds: row.int64(11)) }
    metadata.usageCount = Int(try count(row, 12))
    if !row.isNull(13) { metadata.size = try count(row, 13) }
    if let diffID = try digest(row, 15) {
      metadata.blob = RecordBlob(
        digest: try digest(row, 14), diffID: diffID, mediaType: row.text(16), size: try count(row, 17),
        urls: try names(row, 18))
    }
    metadata.isBlobOnly = row.flag(19)
    if let id = try digest(row, 20) { metadata.chainID = id }
    if let id = try digest(row, 21) { metadata.blobChainID = id }
    return metadata
  }

  /// A number that is 0 or more: sizes and counts.
  private static func count(_ row: StatementRow, _ column: Int32) throws -> Int64 {
    let count = row.int64(column)
    guard count >= 0 else { throw Unreadable(column: column, why: "is below zero: \(count)") }
    return count
  }

  private static func digest(_ row: StatementRow, _ column: Int32) throws -> Digest? {
    guard !row.isNull(column) else { return nil }
    do { return try Digest(parsing: row.text(column)) } catch {
      throw Unreadable(column: column, why: "is no digest: \(row.text(column).prefix(100))")
    }
  }

  private static func names(_ row: StatementRow, _ column: Int32) throws -> [String] {
    if row.isText(column, equal: "[]") { return [] }
    do { return try JSONDecoder().decode([String].self, from: Data(row.text(column).utf8)) } catch {
      throw Unreadable(column: column, why: "is no list of names: \(row.text(column).prefix(100))")
    }
  }

  /// Gives each record its parents, whose rows stand together.
  private mutating func readParents(_ db: Database) throws {
    var child: RecordID?
    var run: [(position: Int, id: RecordID)] = []
    func endRun(_ reader: inout RecordReader) {
      if let number = child.flatMap({ reader.numbers[$0] }).map({ Int($0) }) {
        reader.records[number].metadata.parents = Self.parents(reader.kinds[number], run)
        let positions = run.map(\.position)
        let isWhole =
          switch reader.kinds[number] {
          case .base: positions.isEmpty
          case .layer: positions == [0]
          case .merge: positions == Array(positions.indices)
          case .diff: positions.allSatisfy { (0...1).contains($0) }
          }
        if !isWhole, let child { reader.torn.insert(child) }
      }
      run = []
    }
    let statement = try db.makeStatement(sql: "SELECT record, position, parent FROM parent ORDER BY record, position")
    try statement.forEachRow { row in
      try Task.checkCancellation()
      if child.map({ row.isText(0, equal: $0) }) != true {
        endRun(&self)
        child = row.text(0)
      }
      let id = row.text(2)
      // The parent's own text, so that it is kept once.
      run.append((row.integer(1), numbers[id].map { records[Int($0)].metadata.id } ?? id))
    }
    endRun(&self)
  }

  /// Leaves records out whose parents are not those of their kind: a row of theirs was lost, or is another's.
  private mutating func leaveOutStrays() {
    let strays = Set(
      records.indices.filter {
        kinds[$0] != records[$0].metadata.parents.kind || torn.contains(records[$0].metadata.id)
      })
    guard !strays.isEmpty else { return }
    let left = records
    (records, numbers) = ([], [:])
    for (number, record) in left.enumerated() {
      guard strays.contains(number) else {
        numbers[record.metadata.id] = Int32(records.count)
        records.append(record)
        continue
      }
      unreadable.append(
        UnreadableRecord(
          id: record.metadata.id, problem: "its rows in table parent are not those of a \(kinds[number].rawValue)",
          stored: record.metadata.stored, snapshot: record.metadata.ownSnapshot))
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
