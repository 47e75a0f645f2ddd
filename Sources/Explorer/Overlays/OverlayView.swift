import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  func drawOverlay(on grid: inout Grid) {
    switch overlay {
    case nil, .filter, .prompt: return
    case .help(let top): grid.drawBox("Keys", helpLines, from: top, scrolling: scrollingKeys)
    case .question(let pending): grid.drawBox(title(of: pending.plan), questionLines(pending), last: 1)
    case .sortMenu:
      let lines = SortKey.allCases.map {
        "\($0.letter)  \($0.rawValue)\($0 == choice.sort ? "  (again: turn round)" : "")"
      }
      grid.drawBox("Sort by", lines)
    case .planMenu:
      grid.drawBox("Write the plan as", PlanExport.Form.allCases.map { "\($0.letter)  \($0.words)" })
    case .groupMenu:
      let lines = Self.groupings.map { letter, key in
        "\(letter)  \(key?.words ?? "none")\(key == choice.grouping ? "  (as it is)" : "")"
      }
      grid.drawBox("Group by", lines)
    case .policyMenu(let rule, let top):
      grid.drawBox(title(of: rule), lines(of: rule), from: top, scrolling: "\(Key.down.label) \(Key.up.label)")
    case .entry(let entry): grid.drawBox(title(of: entry), entryLines(entry))
    case .note(let title, let lines):
      grid.drawBox(title, noteLines(lines), from: noteTop, scrolling: scrollingKeys)
    case .running(let progress): grid.drawBox("Pruning", progressLines(progress), last: 1)
    }
  }

  /// The keys that scroll a box.
  private var scrollingKeys: String { "\(label("j")) \(label("k"))" }

  /// A note with what ends it.
  func noteLines(_ lines: [String]) -> [String] {
    let whole = lines + ["", "any key: back"]
    return Box(whole, in: size).most == 0 ? whole : lines + ["", "any other key: back"]
  }

  /// All keys of the screen and all commands, and what was said last where a line had no room for it.
  var helpLines: [String] {
    let keys = Binding.all(on: screen).map { binding in
      helpLine(options.keys.keys(for: binding.keys), binding.words, whyOff: binding.whyOff(self))
    }
    let typed = TypedCommand.all.map { command in
      ":\(command.name) \(command.argument): \(command.words)"
        + (command.whyOff(self).map { " (now off: \($0))" } ?? "")
    }
    let commands = ["", "Commands, after \(label(":")) (Tab completes; every key has one, too):"] + typed
    let end = ["", "In the question before a prune only y removes anything.", ""]
    return saidLines + keys + commands + [":quit: leave, from any screen"] + cacheNotes + end + Glossary.lines
      + ["", "any other key: back"]
  }

  /// What was said last, where it was more than a line.
  private var saidLines: [String] { displayWidth(said) > size.columns - 2 ? [said, ""] : [] }

  /// What has to be known of the cache: a message only counts it.
  private var cacheNotes: [String] {
    let notes = inventory.reading.notes
    return notes.isEmpty ? [] : ["", "What has to be known of this cache:"] + notes
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
