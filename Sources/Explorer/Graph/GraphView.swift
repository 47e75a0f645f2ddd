import BuildCache
import CacheReport
import Terminal

/// How a window is shared between the lanes of the graph and the columns of its records.
struct GraphColumns {
  /// How many lanes are seen at once.
  let lanes: Int
  /// The column in which a record's line begins.
  let start: Int
  /// The columns that there are for the records.
  let width: Int
  /// What is shown of each record.
  let offered: [RecordColumn]

  static let margin = 5
  /// A record's name has so many columns however many lanes there are, as long as two can be seen.
  private static let name = RecordTable.leastDescription

  init(width: Int, id: Int, lanes count: Int) {
    let (idRoom, sizeRoom) = (id + 2, 11)
    let room = width - Self.margin - 2 - idRoom - Self.name
    // A narrow list has no sizes where lanes and names take their room.
    let isNarrow = room < sizeRoom + 2 * min(count, 6)
    lanes = max(1, min(count, max(2, min(max(6, width / 6), (isNarrow ? room : room - sizeRoom) / 2))))
    start = Self.margin + 2 * lanes + 1
    offered = isNarrow ? [.id, .description] : [.id, .kind, .size, .flags, .uses, .used, .description]
    self.width = max(0, width - start)
  }
}

extension ExplorerState {
  func drawGraph(on grid: inout Grid, _ layout: Layout) {
    guard let picture = graph.picture else {
      grid.draw(" laying the graph out\(signs.ellipsis)", at: Point(column: 0, row: layout.list.lowerBound))
      return
    }
    let laneCount = picture.layout.laneCount
    let columns = GraphColumns(width: layout.listColumns, id: idWidth, lanes: laneCount)
    let table = table(columns.offered, picture.traits, width: max(0, columns.width - 1), isSorted: false)
    drawGraphHeading(on: &grid, layout, columns, table, picture)
    for (row, number) in zip(layout.listLines, visible) {
      let place = GraphPlace(
        line: number, row: row, isCurrent: number == graph.position.cursor,
        isInRange: rangeLines?.contains(number) ?? false)
      switch graph.lines.line(number) {
      case .record(let line): draw(line, of: picture.layout, columns, table, place, on: &grid)
      case .fold(let fold): draw(graph.lines.folds[fold], of: picture.layout, columns, place, on: &grid)
      }
    }
    if layout.hasLegend { drawGraphLegend(on: &grid, layout) }
  }

  private func drawGraphHeading(
    on grid: inout Grid, _ layout: Layout, _ columns: GraphColumns, _ table: RecordTable, _ picture: GraphPicture
  ) {
    guard !layout.list.isEmpty else { return }
    let row = layout.list.lowerBound
    let laneCount = picture.layout.laneCount
    if laneCount > columns.lanes {
      let more = laneCount - graph.firstLane - columns.lanes
      // Both numbers where they fit; a lane's width of the margin may be used.
      let words = [
        (graph.firstLane > 0 ? "<\(graph.firstLane) " : "") + (more > 0 ? "\(more)>" : ""), more > 0 ? ">" : "<",
      ]
      let room = columns.start - 2
      if let fitting = words.first(where: { displayWidth($0) <= room }) {
        let start = max(1, min(GraphColumns.margin, columns.start - 1 - displayWidth(fitting)))
        grid.draw(fitting, at: Point(column: start, row: row), style: Style(dim: true))
      }
    }
    drawHeadings(
      of: table, columns.offered, picture.traits, isSorted: false, at: Point(column: columns.start, row: row),
      width: columns.width, on: &grid)
  }

  /// What the signs mean: as many as fit, the likeliest first.
  private func drawGraphLegend(on grid: inout Grid, _ layout: Layout) {
    let parts =
      options.isASCII
      ? ["* base", "o layer |", "M merge \"", "D diff : v lower ^ upper", "- related", "~ folded", "bold: its line"]
      : ["○ base", "● layer │", "◆ merge ║", "◇ diff ┊ ▽ lower △ upper", "• related", "⋮ folded", "bold: its line"]
    grid.draw(
      LineParts(keeping: parts), row: layout.list.upperBound - 1, width: layout.listColumns, style: Style(dim: true))
  }

