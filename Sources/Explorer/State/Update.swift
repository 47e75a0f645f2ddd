import BuildCache
import Terminal

/// Changes the state by one event, and says what is to be done.
///
/// Pure: the same state and event always give the same state and effects. Nothing is ever pruned but by a `y` at the
/// question.
///
/// - Complexity: O(what is seen) for keys that move; O(n log n) where the list is sorted or read anew.
public func update(_ state: inout ExplorerState, _ event: ExplorerEvent) -> [Effect] {
  var effects: [Effect] = []
  switch event {
  case .key(let key): effects = state.press(key)
  case .resize(let size): state.size = size
  case .loaded(let cache, let space, let now): effects = state.take(cache, space, now)
  case .failed(let message):
    if case .running = state.overlay { state.overlay = nil }
    state.message = message
  case .planned(let plan): state.take(plan)
  case .freed(let sizes): state.frees.merge(sizes) { $1 }
  case .removed(let row):
    if case .running(var progress) = state.overlay {
      progress.removed += 1
      progress.freed &+= row.size
      state.overlay = .running(progress)
    }
  case .pruned(let report):
    state.overlay = nil
    state.marks = []
    state.message = state.words(for: report)
    effects = [.load]
  }
  state.settle()
  return effects + state.measureWhatIsSeen()
}

extension ExplorerState {
  /// Takes what was read: the cursor and the marks stay on their records.
  fileprivate mutating func take(_ cache: CacheState, _ space: CacheSpace?, _ now: Timestamp) -> [Effect] {
    let current = records.current.map { self.cache.rows[$0].id }
    self.cache = cache
    self.space = space
    self.now = now
    totals = Totals(cache)
    idWidth = Self.idWidth(cache)
    frees = [:]
    freesAsked = []
    records.arrange(cache, cursorOn: current)
    marks = marks.filter { cache.index(of: $0) != nil }
    if !isLoaded || message == Self.reading { message = cache.rows.isEmpty ? "the cache is empty" : "" }
    isLoaded = true
    prune.plan = nil
    return screen == .prune ? [makePlan()] : []
  }

  static let reading = "reading the cache"

  /// How many letters tell any two ids apart: two neighbours in order are the most alike.
  private static func idWidth(_ cache: CacheState) -> Int {
    let ids = cache.rows.map(\.id).sorted()
    let alike = zip(ids, ids.dropFirst()).map { a, b in zip(a.utf8, b.utf8).prefix { $0 == $1 }.count }.max() ?? 0
    return min(25, max(8, alike + 1))
  }

  fileprivate mutating func take(_ plan: PrunePlan) {
    prune.take(plan)
    let half = plan.before / 2
    moveLimit(to: prune.isLimitChosen ? prune.policy.limits.maxUsed : half)
  }

  /// Moves the limit, and the list so that the cut is in the middle of what is seen.
  private mutating func moveLimit(to bytes: Int64) {
    prune.limit(to: bytes)
    prune.position.top = max(0, prune.position.cursor - Layout(size).pruneLines.count / 2)
  }

  /// The effect that makes the plan of the policy as it stands; its limit moves later without it.
  fileprivate mutating func makePlan() -> Effect {
    prune.plan = nil
    return .plan(cache, prune.policy, options.behavior)
  }

  fileprivate mutating func settle() {
    let layout = Layout(size)
    records.position.settle(count: records.order.count, height: layout.recordLines.count)
    prune.position.settle(count: prune.lineCount, height: layout.pruneLines.count)
  }

  /// Asks for the sizes freed of rows that came into sight; they fill in when they are known.
  fileprivate mutating func measureWhatIsSeen() -> [Effect] {
    guard screen == .records else { return [] }
    let seen = records.order[visibleRecords].filter { frees[$0] == nil && !freesAsked.contains($0) }
    guard !seen.isEmpty else { return [] }
    freesAsked.formUnion(seen)
    return [.measure(cache, Array(seen))]
  }

  /// The places of the list that are in sight.
  var visibleRecords: Range<Int> {
    let top = min(records.position.top, records.order.count)
    return top..<min(records.order.count, top + Layout(size).recordLines.count)
  }

  fileprivate func words(for report: PruneReport) -> String {
    let records = report.removed == 1 ? "1 record" : "\(report.removed) records"
    var words = "removed \(records), freed \(ByteCount(report.freed).text)"
    if report.wasStopped { words += "; stopped, the rest is as it was" }
    if !report.changed.isEmpty {
      words += "; \(report.changed.count) changed since the preview and were left alone"
    }
    return words
  }

  // MARK: keys

