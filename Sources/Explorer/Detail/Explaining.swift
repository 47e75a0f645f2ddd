import BuildCache
import CacheReport

/// Why a record stays or goes, in sentences.
extension ExplorerState {
  /// Explains the record under the cursor: by the plan that is shown, else by a plan without limit.
  mutating func explain() {
    let plan: PrunePlan
    let row: Int
    switch screen {
    case .records, .graph, .files, .marks:
      guard let current, let standing = detail.standing else { return }
      row = current
      plan = standing
    case .prune:
      guard let shown = prune.plan else { return }
      plan = shown
      switch prune.line(prune.position.cursor) {
      case .cut:
        message = "a limit: what stands above goes, what stands beneath stays"
        return
      case .heading, .group, nil:
        message = "w explains a record: this line is about several"
        return
      case .victim, .kept:
        guard let current = prune.current else { return }
        row = current
      }
    }
    overlay = .note(
      title: shortID(plan.state.rows[row].id), lines: plan.explanation(ofRow: row, now: now) { shortID($0) })
  }
}
