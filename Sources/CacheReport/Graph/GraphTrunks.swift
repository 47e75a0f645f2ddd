import BuildCache

/// For each record of a graph the line that it is on: through first parents down to a base, and up to its top.
///
/// Upwards a line goes on to the topmost of the records whose first parent it has come to.
public struct GraphTrunks: Sendable {
  /// For each record the top of its line; -1 where it isn't shown.
  private let tops: [Int32]
  /// For each record the base that its line ends in.
  private let bases: [Int32]

  /// Finds the lines of a layout.
  ///
  /// - Parameters:
  ///   - layout: the rows, children above parents.
  ///   - state: what was laid out.
  /// - Complexity: O(records and edges).
  public init(_ layout: GraphLayout, of state: CacheState) {
    var tops = [Int32](repeating: -1, count: state.rows.count)
    var bases = tops
    for row in 0..<layout.count {
      let record = layout.record(atRow: row)
      if tops[record] < 0 { tops[record] = Int32(record) }
      if let parent = state.parents(of: record).first, tops[parent] < 0 { tops[parent] = tops[record] }
    }
    for row in (0..<layout.count).reversed() {
      let record = layout.record(atRow: row)
      bases[record] = state.parents(of: record).first.map { bases[$0] } ?? Int32(record)
    }
    self.tops = tops
    self.bases = bases
  }

  /// The top of the line that a shown record is on. O(1).
  public func top(of record: Int) -> Int { Int(tops[record]) }

  /// The base that the line of a shown record ends in. O(1).
  public func base(of record: Int) -> Int { Int(bases[record]) }

  /// The records of the line that a shown record is on, each with the one above it; the top with itself.
  ///
  /// - Complexity: O(records of the line and their edges).
  public func line(of record: Int, in state: CacheState) -> [Int: Int] {
    var (above, next) = (top(of: record), top(of: record))
    var line = [next: next]
    while let parent = state.parents(of: next).first {
      (above, next) = (next, parent)
      line[next] = above
    }
    return line
  }
}
