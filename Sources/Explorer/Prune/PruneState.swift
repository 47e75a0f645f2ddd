import BuildCache
import CacheReport

/// What the Prune screen begins with.
public struct PrunePreset: Sendable {
  /// The rules; absent, or none as a daemon's gc is off: one without a limit, which is then set to half of what there is.
  public var policies: [PrunePolicy]?
  /// What is assumed of whoever carries it out.
  public var assumptions: PruneAssumptions
  /// Free bytes of the disk that are pretended; absent: what is read of it.
  public var free: Int64?
  /// Whether the rules come from a policy, so that a plan that is exported tells them.
  public var namesRules = false
  /// What has to be known of the rules, in sentences.
  public var remarks: [String] = []
  /// The disk's size that is pretended; absent: what is read of it.
  public var diskSize: Int64?
  /// Whose section of a configuration is meant; absent: as the file tells.
  public var worker: String?
  /// The configuration that the rules were read from.
  public var file: String?

  /// Makes a preset.
  public init(
    policies: [PrunePolicy]? = nil, assumptions: PruneAssumptions = PruneAssumptions(), free: Int64? = nil,
    diskSize: Int64? = nil, worker: String? = nil, file: String? = nil
  ) {
    self.policies = policies
    self.assumptions = assumptions
    self.free = free
    self.diskSize = diskSize
    self.worker = worker
    self.file = file
  }
}

/// The Prune screen's own state: rules, a plan that is made once for them, and limits that only move its cuts.
struct PruneState: Sendable {
  /// The rules that are previewed, in order; never empty.
  var policies: [PrunePolicy]
  /// What is assumed of whoever carries it out.
  var assumptions: PruneAssumptions
  /// Whether the rules come from a policy, so that a plan that is exported tells them.
  var namesRules: Bool
  /// What has to be known of the rules, in sentences.
  var remarks: [String]
  /// Free bytes of the disk that are pretended; absent: what was read of it.
  var free: Int64?
  /// The disk's size that is pretended; absent: what was read of it.
  var diskSize: Int64?
  /// Whose section of a configuration is meant; absent: as the file tells.
  var worker: String?
  /// The configuration that was opened last, and what it came to; its rules are read anew where something else is
  /// assumed, unless they were changed.
  var origin: (file: String, policies: [PrunePolicy]?)?
  /// Whether the limit was chosen; until then it is half of the total.
  var isLimitChosen: Bool
  /// The plan as its limits stand; absent until it is made.
  private(set) var plan: PrunePlan?
  /// The plan as it was made, with what is told of it. It stays until its successor is there, also where the cache was
  /// read anew meanwhile: its rows are those of its own state.
  private(set) var preview: PrunePreview?
  /// Whether a plan of the rules as they stand was asked for; else one that still comes is of others.
  var isPlanWanted = false
  /// The reading that it was made of.
  private(set) var reading = 0
  var position = ListPosition()
  /// The rule whose cut the cursor goes to when the plan is there.
  var awaited: Int?
  private var sections: [LineRun] = []

  /// A line of the list.
  enum PruneLine: Equatable {
    /// What a rule says; only where there are several.
    case heading(rule: Int)
    /// A victim, by its rule and its place in that rule's order.
    case victim(rule: Int, place: Int)
    /// Where a rule is cut.
    case cut(rule: Int)
    /// What stays for one reason, together.
    case group(PrunePreview.Group)
    /// A row that stays whatever the limit is.
    case kept(PrunePlan.Kept)
  }

  /// A run of lines of one kind.
  private struct LineRun {
    enum Kind {
      case heading(rule: Int)
      /// From this place of the rule's order on.
      case victims(rule: Int, from: Int)
      case cut(rule: Int)
      case group(Int)
      /// From this place of what is protected on.
      case kept(from: Int)
    }
    let kind: Kind
    let count: Int
  }

  init(_ preset: PrunePreset) {
    let given = preset.policies ?? []
    policies = given.isEmpty ? [PrunePolicy()] : given
    assumptions = preset.assumptions
    namesRules = preset.namesRules
    remarks = preset.remarks
    isLimitChosen = !given.isEmpty
    (free, diskSize, worker) = (preset.free, preset.diskSize, preset.worker)
    origin = preset.file.map { ($0, given.isEmpty ? nil : given) }
  }

  /// What is pretended of the disk, so that a plan is not what a prune would do.
  var pretended: String? { free != nil ? "free space" : diskSize != nil ? "disk size" : nil }

  /// The configuration to read anew, as its rules stand as they were read.
  var rereadable: String? {
    origin.flatMap { $0.policies == nil || $0.policies == policies ? $0.file : nil }
  }

  /// How many lines there are. O(rules).
  var lineCount: Int { sections.reduce(0) { $0 + $1.count } }

  /// The line of a number. O(rules).
  func line(_ number: Int) -> PruneLine? {
    guard let preview, number >= 0 else { return nil }
    var offset = number
    for section in sections {
      guard offset >= section.count else {
        switch section.kind {
        case .heading(let rule): return .heading(rule: rule)
        case .victims(let rule, let first): return .victim(rule: rule, place: first + offset)
        case .cut(let rule): return .cut(rule: rule)
        case .group(let group): return .group(preview.groups[group])
        case .kept(let first): return .kept(preview.protected[first + offset])
        }
      }
      offset -= section.count
    }
    return nil
  }

