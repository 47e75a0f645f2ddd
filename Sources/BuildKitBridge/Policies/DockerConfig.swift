import BuildCache

/// The garbage collection of a Docker engine's `daemon.json`: `builder.gc`.
///
/// Read as the engine reads it: keys in any case, sizes in powers of 1024. `seed` is Docker 20.10, which collects nothing
/// unless it is enabled and knows keepStorage only; `current` is today's, which collects unless it is disabled.
struct DockerConfig: GarbageConfig {
  private let isEnabled: Bool?
  /// The engine's own rules; absent: the default ones apply. An empty list is no rules.
  private let rules: [ConfigRule]?
  /// The limits of which default rules are made.
  private let limits: ConfigRule
  /// Why Docker 20.10 doesn't start with it, where today's does.
  private let refusalBySeed: CacheError?
  private let passedOver: PassedOver

  let owner = "builder.gc"

  private static let mostRules = 100

  /// What an engine passes over, and how it takes what is left, in sentences.
  private struct PassedOver {
    /// Whichever engine it is.
    var always: [String] = []
    /// Today's, and 20.10.
    var current: [String] = []
    var seed: [String] = []
  }

  /// The keys of limits.
  private struct LimitKeys {
    let keepStorage, reservedSpace, maxUsedSpace, minFreeSpace: String

    /// Those that 20.10 doesn't know.
    var newer: [String] { [reservedSpace, maxUsedSpace, minFreeSpace] }
    var all: [String] { newer + [keepStorage] }

    static let ofRule = LimitKeys(
      keepStorage: "keepStorage", reservedSpace: "reservedSpace", maxUsedSpace: "maxUsedSpace",
      minFreeSpace: "minFreeSpace")
    static let ofDefaults = LimitKeys(
      keepStorage: "defaultKeepStorage", reservedSpace: "defaultReservedSpace", maxUsedSpace: "defaultMaxUsedSpace",
      minFreeSpace: "defaultMinFreeSpace")
  }

  /// Reads a text.
  ///
  /// - Throws: ``CacheError`` `badInput` naming the file and the place: where it is no JSON, or an engine would not start.
  init(_ text: String, name: String) throws(CacheError) {
    let collection = try JSONSetting(reading: text, of: name).member("builder").object?.member("gc").object
    isEnabled = try collection?.member("enabled").bool
    var passedOver = PassedOver()
    passedOver.always = collection?.others(besides: ["enabled", "policy"] + LimitKeys.ofDefaults.all) ?? []
    let policy = try collection?.member("policy").list
    guard policy?.count ?? 0 <= Self.mostRules else {
      throw CacheError(.badInput, "\(name): builder.gc.policy has more than \(Self.mostRules) rules")
    }
    var limits = ConfigRule()
    if let collection {
      try Self.read(.ofDefaults, of: collection, into: &limits, &passedOver)
      if policy != nil { passedOver.current = try Self.unused(LimitKeys.ofDefaults.all, of: collection) }
    }
    self.limits = limits
    var rules: [ConfigRule] = []
    var refusal: CacheError?
    for entry in policy ?? [] {
      // One that is null is a rule that names nothing.
      _ = try entry.object
      var rule = ConfigRule()
      rule.all = try entry.member("all").bool ?? false
      try Self.read(.ofRule, of: entry, into: &rule, &passedOver)
      passedOver.always += entry.others(besides: ["all", "filter"] + LimitKeys.ofRule.all)
      try Self.read(entry.member("filter"), into: &rule, &passedOver)
      rules.append(rule)
      if refusal == nil { refusal = try Self.refusalBySeed(of: entry, rule) }
    }
    if let collection, policy != nil, !rules.contains(where: { $0.keepBytes == .none }) {
      passedOver.seed += try Self.unused([LimitKeys.ofDefaults.keepStorage], of: collection)
    }
    self.rules = policy == nil ? nil : rules
    refusalBySeed = refusal
    self.passedOver = passedOver
  }

