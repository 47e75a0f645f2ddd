import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  func drawOverlay(on grid: inout Grid) {
    switch overlay {
    case nil, .filter: return
    case .help(let top): drawBox("Keys", helpLines, from: top, on: &grid)
    case .question(let pending): drawBox(title(of: pending.plan), questionLines(pending), on: &grid)
    case .sortMenu:
      let lines = SortKey.allCases.map {
        "\($0.letter)  \($0.rawValue)\($0 == choice.sort ? "  (again: turn round)" : "")"
      }
      drawBox("Sort by", lines, on: &grid)
    case .planMenu:
      drawBox("Write the plan as", PlanExport.Form.allCases.map { "\($0.letter)  \($0.words)" }, on: &grid)
    case .groupMenu:
      let lines = Self.groupings.map { letter, key in
        "\(letter)  \(key?.words ?? "none")\(key == choice.grouping ? "  (as it is)" : "")"
      }
      drawBox("Group by", lines, on: &grid)
    case .policyMenu(let rule): drawBox(title(of: rule), lines(of: rule), on: &grid)
    case .entry(let entry): drawBox(title(of: entry), entryLines(entry), on: &grid)
    case .note(let title, let lines): drawBox(title, lines + ["", "any key: back"], on: &grid)
    case .running(let progress): drawBox("Pruning", progressLines(progress), on: &grid)
    }
  }

  /// A box in the middle, with its lines folded to fit.
  func drawBox(_ title: String, _ lines: [String], from top: Int = 0, on grid: inout Grid) {
    grid.drawBox(title, lines, from: top, signs)
  }

  private var helpLines: [String] {
    Binding.all(on: screen).map { helpLine($0.keys, $0.words, whyOff: $0.whyOff(self)) } + [
      "", "In the question before a prune only y removes anything.", "",
    ] + Glossary.lines + ["", "any other key: back"]
  }

  private func title(of plan: PrunePlan) -> String {
    plan.count == 1 ? "Prune 1 record?" : "Prune \(plan.count) records?"
  }

  private func questionLines(_ pending: PendingPrune) -> [String] {
    let plan = pending.plan
    // A low window has room for what matters only.
    if size.rows < 10 { return ["Frees \(amount(plan.freed))", "y: prune \(plan.count)"] }
    var lines = ["Frees \(amount(plan.freed)). It can't be undone."]
    lines += pending.question.lines(in: units) { named($0) }
    if pending.unmarked > 0 { lines.append("\(pending.unmarked) of them are not marked, but hang on what is.") }
    if pending.staying > 0 {
      lines.append("\(pending.staying) marked stay: they are in use, or something in use stands on them.")
    }
    lines += rights.promises(of: plan).missingInWords
    return lines + ["", "[ No: any key ]    y: yes, prune \(plan.count)"]
  }

  private func stopWords(_ progress: PruneProgress) -> String {
    if !progress.canStop { return "it can't be stopped on the way" }
    return progress.isStopping ? "stopping after this one\(signs.ellipsis)" : "Esc stops after the record under way"
  }

  private func progressLines(_ progress: PruneProgress) -> [String] {
    let width = 40
    let share = progress.records > 0 ? Double(progress.removed) / Double(progress.records) : 1
    let done = min(width, Int(share * Double(width)))
    let bar = String(repeating: signs.inUse, count: done) + String(repeating: signs.reclaimable, count: width - done)
    return [
      bar, "\(progress.removed) of \(progress.records) records",
      "\(amount(progress.freed)) of \(amount(progress.bytes))", "",
      stopWords(progress),
    ]
  }
}
