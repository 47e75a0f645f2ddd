import BuildCache
import CacheReport

/// The lines of a graph on the screen: one a record, but for long chains of single layers, each of which may be folded
/// into one line.
struct GraphLines: Sendable {
  /// What a line shows.
  enum GraphLine: Equatable {
    /// The record of a row of the layout.
    case record(row: Int)
    /// The chain of this number, folded.
    case chain(Int)
  }

  /// Records that stand on each other as single layers, one right below the other.
  struct Chain: Sendable {
    /// Their rows in the layout.
    let rows: Range<Int>
    /// Their sizes together.
    let bytes: Int64
    var isFolded: Bool
  }

  /// The chains, from the top.
  private(set) var chains: [Chain] = []
  /// For each chain the lines that those above it save.
  private var savedAbove: [Int] = []
  /// How many lines there are.
  private(set) var count = 0
  private var rowCount = 0

  /// Shorter chains are not worth a fold.
  static let shortest = 4

  init() {}

  /// Finds the chains of a layout.
  ///
  /// - Parameters:
  ///   - layout: the rows.
  ///   - state: what was laid out.
  ///   - unfolded: the topmost records of chains that are not folded.
  ///   - isAlone: records that stay lines of their own.
  /// - Complexity: O(rows).
  init(_ layout: GraphLayout, of state: CacheState, unfolded: Set<RecordID>, isAlone: (Int) -> Bool) {
    rowCount = layout.count
    func isLink(_ row: Int) -> Bool {
      let record = layout.record(atRow: row)
      guard !isAlone(record), state.parentIDs(of: record).count == 1, let parent = state.parents(of: record).first,
        layout.row(of: parent) == row + 1, layout.lane(of: parent) == layout.lane(of: record),
        state.graphEdge(of: record, at: 0, of: 1) == .layer
      else { return false }
      let children = Set(state.children(of: record).filter { layout.row(of: $0) != nil })
      return children.count == 1
    }
    var row = 0
    while row < rowCount {
      let top = row
      while row < rowCount, isLink(row) { row += 1 }
      if row - top >= Self.shortest {
        let bytes = (top..<row).reduce(Int64(0)) { $0.addingSaturating(state.rows[layout.record(atRow: $1)].size) }
        let isFolded = !unfolded.contains(state.rows[layout.record(atRow: top)].id)
        chains.append(Chain(rows: top..<row, bytes: bytes, isFolded: isFolded))
      }
      row = max(row, top + 1)
    }
    count(from: 0)
  }

  /// Folds or unfolds a chain. O(chains).
  mutating func setFolded(_ chain: Int, _ isFolded: Bool) {
    chains[chain].isFolded = isFolded
    count(from: chain)
  }

  private mutating func count(from first: Int) {
    savedAbove.removeLast(savedAbove.count - min(savedAbove.count, first))
    var saved = first > 0 ? savedAbove[first - 1] + chains[first - 1].saved : 0
    for chain in chains[first...] {
      savedAbove.append(saved)
      saved += chain.saved
    }
    count = rowCount - saved
  }

  /// What a line shows. O(log chains).
  func line(_ number: Int) -> GraphLine {
    guard let chain = lastChain(where: { chains[$0].rows.lowerBound - savedAbove[$0] <= number }) else {
      return .record(row: number)
    }
    if chains[chain].isFolded && number == chains[chain].rows.lowerBound - savedAbove[chain] { return .chain(chain) }
    return .record(row: number + savedAbove[chain] + chains[chain].saved)
  }

  /// The line in which a row of the layout is. O(log chains).
  func line(ofRow row: Int) -> Int {
    guard let chain = lastChain(where: { chains[$0].rows.lowerBound <= row }) else { return row }
    if chains[chain].isFolded && chains[chain].rows.contains(row) {
      return chains[chain].rows.lowerBound - savedAbove[chain]
    }
    return row - savedAbove[chain] - chains[chain].saved
  }

  /// The chain that a row of the layout is part of, folded or not. O(log chains).
  func chain(ofRow row: Int) -> Int? {
    lastChain { chains[$0].rows.lowerBound <= row }.flatMap { chains[$0].rows.contains(row) ? $0 : nil }
  }

  /// The last chain for which something holds that holds for those above it too.
  private func lastChain(where holds: (Int) -> Bool) -> Int? {
    let next = chains.indices.partitionPoint(where: holds)
    return next > 0 ? next - 1 : nil
  }
}

extension GraphLines.Chain {
  /// The lines that its fold saves.
  fileprivate var saved: Int { isFolded ? rows.count - 1 : 0 }
}
