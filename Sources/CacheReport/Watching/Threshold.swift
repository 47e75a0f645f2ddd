import BuildCache

/// A limit that a cache is held against, so that somebody is told where it is passed.
public enum Threshold: Sendable, Equatable {
  /// The bytes of records that are not shared are no more: the total that a daemon's limits count (D4).
  case maxUsed(ByteCount)
  /// Of the disk under the cache no fewer bytes are free.
  case minFree(ByteCount)
  /// No reclaimable record was last used longer ago than this; one that never was counts from when it was made.
  case maxUnusedFor(TimeSpan)
  /// There are no more records.
  case maxRecords(Int)

  /// Which limit it is, without its amount.
  public enum Kind: String, Sendable, CaseIterable, CodingKey {
    case maxUsed, minFree, maxUnusedFor, maxRecords

    /// Its name as the label of a gauge.
    var label: String {
      switch self {
      case .maxUsed: "max_used"
      case .minFree: "min_free"
      case .maxUnusedFor: "max_unused_for"
      case .maxRecords: "max_records"
      }
    }
  }

  /// Which limit it is.
  public var kind: Kind {
    switch self {
    case .maxUsed: .maxUsed
    case .minFree: .minFree
    case .maxUnusedFor: .maxUnusedFor
    case .maxRecords: .maxRecords
    }
  }

  /// Holds a cache against it.
  ///
  /// - Parameters:
  ///   - reading: the cache.
  ///   - free: free bytes of its disk, where somebody tells them; absent: as the reading has it.
  /// - Throws: ``CacheError`` `badInput` where the free space has to be known and isn't.
  /// - Complexity: O(rows).
  public func finding(in reading: Reading, free: Int64? = nil) throws(CacheError) -> ThresholdFinding {
    let state = reading.state
    switch self {
    case .maxUsed(let most):
      return ThresholdFinding(limit: self, figure: state.total, isKept: state.total <= most.bytes)
    case .minFree(let least):
      let free = try reading.freeSpace(given: free)
      return ThresholdFinding(limit: self, figure: free, isKept: free >= least.bytes)
    case .maxUnusedFor(let most):
      guard let row = state.longestUnused else { return ThresholdFinding(limit: self, figure: nil, isKept: true) }
      let unused = reading.unusedTime(ofRow: row)
      return ThresholdFinding(
        limit: self, figure: unused.nanoseconds, isKept: unused <= most, record: UsageRow(state, row))
    case .maxRecords(let most):
      let count = state.rows.count
      return ThresholdFinding(limit: self, figure: Int64(count), isKept: count <= most)
    }
  }
}

/// What a limit came to.
public struct ThresholdFinding: Sendable, Equatable {
  /// The limit.
  public let limit: Threshold
  /// What was found, in bytes, nanoseconds or records; absent where nothing is reclaimable.
  public let figure: Int64?
  /// Whether the limit is kept.
  public let isKept: Bool
  /// The record that was used longest ago, where that was asked for.
  public var record: UsageRow?

  /// Why it is not kept, in a sentence; any text may be in it.
  public func words(in units: ByteUnits) -> String {
    let found = figure ?? 0
    switch limit {
    case .maxUsed(let most):
      return "The cache uses \(ByteCount(found).exactText(in: units)) without what is shared: "
        + "more than \(most.exactText(in: units))."
    case .minFree(let least):
      return "\(ByteCount(found).exactText(in: units)) of the disk is free: less than \(least.exactText(in: units))."
    case .maxUnusedFor(let most):
      guard let record else { return "Nothing is reclaimable." }
      return "\(record.unusedWords(TimeSpan(nanoseconds: found))): longer than \(most.text)."
    case .maxRecords(let most):
      return "There \(found == 1 ? "is" : "are") \(counted(Int(clamping: found))): more than \(most)."
    }
  }
}

extension UsageRow {
  /// For how long nobody has used it, with what it is and its id.
  fileprivate func unusedWords(_ unused: TimeSpan) -> String {
    let name = "Record \(named())"
    return lastUsedAt == nil
      ? "\(name) was made \(unused.text) ago and never used" : "\(name) was last used \(unused.text) ago"
  }
}
