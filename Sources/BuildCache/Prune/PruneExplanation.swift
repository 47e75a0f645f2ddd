extension PrunePlan {
  /// Why a row goes or stays under this plan, in sentences; where other records are the reason, the chain that leads to
  /// the one that has a reason of its own.
  ///
  /// - Parameters:
  ///   - row: a row of the plan's state.
  ///   - now: from when ages are counted.
  ///   - name: how a record is named in the sentences.
  /// - Complexity: O(the chain and its edges).
  public func explanation(ofRow row: Int, now: Timestamp, naming name: (RecordID) -> String) -> [String] {
    guard let reason = reason(forRow: row) else { return [goes(row)] }
    let own = "It stays: \(words(for: reason, row, now))."
    var chain: [Int] = []
    var at = row
    var why = reason
    while let next = blocker(of: at, why), let nextReason = self.reason(forRow: next), chain.count < state.rows.count {
      chain.append(next)
      at = next
      why = nextReason
    }
    guard let last = chain.popLast() else { return [own] }
    let way = chain.prefix(4).map { name(state.rows[$0].id) }.joined(separator: ", ")
    let through = chain.isEmpty ? "" : " through \(way)" + (chain.count > 4 ? " and \(chain.count - 4) more" : "")
    return [own, "\(name(state.rows[last].id)) stands on it\(through), and stays: \(words(for: why, last, now))."]
  }

  /// The child that keeps a row, where a child does.
  private func blocker(of row: Int, _ reason: KeptReason) -> Int? {
    switch reason {
    case .pinned: state.children(of: row).first { self.reason(forRow: $0) != nil }
    case .holdsInUse: state.children(of: row).first { state.rows[$0].inUse }
    default: nil
    }
  }

  private func goes(_ row: Int) -> String {
    guard isRanked, let place = order.firstIndex(where: { $0.row == row }) else {
      return "It can be pruned: nobody uses it, and nothing that stays stands on it."
    }
    let victim = order[place]
    return "It goes as number \(place + 1) of \(cut): of the candidates then its last use was number "
      + "\(victim.lastUsedRank.number) of \(victim.lastUsedRank.highest) by age and its count of uses number "
      + "\(victim.usageRank.number) of \(victim.usageRank.highest), and the lowest score goes first."
  }

  private func words(for reason: KeptReason, _ row: Int, _ now: Timestamp) -> String {
    let record = state.rows[row]
    switch reason {
    case .inUse: return "somebody holds it"
    case .holdsInUse: return "something in use stands on it"
    case .shared: return "something outside uses it (all is off)"
    case .internal: return "its type is \(record.recordType.rawValue) (all is off)"
    case .keepDuration:
      let age = record.lastUsedAt.map { now.since($0).ageText } ?? "never"
      return "used \(age) ago, keep-duration \(policy.keepDuration.ageText)"
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
