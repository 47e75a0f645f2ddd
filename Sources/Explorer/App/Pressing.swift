import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  /// Does what a key means where it is pressed.
  mutating func press(_ key: Key) -> [Effect] {
    if let overlay { return press(key, in: overlay) }
    guard let binding = Binding.find(key, on: screen) else {
      message = "\(key.name) does nothing here: ? shows the keys"
      return []
    }
    if let reason = binding.whyOff(self) {
      message = reason
      return []
    }
    message = ""
    return perform(binding.action)
  }

  mutating func perform(_ action: Action) -> [Effect] {
    if action != .parent && action != .child { graph.walk = nil }
    switch action {
    case .move(let motion): position.move(motion, height: listLines.count)
    case .show(let screen): return show(screen)
    case .nextScreen: return show(nextScreen)
    case .open: return open()
    case .parent:
      if screen == .files { return leaveFolder() }
      walk(toParents: true)
    case .child:
      if screen == .files { return open() }
      walk(toParents: false)
    case .lanesLeft: moveLanes(by: -1)
    case .lanesRight: moveLanes(by: 1)
    case .detail: detail.isWanted = !isDetailShown
    case .detailDown: detail.top += 1
    case .detailUp: detail.top = max(0, detail.top - 1)
    case .filter: overlay = .filter(FilterEntry(text: choice.filter.strings.first ?? "", before: choice.filter))
    case .nextMatch: goToMatch(by: 1)
    case .previousMatch: goToMatch(by: -1)
    case .dismiss: return dismiss()
    case .mark, .markTree, .markAll, .unmark, .undoMark: return changeMarks(action)
    case .pruneMarked: return choose()
    case .sortMenu: overlay = .sortMenu
    case .reverse:
      choice.isDescending.toggle()
      return [arrange()]
    case .hold: return toggleHold()
    case .copy: return current.map { [.copy(cache.rows[$0].id)] } ?? []
    case .export: return [.export(cache, screen == .marks ? marked.rows : records.order)]
    case .refresh:
      message = Self.reading
      return readAgain()
    case .watch:
      isWatching.toggle()
      message = isWatching ? "reads the cache anew every 5 seconds: R again to stop" : "no longer reads anew by itself"
    case .help: overlay = .help(top: 0)
    case .back:
      if screen == .records { hasQuit = true } else { return goBack() }
    case .moreBytes, .fewerBytes, .morePercent, .fewerPercent: return changeLimit(action)
    case .typeLimit: overlay = .entry(Entry(purpose: .maxUsed))
    case .typeDuration: overlay = .entry(Entry(purpose: .keepDuration))
    case .typeFilter: overlay = .entry(Entry(purpose: .filter))
    case .toggleAll: return edit("a")
    case .editPolicy: overlay = .policyMenu
    case .carryOut: if let plan = prune.plan { ask(plan) }
    case .why: return explainSoon()
    }
    return []
  }

  private mutating func open() -> [Effect] {
    switch screen {
    case .records: detail.isWanted = !isDetailShown
    case .graph: graph.position.center(height: listLines.count)
    case .files:
      guard files.enter() else {
        message = "a file: there is nothing in it to go into"
        return []
      }
      return listFiles()
    case .marks:
      let row = current
      screen = .records
      records.select(row)
    case .prune: break
    }
    return []
  }

  private mutating func goBack() -> [Effect] {
    // A huge tree may take minutes.
    let isListing = screen == .files && files.files == nil
    return (isListing ? [.stopListing] : []) + show(screen == .files || screen == .marks ? cameFrom : .records)
  }

  /// Takes the filter away, where there is one; else goes back.
  private mutating func dismiss() -> [Effect] {
    if choice.filter != .all && (screen == .records || screen == .graph) {
      choice.filter = .all
      message = "no filter any more"
      return [arrange()]
    }
    guard screen != .records else {
      message = "q leaves"
      return []
    }
    return goBack()
  }

  private mutating func toggleHold() -> [Effect] {
    guard let current else { return [] }
    let id = cache.rows[current].id
    guard let isHeld = detail.description.flatMap({ $0.id == id ? $0.details?.isHeld : nil }) else {
      return [.setHeld(cache.rows[current].outsideRefs == 0, id)]
    }
    return [.setHeld(!isHeld, id)]
  }

  private mutating func explainSoon() -> [Effect] {
    if screen != .prune && detail.standing == nil {
      explainsWhenStood = true
      if detail.isStandingAsked { return [] }
      detail.isStandingAsked = true
      return [.stand(cache, standingBehavior)]
    }
    explain()
    return []
  }

  // MARK: files

  private func listFiles() -> [Effect] {
    files.record.map { [.list($0, files.path)] } ?? []
  }

  private mutating func leaveFolder() -> [Effect] {
    guard files.leave() else {
      message = "this is the top of its tree: q goes back"
      return []
    }
    return listFiles()
  }

  mutating func filesArrived(_ event: ExplorerEvent) {
    switch event {
    case .listed(let id, let path, let list) where id == files.record && path == files.path: files.files = list
    case .notListed(let id, let path, let problem) where id == files.record && path == files.path:
      files.problem = problem
    default: break  // of a folder that was left meanwhile
    }
  }
}
