import BuildCache
import Foundation
import GRDB

/// The columns of a stored record, as a statement stands at it: each is checked as it is read.
struct RecordFields {
  /// The columns, and whether the record misses the snapshot that it can't live without.
  ///
  /// Only few need a snapshot to live: to look for all of theirs would take longer than all the rest.
  static func query(_ which: String = "") -> String {
    """
    SELECT \(RecordRow.columns.joined(separator: ", ")),
      CASE WHEN committed AND equal_mutable IS NULL THEN 0 ELSE NOT EXISTS (
        SELECT 1 FROM snapshot WHERE id = CASE record.snapshot WHEN '' THEN record.id ELSE record.snapshot END) END
    FROM record \(which)
    """
  }

  /// What can't be read of a record.
  struct Unreadable: Error, CustomStringConvertible {
    let column: Int32
    let why: String
    var description: String { "column \(RecordRow.columns[Int(column)]) \(why)" }
  }

  let row: StatementRow
  let id: RecordID

  init(_ row: StatementRow) {
    self.row = row
    id = row.name(0)
  }

  func kind() throws -> RecordKind {
    guard RecordRow.kinds.indices.contains(row.integer(1)) else {
      throw Unreadable(column: 1, why: "is no kind: \(row.integer(1))")
    }
    return RecordRow.kinds[row.integer(1)]
  }

  var isCommitted: Bool { row.flag(2) }
  var isDeleted: Bool { row.flag(3) }
  var snapshot: SnapshotID { SnapshotID(row.text(4, sharing: id.text)) }
  var equalMutable: RecordID? { row.isNull(5) ? nil : row.name(5) }
  var isRetained: Bool { row.flag(6) }
  func recordType(like other: RecordType) -> RecordType { RecordType(rawValue: row.text(7, sharing: other.rawValue)) }
  var description: String { row.text(8) }
  func imageRefs() throws -> [String] { try names(9) }
  var createdAt: Timestamp { Timestamp(nanoseconds: row.int64(10)) }
  var lastUsedAt: Timestamp? { row.isNull(11) ? nil : Timestamp(nanoseconds: row.int64(11)) }
  func usageCount() throws -> Int { Int(try count(12)) }
  func size() throws -> Int64? { row.isNull(13) ? nil : try count(13) }
  func blob() throws -> RecordBlob? {
    guard let diffID = try digest(15) else { return nil }
    return RecordBlob(
      digest: try digest(14), diffID: diffID, mediaType: row.text(16), size: try count(17), urls: try names(18))
  }
  /// Its blob's own digest alone.
  func blobDigest() throws -> Digest? { row.isNull(15) ? nil : try digest(14) }
  var isBlobOnly: Bool { row.flag(19) }
  func chainID() throws -> Digest? { try digest(20) }
  func blobChainID() throws -> Digest? { try digest(21) }
  var lacksSnapshot: Bool { row.flag(22) }

  /// Checks what a look has no need of, so that it can't be read for nobody or for everybody.
  func checkTheRest() throws {
    if !row.isText(9, equal: "[]") { _ = try imageRefs() }
    if !row.isNull(15) {
      try checkDigest(15)
      _ = try count(17)
      if !row.isText(18, equal: "[]") { _ = try names(18) }
    }
    try checkDigest(20)
    try checkDigest(21)
  }

  /// A number that is 0 or more: sizes and counts.
  private func count(_ column: Int32) throws -> Int64 {
    let count = row.int64(column)
    guard count >= 0 else { throw Unreadable(column: column, why: "is below zero: \(count)") }
    return count
  }

  private func checkDigest(_ column: Int32) throws {
    guard row.isNull(column) || row.isDigest(column) else {
      throw Unreadable(column: column, why: "is no digest: \(row.text(column).prefix(100))")
    }
  }

  private func digest(_ column: Int32) throws -> Digest? {
    try checkDigest(column)
    return row.isNull(column) ? nil : try Digest(parsing: row.text(column))
  }

  private func names(_ column: Int32) throws -> [String] {
    if row.isText(column, equal: "[]") { return [] }
    do { return try JSONDecoder().decode([String].self, from: Data(row.text(column).utf8)) } catch {
      throw Unreadable(column: column, why: "is no list of names: \(row.text(column).prefix(100))")
    }
  }

  /// The record as one that can't be read, with all that is stored of it as text; columns that are NULL are left out.
  func unreadable(_ error: any Error) -> UnreadableRecord {
    var stored: [String: String] = [:]
    for (number, name) in RecordRow.columns.enumerated() where !row.isNull(Int32(number)) {
      stored[name] = row.text(Int32(number))
    }
    return UnreadableRecord(id: id, problem: "\(error)", stored: stored, snapshot: snapshot)
  }
}

/// The rows of table parent, those of one record together.
enum ParentRuns {
  /// Calls `body` with each record that has parents, and with them in their order.
  ///
  /// - Parameter id: what stands for the record that a column names.
  static func forEach<ID: Equatable>(
    _ db: Database, _ which: String = "", _ arguments: StatementArguments = StatementArguments(),
    id: (StatementRow, Int32) -> ID, _ body: (ID, [(position: Int, id: ID)]) throws -> Void
  ) throws {
    var child: ID?
    var run: [(position: Int, id: ID)] = []
    let statement = try db.makeStatement(
      sql: "SELECT record, position, parent FROM parent \(which) ORDER BY record, position")
    try statement.setArguments(arguments)
    try statement.forEachRow { row in
      let record = id(row, 0)
      if child != record {
        try Task.checkCancellation()
        if let child { try body(child, run) }
        child = record
        run.removeAll(keepingCapacity: true)
      }
      run.append((row.integer(1), id(row, 2)))
    }
    if let child { try body(child, run) }
  }

  /// Whether parents at these positions are those of a kind: where not, a row of theirs was lost, or is another's.
  static func areWhole(_ positions: some Collection<Int>, for kind: RecordKind) -> Bool {
    switch kind {
    case .base: positions.isEmpty
    case .layer: positions.elementsEqual([0])
    case .merge: positions.elementsEqual(0..<positions.count)
    case .diff: positions.allSatisfy { (0...1).contains($0) }
    }
  }

  /// What is said of a record whose parents are not.
  static func problem(of kind: RecordKind) -> String { "its rows in table parent are not those of a \(kind.rawValue)" }
}
