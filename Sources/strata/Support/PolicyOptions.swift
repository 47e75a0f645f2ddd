import ArgumentParser
import BuildCache
import BuildKitBridge
import CacheReport

extension RankingRule: ExpressibleByArgument {
  /// Reads a rule by its name, or by a version.
  public init?(argument: String) {
    guard let rule = try? RankingRule(parsing: argument, of: "--ranking") else { return nil }
    self = rule
  }
}

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
      "Carry out the garbage collection of this buildkitd.toml or daemon.json, or the default rules where it has none.",
      valueName: "file"))
  var policy: String?
  @Flag(help: "Carry out the rules by which the daemon that is asked collects garbage by itself.") var gc = false
  @Option(
    help: ArgumentHelp(
      "How candidates are scored: seed (BuildKit v0.10.0), current, or as a version such as v0.21.1 does.",
      valueName: "rule"))
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
    if gc && policy != nil { throw ValidationError("--gc and --policy both bring rules: give one") }
    if gc || policy != nil, let option = own.first(where: \.1) {
      throw ValidationError("\(gc ? "--gc" : "--policy") brings rules of its own: leave \(option.0) out")
    }
  }

  /// Whether the rules are worth naming: they are not the options' own.
  var namesRules: Bool { gc || policy != nil }

  /// The options that only a plan may have, as what they pretend is not so.
  var pretending: String? {
    at != nil ? "--at" : freeSpace != nil ? "--free-space" : diskSize != nil ? "--disk-size" : nil
  }

  /// What the options say, parsed: all that can be wrong about them is told before the cache is opened.
  ///
  /// - Throws: ``CacheError`` `badFilter`, `badInput` naming the option, `storage` where the policy file can't be read.
  ///
  /// - Parameter worker: whose section of a buildkitd.toml is meant.
  func parsed(worker: String?) throws -> ParsedPolicy {
    func bytes(_ text: String?, _ option: String) throws -> Int64? {
      try text.map { try ByteCount(parsing: $0, of: option).bytes }
    }
    let limits = SpaceLimits(
      reserved: try bytes(reservedSpace, "--reserved-space") ?? 0,
      maxUsed: try bytes(maxUsedSpace, "--max-used-space") ?? bytes(keepStorage, "--keep-storage") ?? 0,
      minFree: try bytes(minFreeSpace, "--min-free-space") ?? 0)
    var own = PrunePolicy(all: all, limits: limits)
    let remarks = try own.takeFilter(filter)
    if let keepDuration {
      guard own.keepDuration == TimeSpan(nanoseconds: 0) else {
        throw CacheError(.badInput, "--keep-duration \(keepDuration): the filter says how long, too: give one of them")
      }
      own.keepDuration = try TimeSpan(parsing: keepDuration, of: "--keep-duration")
    }
    return ParsedPolicy(
      own: own, remarks: remarks, keepStorage: keepStorage,
      config: try policy.map { try DaemonConfig(readingFrom: $0, worker: worker) }, isOfDaemon: gc, ranking: ranking,
      restart: try restart(),
      at: try at.map { try Timestamp(parsing: $0, of: "--at") }, free: try bytes(freeSpace, "--free-space"),
      diskSize: try bytes(diskSize, "--disk-size"))
  }

  private func restart() throws -> DaemonRestart? {
    try restartedAt.map { .at(try Timestamp(parsing: $0, of: "--restarted-at")) }
      ?? DaemonRestart.typed(restarted.rawValue, of: "--restarted")
  }
}

/// A policy as the command line gave it.
struct ParsedPolicy {
  let own: PrunePolicy
  /// How it was understood, in sentences.
  let remarks: [String]
  /// What `--keep-storage` says, which daemons' own clients have, too.
  let keepStorage: String?
  /// The daemon's configuration that stands instead of the options' own policy.
  let config: DaemonConfig?
  /// Whether the rules are those that the daemon tells as its own.
  let isOfDaemon: Bool
  let ranking: RankingRule?
  /// When the daemon was started; absent: as the cache tells.
  let restart: DaemonRestart?
  let at: Timestamp?
  let free: Int64?
  let diskSize: Int64?

  /// Whether nothing was said: any cache then prunes as it does, without limit.
  var isPlain: Bool {
    own == PrunePolicy() && config == nil && !isOfDaemon && assumptions == PruneAssumptions() && free == nil
      && diskSize == nil
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
    let policies = try collection(for: reading)?.policies
    let rules = policies ?? [own]
    if rules.contains(where: { $0.limits.minFree > 0 }) { _ = try reading.freeSpace(given: free) }
    if let restart, restart != .never, !behavior.isDaemon {
      printError("--restarted: the embedded cache never counts such uses; it is left out")
    }
    for remark in try remarks(for: reading) { printError(remark) }
    return policies ?? (own == PrunePolicy() ? nil : [own])
  }

  /// What the daemon's configuration comes to, a file's or the daemon's own.
  private func collection(for reading: Reading) throws -> DaemonConfig.Collection? {
    if isOfDaemon {
      guard let rules = reading.rules else {
        throw CacheError(
          .badInput, "--gc: only a BuildKit daemon that is asked tells its rules: give its configuration with --policy")
      }
      return DaemonConfig.Collection(
        policies: rules, remarks: rules.isEmpty ? ["the daemon collects no garbage by itself"] : [])
    }
    return try config?.collection(
      for: assumptions.applied(to: reading.behavior).ranking, diskSize: diskSize ?? reading.space?.capacity,
      now: at ?? reading.moment)
  }

  /// What has to be known of the policy for a source, in sentences.
  ///
  /// - Throws: as ``rules(for:)``.
  func remarks(for reading: Reading) throws -> [String] {
    let behavior = assumptions.applied(to: reading.behavior)
    let collection = try collection(for: reading)
    let rules = collection?.policies ?? [own]
    var remarks = remarks + (collection?.remarks ?? [])
    let keys = rules.flatMap(\.filter.keys).compactMap { FilterKey(rawValue: $0) }
    for key in behavior.keysUnseenByFilter.intersection(keys).map(\.rawValue).sorted() {
      remarks.append("a prune's filter does not see \(key): there it never matches, as in BuildKit")
    }
    remarks += TypedFilters.hints(rules.flatMap(\.filter.strings), in: reading.state)
    if behavior.isDaemon, let keepStorage { remarks += try Self.spellings(of: keepStorage) }
    return remarks
  }

  /// What a size means to a daemon's own clients, where that is another.
  private static func spellings(of text: String) throws -> [String] {
    let bytes = try ByteCount(parsing: text, of: "--keep-storage").bytes
    guard let match = text.lowercased().wholeMatch(of: /([0-9.]+) ?([kmgt])b/),
      let binary = try? ByteCount(parsing: "\(match.1)\(match.2)iB", of: "").bytes
    else { return [] }
    return [
      "--keep-storage \(text) is \(bytes.grouped) bytes here; docker's is \(match.1)\(match.2.uppercased())iB, \(binary.grouped), and "
        + "buildctl's counts MB: \(Double(bytes) / 1e6)"
    ]
  }

  /// What is assumed of whoever carries a prune out.
  var assumptions: PruneAssumptions {
    PruneAssumptions(ranking: ranking, restart: restart)
  }
}

extension Int64 {
  /// With commas between thousands.
  fileprivate var grouped: String {
    var rest = String(magnitude)
    var groups: [String] = []
    while rest.count > 3 {
      groups.insert(String(rest.suffix(3)), at: 0)
      rest.removeLast(3)
    }
    return (self < 0 ? "-" : "") + ([rest] + groups).joined(separator: ",")
  }
}