  /// Whether a record stands back, as it has nothing to do with that under the cursor or isn't what was looked for.
  private func isDim(_ record: Int, isCurrent: Bool) -> Bool {
    let isRelated = graph.related.map { $0.contains(record) } ?? true
    let isFilteredOut = graph.picture?.isMatch.map { !$0[record] } ?? false
    return !isCurrent && (!isRelated || isFilteredOut)
  }

  private func graphMargin(_ record: Int, _ place: GraphPlace, isMarked: Bool) -> String {
    let isRelated = !place.isCurrent && graph.related?.contains(record) == true
    let mark = isMarked ? signs.mark : place.isInRange ? signs.chosen : " "
    return " \(place.isCurrent ? signs.cursor : " ")\(mark)\(isRelated ? signs.related : " ") "
  }

  /// Where a line of the graph is drawn.
  private struct GraphPlace {
    /// The number of the line.
    let line: Int
    /// The row of the window.
    let row: Int
    let isCurrent: Bool
    let isInRange: Bool
  }

  /// The records of the lines above and beneath one, from which its name should differ.
  private func neighbours(ofGraphLine line: Int) -> [CacheState.Row] {
    [line - 1, line + 1].compactMap { number in
      guard (0..<graph.lines.count).contains(number), case .record = graph.lines.line(number) else { return nil }
      return graph.record(atLine: number).map { graph.cache.rows[$0] }
    }
  }

  /// Draws the record of a row of the layout.
  private func draw(
    _ line: Int, of picture: GraphLayout, _ columns: GraphColumns, _ table: RecordTable, _ place: GraphPlace,
    on grid: inout Grid
  ) {
    let record = picture.record(atRow: line)
    let isDim = isDim(record, isCurrent: place.isCurrent)
    draw(
      graph.cache.rows[record], frees: nil, besides: neighbours(ofGraphLine: place.line), in: table,
      at: Point(column: columns.start, row: place.row),
      margin: graphMargin(record, place, isMarked: marks.contains(graph.cache.rows[record].id)),
      isCurrent: place.isCurrent, isDim: isDim, on: &grid)
    let window = window(of: picture, columns)
    let sign = GraphText(isASCII: options.isASCII)
      .sign(of: graph.cache.rows[record], hasParents: picture.hasParents(record))
    draw(
      picture.cells(ofRow: line, lanes: window), sign,
      LaneLook(line, record, isCurrent: place.isCurrent, isDim: isDim), picture, place.row, on: &grid)
  }

  /// Draws the line of a fold: how many records it stands for, and their bytes.
  private func draw(
    _ fold: GraphLines.Fold, of picture: GraphLayout, _ columns: GraphColumns, _ line: GraphPlace, on grid: inout Grid
  ) {
    let (row, isCurrent) = (line.row, line.isCurrent)
    let lead = fold.kind == .parents ? fold.owner : fold.records.first ?? fold.owner
    let isDim = isDim(lead, isCurrent: isCurrent)
    let isMarked = marks.contains(graph.cache.rows[lead].id)
    let style = Style(foreground: isMarked ? Palette.marked : nil, bold: isMarked, dim: isDim)
    grid.draw(
      graphMargin(lead, line, isMarked: isMarked), at: Point(column: 0, row: row), style: style)
    let room = layout.listColumns - columns.start
    // What a narrow window has no room for is said when the key is pressed.
    let what = fold.words(in: units)
    let words = [what + "   " + hint(of: fold), what].first { displayWidth($0) < room } ?? what
    grid.draw(cell(words, max(0, room - 1)), at: Point(column: columns.start, row: row), width: room, style: style)
    if isCurrent { grid.restyle(column: 0, row: row, columns: layout.listColumns) { $0.setUnderCursor() } }
    let window = window(of: picture, columns)
    let above = fold.rows.lowerBound
    var cells: [GraphLayout.GraphCell]
    if fold.kind == .chain {
      cells = picture.cells(ofRow: above, lanes: window)
    } else {
      cells = picture.cells(aboveRow: above, lanes: window)
      if let place = window.firstIndex(of: picture.lane(of: fold.owner)) {
        cells[place - window.startIndex].isRecord = true
        cells[place - window.startIndex].target = cells[place - window.startIndex].target ?? fold.owner
      }
    }
    let look = LaneLook(
      fold.kind == .chain ? above : above - 1, fold.owner, isCurrent: isCurrent, isDim: isDim)
    draw(cells, GraphText(isASCII: options.isASCII).fold, look, picture, row, on: &grid)
  }

