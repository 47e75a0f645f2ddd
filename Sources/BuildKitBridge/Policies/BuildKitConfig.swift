import BuildCache
import TOMLKit

/// The garbage collection of a `buildkitd.toml`.
///
/// Read as BuildKit reads it: keys in any case, sizes in powers of 1024, durations in seconds or Go's form, keys that it
/// doesn't know passed over. A worker's own rules replace the four default ones; where it has none, these are made of its
/// limits, or of the disk's size.
struct BuildKitConfig: GarbageConfig {
  /// `oci`, or `containerd`.
  private let worker: String
  private let isOn: Bool
  private let collectsGarbage: Bool
  /// Its own rules; empty: the default ones apply.
  private let rules: [ConfigRule]
  /// The worker's own limits, of which default rules are made.
  private let limits: ConfigRule
  /// What BuildKit passes over, and what is out of use, in sentences.
  private let passedOver: [String]

  var owner: String { "worker.\(worker)" }

  /// Each is planned on all records.
  private static let mostRules = 100
  private static let ruleKeys = [
    "all", "filters", "keepDuration", "keepBytes", "reservedSpace", "maxUsedSpace", "minFreeSpace",
  ]
  private static let limitKeys = ["gckeepstorage", "reservedSpace", "maxUsedSpace", "minFreeSpace"]

  /// Reads a text.
  ///
  /// - Throws: ``CacheError`` `badInput`, naming the file and the place.
  init(_ text: String, name: String, worker chosen: String?) throws(CacheError) {
    var brackets = BracketCheck(text)
    try brackets.check(in: name)
    let document: TOMLTable
    do { document = try TOMLTable(string: text) } catch let error as TOMLParseError {
      throw CacheError(.badInput, "\(name): line \(error.source.begin.line): \(error.description)")
    } catch {
      throw CacheError(.badInput, "\(name) can't be read as TOML", cause: "\(error)")
    }
    let top = ConfigSection(document, name, "")
    let workers = try top.section("worker")
    let oci = try workers?.section("oci")
    let containerd = try workers?.section("containerd")
    if let chosen {
      worker = chosen.lowercased().hasPrefix("containerd") ? "containerd" : "oci"
    } else {
      worker = try Self.worker(oci, containerd)
    }
    let section = worker == "containerd" ? containerd : oci
    isOn = try section?.bool("enabled") ?? true
    collectsGarbage = try section?.bool("gc") ?? true
    var limits = ConfigRule()
    limits.keepBytes = try section?.amount("gckeepstorage") ?? .none
    limits.reserved = try section?.amount("reservedSpace") ?? .none
    limits.maxUsed = try section?.amount("maxUsedSpace") ?? .none
    limits.minFree = try section?.amount("minFreeSpace") ?? .none
    self.limits = limits
    let sections = try section?.sections("gcpolicy") ?? []
    guard sections.count <= Self.mostRules else {
      throw CacheError(.badInput, "\(name): worker.\(worker).gcpolicy has more than \(Self.mostRules) rules")
    }
    rules = try sections.map { (section) throws(CacheError) in try Self.rule(section) }
    passedOver = Self.passedOver(top, section, sections)
  }

  /// The worker whose rules are meant where nobody chose: `oci`, unless only the other one collects garbage by rules.
  private static func worker(_ oci: ConfigSection?, _ containerd: ConfigSection?) throws(CacheError) -> String {
    guard let containerd, try containerd.bool("enabled") != false else { return "oci" }
    let isOff = try oci?.bool("enabled") == false
    return isOff || oci?.hasGarbageKeys != true && containerd.hasGarbageKeys ? "containerd" : "oci"
  }

  private static func rule(_ section: ConfigSection) throws(CacheError) -> ConfigRule {
    ConfigRule(
      all: try section.bool("all") ?? false, filters: try section.strings("filters"),
      keepDuration: try section.duration("keepDuration"), keepBytes: try section.amount("keepBytes"),
      reserved: try section.amount("reservedSpace"), maxUsed: try section.amount("maxUsedSpace"),
      minFree: try section.amount("minFreeSpace"))
  }

  // MARK: what is passed over