  /// The row of a line, where it has one.
  func row(_ number: Int) -> Int? {
    switch line(number) {
    case .victim(let rule, let place): plan?.rules[rule].order[place].row
    case .kept(let kept): kept.row
    case .heading, .cut, .group, nil: nil
    }
  }

  /// The row under the cursor, of the plan's own state.
  var current: Int? { row(position.cursor) }

  /// The rule that the keys change: the one under the cursor, the last beneath all.
  var ruleNumber: Int {
    switch line(position.cursor) {
    case .heading(let rule), .cut(let rule), .victim(let rule, _): rule
    case .group, .kept, nil: policies.count - 1
    }
  }

  /// A rule that something is to be changed of, as it was when that was asked for.
  struct Rule: Sendable {
    let number: Int
    let policy: PrunePolicy
  }

  /// The rule that the keys change.
  var chosen: Rule { Rule(number: ruleNumber, policy: policies[ruleNumber]) }

  /// Whether a rule is still there: a file may have brought others meanwhile.
  func has(_ rule: Rule) -> Bool { policies.indices.contains(rule.number) && policies[rule.number] == rule.policy }

  /// That rule as it is planned.
  var rule: PlannedRule? { plan.flatMap { $0.rules.indices.contains(ruleNumber) ? $0.rules[ruleNumber] : nil } }

  /// The line of a rule's cut.
  private func cutLine(ofRule wanted: Int) -> Int? {
    var number = 0
    for section in sections {
      if case .cut(let rule) = section.kind, rule == wanted { return number }
      number += section.count
    }
    return nil
  }

  /// Takes a new plan, the cursor on the cut that it waits for; where it takes the place of another the cursor stays on
  /// what it is on.
  mutating func take(_ preview: PrunePreview, of reading: Int) {
    let before = line(position.cursor).flatMap { anchor(of: $0) }
    self.preview = preview
    self.reading = reading
    take(preview.plan)
    let last = policies.count - 1
    // Keys may have moved the limit while the plan was made.
    if let rule = preview.plan.rules.last, policies[last].limits != rule.policy.limits {
      take(preview.plan.limited(to: policies[last].limits))
    }
    let cut = cutLine(ofRule: awaited ?? last)
    if awaited == nil, let line = before.flatMap({ self.line(of: $0) }) {
      position.carry(to: line)
    } else if let cut {
      position.cursor = cut
    }
    awaited = nil
  }

  /// What a line is about, whatever plan it stands in.
  private enum Anchor {
    case record(RecordID)
    case heading(rule: Int)
    case cut(rule: Int)
    case group(KeptReason)
  }

  private func anchor(of line: PruneLine) -> Anchor? {
    switch line {
    case .heading(let rule): .heading(rule: rule)
    case .cut(let rule): .cut(rule: rule)
    case .group(let group): .group(group.reason)
    case .victim, .kept: current.flatMap { row in plan.map { .record($0.state.rows[row].id) } }
    }
  }

  /// The line that is about something. O(lines).
  private func line(of anchor: Anchor) -> Int? {
    let wanted: Int? = if case .record(let id) = anchor { plan?.state.index(of: id) } else { nil }
    var first = 0
    for section in sections {
      switch (section.kind, anchor) {
      case (.heading(let one), .heading(let other)) where one == other: return first
      case (.cut(let one), .cut(let other)) where one == other: return first
      case (.group(let number), .group(let reason)) where preview?.groups[number].reason == reason: return first
      case (.victims(let rule, let from), .record):
        let order = plan?.rules[rule].order[from...].prefix(section.count)
        if let place = order?.firstIndex(where: { $0.row == wanted }) { return first + place - from }
      case (.kept(let from), .record):
        let kept = preview?.protected[from...].prefix(section.count)
        if let place = kept?.firstIndex(where: { $0.row == wanted }) { return first + place - from }
      default: break
      }
      first += section.count
    }
    return nil
  }

  /// Forgets the plan, and the one that is being made: it is made anew when it is wanted.
  mutating func forgetPlan() {
    isPlanWanted = false
    plan = nil
    preview = nil
    sections = []
  }

  /// Moves a limit of the last rule, and the cursor to its cut, so that the eye can follow.
  ///
  /// - Complexity: O(log n): the order stays.
  mutating func limitLastRule(to limits: SpaceLimits) {
    let last = policies.count - 1
    policies[last].limits = limits
    guard let plan else { return }
    take(plan.limited(to: limits))
    if let line = cutLine(ofRule: last) { position.cursor = line }
  }

  private mutating func take(_ plan: PrunePlan) {
    self.plan = plan
    sections = []
    func add(_ kind: LineRun.Kind, _ count: Int = 1) {
      if count > 0 { sections.append(LineRun(kind: kind, count: count)) }
    }
    for (number, rule) in plan.rules.enumerated() {
      if plan.rules.count > 1 { add(.heading(rule: number)) }
      add(.victims(rule: number, from: 0), rule.cut)
      add(.cut(rule: number))
      if number == plan.rules.count - 1 { add(.victims(rule: number, from: rule.cut), rule.order.count - rule.cut) }
    }
    var first = 0
    for (number, group) in (preview?.groups ?? []).enumerated() {
      add(.group(number))
      add(.kept(from: first), group.records)
      first += group.records
    }
  }
}