  /// Reads limits; today's reserved space is what the older key says where it isn't given itself.
  private static func read(
    _ keys: LimitKeys, of setting: JSONSetting, into rule: inout ConfigRule, _ passedOver: inout PassedOver
  ) throws(CacheError) {
    rule.keepBytes = try setting.member(keys.keepStorage).amount
    rule.reserved = try setting.member(keys.reservedSpace).amount
    rule.maxUsed = try setting.member(keys.maxUsedSpace).amount
    rule.minFree = try setting.member(keys.minFreeSpace).amount
    for key in keys.newer where try setting.member(key).hasText {
      passedOver.seed.append("\(setting.place).\(key) is newer than Docker 20.10, and is passed over")
    }
    if try !setting.member(keys.reservedSpace).hasText {
      rule.reserved = rule.keepBytes
    } else if try setting.member(keys.keepStorage).hasText {
      passedOver.current.append(
        "\(setting.place).\(keys.keepStorage) is passed over: \(keys.reservedSpace) stands in its place")
    }
  }

  /// What is said of limits that are given where there are rules.
  private static func unused(_ keys: [String], of setting: JSONSetting) throws(CacheError) -> [String] {
    var words: [String] = []
    for key in keys where try setting.member(key).hasText {
      words.append("\(setting.place).\(key) is not used: there are rules")
    }
    return words
  }

  private static func refusalBySeed(of entry: JSONSetting, _ rule: ConfigRule) throws(CacheError) -> CacheError? {
    if try !entry.member("keepStorage").hasText {
      return entry.refusal("has no keepStorage, without which Docker 20.10 doesn't start")
    }
    guard rule.keepsSince != nil else { return nil }
    return entry.member("filter").refusal(
      "has a moment, with which Docker 20.10 doesn't start: write a duration as 48h")
  }

  /// What a rule's filter can ask for.
  static let fields = [
    "id", "parent", "type", "description", "inuse", "shared", "private", "mutable", "immutable",
  ]

  /// Reads a filter: a list of `name=value`, or names with their values as an older form has them.
  private static func read(
    _ setting: JSONSetting, into rule: inout ConfigRule, _ passedOver: inout PassedOver
  ) throws(CacheError) {
    let values = try setting.filterValues
    let spans = ["until", "unused-for"].filter { values[$0]?.isEmpty == false }
    if spans.count > 1 { throw setting.refusal("has both until and unused-for") }
    for (name, values) in values where values.count > 1 && (fields + spans).contains(name) {
      throw setting.refusal("has more than one value for \(name)")
    }
    if let name = spans.first, let text = values[name]?.first {
      if Int64(text) == nil, let span = TimeSpan(daemonText: text) {
        rule.keepDuration = span
      } else if let moment = DockerMoment(text) {
        rule.keepsSince = moment
        passedOver.current.append(
          "\(setting.place): \(name)=\(text) is a moment, whose age the engine reckons once, when it starts: planned is as "
            + "if it started now" + (moment.isLocal ? ", in the time zone of this machine" : ""))
      } else {
        throw setting.refusal(
          "takes \(text) for \(name), which is neither a duration as 48h nor a moment as 2026-11-24 or "
            + "2026-11-24T03:41:16Z")
      }
    }
    let conditions = fields.compactMap { field -> String? in
      guard let values = values[field] else { return nil }
      guard let value = values.first else { return field }
      return field == "id" ? "id~=\(value)" : "\(field)==\(value)"
    }
    rule.filters = [conditions.joined(separator: ",")]
    passedOver.always += values.keys.sorted().filter { !(fields + ["until", "unused-for"]).contains($0) }
      .map { "\(setting.place): there is no \"\($0)\", and it is passed over" }
  }

  func remarks(for ranking: RankingRule) -> [String] {
    let era = ranking == .seed ? "Docker 20.10" : "Docker 28.3 and newer"
    let passedOver = passedOver.always + (ranking == .seed ? passedOver.seed : passedOver.current)
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
    switch ranking {
    case .seed:
      if let refusalBySeed { throw refusalBySeed }
      for number in own.indices where own[number].keepBytes == .none { own[number].keepBytes = limits.keepBytes }
    case .current:
      // It stands in the reserved space already, where it counts.
      for number in own.indices { own[number].keepBytes = .none }
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
      limits.keepBytes = .none
      if !limits.hasNewerLimits {
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
