import BuildCache
import TOMLKit

/// The garbage collection of a `buildkitd.toml`: what a daemon with this configuration prunes by itself.
///
/// Read as BuildKit reads it: keys in any case, sizes in powers of 1024, durations in seconds or Go's form. Its own
/// rules replace the four default ones; where it has none, these are made of its limits, or of the disk's size.
public struct DaemonConfig: Sendable {
  /// A rule as it is written.
  private struct ConfigRule {
    var all = false
    var filters: [String] = []
    var keepDuration = TimeSpan(nanoseconds: 0)
    var keepBytes = DiskAmount.none
    var reserved = DiskAmount.none
    var maxUsed = DiskAmount.none
    var minFree = DiskAmount.none
  }

  /// The file's name.
  public let name: String
  /// The worker whose section was read: `oci`, or `containerd` where only that one collects garbage by rules.
  public let worker: String
  /// Whether the worker collects garbage at all.
  public let collectsGarbage: Bool
  /// Its own rules; empty: the default ones apply.
  private let rules: [ConfigRule]
  /// The worker's own limits, of which default rules are made.
  private let limits: ConfigRule

  /// Reads a file.
  ///
  /// - Throws: ``CacheError`` naming the file: `storage` where it can't be read, `badInput` where it is no TOML, or a
  ///   value is none that BuildKit takes.
  public init(readingFrom path: String) throws {
    let bytes = try readFile(path, limit: Self.mostBytes)
    try self.init(String(decoding: bytes, as: UTF8.self), name: path == "-" ? "standard input" : path)
  }

  /// No configuration has more.
  private static let mostBytes = 1 << 20
  /// Each is planned on all records.
  private static let mostRules = 100

  /// Reads a text.
  ///
  /// - Parameter name: the file's name, for messages.
  /// - Throws: ``CacheError`` `badInput`, naming the file.
  public init(_ text: String, name: String) throws(CacheError) {
    self.name = name
    var brackets = BracketCheck(text)
    try brackets.check(in: name)
    let document: TOMLTable
    do { document = try TOMLTable(string: text) } catch let error as TOMLParseError {
      throw CacheError(.badInput, "\(name): line \(error.source.begin.line): \(error.description)")
    } catch {
      throw CacheError(.badInput, "\(name) can't be read as TOML", cause: "\(error)")
    }
    let workers = try ConfigSection(document, name, "").section("worker")
    let oci = try workers?.section("oci")
    let containerd = try workers?.section("containerd")
    let isOCIOff = try oci?.bool("enabled") == false
    let usesContainerd =
      containerd != nil && (isOCIOff || oci?.hasGarbageKeys != true && containerd?.hasGarbageKeys == true)
    worker = usesContainerd ? "containerd" : "oci"
    let section = usesContainerd ? containerd : oci
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
  }

  private static func rule(_ section: ConfigSection) throws(CacheError) -> ConfigRule {
    try section.check(
      keys: ["all", "filters", "keepDuration", "keepBytes", "reservedSpace", "maxUsedSpace", "minFreeSpace"])
    return ConfigRule(
      all: try section.bool("all") ?? false, filters: try section.strings("filters"),
      keepDuration: try section.duration("keepDuration"), keepBytes: try section.amount("keepBytes"),
      reserved: try section.amount("reservedSpace"), maxUsed: try section.amount("maxUsedSpace"),
      minFree: try section.amount("minFreeSpace"))
  }

  /// The rules that the daemon carries out, in order.
  ///
  /// - Parameters:
  ///   - ranking: `seed` is v0.10.0, for which keepBytes and gckeepstorage are keep-bytes and the newer three don't
  ///     exist; for newer daemons they are reserved space.
  ///   - diskSize: all bytes of the daemon's disk; absent: unknown.
  /// - Returns: nothing where the worker collects no garbage.
  /// - Throws: ``CacheError`` `badInput` where a share of the disk is asked for and its size isn't known, `badFilter`
  ///   naming the rule.
  public func policies(for ranking: RankingRule, diskSize: Int64?) throws(CacheError) -> [PrunePolicy] {
    guard collectsGarbage else { return [] }
    var policies: [PrunePolicy] = []
    for (number, rule) in try (rules.isEmpty ? defaults(for: ranking, diskSize) : rules).enumerated() {
      do {
        policies.append(
          PrunePolicy(
            all: rule.all, filter: try Filter(parsing: rule.filters).checked(), keepDuration: rule.keepDuration,
            limits: try Self.limits(of: rule, for: ranking, diskSize)))
      } catch {
        throw CacheError(error.code, "\(name): rule \(number + 1) of worker.\(worker): \(error.message)")
      }
    }
    return policies
  }

