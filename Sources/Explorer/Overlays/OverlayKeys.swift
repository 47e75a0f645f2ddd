import BuildCache
import CacheReport
import Terminal

/// Keys while something lies over the screen.
extension ExplorerState {
  mutating func press(_ key: Key, in overlay: Overlay) -> [Effect] {
    switch overlay {
    case .help(let top):
      self.overlay = Box(helpLines, in: size).scrolled(top, by: options.keys.meant(by: key)).map { .help(top: $0) }
      if self.overlay == nil { message = said }
    case .question(let pending):
      let plan = pending.plan
      self.overlay = nil
      guard key == .character("y") else {
        message = "nothing was removed"
        return []
      }
      self.overlay = .running(
        PruneProgress(
          records: plan.count, bytes: plan.freed, canStop: rights.promises(of: plan).contains(.canStop)))
      return [.carryOut(plan)]
    case .sortMenu:
      self.overlay = nil
      guard case .character(let letter) = key, let sort = SortKey.allCases.first(where: { $0.letter == letter })
      else { return [] }
      range = nil
      return self.sort(by: sort)
    case .planMenu:
      self.overlay = nil
      guard case .character(let letter) = key, let form = PlanExport.Form.allCases.first(where: { $0.letter == letter })
      else { return [] }
      return exportPlan(as: form)
    case .groupMenu:
      self.overlay = nil
      guard case .character(let letter) = key, let chosen = Self.groupings.first(where: { $0.letter == letter })
      else { return [] }
      return group(by: chosen.key)
    case .policyMenu(let rule, let top):
      switch key {
      case .down: self.overlay = .policyMenu(rule, top: min(top + 1, lines(of: rule).count - 1))
      case .up: self.overlay = .policyMenu(rule, top: max(0, top - 1))
      case .character(let letter): return edit(letter, of: rule)
      default: self.overlay = nil
      }
    case .entry(let entry): return press(key, in: entry)
    case .filter(let entry): return press(key, in: entry)
    case .prompt(let entry): return press(key, in: entry)
    case .note(_, let lines):
      let box = Box(noteLines(lines), in: size)
      if let top = box.scrolled(noteTop, by: options.keys.meant(by: key)) {
        noteTop = top
      } else {
        (self.overlay, noteTop) = (nil, 0)
      }
    case .running(var progress):
      guard key == .escape, !progress.isStopping, progress.canStop else { return [] }
      progress.isStopping = true
      self.overlay = .running(progress)
      return [.stop]
    }
    return []
  }

  private mutating func press(_ key: Key, in entry: TextEntry) -> [Effect] {
    var entry = entry
    entry.problem = nil
    entry.candidates = []
    switch key {
    case .escape:
      overlay = nil
      return []
    case .character(let character) where entry.text.utf8.count < TextEntry.most: entry.text.append(character)
    case .backspace: _ = entry.text.popLast()
    case .control("u"): entry.text = ""
    case .tab where entry.purpose.isPath:
      overlay = .entry(entry)
      return [.complete(entry.text)]
    case .enter:
      do {
        message = ""
        let effects = try entryTyped(entry)
        overlay = nil
        return effects
      } catch {
        entry.problem = error.message
      }
    default: break
    }
    overlay = .entry(entry)
    return []
  }
}
