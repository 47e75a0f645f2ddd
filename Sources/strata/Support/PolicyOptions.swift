import ArgumentParser
import BuildCache
import BuildKitBridge

extension RankingRule: ExpressibleByArgument {}

/// Whether a daemon's restart is reckoned with (G6).
enum Restarted: String, ExpressibleByArgument, CaseIterable {
  case yes, no, auto
}

/// What a prune may take, and how far it goes; `prune` and `why` share it.
struct PolicyOptions: ParsableArguments {
  @Flag(help: "Take internal, frontend and shared records too.") var all = false
  @Option(help: ArgumentHelp("Take only what matches; may be repeated.", valueName: "filter")) var filter: [String] = []
  @Option(help: ArgumentHelp("Stop when less than this is left.", valueName: "bytes")) var keepStorage: String?
  @Option(help: ArgumentHelp("Keep what was used within this time.", valueName: "time")) var keepDuration: String?
  @Option(help: ArgumentHelp("Keep this much whatever the next two say.", valueName: "bytes")) var reservedSpace:
    String?
  @Option(help: ArgumentHelp("Stop when less than this is left.", valueName: "bytes")) var maxUsedSpace: String?
  @Option(help: ArgumentHelp("Go on until so much of the disk is free.", valueName: "bytes")) var minFreeSpace: String?
  @Option(
    help: ArgumentHelp(
      "Carry out the garbage collection of this buildkitd.toml, or BuildKit's four default rules where it has none.",
      valueName: "file"))
  var policy: String?
  @Option(help: ArgumentHelp("How candidates are scored: seed (BuildKit v0.10.0) or current.", valueName: "rule"))
  var ranking: RankingRule?
  @Option(
    help: ArgumentHelp(
      "Whether the daemon is restarted before the prune: then a record counts as used when the last one on it goes.",
      valueName: "yes|no|auto"))
  var restarted = Restarted.auto
  @Option(
    help: ArgumentHelp(
      "When the daemon was started: the same, but for what it made since then (RFC 3339).", valueName: "time"))
  var restartedAt: String?
  @Option(help: ArgumentHelp("Plan as if it were this time (RFC 3339).", valueName: "time")) var at: String?
  @Option(help: ArgumentHelp("Plan as if so much of the disk were free.", valueName: "bytes")) var freeSpace: String?
  @Option(
    help: ArgumentHelp(
      "Plan as if the disk had this size: where a policy takes shares of a disk that is elsewhere.", valueName: "bytes")
  )
  var diskSize: String?

  func validate() throws {
    if keepStorage != nil && (reservedSpace ?? maxUsedSpace ?? minFreeSpace) != nil {
      throw ValidationError(
        "--keep-storage is --max-used-space by its old name: give it alone, or the newer options without it")
    }
    if restartedAt != nil && restarted != .auto {
      throw ValidationError("--restarted-at says more than --restarted: leave that out")
    }
    let own: [(String, Bool)] = [
      ("--all", all), ("--filter", !filter.isEmpty), ("--keep-storage", keepStorage != nil),
      ("--keep-duration", keepDuration != nil), ("--reserved-space", reservedSpace != nil),
      ("--max-used-space", maxUsedSpace != nil), ("--min-free-space", minFreeSpace != nil),
    ]
    if policy != nil, let option = own.first(where: \.1) {
      throw ValidationError("--policy brings rules of its own: leave \(option.0) out")
    }
  }

  /// The options that only a plan may have, as what they pretend is not so.
  var pretending: String? {
    at != nil ? "--at" : freeSpace != nil ? "--free-space" : diskSize != nil ? "--disk-size" : nil
  }

