import BuildCache
import CacheReport

/// A graph as a filter has it, laid out and folded; made aside.
struct GraphPicture: Sendable {
  /// What was laid out: rows are numbered as in this one.
  let cache: CacheState
  /// What was chosen.
  let choice: ListChoice
  /// For each row whether it matches the filter; absent: all do.
  let isMatch: [Bool]?
  /// Rows and lanes.
  let layout: GraphLayout
  /// The lines on the screen.
  let lines: GraphLines
  /// What the records that are shown have alike.
  let traits: ListTraits

  /// Lays a cache out.
  ///
  /// - Parameters:
  ///   - cache: the records.
  ///   - arrangement: what a filter picks is shown with all that it stands on.
  ///   - unfolded: the topmost records of chains that are not folded.
  /// - Complexity: that of ``GraphLayout``.
  init(_ cache: CacheState, _ arrangement: Arrangement, unfolded: Set<RecordID>) throws(CancellationError) {
    self.cache = cache
    choice = arrangement.choice
    isMatch = arrangement.isMatch
    let matches = isMatch
    let shown = matches.map { cache.withAncestors($0) }
    layout = try GraphLayout(cache, showing: shown)
    lines = GraphLines(layout, of: cache, unfolded: unfolded) { matches?[$0] == true }
    traits = ListTraits(cache.rows.indices.lazy.filter { shown?[$0] ?? true }.map { cache.rows[$0] })
  }
}

/// What a record has to do with others.
struct Related: Sendable {
  /// The record.
  let row: Int
  /// All that it stands on.
  let ancestors: Set<Int>
  /// All that stands on it.
  let descendants: Set<Int>

  /// Finds them.
  ///
  /// - Complexity: O(those found and their edges).
  init(_ cache: CacheState, _ row: Int) {
    self.row = row
    ancestors = cache.ancestors(of: row)
    descendants = cache.descendants(of: row)
  }

  /// Whether another record, or this one, stands out with it.
  func contains(_ other: Int) -> Bool {
    other == row || ancestors.contains(other) || descendants.contains(other)
  }
}

extension CacheState {
  /// The rows picked, and all that they stand on.
  fileprivate func withAncestors(_ isPicked: [Bool]) -> [Bool] {
    var isShown = isPicked
    var open = rows.indices.filter { isPicked[$0] }
    while let row = open.popLast() {
      for parent in parents(of: row) where !isShown[parent] {
        isShown[parent] = true
        open.append(parent)
      }
    }
    return isShown
  }
}
