import BuildCache
import CacheReport

/// Marks, and the question before anything goes.
extension ExplorerState {
  /// Marks the record under the cursor, or takes its mark away; of a group or a fold all.
  mutating func toggleMark() -> [Effect] {
    if range != nil { return takeRange() }
    guard let rows = severalUnderCursor ?? current.map({ [$0] }) else { return [] }
    // Of several all have to be marked before any mark is taken away.
    mark(!rows.allSatisfy { marks.contains(cache.rows[$0].id) }, rows.lazy.map { [cache] in cache.rows[$0] })
    if let current, marks.contains(cache.rows[current].id) { message = wordsForTree(of: current) }
    if screen != .marks { position.move(.down, height: listLines.count) }
    return marksChanged()
  }

  /// Marks the record under the cursor with all that hangs on it.
  mutating func markTree() -> [Effect] {
    let roots = current.map { [$0] } ?? severalUnderCursor ?? []
    mark(true, (Set(roots).union(cache.descendants(of: roots))).map { cache.rows[$0] })
    if let current { message = wordsForTree(of: current) }
    return marksChanged()
  }

  /// Marks all that is listed.
  mutating func markAll() -> [Effect] {
    mark(true, records.order.lazy.map { [cache] in cache.rows[$0] })
    return marksChanged()
  }

  /// Takes all marks away.
  mutating func unmarkAll() -> [Effect] {
    mark(false, markedRows.map { cache.rows[$0] })
    return marksChanged()
  }

  /// Marks rows, or takes their marks away, so that it can be taken back.
  mutating func mark(_ isMarked: Bool, _ rows: some Sequence<CacheState.Row>) {
    let changed = marks.set(isMarked, rows)
    if !changed.isEmpty { undos.add(.marks(isMarking: isMarked, changed)) }
  }

  /// Marks what was found to match a filter, or takes its marks away.
  mutating func matchesArrived(_ rows: [Int], isMarking: Bool) -> [Effect] {
    let before = marks.count
    mark(isMarking, rows.lazy.map { [cache] in cache.rows[$0] })
    let changed = abs(marks.count - before)
    message =
      rows.isEmpty
      ? "nothing matches" : isMarking ? "marked \(counted(changed))" : "took the marks of \(counted(changed)) away"
    return marksChanged()
  }

  /// What is listed on the Marks screen follows.
  mutating func marksChanged() -> [Effect] {
    if records.lines.groups != nil { records.count(marked: markedRows) }
    return screen == .marks ? listMarks() : []
  }

  /// The records of the fold under the cursor.
  var foldedRecords: [Int]? {
    guard screen == .graph, let records = graph.foldedRecords else { return nil }
    return records.compactMap { row($0, of: graph.cache, graph.reading) }
  }

  /// Lists the marked rows, the largest first, and asks what would go with them.
  mutating func listMarks() -> [Effect] {
    marked.rows = markedRows.sorted {
      (-cache.rows[$0].size, cache.rows[$0].id) < (-cache.rows[$1].size, cache.rows[$1].id)
    }
    marked.traits = ListTraits(marked.rows.lazy.map { [cache] in cache.rows[$0] })
    marked.plan = nil
    return marked.rows.isEmpty ? [] : [.choose(cache, marked.rows)]
  }

  /// Asks for the plan of what is marked, or else of the record under the cursor; the question follows.
  mutating func choose() -> [Effect] {
    let effects = range == nil ? [] : takeRange()
    let chosen = marks.isEmpty ? severalUnderCursor ?? [current].compactMap(\.self) : markedRows
    asksWhenChosen = true
    return effects + [.choose(cache, chosen)]
  }

  mutating func removalArrived(_ plan: PrunePlan) -> [Effect] {
    if screen == .marks { marked.plan = plan }
    return asksWhenChosen ? ask(plan) : []
  }

  /// Asks before a plan is carried out, where nothing else was wanted meanwhile.
  mutating func questionArrived(_ pending: PendingPrune) {
    guard asksWhenChosen else { return }
    asksWhenChosen = false
    overlay = .question(pending)
  }

  /// What goes with a record, and what keeps it from going.
  func wordsForTree(of row: Int) -> String {
    let tree = cache.descendants(of: row)
    let inUse = ([row] + tree).filter { cache.rows[$0].outsideRefs > 0 }.sorted {
      cache.rows[$0].id < cache.rows[$1].id
    }
    if !inUse.isEmpty {
      let most = 2
      let names =
        inUse.prefix(most).map { named(cache.rows[$0]) }.joined(separator: ", ")
        + (inUse.count > most ? " and \(inUse.count - most) more" : "")
      return "can't go: \(names) \(inUse.count == 1 ? "is" : "are") in use\(tree.isEmpty ? "" : " and on it")"
    }
    guard !tree.isEmpty else { return "" }
    let bytes = amount(tree.reduce(cache.rows[row].size) { $0.addingSaturating(cache.rows[$1].size) })
    return
      "with it \(tree.count == 1 ? "goes 1 record that hangs" : "go \(tree.count) records that hang") on it: \(bytes)"
  }

  /// Asks for what is to be told before a plan is carried out; the question follows.
  mutating func ask(_ plan: PrunePlan) -> [Effect] {
    asksWhenChosen = plan.count > 0
    guard asksWhenChosen else {
      message = current.map { wordsForTree(of: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "nothing can go"
      return []
    }
    return [.weigh(plan, marks: screen != .prune && !marks.isEmpty ? marks.ids : nil, at: now)]
  }
}