  /// What the options say, parsed: all that can be wrong about them is told before the cache is opened.
  ///
  /// - Throws: ``CacheError`` `badFilter`, `badInput` naming the option, `storage` where the policy file can't be read.
  func parsed() throws -> ParsedPolicy {
    func bytes(_ text: String?, _ option: String) throws -> Int64? {
      try text.map { try ByteCount(parsing: $0, of: option).bytes }
    }
    let limits = SpaceLimits(
      reserved: try bytes(reservedSpace, "--reserved-space") ?? 0,
      maxUsed: try bytes(maxUsedSpace, "--max-used-space") ?? bytes(keepStorage, "--keep-storage") ?? 0,
      minFree: try bytes(minFreeSpace, "--min-free-space") ?? 0)
    let own = PrunePolicy(
      all: all, filter: try Filter(parsing: filter).checked(),
      keepDuration: try keepDuration.map { try TimeSpan(parsing: $0, of: "--keep-duration") }
        ?? TimeSpan(nanoseconds: 0), limits: limits)
    return ParsedPolicy(
      own: own, config: try policy.map { try DaemonConfig(readingFrom: $0) }, ranking: ranking, restart: try restart(),
      at: try at.map { try Self.time($0, "--at") }, free: try bytes(freeSpace, "--free-space"),
      diskSize: try bytes(diskSize, "--disk-size"))
  }

  private func restart() throws -> DaemonRestart? {
    if let restartedAt { return .at(try Self.time(restartedAt, "--restarted-at")) }
    return switch restarted {
    case .auto: nil
    case .yes: .before
    case .no: .never
    }
  }

  private static func time(_ text: String, _ option: String) throws -> Timestamp {
    do { return try Timestamp(parsing: text) } catch { throw CacheError(error.code, "\(option): \(error.message)") }
  }
}

/// A policy as the command line gave it.
struct ParsedPolicy {
  let own: PrunePolicy
  /// The daemon's configuration that stands instead of the options' own policy.
  let config: DaemonConfig?
  let ranking: RankingRule?
  /// When the daemon was started; absent: as the cache tells.
  let restart: DaemonRestart?
  let at: Timestamp?
  let free: Int64?
  let diskSize: Int64?

  /// Whether nothing was said: any cache then prunes as it does, without limit.
  var isPlain: Bool {
    own == PrunePolicy() && config == nil && assumptions == PruneAssumptions() && free == nil && diskSize == nil
  }

  /// Plans it for what a source holds.
  ///
  /// - Throws: ``CacheError`` `badInput` where the disk has to be known and isn't here, `badList` where no prune can be
  ///   planned on what was read.
  func plan(_ reading: Reading) throws -> PrunePlan {
    if let why = reading.planRefusal { throw CacheError(.badList, why) }
    let rules = try rules(for: reading) ?? [own]
    return try PrunePlan(
      reading.state, policies: rules, behavior: assumptions.applied(to: reading.behavior), now: at ?? reading.moment,
      free: free ?? reading.space?.free)
  }

  /// The rules that it comes to for a source; nothing where none were given.
  ///
  /// - Throws: ``CacheError`` `badInput` where the disk has to be known and isn't here.
  func rules(for reading: Reading) throws -> [PrunePolicy]? {
    let behavior = assumptions.applied(to: reading.behavior)
    let policies = try config.map {
      try Self.policies(of: $0, for: behavior.ranking, diskSize: diskSize ?? reading.space?.capacity)
    }
    let rules = policies ?? [own]
    if free == nil, reading.space == nil, rules.contains(where: { $0.limits.minFree > 0 }) {
      throw CacheError(
        .badInput, "min free needs the free space of the cache's disk, which isn't here: give --free-space")
    }
    if let restart, restart != .never, !behavior.isDaemon {
      printError("--restarted: the embedded cache never counts such uses; it is left out")
    }
    warn(rules, behavior)
    return policies ?? (own == PrunePolicy() ? nil : [own])
  }

  private static func policies(of config: DaemonConfig, for ranking: RankingRule, diskSize: Int64?) throws
    -> [PrunePolicy]
  {
    let policies = try config.policies(for: ranking, diskSize: diskSize)
    if policies.isEmpty {
      printError("\(config.name): gc is off for worker.\(config.worker): its daemon removes nothing by itself")
    }
    return policies
  }

  /// What is assumed of whoever carries a prune out.
  var assumptions: PruneAssumptions {
    PruneAssumptions(ranking: ranking, restart: restart)
  }

  /// Tells of filters that ask for what a prune's filter doesn't see.
  private func warn(_ policies: [PrunePolicy], _ behavior: PruneBehavior) {
    let keys = policies.flatMap(\.filter.keys).compactMap { FilterKey(rawValue: $0) }
    for key in behavior.keysUnseenByFilter.intersection(keys).map(\.rawValue).sorted() {
      printError("a prune's filter does not see \(key): there it never matches, as in BuildKit")
    }
  }
}
