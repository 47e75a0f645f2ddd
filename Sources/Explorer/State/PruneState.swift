import BuildCache

/// The Prune screen's own state: a plan that is made once a policy, and a limit that only moves its cut.
struct PruneState: Sendable {
  var policy = PrunePolicy()
  /// The plan; absent until it is made.
  var plan: PrunePlan?
  /// Rows that no limit takes, by reason and then the largest first, with what makes them stay.
  var protected: [PrunePlan.Kept] = []
  /// How many rows stay for each reason but the limit, and their bytes.
  var groups: [KeptReason: (records: Int, bytes: Int64)] = [:]
  var position = ListPosition()
  /// Whether the user chose the limit; until then it is half of the total.
  var isLimitChosen = false

  /// A line of the list.
  enum Line {
    /// A victim, by its place in the order.
    case victim(Int)
    /// Where the plan is cut.
    case cut
    /// A row that stays whatever the limit is.
    case kept(PrunePlan.Kept)
  }

  /// How many lines there are.
  var lineCount: Int {
    plan.map { $0.order.count + 1 + protected.count } ?? 0
  }

  /// The line of a number. O(1).
  func line(_ number: Int) -> Line? {
    guard let plan, (0..<lineCount).contains(number) else { return nil }
    if number < plan.cut { return .victim(number) }
    if number == plan.cut { return .cut }
    if number <= plan.order.count { return .victim(number - 1) }
    return .kept(protected[number - plan.order.count - 1])
  }

  /// Takes a new plan.
  ///
  /// - Complexity: O(n log n).
  mutating func take(_ plan: PrunePlan) {
    self.plan = plan
    let order = Dictionary(uniqueKeysWithValues: KeptReason.allCases.enumerated().map { ($1, $0) })
    let rows = plan.state.rows
    protected = plan.limited(to: 0).kept.sorted {
      (order[$0.reason] ?? 0, -rows[$0.row].size, rows[$0.row].id)
        < (order[$1.reason] ?? 0, -rows[$1.row].size, rows[$1.row].id)
    }
    groups = [:]
    for kept in protected {
      groups[kept.reason, default: (0, 0)].records += 1
      groups[kept.reason, default: (0, 0)].bytes &+= rows[kept.row].size
    }
  }

  /// Moves the limit, and the cursor to the cut, so that the eye can follow.
  ///
  /// - Complexity: O(log n): the order stays.
  mutating func limit(to bytes: Int64) {
    guard let plan else { return }
    policy.keepBytes = max(0, min(bytes, plan.before))
    isLimitChosen = true
    let moved = plan.limited(to: policy.keepBytes)
    self.plan = moved
    position.cursor = moved.cut
  }

  /// A step of the limit that suits the total: 1, 2 or 5 with zeros, about a fiftieth of it.
  var step: Int64 {
    guard let total = plan?.before, total > 0 else { return 1 }
    var step: Int64 = 1
    while step <= total / 50 {
      for factor in [1, 2, 5] as [Int64] where step * factor * 2 > total / 50 { return step * factor }
      step *= 10
    }
    return step
  }
}
