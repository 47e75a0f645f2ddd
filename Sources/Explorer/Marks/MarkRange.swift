import BuildCache
import CacheReport

/// A range of marks that is being chosen: from a record to the cursor, wherever that moves.
struct MarkRange: Sendable, Equatable {
  /// The screen that it was begun on.
  let screen: ExplorerState.Screen
  /// Where it was begun.
  let anchor: RecordID
  /// The line of the list in which that is.
  var line: Int
}

extension ExplorerState {
  /// The lines from where a range was begun to the cursor; absent where none is.
  var rangeLines: ClosedRange<Int>? {
    guard let range, range.screen == screen, lineCount > 0 else { return nil }
    // A key that moves puts the cursor anywhere: it is put within the list afterwards.
    let (line, cursor) = (min(range.line, lineCount - 1), max(0, min(position.cursor, lineCount - 1)))
    return min(line, cursor)...max(line, cursor)
  }

  /// Begins a range of marks, or takes the one that was begun.
  mutating func beginOrTakeRange() -> [Effect] {
    if range != nil { return takeRange() }
    guard let current else { return [] }
    range = MarkRange(screen: screen, anchor: cache.rows[current].id, line: position.cursor)
    message = rangeWords
    return []
  }

  /// Marks all records of the range.
  mutating func takeRange() -> [Effect] {
    guard let lines = rangeLines else { return [] }
    range = nil
    let before = marks.count
    mark(true, lines.flatMap { rows(inLine: $0) }.map { cache.rows[$0] })
    message = "marked \(counted(marks.count - before))"
    return marksChanged()
  }

  /// The records that a line of the list stands for: of a folded group or chain all.
  func rows(inLine line: Int) -> [Int] {
    switch screen {
    case .records: return records.rows(inLine: line)
    case .graph: return graph.rows(inLine: line).compactMap { row($0, of: graph.cache, graph.reading) }
    case .prune, .files, .marks: return []
    }
  }

  /// What a range that was begun has so far, and how it ends.
  var rangeWords: String {
    let count = rangeLines?.count ?? 0
    let take = label(" ")
    return "a range of \(count == 1 ? "1 line" : "\(count) lines"): \(take) marks it, Esc drops it"
  }

  /// Forgets a range whose screen is left; finds its beginning where the list is another now.
  ///
  /// - Complexity: O(n) where the list is another.
  mutating func carryRange() {
    guard let range else { return }
    guard let row = cache.index(of: range.anchor), let line = line(ofRow: row, on: range.screen) else {
      self.range = nil
      return
    }
    self.range?.line = line
  }

  private func line(ofRow row: Int, on screen: Screen) -> Int? {
    switch screen {
    case .records: records.lines.line(of: row)
    case .graph: graph.line(of: cache.rows[row].id)
    case .prune, .files, .marks: nil
    }
  }
}
