import BuildCache
import Terminal

/// What a prune would take.
enum PruneScreen: ExplorerScreen {
  static let title = "3 Prune"
  static let position: any WritableKeyPath<ExplorerState, ListPosition> & Sendable = \.prune.position

  static let bindings: [Binding] = [
    Binding([.character("+"), .character("=")], "keep more", isLikely: true, whyOff: Binding.noPlan) {
      $0.moveLimit(by: $0.limitStep)
    },
    Binding([.character("-")], "keep less", isLikely: true, whyOff: Binding.noPlan) {
      $0.moveLimit(by: -$0.limitStep)
    },
    Binding([.character("]")], "keep 1% more", whyOff: Binding.noPlan) { $0.moveLimit(by: $0.limitPercent) },
    Binding([.character("[")], "keep 1% less", whyOff: Binding.noPlan) { $0.moveLimit(by: -$0.limitPercent) },
    Binding([.character("E")], "edit the policy", isLikely: true, whyOff: Binding.noPlan) { state in
      state.overlay = .policyMenu(state.prune.chosen)
      return []
    },
    typing("t", "type limit", .maxUsed, isLikely: true),
    typing("D", "type keep-duration", .keepDuration),
    Binding([.character("a")], "all: internal, frontend and shared too", whyOff: Binding.noPlan) {
      $0.edit("a", of: $0.prune.chosen)
    },
    Binding(
      [.enter, .character("d")], "prune these", isLikely: true,
      whyOff: { state in
        Binding.readOnly(state) ?? Binding.noPlan(state)
          ?? state.prune.pretended.map {
            "the \($0) is pretended, so this is only a plan: e, then F or S, takes it back"
          }
          ?? (state.prune.plan?.count == 0 ? "this takes nothing: keep less" : nil)
      }
    ) { state in
      state.prune.plan.map { state.ask($0) } ?? []
    },
    Binding([.character("e")], "export the plan", whyOff: Binding.noPlan) { state in
      state.overlay = .planMenu
      return []
    },
    .preview, typing("/", "filter what goes", .filter), .why, .copy,
  ]

  private static func typing(_ key: Character, _ words: String, _ purpose: TextEntry.Purpose, isLikely: Bool = false)
    -> Binding
  {
    Binding([.character(key)], words, isLikely: isLikely, whyOff: Binding.noPlan) { state in
      state.overlay = .entry(TextEntry(purpose: purpose, rule: state.prune.chosen))
      return []
    }
  }

  static func lineCount(_ state: ExplorerState) -> Int { state.prune.lineCount }
  static func listLines(_ layout: Layout) -> Range<Int> { layout.pruneLines }
  static func current(_ state: ExplorerState) -> Int? {
    guard let plan = state.prune.plan else { return nil }
    return state.prune.current.flatMap { state.row($0, of: plan.state, state.prune.reading) }
  }

  static func appeared(_ state: inout ExplorerState, on row: Int?) -> [Effect] {
    state.prune.plan == nil ? state.makePlan() : []
  }

  static func cacheArrived(_ state: inout ExplorerState, isShown: Bool) -> [Effect] {
    if isShown { return state.makePlan() }
    state.prune.forgetPlan()
    return []
  }

  /// By the plan that is shown.
  static func explained(_ state: inout ExplorerState) -> (plan: PrunePlan, row: Int)? {
    guard let plan = state.prune.plan else { return nil }
    switch state.prune.line(state.prune.position.cursor) {
    case .cut:
      state.message = "a limit: what stands above goes, what stands beneath stays"
      return nil
    case .heading, .group, nil:
      state.message = "\(state.label("w")) explains a record: this line is about several"
      return nil
    case .victim, .kept:
      return state.prune.current.map { (plan, $0) }
    }
  }

  static let hasLegend = false
  static func draw(_ state: ExplorerState, on grid: inout Grid, _ layout: Layout) {
    state.drawPrune(on: &grid, layout)
  }
}

/// The limit that keys move.
extension ExplorerState {
  /// A step of the limit that suits the total: 1, 2 or 5 with zeros, about a fiftieth of it.
  var limitStep: Int64 {
    guard let total = prune.rule?.before, total > 0 else { return 1 }
    var step: Int64 = 1
    while step <= total / 50 {
      for factor in [1, 2, 5] as [Int64] where step * factor * 2 > total / 50 { return step * factor }
      step *= 10
    }
    return step
  }

  /// A hundredth of the total.
  var limitPercent: Int64 { max(1, (prune.rule?.before ?? 0) / 100) }

  /// Moves the keep-bytes limit of the rule under the cursor.
  mutating func moveLimit(by change: Int64) -> [Effect] {
    guard let rule = prune.rule else { return [] }
    var limits = rule.policy.limits
    // Reserved space alone is a limit as max used is; that is what a daemon's old keepBytes says.
    let isReserved = limits.maxUsed == 0 && limits.reserved > 0
    let bytes = max(0, min((isReserved ? limits.reserved : limits.maxUsed).addingSaturating(change), rule.before))
    if isReserved { limits.reserved = bytes } else { limits.maxUsed = bytes }
    return limit(prune.ruleNumber, to: limits)
  }

  /// Gives a rule other limits: of the last rule only the cut moves, of an earlier one what comes
  /// after it is planned anew.
  mutating func limit(_ number: Int, to limits: SpaceLimits) -> [Effect] {
    guard number == prune.policies.count - 1, prune.plan?.keepsOrder(limitedTo: limits) != false else {
      prune.policies[number].limits = limits
      return replan(number)
    }
    prune.limitLastRule(to: limits)
    prune.position.center(height: layout.pruneLines.count)
    return []
  }

  mutating func replan(_ number: Int) -> [Effect] {
    prune.awaited = number
    prune.forgetPlan()
    return makePlan()
  }
}
