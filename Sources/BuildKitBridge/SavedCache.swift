import BuildCache

/// A saved list of disk usage, to be looked at and planned on: it can't be changed.
///
/// As newer BuildKit prints such lists, plans rank as it does. A list tells what is in use and shared, not through
/// which refs: a row is a candidate when it is not in use and no row that is left names it as a parent.
public struct SavedCache: CacheController {
  /// The file's name.
  public let name: String
  /// What was read.
  private let list: CacheState

  /// Reads a list.
  ///
  /// - Parameter path: a file; `-` is standard input.
  /// - Throws: ``CacheError`` `badList` naming the file, and the row that is damaged; `storage` where it can't be read.
  public init(readingFrom path: String) throws {
    name = path == "-" ? "standard input" : path
    list = Self.joined(try SavedDiskUsage.read(try readFile(path), name: name))
  }

  /// Joins the rows of a list.
  ///
  /// `shared` and `inUse` are told of ancestors too (C2, C4), while a prune asks for the record itself (D2): only such
  /// a row on which no other stands is known to be meant itself.
  static func joined(_ rows: [SavedRow]) -> CacheState {
    var sharedBelow: Set<RecordID> = []
    var usedBelow: Set<RecordID> = []
    var uppers: Set<RecordID> = []
    for row in rows where row.isShared {
      sharedBelow.formUnion(row.parents)
      // A diff has the digest chain of its upper (B7): what shares the one shares the other.
      if row.isDiff, let upper = row.parents.last { uppers.insert(upper) }
    }
    for row in rows where row.inUse { usedBelow.formUnion(row.parents) }
    var builder = CacheState.Builder()
    for row in rows {
      let isReferenced = row.isShared && (!sharedBelow.contains(row.id) || uppers.contains(row.id))
      builder.add(
        CacheState.Row(
          id: row.id, kind: row.kind, isMutable: row.isMutable, size: row.size, createdAt: row.createdAt,
          lastUsedAt: row.lastUsedAt, usageCount: row.usageCount, description: row.description,
          recordType: row.recordType, outsideRefs: row.inUse && !usedBelow.contains(row.id) ? 1 : 0,
          isReferenced: isReferenced),
        parents: row.parents)
    }
    return builder.finish()
  }

  /// Why it can't be changed.
  public var readOnlyReason: String? { "a saved list" }

  /// A newer BuildKit's that was not restarted: a list doesn't tell.
  public var behavior: PruneBehavior { .daemon(.current, isRestarted: false) }

  /// What the list says.
  public func usage(matching filter: Filter) -> CacheState {
    list.keeping(matching: filter, now: SystemClock().now())
  }

  /// Nothing: the list's disk is elsewhere.
  public func space() -> CacheSpace? { nil }

  /// Refuses.
  ///
  /// - Throws: ``CacheError`` `readOnly`, always.
  public func carryOut(_ plan: PrunePlan, progress: @escaping @Sendable (CacheState.Row) -> Void) throws -> PruneReport
  {
    throw CacheError(.readOnly, "\(name) is a saved list: it can be planned, not pruned")
  }

  /// Does nothing.
  public func close() {}
}

extension SavedRow {
  /// Whether it is known to be a diff with both sides: BuildKit's lists tell it only of those that name their sides.
  fileprivate var isDiff: Bool {
    guard parents.count == 2 else { return false }
    return kind == .diff || description == "diff \"\(parents[0])\" -> \"\(parents[1])\""
  }
}
