import BuildCache

/// The rules of D4, D5 and G6 as they are written: all candidates are ranked anew before each victim.
///
/// A reference that the planner has to equal, and is measured against.
package struct NaivePrune {
  /// One victim.
  package struct Step: Equatable {
    /// Its row.
    package let row: Int
    /// What it scored.
    package let score: Double
    /// Number and highest number of its last use, then of its usage count.
    package let ranks: [Int]
    /// How many others scored the same.
    package let tied: Int

    package init(row: Int, score: Double, ranks: [Int], tied: Int) {
      self.row = row
      self.score = score
      self.ranks = ranks
      self.tied = tied
    }
  }

  private let state: CacheState
  private let behavior: PruneBehavior
  private let now: Timestamp
  private var left: Set<Int>
  private var lastUsed: [Int: Timestamp] = [:]
  private var uses: [Int: Int] = [:]
  private var lateUses: Int64 = 0
  private var isMeasured = false

  /// Begins with a whole cache.
  package init(_ state: CacheState, behavior: PruneBehavior, now: Timestamp) {
    self.state = state
    self.behavior = behavior
    self.now = now
    left = Set(state.rows.indices)
    for row in left {
      lastUsed[row] = state.rows[row].lastUsedAt
      uses[row] = state.rows[row].usageCount
    }
  }

  /// Carries a rule out on what is left.
  ///
  /// - Parameter most: stops after so many victims.
  package mutating func steps(_ policy: PrunePolicy, free: Int64? = nil, most: Int = .max) -> [Step] {
    var total = self.total
    measure(policy)
    let keepBytes = policy.limits.keepBytes(total: total, free: free, isDaemon: behavior.isDaemon)
    var steps: [Step] = []
    while steps.count < most, keepBytes == 0 || total >= keepBytes, let best = ranked(candidates(policy)).first {
      steps.append(best)
      total -= state.rows[best.row].size
      remove(best.row)
    }
    return steps
  }

  /// What a limit makes a daemon do first (G13).
  private mutating func measure(_ policy: PrunePolicy) {
    guard policy.limits != .none, behavior.isDaemon, !isMeasured else { return }
    isMeasured = true
    for row in state.rows.indices
    where state.rows[row].isMeasuredByUse && left.contains(row) && state.rows[row].outsideRefs == 0 { use(row) }
  }

  /// The candidates of the lowest score, for a rule on what is left.
  package mutating func lowest(_ policy: PrunePolicy) -> Set<Int> {
    measure(policy)
    let steps = ranked(candidates(policy))
    return Set(steps.prefix { $0.score == steps[0].score }.map(\.row))
  }

  /// D4's total of what is left, with C4's spreading.
  private var total: Int64 {
    var shared: Set<Int> = []
    var open = left.filter { state.rows[$0].isReferenced }
    while let row = open.popFirst() {
      if shared.insert(row).inserted { open.formUnion(state.parents(of: row)) }
    }
    return left.filter { !shared.contains($0) }.reduce(0) { $0 + state.rows[$1].size }
  }

  /// Takes a row away; its parents may count a use (G6).
  package mutating func remove(_ row: Int) {
    left.remove(row)
    let parents = state.parents(of: row)
    // A parent that is named twice is let go twice: the second time counts.
    for (number, parent) in parents.enumerated() where !parents[(number + 1)...].contains(parent) {
      let others = state.children(of: parent).filter(left.contains)
      guard countsUse(of: parent, by: row), !others.contains(where: { countsUse(of: parent, by: $0) }) else { continue }
      if state.rows[parent].outsideRefs == 0 { use(parent) }
    }
  }

  private mutating func use(_ row: Int) {
    lateUses += 1
    uses[row, default: 0] += 1
    let latest = state.rows.compactMap(\.lastUsedAt).max().map { max($0, now) } ?? now
    lastUsed[row] = latest.advanced(by: TimeSpan(nanoseconds: lateUses))
  }

  private func countsUse(of parent: Int, by row: Int) -> Bool {
    let record = state.rows[parent]
    let isImplicitDiff =
      record.usageCount == 0 && record.lastUsedAt == nil && record.description.hasPrefix("diff \"")
      && record.description.contains("\" -> \"")
    return switch behavior.restart {
    case nil: false
    case .before: true
    case .at(let start): state.rows[row].createdAt < start || isImplicitDiff
    case .never: isImplicitDiff
    }
  }

  private func candidates(_ policy: PrunePolicy) -> [Int] {
    left.filter { row in
      let record = state.rows[row]
      if record.outsideRefs > 0 || state.children(of: row).contains(where: left.contains) { return false }
      if !policy.all && (record.recordType == .internal || record.recordType == .frontend || record.isReferenced) {
        return false
      }
      if policy.keepDuration.nanoseconds > 0, let used = lastUsed[row],
        used.nanoseconds > now.nanoseconds - policy.keepDuration.nanoseconds
      {
        return false
      }
      return policy.filter == .all || policy.filter.matches(OwnRow(row: record, behavior: behavior))
    }
  }

  private func ranked(_ candidates: [Int]) -> [Step] {
    let shift = behavior.ranking == .current ? 1 : 0
    let rows = state.rows
    let times = Set(candidates.compactMap { lastUsed[$0] }).sorted()
    let counts = Set(candidates.compactMap { uses[$0] }.filter { $0 != 0 }).sorted()
    let timeNumbers = Dictionary(uniqueKeysWithValues: times.enumerated().map { ($1, $0 + 1) })
    let countNumbers = Dictionary(uniqueKeysWithValues: counts.enumerated().map { ($1, $0 + 1) })
    func share(_ number: Int, _ highest: Int) -> Double { highest == 0 ? 0 : Double(number) / Double(highest) }
    let scored = candidates.map { row -> (row: Int, score: Double, ranks: [Int]) in
      let time = (lastUsed[row].flatMap { timeNumbers[$0] } ?? 0) + shift
      let count = (uses[row].flatMap { countNumbers[$0] } ?? 0) + shift
      let ranks = [time, times.count + shift, count, counts.count + shift]
      return (row, share(time, ranks[1]) + share(count, ranks[3]), ranks)
    }
    let equals = Dictionary(scored.map { ($0.score, 1) }, uniquingKeysWith: +)
    return scored.sorted { a, b in
      if a.score != b.score { return a.score < b.score }
      let (x, y) = (uses[a.row, default: 0], uses[b.row, default: 0])
      if x != y { return x < y }
      let (p, q) = (lastUsed[a.row]?.nanoseconds ?? .min, lastUsed[b.row]?.nanoseconds ?? .min)
      if p != q { return p < q }
      return (rows[a.row].createdAt, rows[a.row].id) < (rows[b.row].createdAt, rows[b.row].id)
    }.map { Step(row: $0.row, score: $0.score, ranks: $0.ranks, tied: equals[$0.score, default: 1] - 1) }
  }
}

/// A row as a prune's filter sees it, in words of its own.
private struct OwnRow: FilterSubject {
  let row: CacheState.Row
  let behavior: PruneBehavior

  func filterValue(_ key: FilterKey) -> String? {
    switch key {
    case .id: row.id.text
    case .type: row.recordType.rawValue
    case .mutable: row.isMutable ? "" : nil
    case .immutable: row.isMutable ? nil : ""
    case .shared: row.isReferenced ? "" : nil
    case .private: row.isReferenced ? nil : ""
    case .description: behavior.isDaemon && behavior.ranking == .seed || row.description.isEmpty ? nil : row.description
    default: nil
    }
  }
}
