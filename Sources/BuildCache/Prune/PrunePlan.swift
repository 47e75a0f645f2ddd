/// Exactly what a prune removes, in which order, and why the rest stays.
///
/// Worked out from a ``CacheState`` by pure code; the manager's prune carries out such a plan, so what is shown
/// is what happens. A plan is frozen: carrying it out checks each victim again and never adds one.
public struct PrunePlan: Sendable {
  /// A record that can go, at its place in the order.
  public struct Victim: Sendable, Equatable {
    /// Its row in the plan's state.
    public let row: Int
    /// Time share plus usage share (D5): the lowest goes first.
    public let score: Double
    /// Its number among the candidates' distinct times of last use.
    public let lastUsedRank: Rank
    /// Its number among the candidates' distinct usage counts.
    public let usageRank: Rank
    /// Other candidates of the step that had the same score: the original's choice among them is accidental.
    public let tied: Int
  }

  /// The state that was planned.
  public let state: CacheState
  /// The policy that was planned; its keep-bytes says where ``cut`` is.
  public let policy: PrunePolicy
  /// All that could ever go under the policy, in order; the first ``cut`` do.
  public let order: [Victim]
  /// How many go.
  public let cut: Int
  /// D4's total before.
  public let before: Int64
  /// Whether the victims are ranked: only a keep-bytes limit ranks them (D3).
  public var isRanked: Bool { policy.keepBytes > 0 }

  /// `freedBy[k]` is what the first k victims free.
  private let freedBy: [Int64]
  /// Why a row is not in the order; absent for those that are.
  private let reasons: [KeptReason?]
  /// A row's place in the order; -1 for those that are not in it.
  private let places: [Int32]

  /// Plans a policy.
  ///
  /// - Parameters:
  ///   - state: what the cache holds; rows in use never go.
  ///   - policy: what may go, and the limit.
  ///   - ranking: which of D5's rules ranks the candidates.
  ///   - now: the moment from which keep-duration counts back.
  /// - Complexity: that of finding the whole order, whatever the limit: O(n log n + n · distinct usage counts).
  public init(_ state: CacheState, policy: PrunePolicy, ranking: RankingRule, now: Timestamp) {
    let youngest = now.advanced(by: TimeSpan(nanoseconds: -policy.keepDuration.nanoseconds))
    let own = state.rows.map { row in
      Self.ownReason(
        row, policy: policy, youngest: policy.keepDuration.nanoseconds == 0 ? nil : youngest, now: now)
    }
    var planner = PrunePlanner(state, rule: ranking, isEligible: own.map { $0 == nil })
    self.init(state, policy: policy, order: planner.order(), ownReasons: own)
  }

  /// Plans the removal of chosen rows, each with all that stands on it, children before parents.
  ///
  /// Rows in use, and those that something in use stands on, stay; what else protects from a policy does not
  /// protect from being chosen.
  ///
  /// - Complexity: O(n log n).
  public init(_ state: CacheState, removing chosen: some Sequence<Int>) {
    var wanted = [Bool](repeating: false, count: state.rows.count)
    for row in chosen where !wanted[row] {
      wanted[row] = true
      for descendant in state.descendants(of: row) { wanted[descendant] = true }
    }
    let own = state.rows.indices.map { row -> KeptReason? in
      Self.useReason(state.rows[row]) ?? (wanted[row] ? nil : .filter)
    }
    var planner = PrunePlanner(state, rule: .seed, isEligible: own.map { $0 == nil })
    self.init(state, policy: PrunePolicy(all: true), order: planner.order(), ownReasons: own)
  }

  private init(_ state: CacheState, policy: PrunePolicy, order: [Victim], ownReasons: [KeptReason?]) {
    self.state = state
    self.policy = policy
    self.order = order
    before = state.total
    var reasons = ownReasons.map { $0 ?? .pinned as KeptReason? }
    var freed: [Int64] = [0]
    freed.reserveCapacity(order.count + 1)
    var places = [Int32](repeating: -1, count: state.rows.count)
    for (place, victim) in order.enumerated() {
      reasons[victim.row] = nil
      places[victim.row] = Int32(place)
      freed.append(freed[freed.count - 1].addingSaturating(state.rows[victim.row].size))
    }
    freedBy = freed
    self.reasons = reasons
    self.places = places
    cut = Self.cut(freed: freed, before: before, keepBytes: policy.keepBytes)
  }

