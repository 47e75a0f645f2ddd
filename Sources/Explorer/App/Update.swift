import BuildCache
import CacheReport
import Terminal

/// Changes the state by one event, and says what is to be done.
///
/// Pure: the same state and event always give the same state and effects. Nothing is ever pruned but by a `y` at the
/// question. What has to look at every record is an effect, and fills in when it is known.
///
/// - Complexity: O(what is seen) for keys that move; O(what is marked) for keys that mark.
func update(_ state: inout ExplorerState, _ event: ExplorerEvent) -> [Effect] {
  let before = state.current
  var effects: [Effect] = []
  switch event {
  case .key(let key):
    state.dropWishes()
    effects = state.press(key)
  case .mouse(let mouse):
    state.dropWishes()
    effects = state.use(mouse)
  case .resize(let size): state.size = size
  case .tick: effects = state.overlay == nil && state.isWatching && !state.isReading ? state.readAgain() : []
  case .glimpsed(let inventory, let arrangement): if !state.isLoaded { state.glimpse = (inventory, arrangement) }
  case .loaded(let inventory, let arrangement, let rights):
    // The next reading is compared with this one, so this one is taken first.
    effects = state.readingArrived(inventory, arrangement, rights)
    effects += state.endReading()
  case .unchanged(let reading, let rights):
    effects = state.sameReadingArrived(reading, rights)
    effects += state.endReading()
  case .notRead(let problem, let moment):
    state.failedAt = moment
    state.message = problem
    effects = state.endReading()
  case .arranged(let arrangement): effects = state.arrangementArrived(arrangement)
  case .laidOut(let picture): state.pictureArrived(picture)
  case .related(let related): state.graph.related = related
  case .described(let description): state.descriptionArrived(description)
  case .stood(let plan): state.standingArrived(plan)
  case .chosen(let plan): effects = state.removalArrived(plan)
  case .weighed(let pending): state.questionArrived(pending)
  case .listed, .notListed: state.filesArrived(event)
  case .planned(let preview): state.planArrived(preview)
  case .policyRead(let policies, let remarks, let request):
    effects = state.rulesArrived(policies, remarks, from: request)
  case .completed(let text, let completion): state.completed(text, completion)
  case .freed(let sizes): state.frees.merge(sizes) { $1 }
  case .matched(let rows, let isMarking): effects = state.matchesArrived(rows, isMarking: isMarking)
  case .failed(let message): state.message = message
  case .removed(let row): state.count(row)
  case .pruned(let report, let outcome, let differences):
    state.overlay = differences.isEmpty ? nil : .note(title: "Not as foreseen", lines: differences)
    state.marks = Marks()
    state.undos.forgetMarks()
    // Who promises to keep to a plan needs not say that it did.
    let isPromised = state.rights.promises == .all && outcome.isAsForeseen
    let words = report.words(in: state.units)
    state.message = isPromised ? words : "\(words); \(outcome.words)"
    effects = state.marksChanged() + state.readAgain()
  case .notPruned(let message):
    state.overlay = nil
    state.message = message
    effects = state.readAgain()
  case .changed(let message):
    state.message = message
    state.holding = .unread
    effects = state.readAgain()
  case .notChanged(let message):
    state.message = message
    state.holding = nil
  case .told(let message): state.message = message
  case .nothing: break
  }
  state.settle()
  return effects + state.follow(from: before)
}

extension ExplorerState {
  /// Nothing opens any more by itself: whoever went on meanwhile would answer a question that was not there yet, or lose
  /// what is being typed.
  fileprivate mutating func dropWishes() {
    asksWhenChosen = false
    explainsWhenStood = false
  }

  /// Takes what was read, where it isn't what was there: cursors, marks, folds and scrolling stay, and so does what is
  /// shown until its successor is there.
  fileprivate mutating func readingArrived(_ inventory: Inventory, _ arrangement: Arrangement, _ rights: Rights)
    -> [Effect]
  {
    let listed = records.anchor.map { cache.rows[$0].id }
    let notes = self.inventory.reading.notes
    self.inventory = inventory
    self.rights = rights
    readingCount += 1
    failedAt = nil
    frees = [:]
    freesAsked = []
    records.take(arrangement, cursorOn: listed.flatMap { cache.index(of: $0) })
    marks.keep(in: cache)
    records.count(marked: markedRows)
    if range?.screen == .records { carryRange() }
    if !isLoaded || message == Self.reading { message = cache.rows.isEmpty ? "the cache is empty" : "" }
    tellNews(since: notes)
    isLoaded = true
    glimpse = nil
    dropWishes()
    renewDetails()
    var effects: [Effect] = []
    if arrangement.choice != choice { effects.append(arrange()) }
    for each in Screen.allCases { effects += each.itself.cacheArrived(&self, isShown: each == screen) }
    return effects
  }

