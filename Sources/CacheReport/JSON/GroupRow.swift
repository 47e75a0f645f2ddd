import BuildCache

/// A group of records as JSON has it.
public struct GroupRow: Sendable, Equatable, Codable {
  /// Its name.
  public let group: String
  /// How many records it has.
  public let records: Int
  /// Their bytes.
  public let size: Int64
  /// What pruning them frees, with all that hangs on them.
  public let frees: Int64
  /// When one of them was used last, RFC 3339; absent: none ever was.
  public let lastUsedAt: String?

  /// The row of a group.
  public init(_ group: RecordGroups.Group) {
    self.group = group.name
    records = group.count
    size = group.bytes
    frees = group.frees
    lastUsedAt = group.lastUsedAt?.text
  }
}
