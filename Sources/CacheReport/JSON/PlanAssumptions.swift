import BuildCache

/// What a plan for a daemon takes for granted, as JSON has it, and in words.
public struct PlanAssumptions: Sendable, Equatable, Codable {
  /// How candidates are ranked: a ``RankingRule``.
  public let ranking: String
  /// When the daemon is started anew: `yes`, `no` or a time.
  public let restarted: String
  /// How many records are measured first, which counts as a use; absent where that can't be told.
  public let measured: Int?
  /// Whether the order of the victims is the daemon's own: without a limit it takes them in any.
  public let isOrdered: Bool
  /// How many victims would stay under the other rule, absent where there are too many records to find out quickly.
  public let victimsByRanking: Int?
  /// How many victims would stay if the restart were otherwise.
  public let victimsByRestart: Int?
  /// How many victims would stay if nothing had to be measured.
  public let victimsByMeasuring: Int?

  enum CodingKeys: String, CodingKey {
    case ranking, restarted, measured, victimsByRanking, victimsByRestart, victimsByMeasuring
    case isOrdered = "ordered"
  }

  /// With more records, what hangs on each isn't worked out: it takes three more plans.
  private static let mostRecords = 50_000

  /// Finds out what a plan takes for granted; nothing for the embedded manager.
  ///
  /// - Parameter tellsUnmeasured: whether the rows tell which a daemon has to measure, as in ``Reading``.
  /// - Throws: `CancellationError` where the task was cancelled.
  public init?(_ plan: PrunePlan, tellsUnmeasured: Bool) throws(CancellationError) {
    guard let restart = plan.behavior.restart else { return nil }
    ranking = plan.behavior.ranking.rawValue
    restarted = restart.words
    let hasLimit = plan.rules.contains { $0.policy.limits != .none }
    measured = tellsUnmeasured || !hasLimit ? plan.measuredFirst : nil
    isOrdered = plan.rules.allSatisfy(\.isRanked)
    let sensitivity = plan.state.rows.count <= Self.mostRecords ? try plan.sensitivity() : nil
    victimsByRanking = sensitivity?.toRanking
    victimsByRestart = sensitivity?.toRestart
    victimsByMeasuring = measured == nil ? nil : sensitivity?.toMeasuring
  }

  /// All keys, null where something isn't known.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(ranking, forKey: .ranking)
    try members.encode(restarted, forKey: .restarted)
    try members.encode(measured, forKey: .measured)
    try members.encode(isOrdered, forKey: .isOrdered)
    try members.encode(victimsByRanking, forKey: .victimsByRanking)
    try members.encode(victimsByRestart, forKey: .victimsByRestart)
    try members.encode(victimsByMeasuring, forKey: .victimsByMeasuring)
  }

  /// The same in sentences.
  public var lines: [String] {
    func hanging(_ victims: Int?) -> String {
      switch victims {
      case nil: ""
      case 0: "; nothing here hangs on it"
      case 1: "; 1 victim hangs on it"
      case .some(let count): "; \(count) victims hang on it"
      }
    }
    let era = ranking == RankingRule.seed.rawValue ? "before v0.22" : "v0.22 and newer"
    var lines: [String] = []
    if isOrdered { lines.append("ranked as BuildKit \(era) (--ranking \(ranking))" + hanging(victimsByRanking)) }
    let restart =
      switch restarted {
      case DaemonRestart.before.words: "the daemon is started anew before the prune (--restarted yes)"
      case DaemonRestart.never.words: "the daemon runs since before the first record (--restarted no)"
      default: "the daemon runs since \(restarted) (--restarted-at)"
      }
    lines.append(restart + hanging(victimsByRestart))
    switch measured {
    case nil:
      lines.append(
        "every size was measured before: what wasn't, the daemon measures first, which counts as a use. A list doesn't "
          + "tell; one that is saved a second time has them measured")
    case 0: break
    case .some(let count):
      lines.append("\(counted(count)) measured first, which counts as a use" + hanging(victimsByMeasuring))
    }
    if !isOrdered { lines.append("without a limit a daemon takes its victims in any order") }
    return lines
  }
}
