import BuildCache
import CacheReport

/// The Graph screen's own state: a layout that is made once a cache and filter, and the folds of its lines.
struct GraphState: Sendable {
  /// What is drawn; absent until it is laid out. It stays until its successor is there, also where the cache was read
  /// anew meanwhile: its rows are those of its own cache.
  private(set) var picture: GraphPicture?
  /// The reading that it was made of.
  private(set) var reading = 0
  var lines = GraphLines()
  /// The topmost records of the chains that the user unfolded.
  var unfolded: Set<RecordID> = []
  var position = ListPosition()
  /// The record to put the cursor on when the graph is laid out.
  var wanted: RecordID?
  /// The first lane that is seen.
  var firstLane = 0
  /// Whether the user scrolled the lanes, so that they stay until the cursor moves.
  var hasMovedLanes = false
  /// What the record under the cursor stands on, and what stands on it.
  var related: Related?
  /// The way that `h` and `l` are going.
  var walk: KinWalk?

  /// Going through the parents, or the children, of one record: the same key again goes to the next one.
  struct KinWalk: Sendable {
    let goesToParents: Bool
    let origin: Int
    let goals: [Int]
    var place: Int
  }

  /// The rows and lanes.
  var layout: GraphLayout? { picture?.layout }
  /// What they are of.
  var cache: CacheState { picture?.cache ?? .empty }

  /// The record that a line shows; of a folded chain its topmost.
  func record(atLine number: Int) -> Int? {
    guard let layout, (0..<lines.count).contains(number) else { return nil }
    switch lines.line(number) {
    case .record(let row): return layout.record(atRow: row)
    case .chain(let chain): return layout.record(atRow: lines.chains[chain].rows.lowerBound)
    }
  }

  /// The records that a line shows: of a folded chain all.
  func rows(inLine number: Int) -> [Int] {
    guard let layout, (0..<lines.count).contains(number) else { return [] }
    switch lines.line(number) {
    case .record(let row): return [layout.record(atRow: row)]
    case .chain(let chain): return lines.chains[chain].rows.map { layout.record(atRow: $0) }
    }
  }

  /// The line in which a record is, folded or not. O(log chains).
  func line(of record: RecordID) -> Int? {
    cache.index(of: record).flatMap { layout?.row(of: $0) }.map { lines.line(ofRow: $0) }
  }

  /// Forgets what was laid out, as records or filter have changed.
  mutating func forget() {
    wanted = currentID ?? wanted
    (picture, related, walk) = (nil, nil, nil)
  }

  /// Takes a picture of a reading, the cursor on a record, where that is shown.
  mutating func take(_ picture: GraphPicture, of reading: Int, cursorOn record: RecordID?) {
    self.picture = picture
    self.reading = reading
    lines = picture.lines
    (wanted, related, walk) = (nil, nil, nil)
    guard let record, let row = picture.cache.index(of: record), let line = picture.layout.row(of: row) else { return }
    position.carry(to: lines.line(ofRow: line))
  }

  /// The row under the cursor, of its own cache.
  var current: Int? { record(atLine: position.cursor) }
  /// The record under the cursor.
  var currentID: RecordID? { current.map { cache.rows[$0].id } }

  /// Puts the cursor on a record, where it is shown, or on the chain that it is folded in. O(log chains).
  mutating func select(_ record: Int?) {
    if let record, let row = layout?.row(of: record) { position.cursor = lines.line(ofRow: row) }
  }

  /// The same by its id.
  mutating func select(_ record: RecordID?) { select(record.flatMap { cache.index(of: $0) }) }
}

extension ExplorerState {
  /// The effect that lays the graph out as the filter has it.
  func layOut() -> Effect {
    .layOut(cache, records.arrangement, unfolded: graph.unfolded)
  }

  /// Takes a layout, where the filter is still the one that it was made for; the cursor stays on its record.
  mutating func pictureArrived(_ picture: GraphPicture) {
    guard picture.choice.filter == records.arrangement.choice.filter else { return }
    graph.take(
      picture, of: readingCount,
      cursorOn: graph.currentID ?? graph.wanted ?? records.current.map { cache.rows[$0].id })
    if range?.screen == .graph { carryRange() }
    if choice.filter != .all, !isMatch(graph.position.cursor) { _ = goToMatch(by: 1) }
    graph.position.reveal(height: layout.listLines.count)
  }

