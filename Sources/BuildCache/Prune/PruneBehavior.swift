/// How candidates are scored against each other (D5).
public enum RankingRule: String, Sendable, CaseIterable {
  /// BuildKit before v0.22: *never used* and no use are number 0.
  case seed
  /// Newer BuildKit: every number and both highest numbers are one more.
  case current
}

/// When the daemon was started that carries a prune out, which tells the records that it loaded from those that it made.
///
/// A hold that a loaded record has on a parent counts: when the last such hold goes, the parent gets one more use, now
/// (G6). Of what the daemon made itself only a diff of several layers has such holds, on the diffs that it made by itself
/// (B5).
public enum DaemonRestart: Sendable, Hashable {
  /// Before it made any of the records.
  case never
  /// After all of them were made, and before the prune.
  case before
  /// At this time: it loaded what was made before. An image's layers bear the image's own time, and can't be told.
  case at(Timestamp)
}

/// What a plan has to foresee of whoever carries a prune out.
public struct PruneBehavior: Sendable, Hashable {
  /// How candidates are ranked.
  public var ranking: RankingRule
  /// When its daemon was started; absent: it is the embedded manager.
  public var restart: DaemonRestart?
  /// Whether the filter of a prune sees descriptions, as that of BuildKit v0.14 and newer does.
  public var filterSeesDescription: Bool

  /// The embedded manager's.
  public static let embedded = PruneBehavior(ranking: .seed, restart: nil)

  /// A BuildKit daemon's.
  ///
  /// - Parameters:
  ///   - ranking: `seed` for those before v0.22, `current` for newer ones.
  ///   - restart: when it was, or will be, started.
  public static func daemon(_ ranking: RankingRule, restart: DaemonRestart) -> PruneBehavior {
    PruneBehavior(ranking: ranking, restart: restart)
  }

  /// Makes a behaviour.
  ///
  /// - Parameter filterSeesDescription: absent: as the embedded manager, and as the daemons that are known to rank so.
  public init(ranking: RankingRule, restart: DaemonRestart? = nil, filterSeesDescription: Bool? = nil) {
    self.ranking = ranking
    self.restart = restart
    self.filterSeesDescription = filterSeesDescription ?? (restart == nil || ranking == .current)
  }

  /// Whether it is a BuildKit daemon (G12, G13, and D7's blind spots).
  public var isDaemon: Bool { restart != nil }

  /// The keys that the filter of a prune does not see, so that they never match (D7).
  public var keysUnseenByFilter: Set<FilterKey> {
    filterSeesDescription ? [.parents, .inuse] : [.parents, .inuse, .description]
  }
}