  private static func limits(of rule: ConfigRule, for ranking: RankingRule, _ diskSize: Int64?) throws(CacheError)
    -> SpaceLimits
  {
    switch ranking {
    case .seed: return SpaceLimits(maxUsed: try rule.keepBytes.bytes(ofDisk: diskSize))
    case .current:
      return SpaceLimits(
        reserved: try (rule.reserved == .none ? rule.keepBytes : rule.reserved).bytes(ofDisk: diskSize),
        maxUsed: try rule.maxUsed.bytes(ofDisk: diskSize), minFree: try rule.minFree.bytes(ofDisk: diskSize))
    }
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
      let isUnset = limits.reserved == .none && limits.maxUsed == .none && limits.minFree == .none
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

/// A table of the file, its keys found in any case, as BuildKit finds them.
private struct ConfigSection {
  private let table: TOMLTable
  private let file: String
  /// The table's place, for messages: `worker.oci`.
  private let place: String

  init(_ table: TOMLTable, _ file: String, _ place: String) {
    self.table = table
    self.file = file
    self.place = place
  }

  /// Whether it says anything of garbage collection.
  var hasGarbageKeys: Bool {
    ["gc", "gckeepstorage", "gcpolicy", "reservedSpace", "maxUsedSpace", "minFreeSpace"].contains { value($0) != nil }
  }

  private func value(_ key: String) -> (any TOMLValueConvertible)? {
    table[key] ?? table.keys.first { $0.lowercased() == key.lowercased() }.flatMap { table[$0] }
  }

  private func failure(_ key: String, _ words: String) -> CacheError {
    CacheError(.badInput, "\(file): \(place.isEmpty ? "" : place + ".")\(key) \(words)")
  }

  /// A key that is mistyped would leave a rule without its limit.
  func check(keys: [String]) throws(CacheError) {
    for key in table.keys where !keys.contains(where: { $0.lowercased() == key.lowercased() }) {
      throw failure(key, "is no key of a rule; these are \(keys.joined(separator: ", "))")
    }
  }

  func section(_ key: String) throws(CacheError) -> ConfigSection? {
    guard let value = value(key) else { return nil }
    guard let inner = value.table else { throw failure(key, "is no table") }
    return ConfigSection(inner, file, place.isEmpty ? key : "\(place).\(key)")
  }

  func sections(_ key: String) throws(CacheError) -> [ConfigSection] {
    guard let value = value(key) else { return [] }
    let tables = value.array?.map { $0.table } ?? [nil]
    var sections: [ConfigSection] = []
    for (number, table) in tables.enumerated() {
      guard let table else { throw failure(key, "is no list of tables") }
      sections.append(ConfigSection(table, file, "\(place).\(key)[\(number + 1)]"))
    }
    return sections
  }

  func bool(_ key: String) throws(CacheError) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let bool = value.bool else { throw failure(key, "is neither true nor false") }
    return bool
  }

  func strings(_ key: String) throws(CacheError) -> [String] {
    guard let value = value(key) else { return [] }
    let strings = value.array?.map { $0.string } ?? [nil]
    guard strings.allSatisfy({ $0 != nil }) else { throw failure(key, "is no list of texts") }
    return strings.compactMap(\.self)
  }

  func amount(_ key: String) throws(CacheError) -> DiskAmount {
    guard let value = value(key) else { return .none }
    guard let text = value.int.map({ "\($0)" }) ?? value.string, let amount = DiskAmount(parsing: text) else {
      throw failure(key, "is no size: write bytes, a number with a unit as in \"20GB\", or a share as in \"10%\"")
    }
    return amount
  }

  func duration(_ key: String) throws(CacheError) -> TimeSpan {
    guard let value = value(key) else { return TimeSpan(nanoseconds: 0) }
    guard let text = value.int.map({ "\($0)" }) ?? value.string,
      let span = text.isEmpty ? TimeSpan(nanoseconds: 0) : TimeSpan(daemonText: text)
    else { throw failure(key, "is no duration: write seconds, or for instance \"48h\"") }
    return span
  }
}
