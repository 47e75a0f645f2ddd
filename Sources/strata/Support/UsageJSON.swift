import BuildCache

/// A row of disk usage as `du` prints it: BuildKit's own keys, and `kind`.
struct UsageJSON: Encodable {
  let id: RecordID
  let mutable: Bool
  let inUse: Bool
  let size: Int64
  let createdAt: String
  let lastUsedAt: String?
  let usageCount: Int
  let parents: [RecordID]
  let description: String
  let recordType: String
  let shared: Bool
  let kind: String?

  /// The row of a number.
  init(_ state: CacheState, _ number: Int) {
    let row = state.rows[number]
    id = row.id
    mutable = row.isMutable
    inUse = row.inUse
    size = row.size
    createdAt = row.createdAt.text
    lastUsedAt = row.lastUsedAt?.text
    usageCount = row.usageCount
    parents = state.parentIDs(of: number)
    description = row.description
    recordType = row.recordType.rawValue
    shared = row.isShared
    kind = row.kind?.rawValue
  }
}
