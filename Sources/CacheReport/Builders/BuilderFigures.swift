import BuildCache

/// What a builder's line says of its cache, worked out of one reading.
public struct BuilderFigures: Sendable, Equatable {
  /// What its records take together.
  public let totals: UsageTotals
  /// The disk under it; absent where that isn't known.
  public let space: CacheSpace?
  /// Its version, in words; absent where it tells none.
  public let version: String?
  /// Whether it prunes as BuildKit before v0.22 does.
  public let isOld: Bool
  /// Its rules; absent where nobody tells them.
  public let rules: [PrunePolicy]?
  /// Their limits; absent as they are.
  public let limits: WidestLimits?
  /// When its rules take something.
  public let collection: NextCollection
  /// What has to be known of the reading, in sentences.
  public let notes: [String]

  /// Adds up a reading.
  ///
  /// - Throws: `CancellationError` where the task was cancelled.
  /// - Complexity: O(rows), and that of ``NextCollection``.
  public init(_ reading: Reading) throws(CancellationError) {
    totals = UsageTotals(reading.state)
    space = reading.space
    version = reading.version
    isOld = reading.behavior.isDaemon && reading.behavior.ranking == .seed
    rules = reading.rules
    limits = reading.rules.map { WidestLimits(of: $0) }
    collection = try NextCollection(reading)
    notes = reading.notes + [reading.planRefusal].compactMap(\.self)
  }

  /// Whether less than a tenth of its disk is free.
  public var isDiskShort: Bool { space.map { $0.free < $0.capacity / 10 } ?? false }

  /// Whether no rule will ever take anything of what there is.
  public var isUnruled: Bool {
    switch collection {
    case .never, .outOfReach: true
    case .unknown, .due, .after, .byAge: false
    }
  }
}
