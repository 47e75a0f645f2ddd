import BuildCache
import CacheReport

/// The Detail pane's own state.
struct DetailState: Sendable {
  /// Whether the user wants it; until said, where the window is wide.
  var isWanted: Bool?
  /// Whether it shows how the record is stored, too.
  var showsAll = false
  /// All about a record, the last that was found; it stays until its successor is there.
  var description: RecordDescription?
  /// Whether the cache was read anew since: its row number then means nothing any more.
  var isDescriptionOld = false
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
    if detail.description?.id != cache.rows[current].id { (detail.top, detail.reasons) = (0, []) }
    var effects: [Effect] = [.describe(cache, current)]
    if detail.standing == nil && !detail.isStandingAsked && planRefusal == nil {
      detail.isStandingAsked = true
      effects.append(.stand(cache, standingBehavior, at: now))
    }
    return effects
  }

  /// Opens the pane; when it is open shows all in it, where there is more; when it does, closes it.
  mutating func toggleDetail() -> [Effect] {
    if isDetailShown && !detail.showsAll && detail.description?.technicalFields.isEmpty == false {
      detail.showsAll = true
    } else {
      (detail.isWanted, detail.showsAll) = (!isDetailShown, false)
    }
    return []
  }

  /// Scrolls the pane.
  mutating func scrollDetail(by lines: Int) -> [Effect] {
    detail.top = max(0, detail.top + lines)
    return []
  }

  /// Asks for all anew, as the cache was read; what is shown stays until it is there.
  mutating func renewDetails() {
    detail.asked = nil
    detail.isDescriptionOld = true
    (detail.standing, detail.isStandingAsked) = (nil, false)
  }

  mutating func descriptionArrived(_ description: RecordDescription) {
    guard description.row == detail.asked else { return }
    detail.description = description
    detail.isDescriptionOld = false
    explainDetail()
  }

  /// Takes a plan without limit: whoever stays in it has a reason of its own.
  mutating func standingArrived(_ plan: PrunePlan) {
    detail.standing = plan
    if explainsWhenStood {
      explainsWhenStood = false
      explain()
    }
    explainDetail()
  }

  /// Writes bytes in other units from now on.
  mutating func show(in units: ByteUnits) {
    self.units = units
    explainDetail()
  }

  private mutating func explainDetail() {
    if let planRefusal { detail.reasons = [planRefusal] }
    guard !detail.isDescriptionOld, let row = detail.description?.row, let standing = detail.standing else { return }
    detail.reasons = standing.explanation(ofRow: row, now: now, in: units) { named($0) }
  }
}
