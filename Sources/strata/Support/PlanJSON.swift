import BuildCache

/// A plan as `prune` prints it, done or dry.
struct PlanJSON: Encodable {
  struct Victim: Encodable {
    let order: Int
    let id: RecordID
    let size: Int64
    let score: Double?
    let lastUsedRank: [Int]?
    let usageRank: [Int]?
    let tied: Int
    let freed: Int64
    let remaining: Int64
    let rule: Int?

    enum CodingKeys: CodingKey { case order, id, size, score, lastUsedRank, usageRank, tied, freed, remaining, rule }

    // Written out, as absent figures are null here, not left out.
    func encode(to encoder: any Encoder) throws {
      var members = encoder.container(keyedBy: CodingKeys.self)
      try members.encode(order, forKey: .order)
      try members.encode(id, forKey: .id)
      try members.encode(size, forKey: .size)
      try members.encode(score, forKey: .score)
      try members.encode(lastUsedRank, forKey: .lastUsedRank)
      try members.encode(usageRank, forKey: .usageRank)
      try members.encode(tied, forKey: .tied)
      try members.encode(freed, forKey: .freed)
      try members.encode(remaining, forKey: .remaining)
      try members.encodeIfPresent(rule, forKey: .rule)
    }
  }

  struct Kept: Encodable {
    let id: RecordID
    let reason: String
    let by: [RecordID]?
    /// Why each rule passed it by, where there are rules of a policy.
    let passedBy: [String]?
  }

  /// A rule of a policy, and what it comes to.
  struct Rule: Encodable {
    let rule: Int
    let policy: String
    let keepBytes: Int64
    let removed: Int
    let before: Int64
    let after: Int64
  }

  let plan: [Victim]
  let before: Int64
  let after: Int64
  let kept: [Kept]
  let rules: [Rule]?

  /// The victims but those that were left, numbered anew, and what stays.
  ///
  /// - Parameter namesRules: whether the rules are told: they come from a policy.
  init(_ plan: PrunePlan, leaving left: Set<RecordID> = [], namesRules: Bool) {
    let rows = plan.state.rows
    var victims: [Victim] = []
    var freed: Int64 = 0
    var after = plan.before
    for (number, rule) in plan.rules.enumerated() {
      var freedByRule: Int64 = 0
      after = rule.before
      for victim in rule.victims where !left.contains(rows[victim.row].id) {
        let row = rows[victim.row]
        freedByRule = freedByRule.addingSaturating(row.size)
        freed = freed.addingSaturating(row.size)
        after = max(0, rule.before - freedByRule)
        victims.append(
          Victim(
            order: victims.count + 1, id: row.id, size: row.size, score: rule.isRanked ? victim.score : nil,
            lastUsedRank: rule.isRanked ? [victim.lastUsedRank.number, victim.lastUsedRank.highest] : nil,
            usageRank: rule.isRanked ? [victim.usageRank.number, victim.usageRank.highest] : nil,
            tied: rule.isRanked ? victim.tied : 0, freed: freed, remaining: after,
            rule: namesRules ? number + 1 : nil))
      }
    }
    self.plan = victims
    before = plan.before
    self.after = after
    kept = plan.kept.map { kept in
      Kept(
        id: rows[kept.row].id, reason: kept.reason.rawValue,
        by: kept.by.isEmpty ? nil : kept.by.map { rows[$0].id },
        passedBy: namesRules ? kept.passedBy.map(\.rawValue) : nil)
    }
    rules =
      namesRules
      ? plan.rules.enumerated().map { number, rule in
        Rule(
          rule: number + 1, policy: rule.policy.words, keepBytes: rule.keepBytes, removed: rule.cut,
          before: rule.before, after: rule.after)
      } : nil
  }
}
