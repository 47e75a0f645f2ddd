/// What is assumed of whoever carries a prune out, whatever the cache itself tells.
public struct PruneAssumptions: Sendable, Hashable {
  /// How candidates are ranked; absent: as the cache does.
  public var ranking: RankingRule?
  /// When its daemon was started (G6); absent: as the cache tells.
  public var restart: DaemonRestart?

  /// Makes assumptions; the default are none.
  public init(ranking: RankingRule? = nil, restart: DaemonRestart? = nil) {
    self.ranking = ranking
    self.restart = restart
  }

  /// What a plan has to foresee, of a cache that says this of itself.
  public func applied(to behavior: PruneBehavior) -> PruneBehavior {
    // Only daemons count such uses.
    PruneBehavior(
      ranking: ranking ?? behavior.ranking, restart: behavior.restart.map { restart ?? $0 },
      filterSeesDescription: ranking == nil ? behavior.filterSeesDescription : nil)
  }
}
