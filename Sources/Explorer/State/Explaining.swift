import BuildCache

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
      guard let shown = prune.plan, let line = prune.line(prune.position.cursor) else { return }
      plan = shown
      switch line {
      case .victim(let number): row = shown.order[number].row
      case .kept(let kept): row = kept.row
      case .cut:
        message = "the limit: what stands above goes, what stands beneath stays"
        return
      }
    }
    overlay = .note(
      title: shortID(cache.rows[row].id), lines: plan.explanation(ofRow: row, now: now) { shortID($0) })
  }
}
