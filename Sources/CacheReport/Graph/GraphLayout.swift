import BuildCache

/// The ref graph as rows with lanes: children above parents, one record a row.
///
/// A lane is a column. A record has one, from the row of its topmost child, where lines from its other children join it,
/// down to its own row; so there are never more lanes than records that are waited for. Once a lane has ended it stays
/// empty for a row, as what stands right below would seem to be a parent; not so below a base, which has none.
///
/// A record with very many parents has lanes to the first few of them; the others are counted. A line keeps its hue: so
/// do the first parents below each other, and lines that begin side by side differ.
///
/// Only where each lane begins and ends is stored: what is in a row is worked out for the lanes that are seen.
public struct GraphLayout: Sendable {
  /// What is in a lane at a row.
  public struct GraphCell: Sendable, Equatable {
    /// The line that comes from above.
    public var up: GraphEdge?
    /// The line that goes on below.
    public var down: GraphEdge?
    /// The line to the lane on the left.
    public var left: GraphEdge?
    /// The line to the lane on the right.
    public var right: GraphEdge?
    /// The line of the row's record that turns down here, into a lane that begins or goes on.
    public var turn: GraphEdge?
    /// Whether the row's record stands here.
    public var isRecord = false
    /// The record that the sign belongs to: that stands here, or that the line leads to; absent where there is none.
    public var target: Int?
    /// The record that the line to the lane on the right leads to.
    public var rightTarget: Int?

    /// Whether nothing is seen but a line that crosses the lane.
    package var isSideways: Bool { !isRecord && turn == nil && down == nil }
  }

  /// A record has lanes to so many parents at most.
  public static let mostParents = 9
  /// Where it has more, to so many: the others are counted in a line of their own.
  public static let fewParents = 3
  /// How many hues there are.
  public static let hueCount = 6

  private let state: CacheState
  /// The records, from the top.
  private let order: [Int32]
  /// For each record its row; -1 where it isn't shown.
  private let rows: [Int32]
  /// For each record the row in which its lane begins.
  private let starts: [Int32]
  /// For each record its lane.
  private let lanes: [Int32]
  /// For each record how its topmost child stands on it: the line in its lane is drawn so.
  private let lines: [GraphEdge?]
  /// For each lane the records that have it, from the top.
  private let residents: [[Int32]]
  /// For each row the lanes up to the last that is not empty.
  private let widths: [Int32]
  /// For each record the hue of its lane.
  private let hues: [UInt8]
  /// The records that have lanes to all of their parents, however many.
  private let unbundled: Set<Int>
  /// The rows of the records that have lanes to some of their parents only, from the top.
  public let bundledRows: [Int]

  /// How many records there are, one a row.
  public var count: Int { order.count }
  /// How many lanes there are in the widest row.
  public var laneCount: Int { residents.count }

  /// The record of a row.
  public func record(atRow row: Int) -> Int { Int(order[row]) }
  /// The row of a record; nothing where it isn't shown.
  public func row(of record: Int) -> Int? {
    rows.indices.contains(record) && rows[record] >= 0 ? Int(rows[record]) : nil
  }
  /// The lane of a record that is shown.
  public func lane(of record: Int) -> Int { Int(lanes[record]) }
  /// Whether a record stands on any that is shown.
  public func hasParents(_ record: Int) -> Bool { state.parents(of: record).contains { rows[$0] >= 0 } }
  /// How many lanes of a row there are up to the last that is not empty.
  public func width(ofRow row: Int) -> Int { Int(widths[row]) }

  /// The hue of a record's lane: a number below ``hueCount``.
  public func hue(of record: Int) -> Int { Int(hues[record]) }
  /// The parents of a record that are shown but have no lane from it, in their order.
  public func bundledParents(of record: Int) -> [Int] {
    let edges = state.graphEdges(of: record)
    return edges[Self.lanes(for: edges.count, isWhole: unbundled.contains(record))...].map(\.parent)
  }

  /// Lanes for so many parents.
  private static func lanes(for parents: Int, isWhole: Bool) -> Int {
    parents > mostParents && !isWhole ? fewParents : parents
  }

