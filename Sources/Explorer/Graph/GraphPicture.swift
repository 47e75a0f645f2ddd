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
  /// What is folded in it.
  let folds: GraphFolds
  /// Rows and lanes.
  let layout: GraphLayout
  /// The lines on the screen.
  let lines: GraphLines
  /// What the records that are shown have alike.
  let traits: ListTraits
  /// The lines through first parents.
  let trunks: GraphTrunks

  /// Lays a cache out.
  ///
  /// - Parameters:
  ///   - cache: the records.
  ///   - arrangement: what a filter picks is shown with all that it stands on, whatever is folded on a base.
  ///   - folds: what is folded and unfolded.
  /// - Complexity: that of ``GraphLayout``, and O(records folded on each base).
  init(_ cache: CacheState, _ arrangement: Arrangement, _ folds: GraphFolds) throws(CancellationError) {
    self.cache = cache
    self.folds = folds
    choice = arrangement.choice
    isMatch = arrangement.isMatch
    let matches = isMatch
    var shown = matches.map { cache.withAncestors($0) }
    var standing: [Int: [Int]] = [:]
    if shown == nil, !folds.closedBases.isEmpty {
      var isShown = [Bool](repeating: true, count: cache.rows.count)
      for base in folds.closedBases.compactMap({ cache.index(of: $0) }) {
        standing[base] = cache.descendants(of: base).sorted()
        for record in standing[base] ?? [] { isShown[record] = false }
      }
      shown = isShown
    }
    layout = try GraphLayout(
      cache, showing: shown, unbundled: Set(folds.openMerges.compactMap { cache.index(of: $0) }))
    lines = GraphLines(layout, of: cache, folds, standing: standing) { matches?[$0] == true }
    trunks = GraphTrunks(layout, of: cache)
    traits = ListTraits(cache.rows.indices.lazy.filter { [shown] in shown?[$0] ?? true }.map { cache.rows[$0] })
  }
}

/// What a record has to do with others.
struct Related: Sendable {
  /// The record.
  let row: Int
  /// The record whose line is followed: this one, but where the user has come along the line of another.
  let origin: Int
  /// All that it stands on.
  let ancestors: Set<Int>
  /// All that stands on it.
  let descendants: Set<Int>
  /// The records of the line that is followed, each with the one above it; the top with itself.
  let line: [Int: Int]

  /// Finds them.
  ///
  /// - Complexity: O(those found and their edges).
  init(_ picture: GraphPicture, _ row: Int, along origin: Int) {
    self.row = row
    self.origin = origin
    ancestors = picture.cache.ancestors(of: row)
    descendants = picture.cache.descendants(of: row)
    line = picture.layout.row(of: origin) == nil ? [:] : picture.trunks.line(of: origin, in: picture.cache)
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
