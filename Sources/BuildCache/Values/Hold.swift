/// A ref that lasts over programs (G8).
public struct Hold: Sendable, Equatable {
  /// The record that is held.
  public var record: RecordID
  /// Why, in its holder's words.
  public var reason: String
  /// Since when.
  public var since: Timestamp

  /// Makes a hold.
  public init(record: RecordID, reason: String, since: Timestamp) {
    self.record = record
    self.reason = reason
    self.since = since
  }
}
