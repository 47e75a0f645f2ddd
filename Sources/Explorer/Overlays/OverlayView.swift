import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  func drawOverlay(on grid: inout Grid) {
    switch overlay {
    case nil, .filter: return
    case .help(let top): drawBox("Keys", helpLines, from: top, on: &grid)
    case .question(let plan): drawBox(title(of: plan), questionLines(plan), on: &grid)
    case .sortMenu:
      let lines = SortKey.allCases.map {
        "\($0.letter)  \($0.rawValue)\($0 == choice.sort ? "  (again: turn round)" : "")"
      }
      drawBox("Sort by", lines, on: &grid)
    case .groupMenu:
      let lines = Self.groupings.map { letter, key in
        "\(letter)  \(key?.words ?? "none")\(key == choice.grouping ? "  (as it is)" : "")"
      }
      drawBox("Group by", lines, on: &grid)
    case .policyMenu(let rule, let top): drawBox(title(of: rule), lines(of: rule), from: top, on: &grid)
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
      "", "In the question before a prune only y removes anything.", "any other key: back",
    ]
  }

  private func title(of plan: PrunePlan) -> String {
    plan.count == 1 ? "Prune 1 record?" : "Prune \(plan.count) records?"
  }

  private func questionLines(_ plan: PrunePlan) -> [String] {
    let rows = plan.victims.map { plan.state.rows[$0.row] }
    // A low window has room for what matters only.
    if size.rows < 10 { return ["Frees \(ByteCount(plan.freed).text)", "y: prune \(plan.count)"] }
    var lines = ["Frees \(ByteCount(plan.freed).text). It can't be undone."]
    if let oldest = rows.min(by: { ($0.lastUsedAt?.nanoseconds ?? .min) < ($1.lastUsedAt?.nanoseconds ?? .min) }),
      let largest = rows.max(by: { $0.size < $1.size })
    {
      lines.append(
        "Oldest: \(shortID(oldest.id)), \(age(oldest.lastUsedAt)). "
          + "Largest: \(shortID(largest.id)), \(ByteCount(largest.size).text).")
    }
    let isOfMarks = screen != .prune && !marks.isEmpty
    let unmarked = isOfMarks ? plan.count - rows.count { marks.contains($0.id) } : 0
    if unmarked > 0 { lines.append("\(unmarked) of them are not marked, but hang on what is.") }
    let stay = isOfMarks ? markedRows.count { plan.reason(forRow: $0) != nil } : 0
    if stay > 0 { lines.append("\(stay) marked stay: they are in use, or something in use stands on them.") }
    lines += [plan.sharedInWords].compactMap(\.self) + rights.promises(of: plan).missingInWords
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
      "\(ByteCount(progress.freed).text) of \(ByteCount(progress.bytes).text)", "",
      stopWords(progress),
    ]
  }
}
