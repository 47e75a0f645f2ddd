import BuildCache

/// A rule of garbage collection as a daemon's configuration writes it.
struct ConfigRule {
  var all = false
  /// Any of them matches.
  var filters: [String] = []
  var keepDuration = TimeSpan(nanoseconds: 0)
  /// Where it is a moment that is given: what was used since then stays.
  var keepsSince: DockerMoment?
  /// The limit of daemons before the newer three.
  var keepBytes = DiskAmount.none
  var reserved = DiskAmount.none
  var maxUsed = DiskAmount.none
  var minFree = DiskAmount.none

  /// Whether one of the newer three limits it.
  var hasNewerLimits: Bool { [reserved, maxUsed, minFree].contains { $0 != .none } }

  /// What it leaves.
  ///
  /// - Throws: ``CacheError`` `badInput` where a share of the disk is meant, and its size isn't known.
  func limits(for ranking: RankingRule, diskSize: Int64?) throws(CacheError) -> SpaceLimits {
    switch ranking {
    case .seed: return SpaceLimits(maxUsed: try keepBytes.bytes(ofDisk: diskSize))
    case .current:
      return SpaceLimits(
        reserved: try (reserved == .none ? keepBytes : reserved).bytes(ofDisk: diskSize),
        maxUsed: try maxUsed.bytes(ofDisk: diskSize), minFree: try minFree.bytes(ofDisk: diskSize))
    }
  }

  /// How long what was used stays.
  func span(at now: Timestamp) -> TimeSpan { keepsSince?.age(at: now) ?? keepDuration }
}

/// A daemon's configuration, of whichever kind.
protocol GarbageConfig: Sendable {
  /// Whose rules they are: `worker.oci`, `builder.gc`.
  var owner: String { get }

  /// The rules that the daemon carries out; nothing where it collects no garbage.
  ///
  /// - Throws: ``CacheError`` `badInput` where the daemon would not start, or the disk's size has to be known.
  func rules(for ranking: RankingRule, diskSize: Int64?) throws(CacheError) -> [ConfigRule]?

  /// What has to be known of the file, in sentences: whose rules are planned, what the daemon passes over.
  func remarks(for ranking: RankingRule) -> [String]
}
