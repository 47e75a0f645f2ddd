import BuildCache
import CacheReport

/// Marks, and the question before anything goes.
extension ExplorerState {
  /// Marks the record under the cursor, or takes its mark away; of a folded chain all.
  mutating func toggleMark() -> [Effect] {
    guard let current else { return [] }
    let row = cache.rows[current]
    marks.set(!marks.contains(row.id), (foldedChain ?? [current]).map { cache.rows[$0] })
    if marks.contains(row.id) { message = wordsForTree(of: current) }
    if screen != .marks { position.move(.down, height: listLines.count) }
    return marksChanged()
  }

  /// Marks the record under the cursor with all that hangs on it.
  mutating func markTree() -> [Effect] {
    guard let current else { return [] }
    marks.set(true, [cache.rows[current]] + cache.descendants(of: current).map { cache.rows[$0] })
    message = wordsForTree(of: current)
    return marksChanged()
  }

  /// Marks all that is listed.
  mutating func markAll() -> [Effect] {
    marks.set(true, records.order.lazy.map { [cache] in cache.rows[$0] })
    return marksChanged()
  }

  /// Takes all marks away.
  mutating func unmarkAll() -> [Effect] {
    marks.set(false, markedRows.map { cache.rows[$0] })
    return marksChanged()
  }

  /// Takes the last change of marks back.
  mutating func undoMark() -> [Effect] {
    marks.undo()
    return marksChanged()
  }

  /// What is listed on the Marks screen follows.
  mutating func marksChanged() -> [Effect] { screen == .marks ? listMarks() : [] }

  /// The records of the folded chain under the cursor.
  private var foldedChain: [Int]? {
    guard screen == .graph, let layout = graph.layout, lineCount > 0,
      case .chain(let chain) = graph.lines.line(graph.position.cursor)
    else { return nil }
    return graph.lines.chains[chain].rows.compactMap { row(layout.record(atRow: $0), of: graph.cache, graph.reading) }
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
    let chosen = marks.isEmpty ? foldedChain ?? [current].compactMap(\.self) : markedRows
    asksWhenChosen = true
    return [.choose(cache, chosen)]
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
