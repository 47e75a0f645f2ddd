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
    switch self {
    case .maxUsed(let most):
      let used = ByteCount(reading.state.total)
      return ThresholdFinding(
        limit: self, figure: used.bytes, isKept: used <= most,
        words: "The cache uses \(used.exactText), shared records not counted: more than \(most.exactText).")
    case .minFree(let least):
      let free = ByteCount(try reading.freeSpace(given: free))
      return ThresholdFinding(
        limit: self, figure: free.bytes, isKept: free >= least,
        words: "\(free.exactText) of the disk is free: less than \(least.exactText).")
    case .maxUnusedFor(let most):
      guard let row = reading.state.longestUnused else {
        return ThresholdFinding(limit: self, figure: nil, isKept: true, words: "Nothing is reclaimable.")
      }
      let unused = reading.unusedTime(ofRow: row)
      return ThresholdFinding(
        limit: self, figure: unused.nanoseconds, isKept: unused <= most,
        words: "\(reading.state.rows[row].unusedWords(unused)): longer than \(most.text).",
        record: UsageRow(reading.state, row))
    case .maxRecords(let most):
      let count = reading.state.rows.count
      return ThresholdFinding(
        limit: self, figure: Int64(count), isKept: count <= most,
        words: "There \(count == 1 ? "is" : "are") \(counted(count)): more than \(most).")
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
  /// Why it is not, in a sentence; any text may be in it.
  public let words: String
  /// The record that was used longest ago, where that was asked for.
  public var record: UsageRow?
}

extension CacheState.Row {
  /// For how long nobody has used it, with what it is and its id.
  fileprivate func unusedWords(_ unused: TimeSpan) -> String {
    let name = "Record \(named())"
    return lastUsedAt == nil
      ? "\(name) was made \(unused.text) ago and never used" : "\(name) was last used \(unused.text) ago"
  }
}