  /// The lanes that are seen.
  private func window(of picture: GraphLayout, _ columns: GraphColumns) -> Range<Int> {
    graph.firstLane..<max(graph.firstLane, min(picture.laneCount, graph.firstLane + columns.lanes))
  }

  /// What the lanes of a line look like.
  private struct LaneLook {
    /// The row of the layout.
    let line: Int
    /// The record that stands there.
    let record: Int
    let isCurrent: Bool
    let isDim: Bool

    init(_ line: Int, _ record: Int, isCurrent: Bool, isDim: Bool) {
      self.line = line
      self.record = record
      self.isCurrent = isCurrent
      self.isDim = isDim
    }
  }

  /// Draws lanes: each line in the hue of the record that it leads to, and bold where it is the one that is followed.
  private func draw(
    _ cells: [GraphLayout.GraphCell], _ sign: Character, _ look: LaneLook, _ picture: GraphLayout, _ row: Int,
    on grid: inout Grid
  ) {
    let drawer = GraphText(isASCII: options.isASCII)
    func style(_ target: Int?, isFollowed: Bool) -> Style {
      Style(
        foreground: (look.isDim && !isFollowed) || look.isCurrent ? nil : target.flatMap { color(of: $0, picture) },
        bold: isFollowed, dim: look.isDim && !isFollowed, reverse: look.isCurrent)
    }
    for (offset, cell) in cells.enumerated() {
      // A lane belongs to the line from the row of the record above in it; what runs sideways, where it leaves that.
      let above = cell.target.flatMap { graph.related?.line[$0] }
      let isFollowed = above.map { (picture.row(of: $0) ?? .max) <= look.line } ?? false
      let isSideFollowed = cell.rightTarget.flatMap { graph.related?.line[$0] } == look.record
      let column = GraphColumns.margin + 2 * offset
      let isOnlySideways = cell.isSideways
      grid.draw(
        String(drawer.sign(of: cell, record: sign)), at: Point(column: column, row: row),
        style: style(cell.target, isFollowed: isOnlySideways ? isSideFollowed : isFollowed))
      grid.draw(
        String(drawer.right(of: cell)), at: Point(column: column + 1, row: row),
        style: style(cell.rightTarget, isFollowed: isSideFollowed))
    }
  }

  /// The key that changes a fold.
  private func hint(of fold: GraphLines.Fold) -> String {
    fold.isFolded ? "\(label("l")) unfolds" : "\(label("h")) folds"
  }

  /// The colour of a line, where there are colours.
  private func color(of record: Int, _ picture: GraphLayout) -> Color? {
    Palette.lanes[picture.hue(of: record) % Palette.lanes.count]
  }
}

extension GraphLines.Fold {
  /// What it stands for.
  func words(in units: ByteUnits) -> String {
    let bytes = ByteCount(bytes).text(in: units)
    switch kind {
    case .chain: return "\(count) layers, \(bytes)"
    case .parents where isFolded: return "\(count) more \(count == 1 ? "parent" : "parents"), \(bytes)"
    case .parents: return "\(count + GraphLayout.fewParents) parents, a lane each"
    case .standing: return "\(count) \(count == 1 ? "stands" : "stand") on it, \(bytes)"
    }
  }
}
