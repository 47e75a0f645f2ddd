import BuildCache

/// Why a record stays or goes, in sentences.
extension ExplorerState {
  /// Explains the record under the cursor: by the plan that is shown, else by a plan without limit.
  mutating func explain() {
    let plan: PrunePlan
    let row: Int
    switch screen {
    case .records:
      guard let current = records.current else { return }
      row = current
      plan = PrunePlan(cache, policies: [PrunePolicy()], behavior: options.behavior, now: now)
    case .prune:
      guard let shown = prune.plan, let line = prune.line(prune.position.cursor) else { return }
      plan = shown
      switch line {
      case .victim(let number): row = prune.rule?.order[number].row ?? 0
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
