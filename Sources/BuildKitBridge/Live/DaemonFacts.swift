import BuildCache

/// What a daemon says of itself beside its records; what it doesn't say is absent.
struct DaemonFacts: Sendable {
  /// Its version, in words.
  var version: String?
  /// The versions that prune as it does.
  var era: DaemonEra?
  /// When it was started.
  var started: Timestamp?
  /// The rules by which it collects garbage by itself; empty where it doesn't.
  var rules: [PrunePolicy]?
  /// The disk under its cache.
  var space: CacheSpace?
  /// How far its clock is ahead of this machine's.
  var clockAhead: TimeSpan?

  /// What its prunes are foreseen by.
  var behavior: PruneBehavior {
    (era ?? .current).behavior(started.map { .at($0) } ?? .never)
  }

  /// What has to be known, in sentences.
  var notes: [String] {
    var notes: [String] = []
    if era == nil {
      notes.append("the daemon tells no version: plans rank as today's BuildKit does; --ranking says otherwise")
    }
    if started == nil, era.map({ $0.minor >= 10 }) ?? true {
      notes.append(
        "when the daemon was started isn't known: plans take every record for made by it since then; --restarted-at "
          + "says otherwise")
    }
    if let clockAhead, abs(clockAhead.nanoseconds) > Self.noticed {
      let seconds = abs(clockAhead.nanoseconds) / 1_000_000_000
      notes.append(
        "the daemon's clock is \(seconds) s \(clockAhead.nanoseconds > 0 ? "ahead of" : "behind") this one: ages are "
          + "counted by the daemon's")
    }
    return notes
  }

  /// Two clocks that differ by less differ by how long an answer takes.
  static let noticed: Int64 = 5_000_000_000
}