  /// The parents that a record has lanes to.
  private func edges(of record: Int) -> ArraySlice<(parent: Int, edge: GraphEdge)> {
    let edges = state.graphEdges(of: record)
    return edges.prefix(Self.lanes(for: edges.count, isWhole: unbundled.contains(record)))
  }

  /// Lays a state out.
  ///
  /// - Parameters:
  ///   - state: the records.
  ///   - shown: which rows are shown, with all that they stand on; absent: all.
  ///   - unbundled: records that have lanes to all of their parents, however many.
  /// - Throws: `CancellationError` where the task was cancelled.
  /// - Complexity: O(n log n + edges · log lanes), a move of the lanes that are free aside.
  public init(_ state: CacheState, showing shown: [Bool]? = nil, unbundled: Set<Int> = []) throws(CancellationError) {
    self.state = state
    self.unbundled = unbundled
    var check = CancellationCheck()
    let count = state.rows.count
    let isShown: (Int) -> Bool = { shown?[$0] ?? true }
    var edges: [[(parent: Int, edge: GraphEdge)]] = []
    edges.reserveCapacity(count)
    for row in state.rows.indices {
      try check.pass()
      edges.append(isShown(row) ? state.graphEdges(of: row) : [])
    }
    order = try GraphOrder(state, edges, isShown: isShown).records
    var rows = [Int32](repeating: -1, count: count)
    var starts = rows
    var lanes = rows
    var lines = [GraphEdge?](repeating: nil, count: count)
    var widths = [Int32](repeating: 0, count: order.count)
    var hues = [UInt8](repeating: 0, count: count)
    var bundledRows: [Int] = []
    var places = Lanes()
    for (row, record) in order.enumerated() {
      try check.pass()
      let number = Int(record)
      rows[number] = Int32(row)
      if starts[number] < 0 {
        starts[number] = Int32(row)
        lanes[number] = Int32(places.take(for: record))
        hues[number] = places.hue(of: Int(lanes[number]))
      }
      let own = Int(lanes[number])
      var isFree = true
      let drawn = Self.lanes(for: edges[number].count, isWhole: unbundled.contains(number))
      if drawn < edges[number].count { bundledRows.append(row) }
      for edge in edges[number].prefix(drawn) where starts[edge.parent] < 0 {
        starts[edge.parent] = Int32(row)
        lines[edge.parent] = edge.edge
        // A diff's lines both leave it sideways, so that each has room for its sign.
        if isFree && (edge.edge == .layer || edge.edge == .merge) {
          isFree = false
          lanes[edge.parent] = Int32(own)
          hues[edge.parent] = hues[number]
          places.hand(own, to: Int32(edge.parent))
        } else {
          lanes[edge.parent] = Int32(places.take(for: Int32(edge.parent), rightOf: own))
          hues[edge.parent] = places.hue(of: Int(lanes[edge.parent]))
        }
      }
      widths[row] = Int32(places.width)
      if isFree { places.leave(own, rests: !edges[number].isEmpty || state.rows[number].hasOwnSign) }
      places.endRow()
    }
    self.rows = rows
    self.starts = starts
    self.lanes = lanes
    self.lines = lines
    self.widths = widths
    self.hues = hues
    self.bundledRows = bundledRows
    residents = places.residents
  }

  /// What is in some lanes at a row.
  ///
  /// - Complexity: O(lanes asked for · log records in a lane).
  public func cells(ofRow row: Int, lanes window: Range<Int>) -> [GraphCell] {
    let record = self.record(atRow: row)
    let own = lane(of: record)
    let edges = edges(of: record).map { (lane: lane(of: $0.parent), edge: $0.edge, parent: $0.parent) }
      .sorted { $0.lane < $1.lane }
    let turns = edges.filter { $0.lane != own }
    let right = turns.filter { $0.lane > own }
    let left = turns.filter { $0.lane < own }
    return window.map { lane in
      var cell = GraphCell()
      let turn = turns.first { $0.lane == lane }
      if lane == own {
        cell.isRecord = true
        cell.target = record
        if starts[record] < row { cell.up = lines[record] }
        cell.down = edges.first { $0.lane == own }?.edge
      } else if let resident = resident(of: lane, atRow: row) {
        if starts[resident] < row { cell.up = lines[resident] }
        cell.down = lines[resident]
        cell.target = resident
      }
      cell.turn = turn?.edge
      // Near the record the line to the nearest lane is seen, further away those that go on.
      let toRight = lane >= own ? right.first { $0.lane > lane } : left.last { $0.lane <= lane }
      let toLeft = lane > own ? right.first { $0.lane >= lane } : left.last { $0.lane < lane }
      (cell.right, cell.rightTarget) = (toRight?.edge, toRight?.parent)
      cell.left = toLeft?.edge
      cell.target = cell.target ?? toRight?.parent
      return cell
    }
  }

