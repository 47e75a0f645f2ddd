/// Exactly what a prune removes, in which order, and why the rest stays.
///
/// Worked out from a ``CacheState`` by pure code; the manager's prune carries out such a plan, so what is shown
/// is what happens. A plan is frozen: carrying it out checks each victim again and never adds one.
public struct PrunePlan: Sendable {
  /// A record that can go, at its place in the order.
  public struct Victim: Sendable, Equatable {
    /// Its row in the plan's state.
    public let row: Int
    /// What it scored among the candidates of its step (D5); the lowest goes first.
    public let score: Double
    /// Its last use among the distinct times.
    public let lastUsedRank: Rank
    /// Its usage count among the distinct usage counts.
    public let usageRank: Rank
    /// Other candidates of the step that had the same score: the original's choice among them is accidental.
    public let tied: Int
  }

  /// The state that was planned.
  public let state: CacheState
  /// The rules, in the order in which they are carried out (D1), each worked out on what those before it leave.
  public let rules: [PlannedRule]
  /// Whose prune it foresees.
  public let behavior: PruneBehavior
  /// The moment that keep-duration counts back from.
  public let now: Timestamp
  /// Free bytes of the disk that were reckoned with; absent: unknown.
  public let free: Int64?
  /// Whether its victims were chosen one by one, and no rule tells them.
  public let isOfChosen: Bool

  /// Plans a prune.
  ///
  /// - Parameters:
  ///   - state: what the cache holds; rows in use never go.
  ///   - policies: what may go, rule by rule in order.
  ///   - behavior: whose prune is foreseen.
  ///   - now: the moment from which keep-duration counts back.
  ///   - free: free bytes of the cache's disk; absent: unknown, and no min free is heeded.
  /// - Throws: `CancellationError` where the task was cancelled.
  /// - Complexity: for each rule that of finding its whole order, whatever its limit: O(n log n), and for each victim
  ///   the logarithm of the distinct usage counts.
  public init(
    _ state: CacheState, policies: [PrunePolicy], behavior: PruneBehavior = .embedded, now: Timestamp,
    free: Int64? = nil
  ) throws(CancellationError) {
    var remaining = RemainingCache(state, restart: behavior.restart, now: now)
    var rules: [PlannedRule] = []
    for policy in policies {
      if policy.limits != .none { remaining.measure() }
      let reason = OwnReason(state, policy, behavior, now)
      let rule = try PlannedRule(policy, on: remaining, behavior: behavior, free: free) {
        reason.reason(forRow: $0, lastUsed: remaining.lastUsed[$0])
      }
      rules.append(rule)
      guard rules.count < policies.count else { break }
      for victim in rule.victims { remaining.remove(victim.row) }
    }
    self.init(state: state, rules: rules, behavior: behavior, now: now, free: free)
  }

  private init(
    state: CacheState, rules: [PlannedRule], behavior: PruneBehavior, now: Timestamp, free: Int64?,
    isOfChosen: Bool = false
  ) {
    self.state = state
    self.rules = rules
    self.behavior = behavior
    self.now = now
    self.free = free
    self.isOfChosen = isOfChosen
  }

  /// Plans the removal of chosen rows, each with all that stands on it, children before parents.
  ///
  /// Rows in use, and those that something in use stands on, stay; what else protects from a policy does not
  /// protect from being chosen.
  ///
  /// - Throws: `CancellationError` where the task was cancelled.
  /// - Complexity: O(n log n).
  public init(_ state: CacheState, removing chosen: some Sequence<Int>) throws(CancellationError) {
    var wanted = [Bool](repeating: false, count: state.rows.count)
    let chosen = Array(chosen)
    for row in chosen { wanted[row] = true }
    for row in state.descendants(of: chosen) { wanted[row] = true }
    let now = Timestamp(nanoseconds: 0)
    let remaining = RemainingCache(state, restart: nil, now: now)
    let rule = try PlannedRule(PrunePolicy(all: true), on: remaining, behavior: .embedded, free: nil) { row in
      OwnReason.use(of: state.rows[row]) ?? (wanted[row] ? nil : .filter)
    }
    self.init(state: state, rules: [rule], behavior: .embedded, now: now, free: nil, isOfChosen: true)
  }

  /// Whether other limits of the last rule leave the order as it is: not where they are the first of all, or there are
  /// none any more, and a daemon has something to measure before it heeds one (G13).
  ///
  /// - Complexity: O(rows) where the one or the other is no limit.
  public func keepsOrder(limitedTo limits: SpaceLimits) -> Bool {
    guard let last = rules.last, (limits == .none) != (last.policy.limits == .none), behavior.isDaemon,
      rules.dropLast().allSatisfy({ $0.policy.limits == .none })
    else { return true }
    return !state.rows.contains { $0.isMeasuredByUse && $0.outsideRefs == 0 }
  }

