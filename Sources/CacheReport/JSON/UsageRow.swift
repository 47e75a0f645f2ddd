import BuildCache

/// A row of disk usage as JSON has it, written and read: BuildKit's own keys, and `kind`.
///
/// What a list tells of use and sharing are flags, told of ancestors too (C2, C4); ``CacheState/init(listing:)`` finds out
/// whom they mean.
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

extension UsageRow: Codable {
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

  /// Reads a row: `id`, `size` and `createdAt` have to be there, keys that are not known are passed over.
  ///
  /// - Throws: `DecodingError` naming the key.
  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    func refusal(_ key: CodingKeys, _ words: String) -> DecodingError {
      DecodingError.dataCorruptedError(forKey: key, in: members, debugDescription: words)
    }
    func time(_ key: CodingKeys) throws -> Timestamp? {
      guard let text = try members.decodeIfPresent(String.self, forKey: key) else { return nil }
      do { return try Timestamp(parsing: text) } catch { throw refusal(key, error.message) }
    }
    func number(_ key: CodingKeys) throws -> Int64 {
      let number: Int64
      do {
        number = try members.decode(Int64.self, forKey: key)
      } catch let error where !(error is DecodingError) {
        throw refusal(key, "it is no whole number, or larger than \(Int64.max)")
      }
      guard number >= 0 else { throw refusal(key, "it is negative") }
      return number
    }
    let id = try members.decode(RecordID.self, forKey: .id)
    guard !id.isEmpty else { throw refusal(.id, "it is empty") }
    let size = try number(.size)
    let hasUses = try members.contains(.usageCount) && !members.decodeNil(forKey: .usageCount)
    let uses = hasUses ? try number(.usageCount) : 0
    guard let createdAt = try time(.createdAt) else { throw refusal(.createdAt, "it is missing") }
    self.init(id: id, size: size, createdAt: createdAt)
    kind = try members.decodeIfPresent(String.self, forKey: .kind).flatMap { RecordKind(rawValue: $0) }
    isMutable = try members.decodeIfPresent(Bool.self, forKey: .mutable) ?? false
    inUse = try members.decodeIfPresent(Bool.self, forKey: .inUse) ?? false
    isShared = try members.decodeIfPresent(Bool.self, forKey: .shared) ?? false
    lastUsedAt = try time(.lastUsedAt)
    usageCount = Int(clamping: uses)
    parents = try members.decodeIfPresent([RecordID].self, forKey: .parents) ?? []
    description = try members.decodeIfPresent(String.self, forKey: .description) ?? ""
    recordType = RecordType(rawValue: try members.decodeIfPresent(String.self, forKey: .recordType) ?? "")
  }
}
