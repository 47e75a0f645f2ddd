import BuildCache

extension PrunePlan {
  /// Why a row goes or stays under this plan, in sentences; where other records are the reason, the chain that leads to
  /// the one that has a reason of its own. Of several rules each that passes it by is named.
  ///
  /// - Parameters:
  ///   - row: a row of the plan's state.
  ///   - now: from when ages are counted.
  ///   - units: how sizes are written.
  ///   - name: how a record is named in the sentences.
  /// - Complexity: O(rules, and the chain with its edges).
  public func explanation(
    ofRow row: Int, now: Timestamp, in units: ByteUnits, naming name: (CacheState.Row) -> String
  ) -> [String] {
    let taker = taking(row: row)
    let passing = rules.prefix(taker?.rule ?? rules.count).enumerated().filter { $1.reason(forRow: row) != nil }
    var lines: [String] = []
    if rules.count > 1 {
      lines = passing.map { number, rule in
        let reason = rule.reason(forRow: row).map { words(for: $0, row, rule, now, units) } ?? ""
        return "Rule \(number + 1) (\(rule.policy.words(in: units))) passes it by: \(reason)."
      }
    }
    if let taker {
      lines.append(goes(row, rule: taker.rule, place: taker.place, units))
    } else if let rule = rules.last, let reason = rule.reason(forRow: row) {
      lines.append(rules.count > 1 ? "So it stays." : "It stays: \(words(for: reason, row, rule, now, units)).")
      lines += chain(from: row, reason, rule, now, units, name)
    }
    return lines
  }

  /// The chain of records that keeps a row, to the one that has a reason of its own.
  private func chain(
    from row: Int, _ reason: KeptReason, _ rule: PlannedRule, _ now: Timestamp, _ units: ByteUnits,
    _ name: (CacheState.Row) -> String
  ) -> [String] {
    var chain: [Int] = []
    var at = row
    var why = reason
    while let next = blocker(of: at, why), let nextReason = self.reason(forRow: next), chain.count < state.rows.count {
      chain.append(next)
      at = next
      why = nextReason
    }
    guard let last = chain.popLast() else { return [] }
    let way = chain.prefix(4).map { name(state.rows[$0]) }.joined(separator: ", ")
    let through = chain.isEmpty ? "" : " through \(way)" + (chain.count > 4 ? " and \(chain.count - 4) more" : "")
    return ["\(name(state.rows[last])) stands on it\(through), and stays: \(words(for: why, last, rule, now, units))."]
  }

  /// The child that keeps a row, where a child does.
  private func blocker(of row: Int, _ reason: KeptReason) -> Int? {
    switch reason {
    case .pinned: state.children(of: row).first { self.reason(forRow: $0) != nil }
    case .holdsInUse: state.children(of: row).first { state.rows[$0].inUse }
    default: nil
    }
  }

  private func goes(_ row: Int, rule number: Int, place: Int, _ units: ByteUnits) -> String {
    let rule = rules[number]
    let by = rules.count > 1 ? " by rule \(number + 1) (\(rule.policy.words(in: units)))" : ""
    guard rule.isRanked else {
      return rules.count > 1
        ? "It goes\(by): nobody uses it, and nothing that stays stands on it."
        : "It can be pruned: nobody uses it, and nothing that stays stands on it."
    }
    let victim = rule.order[place]
    let ties =
      victim.tied > 0 ? " \(victim.tied) more had that score: a daemon's choice among them is accidental." : ""
    return "It goes as number \(place + 1) of \(rule.cut)\(by): of the candidates then its last use was number "
      + "\(victim.lastUsedRank.number) of \(victim.lastUsedRank.highest) by age and its count of uses number "
      + "\(victim.usageRank.number) of \(victim.usageRank.highest), and the lowest score goes first.\(ties)"
  }

  private func words(
    for reason: KeptReason, _ row: Int, _ rule: PlannedRule, _ now: Timestamp, _ units: ByteUnits
  ) -> String {
    let record = state.rows[row]
    switch reason {
    case .inUse: return "somebody holds it"
    case .holdsInUse: return "something in use stands on it"
    case .shared: return "something outside uses it (all is off)"
    case .internal: return "its type is \(record.recordType.rawValue) (all is off)"
    case .keepDuration:
      let span = rule.policy.keepDuration.ageText
      if isMadeYoung(row) {
        return "that the last record on it goes counts as a use of it in a daemon that was restarted, "
          + "so it looks used now, keep-duration \(span)"
      }
      return (record.lastUsedAt.map { "used " + now.since($0).agoText } ?? "never used") + ", keep-duration \(span)"
    case .filter: return "the filter does not match it"
    case .pinned: return "records that stay stand on it"
    case .withinLimit:
      let (keep, before) = (ByteCount(rule.keepBytes).text(in: units), ByteCount(rule.before).text(in: units))
      return "the limit is reached before it (keep \(keep) of \(before))"
    }
  }

  /// Whether the prune itself makes the row look used, so that keep-duration protects it (G6).
  func isMadeYoung(_ row: Int) -> Bool {
    behavior.isDaemon && rules.contains { $0.isMadeYoung(row) }
  }
}