  /// The same plan with other limits for its last rule: the order stays where ``keepsOrder(limitedTo:)`` says so, only the
  /// cut moves. One without rules stays as it is.
  ///
  /// - Complexity: O(log n).
  public func limited(to limits: SpaceLimits) -> PrunePlan {
    guard let last = rules.last else { return self }
    let moved = last.limited(to: limits, behavior: behavior, free: free)
    return PrunePlan(
      state: state, rules: rules.dropLast() + [moved], behavior: behavior, now: now, free: free,
      isOfChosen: isOfChosen)
  }

  /// How many records go.
  public var count: Int { rules.reduce(0) { $0 + $1.cut } }
  /// The victims, in order.
  public var victims: [Victim] { rules.flatMap(\.victims) }
  /// What the victims free together.
  public var freed: Int64 { rules.reduce(0) { $0.addingSaturating($1.freed) } }
  /// How many of the victims had the same score as other candidates of their step.
  public var tied: Int { rules.reduce(0) { $0 + $1.tied } }
  /// D4's total before.
  public var before: Int64 { rules.first?.before ?? state.total }
  /// D4's total afterwards, as the last rule counts it.
  public var after: Int64 { rules.last?.after ?? before }

  /// The rule that takes a row, with the row's place among its victims; nothing where the row stays. O(rules).
  public func taking(row: Int) -> (rule: Int, place: Int)? {
    for (number, rule) in rules.enumerated() {
      if let place = rule.place(ofRow: row) { return (number, place) }
    }
    return nil
  }

  /// Why a row stays, or nothing where it goes: why the last rule leaves it. O(rules).
  public func reason(forRow row: Int) -> KeptReason? {
    guard let last = rules.last else { return OwnReason.use(of: state.rows[row]) ?? .filter }
    return taking(row: row) == nil ? last.reason(forRow: row) : nil
  }

  /// A record that stays.
  public struct Kept: Sendable, Equatable {
    /// Its row in the plan's state.
    public let row: Int
    /// Why it stays: why the last rule leaves it.
    public let reason: KeptReason
    /// The rows that are the reason, where rows are: the children that stay (`pinned`) or are in use
    /// (`holdsInUse`). Each of them stands in the list with its own reason, so a chain can be followed.
    public let by: [Int]
    /// Why each rule passed it by, in the order of the rules.
    public let passedBy: [KeptReason]
  }

  /// What stays, in the order of the rows.
  ///
  /// - Complexity: O(rows and edges, rules).
  public var kept: [Kept] {
    state.rows.indices.compactMap { row in
      guard let reason = reason(forRow: row) else { return nil }
      return Kept(
        row: row, reason: reason, by: blockers(of: row, reason: reason),
        passedBy: rules.compactMap { $0.reason(forRow: row) })
    }
  }

  private func blockers(of row: Int, reason: KeptReason) -> [Int] {
    switch reason {
    case .pinned: Set(state.children(of: row)).filter { self.reason(forRow: $0) != nil }.sorted()
    case .holdsInUse: Set(state.children(of: row)).filter { state.rows[$0].inUse }.sorted()
    default: []
    }
  }
}

/// Why a policy leaves a row for its own sake, whatever stands on it (D2).
private struct OwnReason {
  private let state: CacheState
  private let policy: PrunePolicy
  /// Keep-duration's edge, in nanoseconds since 1970; absent: age protects nothing.
  private let youngest: Int64?
  private let unseen: Set<FilterKey>
  private let now: Timestamp

  init(_ state: CacheState, _ policy: PrunePolicy, _ behavior: PruneBehavior, _ now: Timestamp) {
    self.state = state
    self.policy = policy
    youngest =
      policy.keepDuration.nanoseconds > 0
      ? now.advanced(by: TimeSpan(nanoseconds: -policy.keepDuration.nanoseconds)).nanoseconds : nil
    unseen = behavior.keysUnseenByFilter
    self.now = now
  }

  package func reason(forRow number: Int, lastUsed: Int64) -> KeptReason? {
    let row = state.rows[number]
    if let reason = Self.use(of: row) { return reason }
    if !policy.all && row.isReferenced { return .shared }
    if !policy.all && row.recordType.isKeptUnlessAll { return .internal }
    // Never used is older than all.
    if let youngest, lastUsed > youngest { return .keepDuration }
    // D2: with `all` and no filter nobody is asked, so nothing is shared; without a filter that shows nowhere.
    guard policy.filter != .all else { return nil }
    return policy.filter.matches(PrunableRow(row: row, unseen: unseen, now: now)) ? nil : .filter
  }

  static func use(of row: CacheState.Row) -> KeptReason? {
    row.outsideRefs > 0 ? .inUse : row.inUse ? .holdsInUse : nil
  }
}

/// A place among the distinct values of the candidates (D5).
public struct Rank: Sendable, Equatable {
  /// The number of the value.
  public let number: Int
  /// The highest number among the candidates.
  public let highest: Int
}
