import BuildCache

/// A row of disk usage as a list has it, and as JSON is written of it: BuildKit's own keys, and `kind`.
///
/// What a list tells of use and sharing are flags, told of ancestors too (C2, C4); ``ListedState`` finds out whom they
/// mean.
public struct UsageRow: Sendable, Equatable {
  /// The record's id.
  public var id: RecordID
  /// Its kind; absent where the source can't tell.
  public var kind: RecordKind?
  /// Whether it can be written.
  public var isMutable = false
  /// Whether it, or something on it, is in use.
  public var inUse = false
  /// Whether something outside uses it, or something on it.
  public var isShared = false
  /// Bytes.
  public var size: Int64
  /// When it was made.
  public var createdAt: Timestamp
  /// When it was last used; absent: never.
  public var lastUsedAt: Timestamp?
  /// How often it was used.
  public var usageCount = 0
  /// Its parents' ids, in the order of C5.
  public var parents: [RecordID] = []
  /// What it is.
  public var description = ""
  /// What it was made for.
  public var recordType = RecordType.regular

  /// Makes a row of an unused record without parents.
  public init(id: RecordID, size: Int64, createdAt: Timestamp) {
    self.id = id
    self.size = size
    self.createdAt = createdAt
  }

  /// The row of a number.
  public init(_ state: CacheState, _ number: Int) {
    let row = state.rows[number]
    self.init(id: row.id, size: row.size, createdAt: row.createdAt)
    kind = row.kind
    isMutable = row.isMutable
    inUse = row.inUse
    isShared = row.isShared
    lastUsedAt = row.lastUsedAt
    usageCount = row.usageCount
    parents = state.parentIDs(of: number)
    description = row.description
    recordType = row.recordType
  }
}

extension UsageRow: Encodable {
  enum CodingKeys: String, CodingKey {
    case id, kind, mutable, inUse, shared, size, createdAt, lastUsedAt, usageCount, parents, description, recordType
  }

  /// Writes every key but `lastUsedAt` and `kind` in any case.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(id, forKey: .id)
    try members.encodeIfPresent(kind?.rawValue, forKey: .kind)
    try members.encode(isMutable, forKey: .mutable)
    try members.encode(inUse, forKey: .inUse)
    try members.encode(isShared, forKey: .shared)
    try members.encode(size, forKey: .size)
    try members.encode(createdAt.text, forKey: .createdAt)
    try members.encodeIfPresent(lastUsedAt?.text, forKey: .lastUsedAt)
    try members.encode(usageCount, forKey: .usageCount)
    try members.encode(parents, forKey: .parents)
    try members.encode(description, forKey: .description)
    try members.encode(recordType.rawValue, forKey: .recordType)
  }
}
