/// The members that lists are made of, of all programs that write them.
///
/// BuildKit's and this program's names begin small, those of the Docker Engine, the docker client and buildx large.
enum ListMember: Int, CaseIterable {
  // A row's, in BuildKit's order.
  case id, mutable, inUse, size, createdAt, lastUsedAt, usageCount, parents, description, recordType, shared, kind
  // A row's, Docker's.
  case largeID, parent, blankParents, largeParents, type, cacheType, largeDescription, largeInUse, reclaimable
  case largeMutable, largeShared, largeSize, largeCreatedAt, largeLastUsedAt, largeUsageCount
  // A whole answer's: the rows are further inside, or there are none and these tell what it is instead.
  case buildCache, buildCacheUsage, items, images, totalCount, builderSize, message, cachesDeleted, plan

  /// The member's name in JSON.
  var name: String {
    switch self {
    case .id: "id"
    case .mutable: "mutable"
    case .inUse: "inUse"
    case .size: "size"
    case .createdAt: "createdAt"
    case .lastUsedAt: "lastUsedAt"
    case .usageCount: "usageCount"
    case .parents: "parents"
    case .description: "description"
    case .recordType: "recordType"
    case .shared: "shared"
    case .kind: "kind"
    case .largeID: "ID"
    case .parent: "Parent"
    case .blankParents: " Parents"  // as newer Engines write it
    case .largeParents: "Parents"
    case .type: "Type"
    case .cacheType: "CacheType"
    case .largeDescription: "Description"
    case .largeInUse: "InUse"
    case .reclaimable: "Reclaimable"
    case .largeMutable: "Mutable"
    case .largeShared: "Shared"
    case .largeSize: "Size"
    case .largeCreatedAt: "CreatedAt"
    case .largeLastUsedAt: "LastUsedAt"
    case .largeUsageCount: "UsageCount"
    case .buildCache: "BuildCache"
    case .buildCacheUsage: "BuildCacheUsage"
    case .items: "Items"
    case .images: "Images"
    case .totalCount: "TotalCount"
    case .builderSize: "BuilderSize"
    case .message: "message"
    case .cachesDeleted: "CachesDeleted"
    case .plan: "plan"
    }
  }

  /// Whether it is a row's.
  var isOfRow: Bool { rawValue < Self.buildCache.rawValue }

  /// All names, by number.
  static let names = MemberNames(allCases.map(\.name))
}

/// Some members.
struct ListMembers {
  private var bits: UInt64 = 0

  mutating func insert(_ member: ListMember) { bits |= 1 << UInt64(member.rawValue) }

  func contains(_ member: ListMember) -> Bool { bits & (1 << UInt64(member.rawValue)) != 0 }
}