  /// Takes a reading of the same records: only ages have changed, and what depends on them, or on the disk.
  fileprivate mutating func sameReadingArrived(_ reading: Reading, _ rights: Rights) -> [Effect] {
    let last = inventory.reading
    inventory.take(unchanged: reading)
    self.rights = rights
    failedAt = nil
    if message == Self.reading { message = cache.rows.isEmpty ? "the cache is empty" : "" }
    tellNews(since: last.notes)
    var effects: [Effect] = []
    if choice.filter.dependsOnTime || choice.grouping == .age { effects.append(arrange()) }
    let isPlanOld = prune.policies.contains { policy in
      policy.keepDuration.nanoseconds > 0 || policy.filter.dependsOnTime
        || (policy.limits.minFree > 0 && reading.space != last.space)
    }
    guard prune.plan != nil || prune.isPlanWanted, isPlanOld || reading.behavior != last.behavior else {
      return effects
    }
    if screen == .prune { effects += makePlan() } else { prune.forgetPlan() }
    return effects
  }

  /// Tells notes that are new, after what is said already.
  private mutating func tellNews(since notes: [String]) {
    let summary = inventory.summary
    guard inventory.reading.notes != notes, !summary.isEmpty, !message.contains(summary) else { return }
    message = joined(message.isEmpty ? [summary] : [message, summary])
  }

  /// Reads the cache anew; where that is being done already, once more afterwards.
  mutating func readAgain() -> [Effect] {
    guard !isReading else {
      readsAgain = true
      return []
    }
    isReading = true
    return [.load(choice, last: isLoaded ? cache : nil)]
  }

  /// A reading has come to its end: another begins where one was asked for meanwhile.
  fileprivate mutating func endReading() -> [Effect] {
    isReading = false
    guard readsAgain else {
      if holding == .unread { holding = nil }
      return []
    }
    readsAgain = false
    return readAgain()
  }

  /// The effect that arranges the rows as they are chosen now.
  func arrange() -> Effect {
    .arrange(cache, choice, from: records.arrangement, at: now)
  }

  fileprivate mutating func arrangementArrived(_ arrangement: Arrangement) -> [Effect] {
    guard arrangement.choice == choice else { return [] }
    let isOther = arrangement.choice.filter != records.arrangement.choice.filter
    let isFiltered = isOther || choice.filter.dependsOnTime
    records.take(arrangement, cursorOn: records.anchor, staysPut: false)
    if arrangement.groups != nil { records.count(marked: markedRows) }
    if range?.screen == .records { carryRange() }
    if case .filter = overlay { message = matchWords }
    if isOther, choice.filter != .all, message.isEmpty { message = matchWords }
    guard isFiltered else { return [] }
    if screen == .graph { return [layOut()] }
    graph.forget()
    return []
  }

  /// Asks for what goes with the record under the cursor, and with the rows that came into sight.
  fileprivate mutating func follow(from before: Int?) -> [Effect] {
    var effects: [Effect] = []
    if screen == .graph, graph.reading == readingCount, let picture = graph.picture, let current = graph.current,
      graph.isRelatedOld
    {
      effects.append(.relate(picture, current, along: graph.lineOrigin ?? current))
    }
    if screen == .graph, current != before { graph.hasMovedLanes = false }
    effects += describe()
    if screen == .records || screen == .marks {
      let lines = screen == .records ? records.lines : marked.lines
      let seen = visible.compactMap { line -> Int? in
        guard case .record(let row) = lines.line(line) else { return nil }
        return freed(by: row) == nil && !freesAsked.contains(row) ? row : nil
      }
      if !seen.isEmpty {
        freesAsked.formUnion(seen)
        effects.append(.measure(cache, seen))
      }
    }
    return effects
  }

  fileprivate mutating func count(_ row: CacheState.Row) {
    guard case .running(var progress) = overlay else { return }
    progress.removed += 1
    progress.freed = progress.freed.addingSaturating(row.size)
    overlay = .running(progress)
  }
}
