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
    case .policyMenu(let rule): drawBox(title(of: rule), lines(of: rule), on: &grid)
    case .entry(let entry): drawBox(title(of: entry), entryLines(entry), on: &grid)
    case .note(let title, let lines): drawBox(title, lines + ["", "any key: back"], on: &grid)
    case .running(let progress): drawBox("Pruning", progressLines(progress), on: &grid)
    }
  }

  /// A box in the middle, with its lines folded to fit.
  func drawBox(_ title: String, _ lines: [String], from top: Int = 0, on grid: inout Grid) {
    let room = max(0, min(size.columns - 6, 76))
    let folded = lines.flatMap { fold($0, to: room) }
    let most = max(0, size.rows - (size.rows < 12 ? 2 : 4))
    let first = min(top, max(0, folded.count - most))
    let shown = folded[first...].prefix(most)
    let inner = min(room, max(displayWidth(title) + 2, shown.map { displayWidth($0) }.max() ?? 0))
    let width = inner + 4
    let left = max(0, (size.columns - width) / 2)
    let upper = max(0, (size.rows - shown.count - 2) / 2)
    let side = String(repeating: signs.line, count: inner + 2)
    let corners = signs.box.corners
    grid.draw(corners[0] + side + corners[1], at: Point(column: left, row: upper))
    grid.draw(
      " \(title) ", at: Point(column: left + 2, row: upper), width: inner, style: Style(bold: true))
    for (offset, line) in shown.enumerated() {
      grid.draw(
        "\(signs.box.side) \(cell(line, inner)) \(signs.box.side)", at: Point(column: left, row: upper + 1 + offset))
    }
    grid.draw(corners[2] + side + corners[3], at: Point(column: left, row: upper + 1 + shown.count))
  }

  private var helpLines: [String] {
    Binding.all(on: screen).map { binding in
      let keys = binding.keys.map(\.label).joined(separator: " ")
      let off = binding.whyOff(self).map { " (now off: \($0))" } ?? ""
      return cell(keys, 12) + binding.words + off
    } + ["", "In the question before a prune only y removes anything.", "any other key: back"]
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
      "\(ByteCount(progress.freed).text) of \(ByteCount(progress.bytes).text)", "",
      stopWords(progress),
    ]
  }
}
