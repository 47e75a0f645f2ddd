/// A name that points at a record, as an image name does; what it reaches is shared (G7).
public struct Tag: Sendable, Equatable {
  /// The name: any text without control characters.
  public var name: String
  /// The record.
  public var record: RecordID

  /// Makes a tag.
  public init(name: String, record: RecordID) {
    self.name = name
    self.record = record
  }
}
