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

  /// The rule that is shown.
  var rule: PlannedRule? { plan?.rules.last }

  /// How many lines there are.
  var lineCount: Int {
    rule.map { $0.order.count + 1 + protected.count } ?? 0
  }

  /// The line of a number. O(1).
  func line(_ number: Int) -> Line? {
    guard let rule, (0..<lineCount).contains(number) else { return nil }
    if number < rule.cut { return .victim(number) }
    if number == rule.cut { return .cut }
    if number <= rule.order.count { return .victim(number - 1) }
    return .kept(protected[number - rule.order.count - 1])
  }

  /// Takes a new plan.
  ///
  /// - Complexity: O(n log n).
  mutating func take(_ plan: PrunePlan) {
    self.plan = plan
    let order = Dictionary(uniqueKeysWithValues: KeptReason.allCases.enumerated().map { ($1, $0) })
    let rows = plan.state.rows
    protected = plan.limited(rule: plan.rules.count - 1, to: .none).kept.sorted {
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
    policy.limits.maxUsed = max(0, min(bytes, plan.before))
    isLimitChosen = true
    self.plan = plan.limited(rule: plan.rules.count - 1, to: policy.limits)
    position.cursor = rule?.cut ?? 0
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
