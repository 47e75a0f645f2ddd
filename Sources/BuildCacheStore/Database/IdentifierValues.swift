import BuildCache
import GRDB

/// Names are stored as their text.
extension Identifier: DatabaseValueConvertible {
  /// The text.
  public var databaseValue: DatabaseValue { text.databaseValue }

  /// A text; nothing where it is none.
  public static func fromDatabaseValue(_ value: DatabaseValue) -> Identifier? {
    String.fromDatabaseValue(value).map { Identifier($0) }
  }
}
