import BuildCache

/// A plan with all that is told of it where it is printed or written into a file.
public struct PlanExport: Sendable {
  /// In which form.
  public enum Form: Sendable, CaseIterable {
    /// As `strata prune --dry-run --format json` prints it.
    case json
    /// As text that a ticket can have.
    case text
  }

  /// The plan.
  public let plan: PrunePlan
  /// What the cache is called.
  public let name: String
  /// What has to be known of the reading and of the rules, in sentences.
  public let notes: [String]
  /// Whether the reading tells which records a daemon has to measure.
  public let tellsUnmeasured: Bool
  /// Whether the rules are told: they come from a policy.
  public let namesRules: Bool

  /// Puts it together.
  public init(
    _ plan: PrunePlan, name: String, notes: [String], tellsUnmeasured: Bool, namesRules: Bool
  ) {
    self.plan = plan
    self.name = name
    self.notes = notes
    self.tellsUnmeasured = tellsUnmeasured
    self.namesRules = namesRules
  }

  /// What its JSON has.
  ///
  /// - Throws: `CancellationError` where the task was cancelled.
  public func report() throws(CancellationError) -> PlanReport {
    PlanReport(plan, namesRules: namesRules, notes: notes, assumptions: try assumptions(), growth: growth)
  }

  /// What becomes of the cap that the last rule has; nothing where the records don't tell.
  public var growth: GrowthForecast? { GrowthForecast(plan, GrowthEstimate(plan.state, now: plan.now)) }

  /// What the plan takes for granted; nothing for the embedded manager.
  ///
  /// - Throws: `CancellationError` where the task was cancelled.
  public func assumptions() throws(CancellationError) -> PlanAssumptions? {
    try PlanAssumptions(plan, tellsUnmeasured: tellsUnmeasured)
  }
}
