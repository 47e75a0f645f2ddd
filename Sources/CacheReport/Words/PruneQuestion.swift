import BuildCache

/// What is to be known before a prune is carried out: what goes, by name, and what of it would be missed most.
public struct PruneQuestion: Sendable {
  /// A record that goes and would be missed.
  public struct Loss: Sendable, Equatable {
    /// Why it would be missed.
    public enum Reason: Sendable, Equatable {
      /// It is a cache mount, and was used within ``PruneQuestion/today``.
      case cacheMount
      /// So many records stand on it.
      case base(records: Int)
      /// It was used within ``PruneQuestion/lately``.
      case usedLately
    }

    /// Its row in the plan's state.
    public let row: Int
    /// Why it would be missed.
    public let reason: Reason
  }

  /// A cache mount that was used within this is still in use by those who build.
  public static let today = TimeSpan.seconds(86_400)
  /// Whatever was used within this is.
  public static let lately = TimeSpan.seconds(3600)
  /// A base that fewer records stand on is soon made again.
  public static let manyRecords = 5
  private static let mostLosses = 3

  /// The plan.
  public let plan: PrunePlan
  /// From when ages are counted.
  public let now: Timestamp
  /// The row of the largest victim; absent where nothing goes.
  public let largest: Int?
  /// The row of the one that nobody used for the longest time; absent where nothing goes.
  public let oldest: Int?
  /// What would be missed most, three at most: a cache mount, a base and something used lately, where there are such,
  /// then what was used last of all.
  public let losses: [Loss]

  /// Looks through a plan.
  ///
  /// - Complexity: O(victims), and a few times what stands on bases.
  public init(_ plan: PrunePlan, now: Timestamp) {
    self.plan = plan
    self.now = now
    let rows = plan.state.rows
    let victims = plan.victims.map(\.row)
    largest = victims.max { (rows[$0].size, rows[$1].id) < (rows[$1].size, rows[$0].id) }
    oldest = victims.min { (rows[$0].idleSince, rows[$0].id) < (rows[$1].idleSince, rows[$1].id) }

    let young = victims.filter { row in
      let span = rows[row].recordType == .execCacheMount ? Self.today : Self.lately
      return rows[row].lastUsedAt.map { now.since($0) < span } ?? false
    }.sorted { (rows[$1].idleSince, rows[$0].id) < (rows[$0].idleSince, rows[$1].id) }
    let used = young.map { row in
      Loss(row: row, reason: rows[row].recordType == .execCacheMount ? .cacheMount : .usedLately)
    }
    let firsts = [
      used.first { $0.reason == .cacheMount }, Self.base(of: plan, victims), used.first { $0.reason == .usedLately },
    ].compactMap(\.self)
    var losses: [Loss] = []
    for loss in firsts + used where losses.count < Self.mostLosses && !losses.contains(where: { $0.row == loss.row }) {
      losses.append(loss)
    }
    self.losses = losses
  }

  /// The victim that most records stand on, of those that stand on nothing themselves.
  private static func base(of plan: PrunePlan, _ victims: [Int]) -> Loss? {
    let state = plan.state
    // Those with most children, of which a few are looked at as a whole.
    let bases = victims.filter { state.parentIDs(of: $0).isEmpty && state.childCount(of: $0) > 0 }
      .sorted { (-state.childCount(of: $0), state.rows[$0].id) < (-state.childCount(of: $1), state.rows[$1].id) }
    let counted = bases.prefix(mostLosses).map {
      Loss(row: $0, reason: .base(records: state.descendants(of: $0).count))
    }
    return counted.filter { $0.standing >= manyRecords }.max { $0.standing < $1.standing }
  }

  /// What goes, in sentences.
  ///
  /// - Parameters:
  ///   - units: how sizes are written.
  ///   - name: how a record is named in them.
  public func lines(in units: ByteUnits, naming name: (CacheState.Row) -> String) -> [String] {
    guard let largest, let oldest else { return [] }
    let rows = plan.state.rows
    let size = ByteCount(rows[largest].size).text(in: units)
    let age = rows[oldest].idleWords(now)
    var lines: [String]
    if plan.count == 1 {
      lines = ["\(name(rows[largest])): \(size), \(age)."]
    } else if largest == oldest {
      lines = ["Largest and oldest: \(name(rows[largest])), \(size), \(age)."]
    } else {
      lines = ["Largest: \(name(rows[largest])), \(size).", "Oldest: \(name(rows[oldest])), \(age)."]
    }
    // The only record is told already, but for what stands on it.
    let told = losses.filter { plan.count > 1 || $0.standing > 0 }
    lines += told.map { loss in
      let row = rows[loss.row]
      return switch loss.reason {
      case .cacheMount: "Missed soon: \(name(row)), a cache mount \(row.idleWords(now))."
      case .base(let records): "Missed soon: \(name(row)), which \(counted(records)) stand on."
      case .usedLately: "Missed soon: \(name(row)), \(row.idleWords(now))."
      }
    }
    return lines + [plan.sharedWords(in: units)].compactMap(\.self)
  }
}

extension PruneQuestion.Loss {
  /// How many records stand on it, where that is the reason.
  fileprivate var standing: Int { if case .base(let records) = reason { records } else { 0 } }
}

extension CacheState.Row {
  /// Since when nobody has used it.
  fileprivate var idleSince: Timestamp { lastUsedAt ?? createdAt }

  /// For how long nobody has used it: `used 2h ago`.
  fileprivate func idleWords(_ now: Timestamp) -> String {
    lastUsedAt.map { "used " + now.since($0).agoText } ?? "never used"
  }
}
