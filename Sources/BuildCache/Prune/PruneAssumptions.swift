/// What is assumed of whoever carries a prune out, whatever the cache itself tells.
public struct PruneAssumptions: Sendable, Hashable {
  /// How candidates are ranked; absent: as the cache does.
  public var ranking: RankingRule?
  /// Whether its daemon is restarted before (G6); absent: as the cache tells.
  public var isRestarted: Bool?

  /// Makes assumptions; the default are none.
  public init(ranking: RankingRule? = nil, isRestarted: Bool? = nil) {
    self.ranking = ranking
    self.isRestarted = isRestarted
  }

  /// What a plan has to foresee, of a cache that says this of itself.
  public func applied(to behavior: PruneBehavior) -> PruneBehavior {
    var applied = behavior
    applied.ranking = ranking ?? behavior.ranking
    // Only daemons count such uses.
    guard behavior.isDaemon, let isRestarted else { return applied }
    return .daemon(applied.ranking, isRestarted: isRestarted)
  }
}