  /// What is in some lanes between a row and the one above it: the lines that go on.
  ///
  /// - Complexity: O(lanes asked for · log records in a lane).
  public func cells(aboveRow row: Int, lanes window: Range<Int>) -> [GraphCell] {
    window.map { lane in
      guard row > 0, let resident = resident(of: lane, atRow: row - 1) else { return GraphCell() }
      return GraphCell(up: lines[resident], down: lines[resident], target: resident)
    }
  }

  /// The record whose lane this is at a row in which it doesn't stand itself.
  private func resident(of lane: Int, atRow row: Int) -> Int? {
    guard residents.indices.contains(lane) else { return nil }
    let list = residents[lane]
    let next = list.indices.partitionPoint { starts[Int(list[$0])] <= row }
    guard next > 0, rows[Int(list[next - 1])] > row else { return nil }
    return Int(list[next - 1])
  }

  /// The lanes while rows are laid out from the top.
  private struct Lanes {
    /// For each lane the records that have had it.
    var residents: [[Int32]] = []
    /// Empty lanes, the leftmost last.
    private var free: [Int] = []
    /// Lanes that ended in this row or the last, and have to stay empty for a row.
    private var resting: [Int] = []
    private var ended: [Int] = []
    private var isTaken: [Bool] = []
    /// For each lane the hue of the line in it, or of the last one.
    private var hues: [UInt8] = []
    private var nextHue = 0
    /// The lanes up to the last that is not empty.
    private(set) var width = 0

    /// Takes the leftmost empty lane, or the leftmost to the right of another.
    mutating func take(for record: Int32, rightOf other: Int = -1) -> Int {
      let place = free.endIndex - countOfFree(upTo: other) - 1
      let lane: Int
      if place >= 0 {
        lane = free.remove(at: place)
      } else {
        lane = residents.count
        residents.append([])
        isTaken.append(false)
        hues.append(.max)
      }
      hand(lane, to: record)
      isTaken[lane] = true
      hues[lane] = hue(beside: lane)
      width = max(width, lane + 1)
      return lane
    }

    /// The hue of the line in a lane.
    func hue(of lane: Int) -> UInt8 { hues[lane] }

    /// The next hue in turn that neither neighbour has.
    private mutating func hue(beside lane: Int) -> UInt8 {
      let neighbours = [lane - 1, lane + 1].filter(hues.indices.contains).map { Int(hues[$0]) }
      while neighbours.contains(nextHue) { nextHue = (nextHue + 1) % GraphLayout.hueCount }
      defer { nextHue = (nextHue + 1) % GraphLayout.hueCount }
      return UInt8(nextHue)
    }

    mutating func hand(_ lane: Int, to record: Int32) {
      residents[lane].append(record)
    }

    mutating func leave(_ lane: Int, rests: Bool) {
      isTaken[lane] = false
      while width > 0, !isTaken[width - 1] { width -= 1 }
      if rests { ended.append(lane) } else { insert(lane) }
    }

    mutating func endRow() {
      for lane in resting { insert(lane) }
      resting = ended
      ended.removeAll(keepingCapacity: true)
    }

    private func countOfFree(upTo lane: Int) -> Int {
      free.count - free.indices.partitionPoint { free[$0] > lane }
    }

    private mutating func insert(_ lane: Int) {
      free.insert(lane, at: free.count - countOfFree(upTo: lane))
    }
  }
}

extension CacheState.Row {
  /// Whether its sign in a graph says what it is even where none of its parents are listed.
  var hasOwnSign: Bool { kind == .merge || kind == .diff }
}
