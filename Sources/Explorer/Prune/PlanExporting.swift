import BuildCache
import CacheReport

extension PlanExport.Form {
  /// The key that chooses it in the menu.
  var letter: Character {
    switch self {
    case .json: "j"
    case .text: "t"
    }
  }

  /// What it is.
  var words: String {
    switch self {
    case .json: "JSON, as strata prune --dry-run --format json prints it"
    case .text: "text, as a ticket has it: what goes, by name, and what stays"
    }
  }
}

extension ExplorerState {
  /// Writes the plan that is shown into a file.
  func exportPlan(as form: PlanExport.Form) -> [Effect] {
    guard let plan = prune.plan else { return [] }
    let reading = inventory.reading
    return [
      .export(
        .plan(
          PlanExport(
            plan, name: options.name, notes: reading.notes + prune.remarks,
            tellsUnmeasured: reading.tellsUnmeasured, namesRules: prune.namesRules || plan.rules.count > 1), form,
          units))
    ]
  }
}
