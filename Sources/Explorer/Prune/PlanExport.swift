import BuildCache

/// A plan that is to be written into a file, with all that is told of it there.
public struct PlanExport: Sendable {
  /// In which form.
  public enum Form: Sendable, CaseIterable {
    /// As `strata prune --dry-run --format json` prints it.
    case json
    /// As text that a ticket can have.
    case text
  }

  /// In which form.
  public let form: Form
  /// The plan.
  public let plan: PrunePlan
  /// What the cache is called.
  public let name: String
  /// What has to be known of the reading and of the rules, in sentences.
  public let notes: [String]
  /// Whether the reading tells which records a daemon has to measure.
  public let tellsUnmeasured: Bool
  /// Whether the rules are told: they come from a policy.
  public let namesRules: Bool
  /// In which units a text has sizes.
  public let units: ByteUnits
}

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
            form: form, plan: plan, name: options.name, notes: reading.notes + prune.remarks,
            tellsUnmeasured: reading.tellsUnmeasured, namesRules: prune.namesRules || plan.rules.count > 1, units: units
          )))
    ]
  }
}
