import BuildCache
import GRDB
import GRDBSQLite
import Glibc

/// The row at which a statement stands, read straight from SQLite.
///
/// GRDB's own rows look at each value's type and at a row's shape: of a few rows nobody notices, of 100,000 one does.
/// Columns have the types that a strict table gives them; they count from 0.
struct StatementRow {
  fileprivate let statement: SQLiteStatement

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }
  func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
  func integer(_ column: Int32) -> Int { Int(int64(column)) }
  func flag(_ column: Int32) -> Bool { int64(column) != 0 }

  /// Bytes that were counted; nothing where they are not known, or damage made them less than none.
  func count(_ column: Int32) -> Int64? { isNull(column) || int64(column) < 0 ? nil : int64(column) }

  /// A text; NULL reads as empty.
  func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

  /// The name of a record or a snapshot.
  func name<Thing>(_ column: Int32) -> Identifier<Thing> { Identifier(text(column)) }

  /// A text that often is another one, which is then kept once.
  func text(_ column: Int32, sharing other: String) -> String {
    isText(column, equal: other) ? other : text(column)
  }

  func isText(_ column: Int32, equal other: String) -> Bool { bytes(column).isText(other) }

  func isDigest(_ column: Int32) -> Bool { Digest.isDigest(bytes(column)) }

  /// Valid until the statement goes on.
  func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
    // As a blob: asking for text would make a copy that ends in a NUL.
    let start = sqlite3_column_blob(statement, column)
    return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
  }
}

extension UnsafeRawBufferPointer {
  /// Whether these are the bytes of a text.
  func isText(_ text: String) -> Bool {
    text.utf8.withContiguousStorageIfAvailable { other in
      guard count == other.count else { return false }
      guard let own = baseAddress, let others = other.baseAddress else { return true }
      return memcmp(own, others, count) == 0
    } ?? elementsEqual(text.utf8)
  }
}

extension Database {
  /// Calls `body` with each row of a query. Damage may put NULL, or another type, in any place: that reads as empty or 0.
  func forEachRow(
    _ sql: String, _ arguments: StatementArguments = StatementArguments(), _ body: (StatementRow) throws -> Void
  ) throws {
    let statement = try cachedStatement(sql: sql)
    try statement.setArguments(arguments)
    try statement.forEachRow(body)
  }

  /// What `body` makes of each row of a query.
  func rows<T>(
    _ sql: String, _ arguments: StatementArguments = StatementArguments(), _ body: (StatementRow) throws -> T
  ) throws -> [T] {
    var rows: [T] = []
    try forEachRow(sql, arguments) { rows.append(try body($0)) }
    return rows
  }

  /// The first column of each row of a query.
  func texts(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> [String] {
    try rows(sql, arguments) { $0.text(0) }
  }

  /// The same as names.
  func names<Thing>(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> [Identifier<Thing>]
  {
    try rows(sql, arguments) { $0.name(0) }
  }

  /// The first number of a query; nothing where it has no rows.
  func number(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> Int? {
    try rows(sql, arguments) { $0.integer(0) }.first
  }
}

extension Statement {
  /// Runs a query to its end.
  ///
  /// - Throws: `DatabaseError`, and what `body` throws.
  func forEachRow(_ body: (StatementRow) throws -> Void) throws {
    defer { sqlite3_reset(sqliteStatement) }
    while true {
      let code = sqlite3_step(sqliteStatement)
      guard code == SQLITE_ROW else {
        if code == SQLITE_DONE { return }
        let message = sqlite3_errmsg(sqlite3_db_handle(sqliteStatement)).map { String(cString: $0) }
        throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message, sql: sql)
      }
      try body(StatementRow(statement: sqliteStatement))
    }
  }
}
