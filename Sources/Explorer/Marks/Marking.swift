import BuildCache
import CacheReport

/// Marks, and the question before anything goes.
extension ExplorerState {
  /// Marks the record under the cursor, or takes its mark away; of a fold all.
  mutating func toggleMark() -> [Effect] {
    guard let current else { return [] }
    let row = cache.rows[current]
    let chosen = foldedRecords ?? [current]
    marks.set(!chosen.allSatisfy { marks.contains(cache.rows[$0].id) }, chosen.map { cache.rows[$0] })
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

  /// The records of the fold under the cursor.
  private var foldedRecords: [Int]? {
    guard screen == .graph, let records = graph.foldedRecords else { return nil }
    return records.compactMap { row($0, of: graph.cache, graph.reading) }
  }

  /// Lists the marked rows, the largest first, and asks what would go with them.
  mutating func listMarks() -> [Effect] {
    marked.rows = markedRows.sorted {
      (-cache.rows[$0].size, cache.rows[$0].id) < (-cache.rows[$1].size, cache.rows[$1].id)
    }
    marked.plan = nil
    return marked.rows.isEmpty ? [] : [.choose(cache, marked.rows)]
  }

  /// Asks for the plan of what is marked, or else of the record under the cursor; the question follows.
  mutating func choose() -> [Effect] {
    let chosen = marks.isEmpty ? foldedRecords ?? [current].compactMap(\.self) : markedRows
    asksWhenChosen = true
    return [.choose(cache, chosen)]
  }

  mutating func removalArrived(_ plan: PrunePlan) {
    if screen == .marks { marked.plan = plan }
    guard asksWhenChosen else { return }
    asksWhenChosen = false
    ask(plan)
  }

  /// What goes with a record, and what keeps it from going.
  func wordsForTree(of row: Int) -> String {
    let tree = cache.descendants(of: row)
    let inUse = ([row] + tree).filter { cache.rows[$0].outsideRefs > 0 }.map { shortID(cache.rows[$0].id) }.sorted()
    if !inUse.isEmpty {
      let names = inUse.prefix(3).joined(separator: ", ") + (inUse.count > 3 ? " and \(inUse.count - 3) more" : "")
      return "can't go: \(names) \(inUse.count == 1 ? "is" : "are") in use\(tree.isEmpty ? "" : " and on it")"
    }
    guard !tree.isEmpty else { return "" }
    let bytes = ByteCount(tree.reduce(cache.rows[row].size) { $0.addingSaturating(cache.rows[$1].size) }).text
    return
      "with it \(tree.count == 1 ? "goes 1 record that hangs" : "go \(tree.count) records that hang") on it: \(bytes)"
  }

  mutating func ask(_ plan: PrunePlan) {
    if plan.count > 0 {
      overlay = .question(plan)
    } else {
      message = current.map { wordsForTree(of: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "nothing can go"
    }
  }
}
