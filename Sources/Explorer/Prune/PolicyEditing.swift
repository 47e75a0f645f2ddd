import BuildCache
import Terminal

/// Plans, and the parts of a rule that are edited by a menu.
extension ExplorerState {
  /// The effect that makes the plan of the rules as they stand; the last rule's limit moves later without it. None where
  /// no prune can be planned.
  mutating func makePlan() -> [Effect] {
    guard planRefusal == nil else {
      prune.forgetPlan()
      return []
    }
    prune.isPlanWanted = true
    return [.plan(cache, prune.policies, behavior, free: freeBytes, at: now)]
  }

  /// Free bytes of the disk: what is pretended, else what was read of it.
  private var freeBytes: Int64? { options.prune.free ?? inventory.reading.space?.free }

  /// Whose prune is foreseen.
  var behavior: PruneBehavior { prune.assumptions.applied(to: inventory.reading.behavior) }

  /// The same before any key changed what is assumed: whoever stays for a reason of its own is told by that.
  var standingBehavior: PruneBehavior { options.prune.assumptions.applied(to: inventory.reading.behavior) }

  mutating func planArrived(_ preview: PrunePreview) {
    guard prune.isPlanWanted else { return }
    let isFirst = prune.plan == nil
    prune.take(preview, of: readingCount)
    if message == Self.planning { message = "" }
    if !prune.isLimitChosen {
      prune.limitLastRule(to: SpaceLimits(maxUsed: preview.plan.before / 2))
      prune.isLimitChosen = true
    }
    if isFirst { prune.position.center(height: layout.pruneLines.count) }
  }

  /// Changes what the policy menu offers under a letter, or asks for it.
  mutating func edit(_ letter: Character, of rule: PruneState.Rule) -> [Effect] {
    overlay = nil
    guard prune.has(rule) else {
      message = Self.otherRules
      return []
    }
    let number = rule.number
    switch letter {
    case "a":
      prune.policies[number].all.toggle()
      return replan(number)
    case "k":
      prune.assumptions.ranking = behavior.ranking == .seed ? .current : .seed
      return replan(number)
    case "R" where behavior.isDaemon:
      prune.assumptions.restart = behavior.restart == .never ? .before : .never
      return replan(number)
    case "g":
      guard let rules = inventory.reading.rules else { return [] }
      return rulesArrived(rules, [], from: nil)
    default:
      guard let purpose = TextEntry.Purpose.allCases.first(where: { $0.letter == letter }) else { return [] }
      overlay = .entry(TextEntry(purpose: purpose, rule: rule))
    }
    return []
  }

  private static let otherRules = "the rules are others now: look at them first"

  /// Takes what was typed into the rule that it was asked for.
  mutating func entryTyped(_ entry: TextEntry) throws(CacheError) -> [Effect] {
    guard entry.purpose == .file || prune.has(entry.rule) else { throw CacheError(.badInput, Self.otherRules) }
    let number = entry.rule.number
    let isOff = entry.text.isEmpty || entry.text == "0"
    func bytes(_ name: String) throws(CacheError) -> Int64 {
      isOff ? 0 : try ByteCount(parsing: entry.text, of: name).bytes
    }
    var limits = prune.policies[number].limits
    switch entry.purpose {
    case .maxUsed:
      limits.maxUsed = try bytes("keep-bytes")
      return limit(number, to: limits)
    case .reserved:
      limits.reserved = try bytes("reserved")
      return limit(number, to: limits)
    case .minFree:
      limits.minFree = try bytes("min free")
      if limits.minFree > 0 && freeBytes == nil {
        throw CacheError(.badInput, "the free space of this cache's disk isn't known here")
      }
      return limit(number, to: limits)
    case .keepDuration:
      prune.policies[number].keepDuration =
        isOff ? TimeSpan(nanoseconds: 0) : try TimeSpan(parsing: entry.text, of: "keep-duration")
    case .filter:
      prune.policies[number].filter = try Filter(typed: entry.text)
    case .file:
      return entry.text.isEmpty ? [] : [.readPolicy(entry.text, behavior.ranking, inventory.reading.space)]
    }
    return replan(number)
  }

  /// Takes the rules of a file, or those of the daemon itself.
  mutating func rulesArrived(_ policies: [PrunePolicy], _ remarks: [String], from file: String?) -> [Effect] {
    // One line says whose rules they are; more say what the daemon passes over.
    if remarks.count > 1 || policies.isEmpty && file != nil, overlay == nil {
      overlay = .note(title: file ?? "", lines: remarks)
    }
    guard !policies.isEmpty else {
      message = (file.map { "\($0): its" } ?? "the") + " daemon removes nothing by itself"
      return []
    }
    prune.policies = policies
    (prune.namesRules, prune.remarks) = (true, remarks)
    prune.isLimitChosen = true
    prune.position = ListPosition()
    let count = policies.count == 1 ? "1 rule of " : "\(policies.count) rules of "
    message = count + (file ?? "the daemon itself") + (policies.count == 1 ? "" : ", carried out in order")
    prune.forgetPlan()
    return screen == .prune ? makePlan() : []
  }
}

extension TextEntry.Purpose {
  /// The key that chooses it in the policy menu.
  var letter: Character {
    switch self {
    case .maxUsed: "b"
    case .reserved: "r"
    case .minFree: "m"
    case .keepDuration: "d"
    case .filter: "f"
    case .file: "o"
    }
  }
}
