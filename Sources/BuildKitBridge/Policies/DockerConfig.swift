import BuildCache

/// The garbage collection of a Docker engine's `daemon.json`: `builder.gc`.
///
/// Read as the engine reads it: keys in any case, sizes in powers of 1024. `seed` is Docker 20.10, which collects nothing
/// unless it is enabled and knows keepStorage only; `current` is today's, which collects unless it is disabled.
struct DockerConfig: GarbageConfig {
  private let name: String
  private let isEnabled: Bool?
  /// The engine's own rules; absent: the default ones apply. An empty list is no rules.
  private let rules: [ConfigRule]?
  /// The limits of which default rules are made.
  private let limits: ConfigRule
  /// Rules that name no keepStorage, which 20.10 doesn't start with.
  private let withoutStorage: [Int]
  private let passedOver: [String]

  let owner = "builder.gc"

  private static let mostRules = 100

  /// Reads a text.
  ///
  /// - Throws: ``CacheError`` `badInput` naming the file and the place: where it is no JSON, or an engine would not start.
  init(_ text: String, name: String) throws(CacheError) {
    self.name = name
    let collection = try JSONSetting(reading: text, of: name).member("builder").object?.member("gc").object
    isEnabled = try collection?.member("enabled").bool
    var limits = ConfigRule()
    limits.reserved = try collection?.member("defaultReservedSpace").amount ?? .none
    limits.keepBytes = try collection?.member("defaultKeepStorage").amount ?? .none
    limits.maxUsed = try collection?.member("defaultMaxUsedSpace").amount ?? .none
    limits.minFree = try collection?.member("defaultMinFreeSpace").amount ?? .none
    self.limits = limits
    var passedOver = collection?.others(besides: Self.keys) ?? []
    let policy = try collection?.member("policy").list
    guard policy?.count ?? 0 <= Self.mostRules else {
      throw CacheError(.badInput, "\(name): builder.gc.policy has more than \(Self.mostRules) rules")
    }
    var rules: [ConfigRule] = []
    var withoutStorage: [Int] = []
    for (number, entry) in (policy ?? []).enumerated() {
      guard let entry = try entry.object else {
        rules.append(ConfigRule())
        continue
      }
      var rule = ConfigRule()
      rule.all = try entry.member("all").bool ?? false
      rule.keepBytes = try entry.member("keepStorage").amount
      rule.reserved = try entry.member("reservedSpace").amount
      rule.maxUsed = try entry.member("maxUsedSpace").amount
      rule.minFree = try entry.member("minFreeSpace").amount
      if try !entry.member("keepStorage").hasText { withoutStorage.append(number + 1) }
      passedOver += entry.others(besides: Self.ruleKeys)
      passedOver += try Self.read(entry.member("filter"), into: &rule)
      rules.append(rule)
    }
    self.rules = policy == nil ? nil : rules
    self.withoutStorage = withoutStorage
    for (key, amount) in [
      ("defaultReservedSpace", limits.reserved), ("defaultMaxUsedSpace", limits.maxUsed),
      ("defaultMinFreeSpace", limits.minFree), ("defaultKeepStorage", limits.keepBytes),
    ] where policy != nil && amount != .none {
      passedOver.append("builder.gc.\(key) is not used: there are rules")
    }
    self.passedOver = passedOver
  }

  private static let keys = [
    "enabled", "policy", "defaultReservedSpace", "defaultMaxUsedSpace", "defaultMinFreeSpace", "defaultKeepStorage",
  ]
  private static let ruleKeys = ["all", "filter", "keepStorage", "reservedSpace", "maxUsedSpace", "minFreeSpace"]
  private static let fields = [
    "id", "parent", "type", "description", "inuse", "shared", "private", "mutable", "immutable",
  ]

