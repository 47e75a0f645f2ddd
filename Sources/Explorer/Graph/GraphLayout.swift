import BuildCache
import HeapModule

/// The ref graph as rows with lanes: children above parents, one record a row.
///
/// A lane is a column that leads from a child down to one parent. It is used again only below the row in which it
/// ended, so that no line ever seems to go on to a wrong parent.
public struct GraphLayout: Sendable {
  /// How a record stands on a parent.
  public enum Edge: Sendable {
    case layer
    case merge
    case diff
  }

  /// What is in a lane at a row: the lines that leave its middle, and the record if it stands here.
  public struct Cell: Sendable, Equatable {
    /// The line that comes from above.
    public var up: Edge?
    /// The line that goes on below.
    public var down: Edge?
    /// The line to the lane on the left.
    public var left: Edge?
    /// The line to the lane on the right.
    public var right: Edge?
    /// Whether the record stands here.
    public var isRecord = false
  }

  /// One record.
  public struct Row: Sendable {
    /// Its row in the state.
    public let record: Int
    /// The lanes, from the left; those to the right of the last are empty.
    public let cells: [Cell]
  }

  /// The rows, from the top.
  public let rows: [Row]

  /// Lays a state out: the newest leaf first, and what it stands on right below it as far as nothing else does.
  ///
  /// - Complexity: O(n log n) for the order, and O(n · lanes).
  public init(_ state: CacheState) {
    var lanes = Lanes()
    rows = Self.order(state).map { Row(record: $0, cells: lanes.place($0, Self.parents(of: $0, in: state))) }
  }

  /// The listed parents of a row, each once, with how it stands on them.
  static func parents(of row: Int, in state: CacheState) -> [(row: Int, edge: Edge)] {
    var seen: Set<Int> = []
    let parents = state.parents(of: row).filter { seen.insert($0).inserted }
    let edge: Edge =
      switch state.rows[row].kind {
      case .merge: .merge
      case .diff: .diff
      case .base, .layer: .layer
      case nil: parents.count > 1 ? .merge : .layer
      }
    return parents.map { ($0, edge) }
  }

  /// Children before parents.
  private static func order(_ state: CacheState) -> [Int] {
    struct Ready: Comparable {
      let row: Int
      let age: Timestamp
      static func < (a: Ready, b: Ready) -> Bool { (a.age, b.row) < (b.age, a.row) }
    }
    func ready(_ row: Int) -> Ready {
      Ready(row: row, age: max(state.rows[row].lastUsedAt ?? state.rows[row].createdAt, state.rows[row].createdAt))
    }
    var open = state.rows.indices.map { Set(state.children(of: $0)).count }
    var heap = Heap(state.rows.indices.filter { open[$0] == 0 }.map(ready))
    var order: [Int] = []
    order.reserveCapacity(state.rows.count)
    while var next = heap.popMax()?.row {
      while true {
        order.append(next)
        var freed: [Int] = []
        for parent in parents(of: next, in: state).map(\.row) {
          open[parent] -= 1
          if open[parent] == 0 { freed.append(parent) }
        }
        heap.insert(contentsOf: freed.dropFirst().map(ready))
        guard let first = freed.first else { break }
        next = first
      }
    }
    return order
  }

  /// The lanes between two rows.
  private struct Lanes {
    private var open: [(parent: Int, edge: Edge)?] = []

    /// Puts a record into a row: lanes that lead to it end there, and one a parent begins.
    mutating func place(_ row: Int, _ parents: [(row: Int, edge: Edge)]) -> [Cell] {
      let ending = open.indices.filter { open[$0]?.parent == row }
      let own = ending.first ?? open.firstIndex { $0 == nil } ?? open.count
      if own == open.count { open.append(nil) }
      var cells = open.enumerated().map { number, lane in
        Cell(up: lane?.edge, down: ending.contains(number) ? nil : lane?.edge)
      }
      cells[own].isRecord = true
      // The lines to the farthest lanes first, so that near the record the nearest is seen.
      for lane in ending.reversed() where lane != own {
        Self.join(own, lane, open[lane]?.edge ?? .layer, &cells)
        open[lane] = nil
      }
      open[own] = parents.first.map { ($0.row, $0.edge) }
      cells[own].down = parents.first?.edge
      for parent in parents.dropFirst() {
        // Not where a lane has just ended: its corner is drawn there.
        let free = open.indices.first { $0 > own && open[$0] == nil && !ending.contains($0) } ?? open.count
        if free == open.count { open.append(nil) }
        while cells.count <= free { cells.append(Cell()) }
        open[free] = (parent.row, parent.edge)
        cells[free].down = parent.edge
        Self.join(own, free, parent.edge, &cells)
      }
      while let last = open.last, last == nil { open.removeLast() }
      return cells
    }

    /// Draws the line from the record's lane to another one, to its right or left.
    private static func join(_ own: Int, _ other: Int, _ edge: Edge, _ cells: inout [Cell]) {
      let (low, high) = (min(own, other), max(own, other))
      for lane in low...high {
        if lane > low { cells[lane].left = edge }
        if lane < high { cells[lane].right = edge }
      }
    }
  }
}
