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
      plan = PrunePlan(cache, policy: PrunePolicy(), ranking: options.ranking, now: now)
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
    overlay = .note(title: shortID(cache.rows[row].id), lines: reasons(row, plan))
  }

  private func reasons(_ row: Int, _ plan: PrunePlan) -> [String] {
    guard let reason = plan.reason(forRow: row) else {
      return [screen == .records ? "It can be pruned: nobody uses it." : "It goes: it scores low among the candidates."]
    }
    let own = "It stays: \(words(for: reason, row, plan))."
    guard reason == .pinned || reason == .holdsInUse else { return [own] }
    // Follow the chain to the record that has a reason of its own.
    var chain: [Int] = []
    var at = row
    var why = reason
    while why == .pinned || why == .holdsInUse, chain.count < cache.rows.count,
      let next = cache.children(of: at).first(where: { child in
        why == .pinned ? plan.reason(forRow: child) != nil : cache.rows[child].inUse
      }), let nextReason = plan.reason(forRow: next)
    {
      chain.append(next)
      at = next
      why = nextReason
    }
    guard let last = chain.popLast() else { return [own] }
    let name = shortID(cache.rows[last].id)
    let way = chain.prefix(4).map { shortID(cache.rows[$0].id) }.joined(separator: ", ")
    let through = chain.isEmpty ? "" : " through \(way)" + (chain.count > 4 ? " and \(chain.count - 4) more" : "")
    return [own, "\(name) stands on it\(through), and stays: \(words(for: why, last, plan))."]
  }

  private func words(for reason: KeptReason, _ row: Int, _ plan: PrunePlan) -> String {
    let record = cache.rows[row]
    switch reason {
    case .inUse: return "somebody holds it"
    case .holdsInUse: return "something in use stands on it"
    case .shared: return "something outside uses it (all is off)"
    case .internal: return "its type is \(record.recordType.rawValue) (all is off)"
    case .keepDuration:
      let age = record.lastUsedAt.map { now.since($0).ageText } ?? "never"
      return "used \(age) ago, keep-duration \(plan.policy.keepDuration.ageText)"
    case .filter: return "the filter does not match it"
    case .pinned: return "records that stay stand on it"
    case .withinLimit: return "the limit is reached before it"
    }
  }
}

extension KeptReason {
  /// The reason as a heading of those that stay for it.
  public var words: String {
    switch self {
    case .inUse: "in use"
    case .holdsInUse: "hold something in use"
    case .shared: "shared"
    case .internal: "internal"
    case .keepDuration: "used within keep-duration"
    case .filter: "not matched by the filter"
    case .pinned: "pinned by what stays"
    case .withinLimit: "within the limit"
    }
  }
}
