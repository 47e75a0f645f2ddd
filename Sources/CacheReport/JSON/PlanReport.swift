import BuildCache

/// A plan as JSON has it, done or dry, written and read.
public struct PlanReport: Sendable, Equatable, Codable {
  /// A record that goes.
  public struct VictimRow: Sendable, Equatable, Codable {
    /// Its number, from 1.
    public let order: Int
    /// The record's id.
    public let id: RecordID
    /// Its bytes.
    public let size: Int64
    /// Its score; absent where no limit ranks the victims.
    public let score: Double?
    /// The number of its last use, and the highest such number.
    public let lastUsedRank: [Int]?
    /// The number of its count of uses, and the highest such number.
    public let usageRank: [Int]?
    /// How many other candidates had the same score.
    public let tied: Int
    /// The bytes of the victims so far.
    public let freed: Int64
    /// The total then (D4).
    public let remaining: Int64
    /// The rule that takes it, from 1, where there are rules of a policy.
    public let rule: Int?

    enum CodingKeys: CodingKey { case order, id, size, score, lastUsedRank, usageRank, tied, freed, remaining, rule }

    /// Absent figures are null here, not left out.
    public func encode(to encoder: any Encoder) throws {
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

  /// A record that stays.
  public struct KeptRow: Sendable, Equatable, Codable {
    /// The record's id.
    public let id: RecordID
    /// Why: a ``KeptReason``.
    public let reason: String
    /// The records that are the reason.
    public let by: [RecordID]?
    /// Why each rule passed it by, where there are rules of a policy.
    public let passedBy: [String]?
  }

  /// A rule of a policy, and what it comes to.
  public struct RuleRow: Sendable, Equatable, Codable {
    /// Its number, from 1.
    public let rule: Int
    /// Its policy in words.
    public let policy: String
    /// What its limits come to.
    public let keepBytes: Int64
    /// How many records it takes.
    public let removed: Int
    /// The total before it (D4).
    public let before: Int64
    /// The total after it.
    public let after: Int64
  }

  /// What goes, in order.
  public let plan: [VictimRow]
  /// The total before (D4).
  public let before: Int64
  /// The total after.
  public let after: Int64
  /// What stays.
  public let kept: [KeptRow]
  /// The rules, where they come from a policy.
  public let rules: [RuleRow]?
  /// What has to be known of the reading that it was planned on, in sentences: a plan is as exact as that.
  public let notes: [String]
  /// What it takes for granted of a daemon; absent for the embedded manager.
  public let assumptions: PlanAssumptions?
  /// When a limit is met at the growth that the cache has, an estimate; absent where that can't be said.
  public let growth: GrowthForecast?
  /// What went otherwise than foreseen, where a daemon carried it out.
  public var outcome: OutcomeRow?

  /// What a plan foresaw against what went.
  public struct OutcomeRow: Sendable, Equatable, Codable {
    /// Whether just what the plan names went, but for what was left alone as it had changed.
    public let asForeseen: Bool
    /// What went, in order.
    public let went: [RecordID]
    /// What went and isn't named.
    public let more: [RecordID]
    /// What is named and didn't go.
    public let less: [RecordID]
    /// What was left alone as it had changed since the plan was made.
    public let changed: [RecordID]
    /// Whether the order was the plan's: a ``PruneOutcome/Order``.
    public let order: String
    /// The differences in sentences.
    public let differences: [String]

    /// Puts it together.
    public init(_ outcome: PruneOutcome, _ report: PruneReport, differences: [String]) {
      asForeseen = outcome.isAsForeseen
      went = report.gone
      more = outcome.more
      less = outcome.less
      changed = report.changed
      order = outcome.order.rawValue
      self.differences = differences
    }
  }

  /// The victims but those that were left, numbered anew, and what stays.
  ///
  /// - Parameters:
  ///   - plan: the plan.
  ///   - left: victims that were left alone.
  ///   - namesRules: whether the rules are told: they come from a policy.
  ///   - notes: those of the reading.
  ///   - assumptions: what it takes for granted.
  ///   - growth: what lies ahead of it.
  public init(
    _ plan: PrunePlan, leaving left: Set<RecordID> = [], namesRules: Bool, notes: [String],
    assumptions: PlanAssumptions? = nil, growth: GrowthForecast? = nil
  ) {
    self.growth = growth
    self.notes = notes
    self.assumptions = assumptions
    let rows = plan.state.rows
    var victims: [VictimRow] = []
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
          VictimRow(
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
      KeptRow(
        id: rows[kept.row].id, reason: kept.reason.rawValue,
        by: kept.by.isEmpty ? nil : kept.by.map { rows[$0].id },
        passedBy: namesRules ? kept.passedBy.map(\.rawValue) : nil)
    }
    rules =
      namesRules
      ? plan.rules.enumerated().map { number, rule in
        RuleRow(
          rule: number + 1, policy: rule.policy.words(in: .si), keepBytes: rule.keepBytes, removed: rule.cut,
          before: rule.before, after: rule.after)
      } : nil
  }
}
