import BuildCache
import CacheReport

/// What a daemon says of itself beside its records; what it doesn't say is absent.
struct DaemonFacts: Sendable {
  /// Its version, in words.
  var version: String?
  /// The versions that prune as it does.
  var era: DaemonEra?
  /// Whether that was told, and isn't only likely.
  var isEraSure = true
  /// The version of an engine's API.
  var api = ""
  /// How many workers it has, of which each prunes its own cache by itself while it lists them as one.
  var workers = 1
  /// When it was started.
  var started: Timestamp?
  /// The rules by which it collects garbage by itself; empty where it doesn't.
  var rules: [PrunePolicy]?
  /// The disk under its cache.
  var space: CacheSpace?
  /// How far its clock is ahead of this machine's; absent where that can't be known.
  var clockAhead: TimeSpan?

  /// What its prunes are foreseen by.
  var behavior: PruneBehavior {
    (era ?? .current).behavior(started.map { .at($0) } ?? .never)
  }

  /// What has to be known, in sentences.
  var notes: [String] {
    var notes: [String] = []
    if workers > 1 {
      notes.append(
        "the daemon has \(workers) workers, lists them as one and prunes each by itself: limits and order are not exact"
      )
    }
    if !isEraSure {
      notes.append(
        "the client is too old to tell the daemon's version: plans rank as BuildKit v0.10 does; --ranking says otherwise"
      )
    }
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

  /// Whether what is planned is what it does, so that whole rules can be left to it.
  var isKnownWell: Bool { era != nil && isEraSure && workers == 1 }
}
