import BuildCache

/// Versions of BuildKit that prune alike, as far as a folder tells them apart.
enum DaemonEra: Sendable {
  /// Before v0.10, as in Docker 20.10: holds on parents that it took while it started don't count as a use.
  case beforeMerges
  /// v0.10, before there was a build history.
  case beforeHistory
  /// v0.11 and newer. Before v0.22 these rank as v0.10 does, which a folder doesn't tell.
  case current

  /// How it ranks candidates (D5).
  var ranking: RankingRule { self == .current ? .current : .seed }

  /// What a start at this time does to its prunes (G6).
  func restart(_ restart: DaemonRestart) -> DaemonRestart { self == .beforeMerges ? .never : restart }
}
