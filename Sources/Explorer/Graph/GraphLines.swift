import BuildCache
import CacheReport

/// The lines of a graph on the screen: one a record, but for folds, each of which is a line of its own.
struct GraphLines: Sendable {
  /// What a line shows.
  enum GraphLine: Equatable {
    /// The record of a row of the layout.
    case record(row: Int)
    /// The fold of this number.
    case fold(Int)
  }

  /// Records that one line stands for.
  struct Fold: Sendable {
    /// What they are.
    enum Kind: Sendable {
      /// A chain of single layers, one right below the other; unfolded it has no line of its own.
      case chain
      /// The parents of a merge that have no lane from it; unfolded, those that have got one.
      case parents
      /// All that stands on a base, which the layout leaves out.
      case standing
    }

    let kind: Kind
    /// The rows of the layout that it takes the place of; those of `parents` and `standing` are none, and its line
    /// stands above the first.
    let rows: Range<Int>
    /// The record that it belongs to: the topmost of a chain, the merge, the base.
    let owner: Int
    /// The records, the first first; none of a chain, which are those of its rows.
    let records: [Int]
    /// How many records there are.
    let count: Int
    /// Their sizes together.
    let bytes: Int64
    var isFolded: Bool
  }

  /// The folds, from the top.
  private(set) var folds: [Fold] = []
  /// For each fold the lines that those above it save; those that add more than they save make it less than zero.
  private var savedAbove: [Int] = []
  /// How many lines there are.
  private(set) var count = 0
  private var rowCount = 0

  /// Shorter chains are not worth a fold.
  static let shortest = 4

  init() {}

  /// Finds the folds of a layout.
  ///
  /// - Parameters:
  ///   - layout: the rows.
  ///   - state: what was laid out.
  ///   - choice: what is folded and unfolded.
  ///   - standing: for each base on which what stands is left out of the layout, those records.
  ///   - isAlone: records that stay lines of their own.
  /// - Complexity: O(rows, and records that are folded).
  init(
    _ layout: GraphLayout, of state: CacheState, _ choice: GraphFolds, standing: [Int: [Int]] = [:],
    isAlone: (Int) -> Bool = { _ in false }
  ) {
    rowCount = layout.count
    func bytes(_ records: some Sequence<Int>) -> Int64 {
      records.reduce(0) { $0.addingSaturating(state.rows[$1].size) }
    }
    func fold(_ kind: Fold.Kind, aboveRow row: Int, of owner: Int, _ records: [Int], isFolded: Bool = true) -> Fold {
      Fold(
        kind: kind, rows: row..<row, owner: owner, records: records, count: records.count, bytes: bytes(records),
        isFolded: isFolded)
    }
    func isLink(_ row: Int) -> Bool {
      let record = layout.record(atRow: row)
      guard !isAlone(record), state.parentIDs(of: record).count == 1, let parent = state.parents(of: record).first,
        layout.row(of: parent) == row + 1, layout.lane(of: parent) == layout.lane(of: record),
        state.graphEdge(of: record, at: 0, of: 1) == .layer
      else { return false }
      let children = Set(state.children(of: record).filter { layout.row(of: $0) != nil })
      return children.count == 1
    }
    var found: [Fold] = []
    for row in layout.bundledRows {
      let merge = layout.record(atRow: row)
      found.append(fold(.parents, aboveRow: row + 1, of: merge, layout.bundledParents(of: merge)))
    }
    for id in choice.openMerges {
      guard let merge = state.index(of: id), let row = layout.row(of: merge) else { continue }
      let parents = state.graphEdges(of: merge).map(\.parent)
      guard parents.count > GraphLayout.mostParents else { continue }
      found.append(
        fold(
          .parents, aboveRow: row + 1, of: merge, Array(parents.dropFirst(GraphLayout.fewParents)), isFolded: false))
    }
    for (base, records) in standing {
      guard let row = layout.row(of: base), !records.isEmpty else { continue }
      found.append(fold(.standing, aboveRow: row, of: base, records))
    }
    var row = 0
    while row < rowCount {
      let top = row
      while row < rowCount, isLink(row) { row += 1 }
      if row - top >= Self.shortest {
        let owner = layout.record(atRow: top)
        found.append(
          Fold(
            kind: .chain, rows: top..<row, owner: owner, records: [], count: row - top,
            bytes: bytes((top..<row).lazy.map { layout.record(atRow: $0) }),
            isFolded: !choice.openChains.contains(state.rows[owner].id)))
      }
      row = max(row, top + 1)
    }
    // At one row what belongs to the record above comes first, a chain last.
    folds = found.sorted { ($0.rows.lowerBound, $0.kind.place) < ($1.rows.lowerBound, $1.kind.place) }
    count(from: 0)
  }

  /// Folds or unfolds a chain. O(folds).
  mutating func setFolded(_ chain: Int, _ isFolded: Bool) {
    folds[chain].isFolded = isFolded
    count(from: chain)
  }

  private mutating func count(from first: Int) {
    savedAbove.removeLast(savedAbove.count - min(savedAbove.count, first))
    var saved = first > 0 ? savedAbove[first - 1] + folds[first - 1].saved : 0
    for fold in folds[first...] {
      savedAbove.append(saved)
      saved += fold.saved
    }
    count = rowCount - saved
  }

  /// What a line shows. O(log folds).
  func line(_ number: Int) -> GraphLine {
    guard let fold = lastFold(where: { folds[$0].rows.lowerBound - savedAbove[$0] <= number }) else {
      return .record(row: number)
    }
    if folds[fold].hasLine && number == folds[fold].rows.lowerBound - savedAbove[fold] { return .fold(fold) }
    return .record(row: number + savedAbove[fold] + folds[fold].saved)
  }

  /// The line in which a row of the layout is. O(log folds).
  func line(ofRow row: Int) -> Int {
    guard let fold = lastFold(where: { folds[$0].rows.lowerBound <= row }) else { return row }
    if folds[fold].hasLine && folds[fold].rows.contains(row) {
      return folds[fold].rows.lowerBound - savedAbove[fold]
    }
    return row - savedAbove[fold] - folds[fold].saved
  }

  /// The chain that a row of the layout is part of, folded or not. O(log folds).
  func chain(ofRow row: Int) -> Int? {
    lastFold { folds[$0].rows.lowerBound <= row }.flatMap { folds[$0].rows.contains(row) ? $0 : nil }
  }

  /// The last fold for which something holds that holds for those above it too.
  private func lastFold(where holds: (Int) -> Bool) -> Int? {
    let next = folds.indices.partitionPoint(where: holds)
    return next > 0 ? next - 1 : nil
  }
}

extension GraphLines.Fold {
  /// Whether it has a line.
  fileprivate var hasLine: Bool { isFolded || kind != .chain }
  /// The lines that it saves.
  fileprivate var saved: Int { hasLine ? rows.count - 1 : 0 }
}

extension GraphLines.Fold.Kind {
  fileprivate var place: Int {
    switch self {
    case .parents: 0
    case .standing: 1
    case .chain: 2
    }
  }
}
