import BuildCache
import CacheReport

/// The Detail pane's own state.
struct DetailState: Sendable {
  /// Whether the user wants it; until said, where the window is wide.
  var isWanted: Bool?
  /// All about a row, the last that was found.
  var description: RecordDescription?
  /// The row that was asked for.
  var asked: Int?
  /// What would go without any limit: its reasons are those of the pane.
  var standing: PrunePlan?
  /// Whether it was asked for.
  var isStandingAsked = false
  /// The sentences for ``description``.
  var reasons: [String] = []
  /// The first line that is seen.
  var top = 0
}

extension ExplorerState {
  /// Asks for all about the record under the cursor, where the pane shows it.
  mutating func describe() -> [Effect] {
    guard isDetailShown, let current, detail.asked != current else { return [] }
    detail.asked = current
    detail.top = 0
    var effects: [Effect] = [.describe(cache, current)]
    if detail.standing == nil && !detail.isStandingAsked {
      detail.isStandingAsked = true
      effects.append(.stand(cache, standingBehavior))
    }
    return effects
  }

  /// Forgets what was known of a cache that was read anew.
  mutating func forgetDetails() {
    detail = DetailState(isWanted: detail.isWanted)
  }

  mutating func take(_ description: RecordDescription) {
    guard description.row == detail.asked else { return }
    detail.description = description
    explainDetail()
  }

  /// Takes a plan without limit: whoever stays in it has a reason of its own.
  mutating func takeStanding(_ plan: PrunePlan) {
    detail.standing = plan
    if explainsWhenStood {
      explainsWhenStood = false
      explain()
    }
    explainDetail()
  }

  private mutating func explainDetail() {
    guard let row = detail.description?.row, let standing = detail.standing else { return }
    detail.reasons = standing.explanation(ofRow: row, now: now) { shortID($0) }
  }
}
