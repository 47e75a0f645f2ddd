/// Keeps what had to be cleared away as it was damaged, until somebody has looked at it.
///
/// Contract:
/// - ``keep(_:)`` has all of it durable before it returns; where it throws the trees may have been taken already, and
///   nothing is lost.
/// - Nothing leaves the area but by ``clear()``.
public protocol LostArea: Sendable {
  /// Takes records in, with their trees.
  ///
  /// - Returns: where they are now, for messages.
  /// - Throws: ``CacheError`` `storage`.
  func keep(_ records: [LostRecord]) throws -> String

  /// What is in it.
  ///
  /// - Throws: ``CacheError`` `storage`.
  func records() throws -> [LostRecord]

  /// Drops all that is in it.
  ///
  /// - Throws: ``CacheError`` `storage`; what is left stays in the area.
  func clear() throws
}

/// A record that was cleared away.
public struct LostRecord: Sendable, Equatable, Codable {
  /// Its id, as far as that could be read.
  public var id: RecordID
  /// Why it could not stay.
  public var reason: String
  /// What was stored of it, as text.
  public var stored: [String: String]
  /// Its tree; absent where it had none, or others have it still.
  public var tree: TreeID?

  /// Makes a lost record.
  public init(id: RecordID, reason: String, stored: [String: String], tree: TreeID? = nil) {
    self.id = id
    self.reason = reason
    self.stored = stored
    self.tree = tree
  }
}
