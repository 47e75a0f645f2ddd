import BuildCache
import CacheReport

/// Why a record stays or goes, in sentences.
extension ExplorerState {
  /// Explains the record under the cursor; where no plan tells yet, when the reasons are known.
  mutating func explainSoon() -> [Effect] {
    if let planRefusal, let current {
      overlay = .note(title: named(cache.rows[current]), lines: [planRefusal])
      return []
    }
    if screen != .prune && detail.standing == nil {
      explainsWhenStood = true
      if detail.isStandingAsked { return [] }
      detail.isStandingAsked = true
      return [.stand(cache, standingBehavior, at: now)]
    }
    explain()
    return []
  }

  /// Explains the record under the cursor: by the plan that is shown, else by a plan without limit.
  mutating func explain() {
    guard let (plan, row) = screen.itself.explained(&self) else { return }
    overlay = .note(
      title: named(plan.state.rows[row]), lines: plan.explanation(ofRow: row, now: now, in: units) { named($0) })
  }

  /// The record under the cursor in a plan without limit: whoever stays in it has a reason of its own.
  var standingOfCurrent: (plan: PrunePlan, row: Int)? {
    guard let current, let standing = detail.standing else { return nil }
    return (standing, current)
  }
}