  fileprivate mutating func press(_ key: Key) -> [Effect] {
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

  private mutating func perform(_ action: Action) -> [Effect] {
    switch action {
    case .down, .up, .pageDown, .pageUp, .top, .bottom: move(action)
    case .records: screen = .records
    case .prune: return show(.prune)
    case .nextScreen: return show(screen == .records ? .prune : .records)
    case .mark, .markTree, .markAll, .unmark: changeMarks(action)
    case .pruneMarked:
      ask(PrunePlan(cache, removing: marks.isEmpty ? [records.current].compactMap(\.self) : markedRows))
    case .sortMenu: overlay = .sortMenu
    case .reverse:
      records.isDescending.toggle()
      arrange()
    case .refresh:
      message = Self.reading
      return [.load]
    case .help: overlay = .help(top: 0)
    case .back:
      if screen == .records { hasQuit = true } else { screen = .records }
    case .moreBytes: moveLimit(to: prune.policy.limits.maxUsed + prune.step)
    case .fewerBytes: moveLimit(to: prune.policy.limits.maxUsed - prune.step)
    case .morePercent: moveLimit(to: prune.policy.limits.maxUsed + percent)
    case .fewerPercent: moveLimit(to: prune.policy.limits.maxUsed - percent)
    case .typeLimit: overlay = .entry(Entry(purpose: .keepBytes))
    case .typeDuration: overlay = .entry(Entry(purpose: .keepDuration))
    case .toggleAll:
      prune.policy.all.toggle()
      return [makePlan()]
    case .carryOut: if let plan = prune.plan { ask(plan) }
    case .why: explain()
    }
    return []
  }

  private var percent: Int64 { max(1, (prune.plan?.before ?? 0) / 100) }

  private mutating func show(_ screen: Screen) -> [Effect] {
    self.screen = screen
    return screen == .prune && prune.plan == nil ? [makePlan()] : []
  }

  private mutating func move(_ action: Action) {
    let lines = screen == .records ? Layout(size).recordLines.count : Layout(size).pruneLines.count
    let half = max(1, lines / 2)
    func moved(_ cursor: Int) -> Int {
      switch action {
      case .down: cursor + 1
      case .up: cursor - 1
      case .pageDown: cursor + half
      case .pageUp: cursor - half
      case .top: 0
      default: .max
      }
    }
    if screen == .records {
      records.position.cursor = moved(records.position.cursor)
    } else {
      prune.position.cursor = moved(prune.position.cursor)
    }
  }

  private mutating func arrange() {
    records.arrange(cache, cursorOn: records.current.map { cache.rows[$0].id })
  }

  // MARK: marks and the question

  private mutating func changeMarks(_ action: Action) {
    guard let current = records.current else { return }
    let row = cache.rows[current]
    switch action {
    case .mark:
      if marks.remove(row.id) == nil {
        marks.insert(row.id)
        message = wordsForTree(of: current)
      }
      records.position.cursor += 1
    case .markTree:
      marks.insert(row.id)
      for descendant in cache.descendants(of: current) { marks.insert(cache.rows[descendant].id) }
      message = wordsForTree(of: current)
    case .markAll: marks.formUnion(records.order.map { cache.rows[$0].id })
    default: marks = []
    }
  }

  /// What goes with a record, and what keeps it from going.
  private func wordsForTree(of row: Int) -> String {
    let tree = cache.descendants(of: row)
    let inUse = ([row] + tree).filter { cache.rows[$0].outsideRefs > 0 }.map { shortID(cache.rows[$0].id) }.sorted()
    if !inUse.isEmpty {
      let names = inUse.prefix(3).joined(separator: ", ") + (inUse.count > 3 ? " and \(inUse.count - 3) more" : "")
      return "can't go: \(names) \(inUse.count == 1 ? "is" : "are") in use\(tree.isEmpty ? "" : " and on it")"
    }
    guard !tree.isEmpty else { return "" }
    let bytes = ByteCount(cache.sizeWithDescendants(of: row)).text
    return
      "with it \(tree.count == 1 ? "goes 1 record that hangs" : "go \(tree.count) records that hang") on it: \(bytes)"
  }

  private mutating func ask(_ plan: PrunePlan) {
    if plan.count > 0 {
      overlay = .question(plan)
    } else {
      message = records.current.map { wordsForTree(of: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "nothing can go"
    }
  }

  // MARK: overlays

  private mutating func press(_ key: Key, in overlay: Overlay) -> [Effect] {
    switch overlay {
    case .help(let top):
      switch key {
      case .down, .character("j"): self.overlay = .help(top: top + 1)
      case .up, .character("k"): self.overlay = .help(top: max(0, top - 1))
      default: self.overlay = nil
      }
    case .question(let plan):
      self.overlay = nil
      guard key == .character("y") else {
        message = "nothing was removed"
        return []
      }
      self.overlay = .running(Progress(records: plan.count, bytes: plan.freed))
      return [.carryOut(plan)]
    case .sortMenu:
      self.overlay = nil
      guard case .character(let letter) = key, let sort = SortKey.allCases.first(where: { $0.letter == letter })
      else { return [] }
      records.isDescending = sort == records.sort ? !records.isDescending : sort.startsDescending
      records.sort = sort
      arrange()
    case .entry(let entry): return press(key, in: entry)
    case .note: self.overlay = nil
    case .running(var progress):
      guard key == .escape, !progress.isStopping else { return [] }
      progress.isStopping = true
      self.overlay = .running(progress)
      return [.stop]
    }
    return []
  }

  private mutating func press(_ key: Key, in entry: Entry) -> [Effect] {
    var entry = entry
    entry.problem = nil
    switch key {
    case .escape:
      overlay = nil
      return []
    case .character(let character) where entry.text.count < 40: entry.text.append(character)
    case .backspace: _ = entry.text.popLast()
    case .control("u"): entry.text = ""
    case .enter:
      do {
        let effects = try take(entry)
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

  private mutating func take(_ entry: Entry) throws(CacheError) -> [Effect] {
    switch entry.purpose {
    case .keepBytes:
      moveLimit(to: try ByteCount(parsing: entry.text, of: "keep-bytes").bytes)
      return []
    case .keepDuration:
      let isOff = entry.text.isEmpty || entry.text == "0"
      prune.policy.keepDuration =
        isOff ? TimeSpan(nanoseconds: 0) : try TimeSpan(parsing: entry.text, of: "keep-duration")
      return [makePlan()]
    }
  }
}
