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
  /// What the user folded and unfolded.
  var folds = GraphFolds()
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
  /// The record from whose line `{` and `}` have come to an end of it.
  var lineOrigin: Int?

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
    case .fold(let fold): return lines.folds[fold].owner
    }
  }

  /// The records that a line stands for: of a fold all that have no line of their own.
  func rows(inLine number: Int) -> [Int] {
    guard let layout, (0..<lines.count).contains(number) else { return [] }
    switch lines.line(number) {
    case .record(let row): return [layout.record(atRow: row)]
    case .fold(let fold): return records(of: lines.folds[fold], layout) ?? []
    }
  }

  /// The line in which a record is, folded or not. O(log chains).
  func line(of record: RecordID) -> Int? {
    cache.index(of: record).flatMap { layout?.row(of: $0) }.map { lines.line(ofRow: $0) }
  }

  /// The fold that the cursor's line is.
  var currentFold: Int? {
    guard picture != nil, (0..<lines.count).contains(position.cursor),
      case .fold(let fold) = lines.line(position.cursor)
    else { return nil }
    return fold
  }

  /// The records that the cursor's line stands for, where it is a fold of some that have no line of their own.
  var foldedRecords: [Int]? {
    guard let layout, let fold = currentFold else { return nil }
    return records(of: lines.folds[fold], layout)
  }

  private func records(of fold: GraphLines.Fold, _ layout: GraphLayout) -> [Int]? {
    switch fold.kind {
    case .chain: fold.rows.map { layout.record(atRow: $0) }
    case .standing: fold.records
    case .parents: nil
    }
  }

  /// Ends the ways that keys are going: another key was pressed.
  mutating func endWalks() { (walk, lineOrigin) = (nil, nil) }

  /// What goes with the cursor's record is that of another one.
  var isRelatedOld: Bool { related?.row != current || related?.origin != lineOrigin ?? current }

  /// Forgets what was laid out, as records or filter have changed.
  mutating func forget() {
    wanted = currentID ?? wanted
    (picture, related) = (nil, nil)
    endWalks()
  }

  /// Takes a picture of a reading, the cursor on a record, where that is shown.
  mutating func take(_ picture: GraphPicture, of reading: Int, cursorOn record: RecordID?) {
    self.picture = picture
    self.reading = reading
    lines = picture.lines
    (wanted, related) = (nil, nil)
    endWalks()
    guard let row = record.flatMap({ picture.cache.index(of: $0) }) else { return }
    if let line = picture.layout.row(of: row) {
      position.carry(to: lines.line(ofRow: line))
    } else if let fold = lines.folds.first(where: { $0.kind == .standing && $0.records.contains(row) }),
      let line = picture.layout.row(of: fold.owner)
    {
      // The fold that it is in stands right above its base.
      position.carry(to: lines.line(ofRow: line) - 1)
    }
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
    .layOut(cache, records.arrangement, graph.folds)
  }

  /// Puts the graph's cursor on a record; where that is folded on a base, the base unfolds first.
  mutating func showInGraph(_ row: Int?) -> [Effect] {
    if let row, choice.filter == .all, !graph.folds.closedBases.isEmpty {
      let above = graph.folds.closedBases.intersection(cache.ancestors(of: row).map { cache.rows[$0].id })
      if !above.isEmpty {
        graph.folds.closedBases.subtract(above)
        graph.wanted = cache.rows[row].id
        return [layOut()]
      }
    }
    guard graph.picture != nil else { return [layOut()] }
    graph.select(row.map { cache.rows[$0].id })
    graph.position.reveal(height: layout.listLines.count)
    return []
  }

  /// Takes a layout, where the filter is still the one that it was made for; the cursor stays on its record.
  mutating func pictureArrived(_ picture: GraphPicture) {
    guard picture.choice.filter == records.arrangement.choice.filter else { return }
    graph.take(
      picture, of: readingCount,
      cursorOn: graph.wanted ?? graph.currentID ?? records.current.map { cache.rows[$0].id })
    if range?.screen == .graph { carryRange() }
    if choice.filter != .all, !isMatch(graph.position.cursor) { _ = goToMatch(by: 1) }
    graph.position.reveal(height: layout.listLines.count)
  }

  /// Goes to a parent or child, or to the next one where the last key went to one of the same record.
  ///
  /// The way to the parents folds an unfolded chain, and what stands on a base; the way to the children unfolds.
  mutating func walk(toParents: Bool) -> [Effect] {
    graph.lineOrigin = nil
    guard let layout = graph.layout, let row = graph.current else { return [] }
    if let fold = graph.currentFold { return walk(toParents: toParents, from: fold) }
    if toParents, let line = layout.row(of: row), let chain = graph.lines.chain(ofRow: line) {
      fold(chain: chain, true)
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
    let shown = goals.filter { layout.row(of: $0) != nil }
    if shown.isEmpty, layout.hasParents(row) == false, graph.cache.childCount(of: row) > 0 {
      return fold(base: row, toParents)
    }
    go(to: shown, from: row, toParents: toParents)
    return []
  }

  /// The same where the cursor's line is a fold.
  private mutating func walk(toParents: Bool, from number: Int) -> [Effect] {
    guard let layout = graph.layout else { return [] }
    let fold = graph.lines.folds[number]
    switch fold.kind {
    case .chain where toParents:
      let last = fold.rows.upperBound - 1
      go(
        to: graph.cache.graphEdges(of: layout.record(atRow: last)).map(\.parent), from: fold.owner, toParents: true)
      return []
    case .chain:
      self.fold(chain: number, false)
      message = "unfolded: \(label("h")) folds it again"
      return []
    case .standing where toParents:
      graph.select(fold.owner)
      return []
    case .standing: return self.fold(base: fold.owner, false)
    case .parents where toParents == fold.isFolded:
      go(to: toParents ? fold.records : [fold.owner], from: fold.owner, toParents: toParents)
      return []
    case .parents:
      let id = graph.cache.rows[fold.owner].id
      undos.add(.fold(graph.folds, isFolding: toParents))
      if toParents { graph.folds.openMerges.remove(id) } else { graph.folds.openMerges.insert(id) }
      message =
        toParents
        ? "folded: \(label("l")) gives each a lane again"
        : "a lane each: \(label(">")) scrolls the lanes, \(label("h")) on the line below it folds them"
      return [layOut()]
    }
  }

  /// Folds or unfolds what stands on a base; the layout follows.
  private mutating func fold(base: Int, _ isFolded: Bool) -> [Effect] {
    let id = graph.cache.rows[base].id
    let isAlready = graph.folds.closedBases.contains(id)
    if isFolded {
      guard choice.filter == .all else {
        message = "while there is a filter, all that it finds is shown: nothing folds on a base"
        return []
      }
      let unfolds = "\(label("l")) unfolds what stands on it"
      message = isAlready ? "it stands on nothing; \(unfolds)" : "folded: \(unfolds)"
      if isAlready { return [] }
      undos.add(.fold(graph.folds, isFolding: true))
      graph.folds.closedBases.insert(id)
    } else {
      message =
        isAlready && choice.filter == .all
        ? "unfolded: \(label("h")) on the base folds it again" : "nothing stands on it"
      guard isAlready, choice.filter == .all else { return [] }
      undos.add(.fold(graph.folds, isFolding: false))
      graph.folds.closedBases.remove(id)
    }
    return [layOut()]
  }

  /// Goes to an end of the cursor's line: to the base that its first parents lead to, or to its top; and, where it is
  /// there already, back to where the line was left.
  mutating func followLine(toBase: Bool) -> [Effect] {
    graph.walk = nil
    guard let picture = graph.picture, let current = graph.current else { return [] }
    let origin = graph.lineOrigin ?? current
    guard picture.layout.row(of: origin) != nil else { return [] }
    let end = toBase ? picture.trunks.base(of: origin) : picture.trunks.top(of: origin)
    // The end may be folded into a chain, whose topmost record is then the cursor's.
    let line = picture.layout.row(of: end).map { graph.lines.line(ofRow: $0) }
    guard line != graph.position.cursor else {
      let again = toBase ? "its line ends here" : "its line begins here"
      message = origin == current ? again : "back on the line"
      graph.select(origin)
      graph.position.reveal(height: layout.listLines.count)
      return []
    }
    graph.lineOrigin = origin
    graph.select(end)
    graph.position.reveal(height: layout.listLines.count)
    message =
      toBase
      ? "the base of its line: \(label("}")) again goes back" : "the top of its line: \(label("{")) again goes back"
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

  private mutating func fold(chain: Int, _ isFolded: Bool) {
    let top = graph.lines.folds[chain].owner
    undos.add(.fold(graph.folds, isFolding: isFolded))
    if isFolded {
      graph.folds.openChains.remove(graph.cache.rows[top].id)
    } else {
      graph.folds.openChains.insert(graph.cache.rows[top].id)
    }
    graph.lines.setFolded(chain, isFolded)
    graph.select(top)
  }

  /// Scrolls sideways so that the lane of the cursor's record is seen.
  mutating func settleLanes() {
    guard let graphLayout = graph.layout, let row = graph.current else { return }
    let room = GraphColumns(width: layout.listColumns, id: idWidth, lanes: graphLayout.laneCount).lanes
    if graph.hasMovedLanes { return }
    let lane = graphLayout.lane(of: row)
    if lane < graph.firstLane { graph.firstLane = lane }
    if lane >= graph.firstLane + room { graph.firstLane = lane - room + 1 }
    graph.firstLane = max(0, min(graph.firstLane, graphLayout.laneCount - room))
  }

  /// Scrolls the lanes sideways by hand, until the cursor moves.
  mutating func moveLanes(by count: Int) -> [Effect] {
    guard let graphLayout = graph.layout else { return [] }
    let room = GraphColumns(width: layout.listColumns, id: idWidth, lanes: graphLayout.laneCount).lanes
    graph.hasMovedLanes = true
    graph.firstLane = max(0, min(graph.firstLane + count * max(1, room / 2), graphLayout.laneCount - room))
    message = graphLayout.laneCount > room ? "" : "all lanes are in sight"
    return []
  }
}
