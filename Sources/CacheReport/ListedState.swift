import BuildCache

extension CacheState {
  /// Joins the rows of a list, which tells what is in use and shared, not through which refs.
  ///
  /// `shared` and `inUse` are told of ancestors too (C2, C4), while a prune asks for the record itself (D2): only such a
  /// row on which no other stands is known to be meant itself. So a row is a candidate when it is not in use and no row
  /// that is left names it as a parent.
  ///
  /// - Parameter rows: ids must differ; parents that are not listed are kept by their ids.
  /// - Complexity: O(rows and parents).
  public init(listing rows: [UsageRow]) {
    var sharedBelow: Set<RecordID> = []
    var usedBelow: Set<RecordID> = []
    var uppers: Set<RecordID> = []
    for row in rows where row.isShared {
      sharedBelow.formUnion(row.parents)
      // A diff has the digest chain of its upper (B7): what shares the one shares the other.
      if row.isDiff, let upper = row.parents.last { uppers.insert(upper) }
    }
    for row in rows where row.inUse { usedBelow.formUnion(row.parents) }
    var builder = Builder()
    for row in rows {
      let isReferenced = row.isShared && (!sharedBelow.contains(row.id) || uppers.contains(row.id))
      builder.add(
        Row(
          id: row.id, kind: row.kind, isMutable: row.isMutable, size: row.size, createdAt: row.createdAt,
          lastUsedAt: row.lastUsedAt, usageCount: row.usageCount, description: row.description,
          recordType: row.recordType, outsideRefs: row.inUse && !usedBelow.contains(row.id) ? 1 : 0,
          isReferenced: isReferenced),
        parents: row.parents)
    }
    self = builder.finish()
  }
}

extension UsageRow {
  /// Whether it is known to be a diff with both sides: BuildKit's lists tell it only of those that name their sides.
  fileprivate var isDiff: Bool {
    guard parents.count == 2 else { return false }
    return kind == .diff || description == "diff \"\(parents[0])\" -> \"\(parents[1])\""
  }
}