  private static func passedOver(_ top: ConfigSection, _ worker: ConfigSection?, _ rules: [ConfigSection]) -> [String] {
    var words: [String] = []
    for rule in rules {
      let others = rule.keys(besides: ruleKeys)
      for key in others {
        words.append(
          "\(rule.place).\(key) is no key of a rule, and is passed over; these are \(ruleKeys.joined(separator: ", "))")
      }
      let limits = ["keepDuration", "keepBytes", "reservedSpace", "maxUsedSpace", "minFreeSpace"]
      if !others.isEmpty, !limits.contains(where: rule.has) {
        words.append("\(rule.place) has no limit: it removes everything that it matches")
      }
    }
    if let worker {
      for key in worker.keys(besides: ConfigSection.garbageKeys) where isMeantForGarbage(key) {
        words.append("\(worker.place).\(key) is no key, and is passed over")
      }
      for key in limitKeys where !rules.isEmpty && worker.has(key) {
        words.append("\(worker.place).\(key) is not used: the worker has rules of its own")
      }
    }
    // Keys of a registry's section are names of hosts.
    let workers = top.sections.filter { $0.name.lowercased() == "worker" }.flatMap { worker in
      [(worker.name, worker.section)]
        + worker.section.sections.filter { !["oci", "containerd"].contains($0.name.lowercased()) }
        .map { ("\(worker.name).\($0.name)", $0.section) }
    }
    let others = top.sections.filter { !["worker", "registry"].contains($0.name.lowercased()) }
      .flatMap { other in
        [(other.name, other.section)] + other.section.sections.map { ("\(other.name).\($0.name)", $0.section) }
      }
    for (name, section) in workers + others {
      for key in section.keys(besides: []) where isMeantForGarbage(key) || key.lowercased() == "gc" {
        words.append(
          "\(name).\(key) is no key, and is passed over: garbage collection is said in worker.oci or worker.containerd")
      }
    }
    for key in top.keys(besides: []) where isMeantForGarbage(key) {
      words.append("\(key) is no key, and is passed over: garbage collection is said in a worker's section")
    }
    return words
  }

  /// Whether a key looks as if somebody meant a limit by it.
  private static func isMeantForGarbage(_ key: String) -> Bool {
    let key = key.lowercased()
    return key.hasPrefix("gc")
      || ["keepstorage", "keepbytes", "keepduration", "usedspace", "freespace", "reservedspace"]
        .contains { key.contains($0) }
  }

  func remarks(for ranking: RankingRule) -> [String] {
    guard isOn else { return ["worker.\(worker) is off, and has no rules"] + passedOver }
    guard collectsGarbage else {
      return ["gc is off for worker.\(worker): its daemon removes nothing by itself"] + passedOver
    }
    let era = ranking == .seed ? "v0.10.0" : "v0.22 and newer"
    let whose =
      rules.isEmpty
      ? "BuildKit's four default rules (\(era)) for worker.\(worker)" + (hasLimits ? ", with its limits" : "")
      : "worker.\(worker)'s own rules"
    return ["planned are \(whose)"] + passedOver + (ranking == .seed ? newerThanSeed : olderThanCurrent)
  }

  private var hasLimits: Bool { limits.keepBytes != .none || limits.hasNewerLimits }

  /// What v0.10.0 passes over as it came later.
  private var newerThanSeed: [String] {
    (rules + [limits]).contains(where: \.hasNewerLimits)
      ? ["reservedSpace, maxUsedSpace and minFreeSpace are newer than v0.10.0, and are passed over"] : []
  }

  /// What today's BuildKit passes over as newer keys stand in its place.
  private var olderThanCurrent: [String] {
    guard rules.isEmpty else {
      return rules.enumerated().filter { $1.keepBytes != .none && $1.reserved != .none }
        .map {
          "worker.\(worker).gcpolicy[\($0.offset + 1)].keepBytes is passed over: reservedSpace stands in its place"
        }
    }
    return limits.keepBytes != .none && limits.hasNewerLimits
      ? [
        "worker.\(worker).gckeepstorage is passed over: reservedSpace, maxUsedSpace or minFreeSpace stands in its place"
      ]
      : []
  }

  // MARK: rules

  func rules(for ranking: RankingRule, diskSize: Int64?) throws(CacheError) -> [ConfigRule]? {
    guard isOn, collectsGarbage else { return nil }
    return try rules.isEmpty ? defaults(for: ranking, diskSize) : rules
  }

  /// BuildKit's four rules: what is made again most easily after two days, all after sixty, then what is above the
  /// limits, at last internal records too.
  private func defaults(for ranking: RankingRule, _ diskSize: Int64?) throws(CacheError) -> [ConfigRule] {
    var limits = limits
    let easy = ["type==source.local", "type==exec.cachemount", "type==source.git.checkout"]
    var first = ConfigRule(keepDuration: .seconds(48 * 3600))
    switch ranking {
    case .seed:
      if limits.keepBytes == .none { limits.keepBytes = .percent(10) }
      // v0.10.0 joins the three by commas, which is *and*: no record has three types, so the rule takes nothing.
      first.filters = [easy.joined(separator: ",")]
      first.keepBytes = .bytes(512_000_000)
    case .current:
      let isUnset = !limits.hasNewerLimits
      if isUnset && limits.keepBytes == .none {
        limits.reserved = try Self.atMost(10, 10_000_000_000, diskSize)
        limits.maxUsed = try Self.atMost(80, 100_000_000_000, diskSize)
        limits.minFree = .percent(20)
      } else {
        limits.reserved = isUnset ? limits.keepBytes : limits.reserved
      }
      limits.keepBytes = .none
      first.filters = easy
      first.maxUsed = .bytes(512_000_000)
    }
    var old = limits
    old.keepDuration = .seconds(60 * 86_400)
    var all = limits
    all.all = true
    return [first, old, limits, all]
  }

  private static func atMost(_ percent: Int64, _ most: Int64, _ diskSize: Int64?) throws(CacheError) -> DiskAmount {
    let share = DiskAmount.percent(percent)
    return try share.bytes(ofDisk: diskSize) > most ? .bytes(most) : share
  }
}
