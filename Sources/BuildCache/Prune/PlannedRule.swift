/// One rule of a plan, worked out on what the rules before it left.
public struct PlannedRule: Sendable {
  /// What it may take.
  public let policy: PrunePolicy
  /// D4's total when it begins.
  public let before: Int64
  /// The bytes that it stops below, worked out of its limits; 0: no cap, everything that may go goes, unranked.
  public let keepBytes: Int64
  /// All that could ever go by it, in order; the first ``cut`` do.
  public let order: [PrunePlan.Victim]
  /// How many go.
  public let cut: Int

  /// `freedBy[k]` is what the first k victims free.
  private let freedBy: [Int64]
  /// `tiedBy[k]` is how many of the first k victims had the same score as others.
  private let tiedBy: [Int32]
  /// Why a row is not in the order; absent for those that are, and for those that are gone before.
  private let reasons: [KeptReason?]
  /// A row's place in the order; -1 for those that are not in it.
  private let places: [Int32]
  /// Rows that keep-duration protects once the victim of a place is gone (G6).
  private let madeYoung: [Int: Int32]

  /// Works a rule out: the whole order, whatever the limit.
  ///
  /// - Parameter ownReason: why a row stays for its own sake, whatever stands on it.
  /// - Throws: `CancellationError` where the task was cancelled.
  init(
    _ policy: PrunePolicy, on remaining: RemainingCache, behavior: PruneBehavior, free: Int64?,
    ownReason: (Int) -> KeptReason?
  ) throws(CancellationError) {
    self.policy = policy
    before = remaining.total()
    keepBytes = policy.limits.keepBytes(total: before, free: free, isDaemon: behavior.isDaemon)
    let rows = remaining.state.rows
    var reasons = rows.indices.map { remaining.isGone[$0] ? nil : ownReason($0) ?? .pinned }
    let planned = try PrunePlanner(
      remaining, ranking: behavior.ranking, isEligible: { reasons[$0] == .pinned },
      keepsYoung: policy.keepDuration.nanoseconds > 0
    ).order()
    var freed: [Int64] = [0]
    freed.reserveCapacity(planned.victims.count + 1)
    var tied: [Int32] = [0]
    tied.reserveCapacity(planned.victims.count + 1)
    var places = [Int32](repeating: -1, count: rows.count)
    for (place, victim) in planned.victims.enumerated() {
      reasons[victim.row] = nil
      places[victim.row] = Int32(place)
      freed.append(freed[freed.count - 1].addingSaturating(rows[victim.row].size))
      tied.append(tied[tied.count - 1] + (victim.tied > 0 ? 1 : 0))
    }
    order = planned.victims
    madeYoung = planned.madeYoung
    freedBy = freed
    tiedBy = tied
    self.reasons = reasons
    self.places = places
    cut = Self.cut(freed: freed, before: before, keepBytes: keepBytes)
  }

  private init(_ rule: PlannedRule, _ policy: PrunePolicy, keepBytes: Int64) {
    self.policy = policy
    self.keepBytes = keepBytes
    before = rule.before
    order = rule.order
    freedBy = rule.freedBy
    tiedBy = rule.tiedBy
    reasons = rule.reasons
    places = rule.places
    madeYoung = rule.madeYoung
    cut = Self.cut(freed: rule.freedBy, before: rule.before, keepBytes: keepBytes)
  }

  /// The same rule with other limits: the order stays, only the cut moves. O(log n).
  func limited(to limits: SpaceLimits, behavior: PruneBehavior, free: Int64?) -> PlannedRule {
    var policy = policy
    policy.limits = limits
    let keepBytes = limits.keepBytes(total: before, free: free, isDaemon: behavior.isDaemon)
    return PlannedRule(self, policy, keepBytes: keepBytes)
  }

  /// Whether its min free is met and stands alone, so that keep-bytes is just what there is: then a daemon removes one
  /// more (G12).
  public var isMetByDaemon: Bool { policy.limits.minFree > 0 && policy.limits.maxUsed == 0 && keepBytes == before }
  /// Whether the victims are ranked: only a limit ranks them (D3).
  public var isRanked: Bool { keepBytes > 0 }
  /// The victims, in order.
  public var victims: ArraySlice<PrunePlan.Victim> { order[..<cut] }
  /// What the victims free together.
  public var freed: Int64 { freedBy[cut] }
  /// How many of the victims had the same score as other candidates; none where they are not ranked. O(1).
  public var tied: Int { isRanked ? Int(tiedBy[cut]) : 0 }
  /// D4's total afterwards.
  public var after: Int64 { remaining(after: cut) }

  /// What the first `count` of the order free together. O(1).
  public func freed(after count: Int) -> Int64 { freedBy[count] }

  /// D4's total once the first `count` of the order are gone; what a shared victim frees was never part of the total,
  /// hence never below 0 (G4). O(1).
  public func remaining(after count: Int) -> Int64 { max(0, before - freedBy[count]) }

  /// A row's place among the victims; nothing where it isn't one. O(1).
  public func place(ofRow row: Int) -> Int? {
    (0..<Int32(cut)).contains(places[row]) ? Int(places[row]) : nil
  }

  /// Why the rule leaves a row, or nothing where it takes it or it was gone before. O(1).
  package func reason(forRow row: Int) -> KeptReason? {
    if let reason = reasons[row] {
      guard reason == .pinned, let place = madeYoung[row], place < cut else { return reason }
      return .keepDuration
    }
    return places[row] >= cut ? .withinLimit : nil
  }

  /// Whether the row looks used as the last that stood on it goes by this very rule (G6). O(1).
  package func isMadeYoung(_ row: Int) -> Bool {
    madeYoung[row].map { $0 < cut } ?? false
  }

  /// D4: victims go while the total is at least the limit, so at exactly the limit one more goes.
  private static func cut(freed: [Int64], before: Int64, keepBytes: Int64) -> Int {
    let count = freed.count - 1
    return keepBytes <= 0 ? count : (0..<count).partitionPoint { before - freed[$0] >= keepBytes }
  }
}
