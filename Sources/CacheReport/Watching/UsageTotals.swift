import BuildCache

/// What the records of a cache take together; no sum passes what can be counted (G4).
///
/// Everything that adds records up does it here, so that a word means the same wherever it stands: see ``Glossary``.
public struct UsageTotals: Sendable, Equatable {
  /// Some of the records.
  public struct Sum: Sendable, Equatable {
    /// How many they are.
    public private(set) var records = 0
    /// Their bytes.
    public private(set) var bytes: Int64 = 0

    fileprivate mutating func add(_ row: CacheState.Row) {
      records += 1
      bytes = bytes.addingSaturating(row.size)
    }

    fileprivate mutating func add(_ other: Sum) {
      records += other.records
      bytes = bytes.addingSaturating(other.bytes)
    }
  }

  /// What a record counts as: it is in one part only, the first that fits, so that the parts add up to all.
  public enum Part: String, Sendable, CaseIterable {
    /// It is in use, be it shared or not.
    case inUse = "in_use"
    /// It is not in use, but shared.
    case sharedUnused = "shared_unused"
    /// It is neither, but internal: a prune takes it with *all* only.
    case `internal`
    /// It is none of these: a prune takes it, unless something that stays stands on it.
    case reclaimable
  }

  /// All records.
  public private(set) var all = Sum()
  /// Those that are shared, be they in use or not.
  public private(set) var shared = Sum()
  /// Those that are not shared, be they in use or not: what limits count (D4).
  public private(set) var unshared = Sum()
  private var inUse = Sum()
  private var sharedUnused = Sum()
  private var `internal` = Sum()
  private var reclaimable = Sum()

  /// Nothing.
  public init() {}

  /// Adds up all records of a cache.
  ///
  /// - Complexity: O(rows).
  public init(_ cache: CacheState) {
    for row in cache.rows { add(row) }
  }

  /// Adds a record.
  public mutating func add(_ row: CacheState.Row) {
    all.add(row)
    if row.isShared { shared.add(row) } else { unshared.add(row) }
    switch row.part {
    case .inUse: inUse.add(row)
    case .sharedUnused: sharedUnused.add(row)
    case .internal: `internal`.add(row)
    case .reclaimable: reclaimable.add(row)
    }
  }

  /// Adds those of another cache.
  public mutating func add(_ other: UsageTotals) {
    for sum: WritableKeyPath<UsageTotals, Sum> in [
      \.all, \.shared, \.unshared, \.inUse, \.sharedUnused, \.internal, \.reclaimable,
    ] {
      self[keyPath: sum].add(other[keyPath: sum])
    }
  }

  /// The records of a part.
  public subscript(part: Part) -> Sum {
    switch part {
    case .inUse: inUse
    case .sharedUnused: sharedUnused
    case .internal: `internal`
    case .reclaimable: reclaimable
    }
  }
}

/// The same in the words of other tools, which count otherwise.
extension UsageTotals {
  /// What `buildctl du` and `docker buildx du` call reclaimable: all that is not in use.
  public var notInUse: Sum { sum(of: [.sharedUnused, .internal, .reclaimable]) }

  /// What `docker system df` calls reclaimable: all that is neither in use nor shared.
  public var neitherInUseNorShared: Sum { sum(of: [.internal, .reclaimable]) }

  /// Whether these count otherwise here.
  public var hasOtherCounts: Bool { shared.records > 0 || self[.internal].records > 0 }

  private func sum(of parts: [Part]) -> Sum { parts.reduce(into: Sum()) { $0.add(self[$1]) } }
}

extension CacheState.Row {
  /// What the record counts as.
  public var part: UsageTotals.Part {
    inUse ? .inUse : isShared ? .sharedUnused : recordType.isKeptUnlessAll ? .internal : .reclaimable
  }

  /// Since when nobody has used it: since its last use, or since it was made where there was none.
  var unusedSince: Timestamp { lastUsedAt ?? createdAt }
}

extension CacheState {
  /// The reclaimable record that nobody has used for the longest time, of several the first by id; absent where nothing is
  /// reclaimable.
  ///
  /// - Complexity: O(rows).
  var longestUnused: Int? {
    rows.indices.filter { rows[$0].part == .reclaimable }.min {
      (rows[$0].unusedSince, rows[$0].id) < (rows[$1].unusedSince, rows[$1].id)
    }
  }
}

extension Reading {
  /// For how long nobody has used a row's record when it was read; a use that the clock had yet to reach is now.
  func unusedTime(ofRow row: Int) -> TimeSpan {
    max(TimeSpan(nanoseconds: 0), moment.since(state.rows[row].unusedSince))
  }
}