  /// Goes to a parent or child, or to the next one where the last key went to one of the same record.
  ///
  /// On an unfolded chain the way to the parents folds it, on a folded one the way to the children unfolds it.
  mutating func walk(toParents: Bool) -> [Effect] {
    guard let layout = graph.layout, let row = graph.current else { return [] }
    if case .chain(let chain) = graph.lines.line(graph.position.cursor) {
      if !toParents {
        fold(chain, false)
        message = "unfolded: \(label("h")) folds it again"
      } else {
        let last = graph.lines.chains[chain].rows.upperBound - 1
        go(to: graph.cache.graphEdges(of: layout.record(atRow: last)).map(\.parent), from: row, toParents: true)
      }
      return []
    }
    if toParents, let line = layout.row(of: row), let chain = graph.lines.chain(ofRow: line) {
      fold(chain, true)
      message = "folded: \(label("h")) goes on to what it stands on, \(label("l")) unfolds"
      return []
    }
    if var walk = graph.walk, walk.goesToParents == toParents, walk.goals[walk.place] == row,
      walk.place + 1 < walk.goals.count
    {
      walk.place += 1
      go(walk)
      return []
    }
    let goals =
      toParents
      ? graph.cache.graphEdges(of: row).map(\.parent)
      : Set(graph.cache.children(of: row)).sorted { (layout.row(of: $0) ?? 0) > (layout.row(of: $1) ?? 0) }
    go(to: goals.filter { layout.row(of: $0) != nil }, from: row, toParents: toParents)
    return []
  }

  private mutating func go(to goals: [Int], from row: Int, toParents: Bool) {
    guard !goals.isEmpty else {
      graph.walk = nil
      message = toParents ? "it stands on nothing" : "nothing stands on it"
      return
    }
    go(GraphState.KinWalk(goesToParents: toParents, origin: row, goals: goals, place: 0))
  }

  private mutating func go(_ walk: GraphState.KinWalk) {
    graph.walk = walk
    graph.select(walk.goals[walk.place])
    graph.position.reveal(height: layout.listLines.count)
    if walk.goals.count > 1 {
      let what = walk.goesToParents ? "parent" : "child"
      message = "\(what) \(walk.place + 1) of \(walk.goals.count) of \(named(graph.cache.rows[walk.origin]))"
      if walk.place + 1 < walk.goals.count { message += ": again for the next" }
    }
  }

  private mutating func fold(_ chain: Int, _ isFolded: Bool) {
    guard let layout = graph.layout else { return }
    let top = graph.cache.rows[layout.record(atRow: graph.lines.chains[chain].rows.lowerBound)].id
    refold(top, isFolded)
    undos.add(.fold(top, isFolding: isFolded))
    graph.select(top)
  }

  /// Folds or unfolds the chain with a topmost record, where it is drawn and where it will be; the cursor stays on its
  /// record.
  mutating func refold(_ top: RecordID, _ isFolded: Bool) {
    if isFolded { graph.unfolded.remove(top) } else { graph.unfolded.insert(top) }
    guard let layout = graph.layout, let row = graph.cache.index(of: top).flatMap({ layout.row(of: $0) }),
      let chain = graph.lines.chain(ofRow: row), graph.lines.chains[chain].isFolded != isFolded
    else { return }
    let current = graph.currentID
    graph.lines.setFolded(chain, isFolded)
    graph.select(current)
    carryRange()
  }

  /// Scrolls sideways so that the lane of the cursor's record is seen.
  mutating func settleLanes() {
    guard let graphLayout = graph.layout, let row = graph.current else { return }
    let room = GraphColumns(width: layout.listColumns, lanes: graphLayout.laneCount).lanes
    let lane = graphLayout.lane(of: row)
    if graph.hasMovedLanes { return }
    if lane < graph.firstLane { graph.firstLane = lane }
    if lane >= graph.firstLane + room { graph.firstLane = lane - room + 1 }
    graph.firstLane = max(0, min(graph.firstLane, graphLayout.laneCount - room))
  }

  /// Scrolls the lanes sideways by hand, until the cursor moves.
  mutating func moveLanes(by count: Int) -> [Effect] {
    guard let graphLayout = graph.layout else { return [] }
    let room = GraphColumns(width: layout.listColumns, lanes: graphLayout.laneCount).lanes
    graph.hasMovedLanes = true
    graph.firstLane = max(0, min(graph.firstLane + count * max(1, room / 2), graphLayout.laneCount - room))
    message = graphLayout.laneCount > room ? "" : "all lanes are in sight"
    return []
  }
}
