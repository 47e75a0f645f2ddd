/// What a plan foresaw against what went.
public struct PruneOutcome: Sendable, Equatable {
  /// Whether what went did so in the plan's order.
  public enum Order: String, Sendable {
    /// It did.
    case kept
    /// It parted first where several had the same score: the choice among them is accidental (D5).
    case tie
    /// It didn't.
    case other
    /// No limit ranks the victims: there is none to keep.
    case none
  }

  /// Those that went though the plan doesn't name them, in the order in which they went.
  public let more: [RecordID]
  /// Those that the plan names and that did not go, but for those that were left alone as they changed, and those that it
  /// did not come to.
  public let less: [RecordID]
  /// Whether what the plan names went in its order.
  public let order: Order

  /// Compares.
  ///
  /// - Complexity: O(victims).
  public init(_ plan: PrunePlan, _ report: PruneReport) {
    let rows = plan.state.rows
    let victims = plan.victims
    let named = Set(victims.map { rows[$0.row].id })
    let gone = Set(report.gone)
    let left = Set(report.changed + report.notReached)
    more = report.gone.filter { !named.contains($0) }
    less = victims.map { rows[$0.row].id }.filter { !gone.contains($0) && !left.contains($0) }
    guard !plan.isOfChosen, !report.wasByIDs, plan.rules.contains(where: { $0.isRanked && $0.cut > 1 }) else {
      order = .none
      return
    }
    let went = report.gone.filter(named.contains)
    let planned = victims.filter { gone.contains(rows[$0.row].id) }
    let ranked = Set(plan.rules.filter(\.isRanked).flatMap { $0.victims.map(\.row) })
    // An unranked rule's victims come in any order, all before those of the next rule.
    let parted = zip(planned, went).first { victim, id in ranked.contains(victim.row) && rows[victim.row].id != id }
    order = parted.map { $0.0.tied > 0 ? .tie : .other } ?? .kept
  }

  /// Whether just what the plan names went, but for what was left alone and said so.
  public var isAsForeseen: Bool { more.isEmpty && less.isEmpty && order != .other }
}