  private init(_ plan: PrunePlan, keepBytes: Int64) {
    state = plan.state
    var policy = plan.policy
    policy.keepBytes = keepBytes
    self.policy = policy
    order = plan.order
    before = plan.before
    freedBy = plan.freedBy
    reasons = plan.reasons
    places = plan.places
    cut = Self.cut(freed: plan.freedBy, before: plan.before, keepBytes: keepBytes)
  }

  /// The same plan with another limit: the order stays, only the cut moves.
  ///
  /// - Complexity: O(log n).
  public func limited(to keepBytes: Int64) -> PrunePlan {
    PrunePlan(self, keepBytes: keepBytes)
  }

  /// The victims, in order.
  public var victims: ArraySlice<Victim> { order[..<cut] }
  /// What the victims free together.
  public var freed: Int64 { freedBy[cut] }
  /// D4's total afterwards; what a shared victim frees was never part of the total, hence never below 0 (G4).
  public var after: Int64 { remaining(after: cut) }

  /// What the first `count` of the order free together. O(1).
  public func freed(after count: Int) -> Int64 { freedBy[count] }

  /// D4's total once the first `count` of the order are gone. O(1).
  public func remaining(after count: Int) -> Int64 { max(0, before - freedBy[count]) }

  /// Why a row stays, or nothing where it goes. O(1).
  public func reason(forRow row: Int) -> KeptReason? {
    reasons[row] ?? (places[row] < cut ? nil : .withinLimit)
  }

  /// A record that stays.
  public struct Kept: Sendable, Equatable {
    /// Its row in the plan's state.
    public let row: Int
    /// Why it stays.
    public let reason: KeptReason
    /// The rows that are the reason, where rows are: the children that stay (`pinned`) or are in use
    /// (`holdsInUse`). Each of them stands in the list with its own reason, so a chain can be followed.
    public let by: [Int]
  }

  /// What stays, in the order of the rows.
  ///
  /// - Complexity: O(rows and edges).
  public var kept: [Kept] {
    state.rows.indices.compactMap { row in
      reason(forRow: row).map { Kept(row: row, reason: $0, by: blockers(of: row, reason: $0)) }
    }
  }

  private func blockers(of row: Int, reason: KeptReason) -> [Int] {
    switch reason {
    case .pinned: Set(state.children(of: row)).filter { reasons[$0] != nil }.sorted()
    case .holdsInUse: Set(state.children(of: row)).filter { state.rows[$0].inUse }.sorted()
    default: []
    }
  }

  /// D4: victims go while the total is at least the limit, so at exactly the limit one more goes.
  private static func cut(freed: [Int64], before: Int64, keepBytes: Int64) -> Int {
    let count = freed.count - 1
    if keepBytes <= 0 { return count }
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if before - freed[middle] < keepBytes { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private static func useReason(_ row: CacheState.Row) -> KeptReason? {
    row.outsideRefs > 0 ? .inUse : row.inUse ? .holdsInUse : nil
  }

  /// Why a row stays for its own sake, whatever stands on it (D2).
  private static func ownReason(_ row: CacheState.Row, policy: PrunePolicy, youngest: Timestamp?, now: Timestamp)
    -> KeptReason?
  {
    if let reason = useReason(row) { return reason }
    if !policy.all && row.isReferenced { return .shared }
    if !policy.all && row.recordType.isKeptUnlessAll { return .internal }
    if let youngest, let used = row.lastUsedAt, used > youngest { return .keepDuration }
    // D2: with `all` and no filter nobody is asked, so nothing is shared; without a filter that shows nowhere.
    return policy.filter.matches(PrunableRow(row: row, now: now)) ? nil : .filter
  }
}

/// A place among the distinct values of the candidates (D5).
public struct Rank: Sendable, Equatable {
  /// The number of the value.
  public let number: Int
  /// The highest number among the candidates.
  public let highest: Int
}
