/// How much of a plan for a daemon hangs on what it takes for granted: so many of its victims would stay if that were
/// otherwise.
public struct PlanSensitivity: Sendable, Equatable {
  /// If the daemon ranked by the other rule (D5).
  public let toRanking: Int
  /// If it had not been started anew where it was taken to be, or had where it wasn't (G6).
  public let toRestart: Int
  /// If it had nothing to measure first (G13).
  public let toMeasuring: Int
}

extension PrunePlan {
  /// How many records the daemon has to measure before it ranks, each of which counts as a use (G13); none where no rule
  /// has a limit.
  public var measuredFirst: Int {
    guard behavior.isDaemon, rules.contains(where: { $0.policy.limits != .none }) else { return 0 }
    return state.rows.count { $0.isMeasuredByUse && $0.outsideRefs == 0 }
  }

  /// What hangs on what is taken for granted; nothing for the embedded manager, of which nothing has to be.
  ///
  /// - Throws: `CancellationError` where the task was cancelled.
  /// - Complexity: that of three such plans.
  public func sensitivity() throws(CancellationError) -> PlanSensitivity? {
    guard let restart = behavior.restart else { return nil }
    let ranking: RankingRule = behavior.ranking == .seed ? .current : .seed
    var unmeasured = state
    if measuredFirst > 0 {
      for row in unmeasured.rows.indices { unmeasured.rows[row].isMeasuredByUse = false }
    }
    return PlanSensitivity(
      toRanking: try victimsLost(in: state, .daemon(ranking, restart: restart)),
      toRestart: try victimsLost(in: state, .daemon(behavior.ranking, restart: restart == .never ? .before : .never)),
      toMeasuring: measuredFirst == 0 ? 0 : try victimsLost(in: unmeasured, behavior))
  }

  private func victimsLost(in state: CacheState, _ behavior: PruneBehavior) throws(CancellationError) -> Int {
    let other = try PrunePlan(state, policies: rules.map(\.policy), behavior: behavior, now: now, free: free)
    return victims.count { other.taking(row: $0.row) == nil }
  }
}
