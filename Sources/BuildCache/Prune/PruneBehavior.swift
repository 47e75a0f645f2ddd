/// How candidates are scored against each other (D5).
public enum RankingRule: String, Sendable, CaseIterable {
  /// BuildKit v0.10.0: *never used* and no use are number 0.
  case seed
  /// Newer BuildKit: every number and both highest numbers are one more.
  case current
}

/// Which records count one more use, now, when the last of their children is pruned (G6).
public enum ParentUse: Sendable, Hashable {
  /// None: the embedded manager.
  case never
  /// Those that a diff of several layers made by itself and nobody used since (B5): a daemon that was never restarted.
  case implicitDiffs
  /// All: a daemon that has been restarted since they were made.
  case always
}

/// What a plan has to foresee of whoever carries a prune out.
public struct PruneBehavior: Sendable, Hashable {
  /// How candidates are ranked.
  public var ranking: RankingRule
  /// Which parents look used once their last child is gone.
  public var parentUse: ParentUse
  /// Whether it is a BuildKit daemon (G12, and D7's blind spots).
  public var isDaemon: Bool

  /// The embedded manager's.
  public static let embedded = PruneBehavior(ranking: .seed, parentUse: .never, isDaemon: false)

  /// A BuildKit daemon's.
  ///
  /// - Parameters:
  ///   - ranking: `seed` for v0.10.0, `current` for newer ones.
  ///   - isRestarted: whether it was, or will be, started again between making the records and pruning them.
  public static func daemon(_ ranking: RankingRule, isRestarted: Bool) -> PruneBehavior {
    PruneBehavior(ranking: ranking, parentUse: isRestarted ? .always : .implicitDiffs, isDaemon: true)
  }

  /// Makes a behaviour.
  public init(ranking: RankingRule, parentUse: ParentUse = .never, isDaemon: Bool = false) {
    self.ranking = ranking
    self.parentUse = parentUse
    self.isDaemon = isDaemon
  }

  /// The keys that the filter of a prune does not see, so that they never match (D7).
  public var keysUnseenByFilter: Set<FilterKey> {
    isDaemon && ranking == .seed ? [.parents, .inuse, .description] : [.parents, .inuse]
  }
}