  /// Reads a filter: a list of `name=value`, or names with their values as an older form has them.
  ///
  /// - Returns: what the engine passes over.
  private static func read(_ setting: JSONSetting, into rule: inout ConfigRule) throws(CacheError) -> [String] {
    let values = try setting.filterValues
    let spans = ["until", "unused-for"].filter { values[$0]?.isEmpty == false }
    if spans.count > 1 { throw setting.refusal("has both until and unused-for") }
    for (name, values) in values where values.count > 1 && (fields + spans).contains(name) {
      throw setting.refusal("has more than one value for \(name)")
    }
    if let name = spans.first, let text = values[name]?.first {
      if let span = TimeSpan(daemonText: text), Int64(text) == nil {
        rule.keepDuration = span
      } else if let moment = (try? Timestamp(parsing: text))
        ?? Int64(text).map({ Timestamp(nanoseconds: $0.multipliedSaturating(by: 1_000_000_000)) })
      {
        rule.keepsSince = moment
      } else {
        throw setting.refusal("takes \(text) for \(name), which is neither a duration as 48h nor a time")
      }
    }
    let conditions = fields.compactMap { field -> String? in
      guard let values = values[field] else { return nil }
      guard let value = values.first else { return field }
      return field == "id" ? "id~=\(value)" : "\(field)==\(value)"
    }
    rule.filters = [conditions.joined(separator: ",")]
    return values.keys.sorted().filter { !(fields + ["until", "unused-for"]).contains($0) }
      .map { "\(setting.place): there is no \"\($0)\", and it is passed over" }
  }

  func remarks(for ranking: RankingRule) -> [String] {
    let era = ranking == .seed ? "Docker 20.10" : "Docker 28.3 and newer"
    guard isEnabled ?? (ranking == .current) else {
      return ["builder.gc is not enabled (\(era)): the engine removes nothing by itself"] + passedOver
    }
    guard let rules else { return ["planned are the default rules of \(era)"] + passedOver }
    let whose =
      rules.isEmpty
      ? "builder.gc.policy is empty: the engine removes nothing by itself" : "planned are the file's own rules"
    return [whose] + passedOver
  }

  func rules(for ranking: RankingRule, diskSize: Int64?) throws(CacheError) -> [ConfigRule]? {
    guard isEnabled ?? (ranking == .current) else { return nil }
    guard var own = rules else { return try defaults(for: ranking, diskSize) }
    if ranking == .seed {
      if let number = withoutStorage.first {
        throw CacheError(
          .badInput,
          "\(name): builder.gc.policy[\(number)] has no keepStorage, without which Docker 20.10 doesn't start")
      }
      for number in own.indices where own[number].keepBytes == .bytes(0) { own[number].keepBytes = limits.keepBytes }
    }
    return own
  }

  /// The engine's four rules; the first keeps a share of what the others keep, which is e, pi and phi multiplied.
  private func defaults(for ranking: RankingRule, _ diskSize: Int64?) throws(CacheError) -> [ConfigRule] {
    var limits = limits
    let easy = ["type==source.local", "type==exec.cachemount", "type==source.git.checkout"]
    var first = ConfigRule()
    let kept: DiskAmount
    switch ranking {
    case .seed:
      if limits.keepBytes == .none { limits.keepBytes = .percent(10) }
      kept = limits.keepBytes
      first.filters = [easy.joined(separator: ",")]
    case .current:
      if limits.reserved == .none { limits.reserved = limits.keepBytes }
      limits.keepBytes = .none
      if [limits.reserved, limits.maxUsed, limits.minFree].allSatisfy({ $0 == .none }) {
        (limits.reserved, limits.maxUsed, limits.minFree) = (.percent(10), .percent(80), .percent(20))
      }
      kept = limits.reserved
      first.filters = easy
    }
    let share =
      (Double(try kept.bytes(ofDisk: diskSize)) / 100 * (2.718_281_828_459_045 * Double.pi * 1.618_033_988_749_895))
      .rounded()
    let young = DiskAmount.bytes(max(512_000_000, Int64(min(share, 9e18))))
    if ranking == .seed { first.keepBytes = young } else { first.maxUsed = young }
    var old = limits
    // 20.10 gives seconds where nanoseconds are read, so that its spans are next to none.
    let unit: Int64 = ranking == .seed ? 1 : 1_000_000_000
    first.keepDuration = TimeSpan(nanoseconds: 48 * 3600 * unit)
    old.keepDuration = TimeSpan(nanoseconds: 60 * 86_400 * unit)
    var all = limits
    all.all = true
    return [first, old, limits, all]
  }
}
