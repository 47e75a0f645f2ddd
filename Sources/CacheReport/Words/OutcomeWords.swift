import BuildCache

extension PruneOutcome {
  /// Whether it went as foreseen, in a few words.
  public var words: String {
    if isAsForeseen { return order == .tie ? "as foreseen, but for ties" : "as foreseen" }
    let parts = [
      more.isEmpty ? nil : "\(more.count) more", less.isEmpty ? nil : "\(less.count) less",
      order == .other ? "in another order" : nil,
    ]
    return "not as foreseen: " + parts.compactMap(\.self).joined(separator: ", ")
  }

  /// What went otherwise than foreseen, a sentence each, with the reason where it can be known.
  ///
  /// - Parameters:
  ///   - plan: what was foreseen.
  ///   - after: what the cache holds now; absent: unknown.
  /// - Complexity: O(what went otherwise and its children).
  public func differences(from plan: PrunePlan, after: CacheState?) -> [String] {
    more.map { "\(name($0, plan.state, after)) went, too: \(whyMore($0, plan))" }
      + less.map { "\(name($0, plan.state, after)) stayed: \(whyLess($0, plan, after))" }
      + (order == .other ? ["the order was another: a use meanwhile, or a rule that can't be told beforehand"] : [])
  }

  private func name(_ id: RecordID, _ states: CacheState?...) -> String {
    for case let state? in states {
      if let number = state.index(of: id), !state.rows[number].description.isEmpty { return state.rows[number].named() }
    }
    return id.text
  }

  private func whyMore(_ id: RecordID, _ plan: PrunePlan) -> String {
    guard let row = plan.state.index(of: id) else { return "it was made meanwhile" }
    guard let reason = plan.reason(forRow: row) else { return "nobody knows why" }
    if reason == .withinLimit && isTied(row, plan) {
      return "it was to stay within the limit; a tie went the other way"
    }
    if reason == .keepDuration { return "it was used within keep-duration, and has grown older than that meanwhile" }
    return "it was to stay, as of those that are \(reason.words); something changed meanwhile"
  }

  /// Whether a row had the same score as others at its place in the order.
  private func isTied(_ row: Int?, _ plan: PrunePlan) -> Bool {
    plan.rules.contains { $0.order.contains { $0.row == row && $0.tied > 0 } }
  }

  private func whyLess(_ id: RecordID, _ plan: PrunePlan, _ after: CacheState?) -> String {
    guard let after else { return "why isn't known" }
    guard let number = after.index(of: id) else { return "it is gone all the same, by another's doing" }
    let row = after.rows[number]
    if row.inUse { return row.outsideRefs > 0 ? "it is in use now" : "something on it is in use now" }
    guard let before = plan.state.index(of: id).map({ plan.state.rows[$0] }) else { return "why isn't known" }
    if before.lastUsedAt != row.lastUsedAt || before.usageCount != row.usageCount { return "it was used meanwhile" }
    if let child = after.children(of: number).map({ after.rows[$0] }).first(where: {
      plan.state.index(of: $0.id) == nil
    }) {
      return "\(child.named()) was made on it meanwhile"
    }
    if row.isReferenced != before.isReferenced { return "it is shared now" }
    if after.children(of: number).isEmpty {
      return isTied(plan.state.index(of: id), plan)
        ? "a tie went the other way" : "the daemon left it; why it doesn't tell"
    }
    return "what stands on it stayed"
  }
}
