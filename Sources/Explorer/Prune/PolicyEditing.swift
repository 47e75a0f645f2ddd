import BuildCache
import CacheReport
import Terminal

/// Plans, and the rules and what is assumed of whoever carries them out, as they are edited by a menu.
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
  private var freeBytes: Int64? { prune.free ?? inventory.reading.space?.free }

  /// All bytes of the disk: what is pretended, else what was read of it.
  private var diskBytes: Int64? { prune.diskSize ?? inventory.reading.space?.capacity }

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
    case "n":
      // A copy takes nothing that its original left: it is safe until it is changed.
      return arrange(rules: prune.policies[...number] + [rule.policy] + prune.policies[(number + 1)...], number + 1)
    case "x":
      guard prune.policies.count > 1 else {
        message = "one rule has to stay"
        return []
      }
      return arrange(
        rules: prune.policies[..<number] + prune.policies[(number + 1)...], min(number, prune.policies.count - 2))
    case "<", ">":
      let other = letter == "<" ? number - 1 : number + 1
      guard prune.policies.indices.contains(other) else {
        message = letter == "<" ? "it is the first already" : "it is the last already"
        return []
      }
      var policies = prune.policies
      policies.swapAt(number, other)
      return arrange(rules: policies, other)
    case "k":
      prune.assumptions.ranking = behavior.ranking == .seed ? .current : .seed
      return assumed(number)
    case "g":
      guard let rules = inventory.reading.rules else { return [] }
      return rulesArrived(rules, [], from: nil)
    default:
      guard let purpose = TextEntry.Purpose.allCases.first(where: { $0.letter == letter }) else { return [] }
      if purpose == .restart && !behavior.isDaemon {
        message = "the embedded cache never counts such uses"
        return []
      }
      overlay = .entry(TextEntry(purpose: purpose, rule: rule))
    }
    return []
  }

  private static let otherRules = "the rules are others now: look at them first"

  /// Takes other rules, the cursor on one of them.
  private mutating func arrange(rules: some Sequence<PrunePolicy>, _ number: Int) -> [Effect] {
    prune.policies = Array(rules)
    prune.isLimitChosen = true
    message = "rule \(number + 1) of \(prune.policies.count)"
    return replan(number)
  }

  /// Plans anew, as something else is assumed; a configuration that nobody has changed is read anew, too, as it may mean
  /// something else now.
  private mutating func assumed(_ number: Int) -> [Effect] {
    if let file = prune.rereadable { return [.readPolicy(request(file))] }
    return replan(number)
  }

  /// What is needed to read or write a configuration.
  private func request(_ file: String) -> PolicyFiles.Request {
    PolicyFiles.Request(file: file, worker: prune.worker, ranking: behavior.ranking, diskSize: diskBytes)
  }

  /// Takes what was typed into the rule that it was asked for.
  mutating func entryTyped(_ entry: TextEntry) throws(CacheError) -> [Effect] {
    guard !entry.purpose.isOfRule || prune.has(entry.rule) else { throw CacheError(.badInput, Self.otherRules) }
    let number = entry.rule.number
    let isOff = entry.text.isEmpty || entry.text == "0"
    func bytes(_ name: String) throws(CacheError) -> Int64 {
      isOff ? 0 : try ByteCount(parsing: entry.text, of: name).bytes
    }
    var limits = prune.policies[entry.purpose.isOfRule ? number : 0].limits
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
        throw CacheError(.badInput, "the free space of this cache's disk isn't known here: type it with F first")
      }
      return limit(number, to: limits)
    case .keepDuration:
      prune.policies[number].keepDuration =
        isOff ? TimeSpan(nanoseconds: 0) : try TimeSpan(parsing: entry.text, of: "keep-duration")
    case .filter: try takeFilter(entry.text, number)
    case .ranking:
      prune.assumptions.ranking = entry.text.isEmpty ? nil : try RankingRule(parsing: entry.text, of: "ranking")
      return assumed(prune.ruleNumber)
    case .restart:
      prune.assumptions.restart = try DaemonRestart.typed(entry.text.isEmpty ? "auto" : entry.text, of: "restarted")
      return replan(prune.ruleNumber)
    case .free:
      prune.free = entry.text.isEmpty ? nil : try bytes("free space")
      return replan(prune.ruleNumber)
    case .diskSize:
      prune.diskSize = entry.text.isEmpty ? nil : try bytes("disk size")
      return assumed(prune.ruleNumber)
    case .worker:
      prune.worker = entry.text.isEmpty ? nil : entry.text
      return assumed(prune.ruleNumber)
    case .open:
      guard !entry.text.isEmpty else { return [] }
      prune.origin = (entry.text, nil)
      return [.readPolicy(request(entry.text))]
    case .save: return entry.text.isEmpty ? [] : [.writePolicy(prune.policies, request(entry.text))]
    }
    return replan(number)
  }

  /// Takes a filter, in BuildKit's grammar or in Docker's, or words to look for.
  private mutating func takeFilter(_ text: String, _ number: Int) throws(CacheError) {
    guard TypedFilters.isDockers(text) else {
      prune.policies[number].filter = try Filter(typed: text)
      return
    }
    message = try prune.policies[number].takeFilter([text]).joined(separator: "; ")
  }

  /// Takes the rules of a file, or those of the daemon itself.
  mutating func rulesArrived(
    _ policies: [PrunePolicy], _ remarks: [String], from request: PolicyFiles.Request?
  ) -> [Effect] {
    let file = request?.file
    // One line says whose rules they are; more say what the daemon passes over.
    if remarks.count > 1 || policies.isEmpty && file != nil, overlay == nil {
      overlay = .note(title: file ?? "", lines: remarks)
    }
    prune.origin = file.map { ($0, policies.isEmpty ? nil : policies) }
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

  /// Takes a completed path, where it is still what is typed.
  mutating func completed(_ text: String, _ completion: PathCompletion) {
    guard case .entry(var entry) = overlay, entry.purpose.isPath, entry.text == text else { return }
    entry.text = completion.text
    entry.candidates = completion.candidates
    entry.problem = completion.problem
    overlay = .entry(entry)
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
    case .ranking: "v"
    case .restart: "R"
    case .free: "F"
    case .diskSize: "S"
    case .worker: "W"
    case .open: "o"
    case .save: "w"
    }
  }

  /// Whether it is a part of a rule, rather than of what is assumed, or of all rules.
  var isOfRule: Bool {
    switch self {
    case .maxUsed, .reserved, .minFree, .keepDuration, .filter: true
    case .ranking, .restart, .free, .diskSize, .worker, .open, .save: false
    }
  }

  /// Whether it is a path, which Tab completes.
  var isPath: Bool { self == .open || self == .save }
}
