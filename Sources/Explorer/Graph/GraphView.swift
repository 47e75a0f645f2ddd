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

  static let margin = 5
  /// What is shown of each record.
  static let offered: [RecordColumn] = [.id, .kind, .size, .flags, .uses, .used, .description]

  init(width: Int, lanes count: Int) {
    lanes = max(1, min(count, max(2, width / 6)))
    start = Self.margin + 2 * lanes + 1
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
    let columns = GraphColumns(width: layout.listColumns, lanes: laneCount)
    let table = table(GraphColumns.offered, picture.traits, width: max(0, columns.width - 1), isSorted: false)
    drawGraphHeading(on: &grid, layout, columns, table, picture)
    for (row, number) in zip(layout.listLines, visible) {
      let isCurrent = number == graph.position.cursor
      let isInRange = rangeLines?.contains(number) ?? false
      switch graph.lines.line(number) {
      case .record(let line):
        draw(
          number, atRow: line, of: picture.layout, columns, table, row, isCurrent: isCurrent, isInRange: isInRange,
          on: &grid, nil)
      case .chain(let folded):
        let chain = graph.lines.chains[folded]
        draw(
          number, atRow: chain.rows.lowerBound, of: picture.layout, columns, table, row, isCurrent: isCurrent,
          isInRange: isInRange, on: &grid, chain)
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
      let words = (graph.firstLane > 0 ? "<\(graph.firstLane) " : "") + (more > 0 ? "\(more)>" : "")
      grid.draw(
        words, at: Point(column: GraphColumns.margin, row: row), width: 2 * columns.lanes, style: Style(dim: true))
    }
    drawHeadings(
      of: table, GraphColumns.offered, picture.traits, isSorted: false, at: Point(column: columns.start, row: row),
      width: columns.width, on: &grid)
  }

  private func drawGraphLegend(on grid: inout Grid, _ layout: Layout) {
    let words =
      options.isASCII
      ? ["* base", "o layer |", "M merge \"", "D diff : v lower ^ upper", "- related to the cursor's"]
      : ["○ base", "● layer │", "◆ merge ║", "◇ diff ┊ ▽ lower △ upper", "• related to the cursor's"]
    grid.draw(
      LineParts(keeping: words), row: layout.list.upperBound - 1, width: layout.listColumns, style: Style(dim: true))
  }

  private func draw(
    _ number: Int, atRow line: Int, of picture: GraphLayout, _ columns: GraphColumns, _ table: RecordTable, _ row: Int,
    isCurrent: Bool, isInRange: Bool, on grid: inout Grid, _ chain: GraphLines.Chain?
  ) {
    let record = picture.record(atRow: line)
    let isRelated = graph.related.map { $0.contains(record) } ?? true
    let isFilteredOut = graph.picture?.isMatch.map { !$0[record] } ?? false
    let isDim = !isCurrent && (!isRelated || isFilteredOut)
    let isMarked = marks.contains(graph.cache.rows[record].id)
    let relation = isRelated && graph.related != nil && !isCurrent ? signs.related : " "
    let mark = isMarked ? signs.mark : isInRange ? signs.chosen : " "
    let margin = " \(isCurrent ? signs.cursor : " ")\(mark)\(relation) "
    if let chain {
      let words = "\(chain.rows.count) layers, \(amount(chain.bytes))   \(label("l")) unfolds"
      grid.draw(margin, at: Point(column: 0, row: row), style: Style(foreground: isMarked ? .yellow : nil, dim: isDim))
      grid.draw(
        words, at: Point(column: columns.start, row: row), width: layout.listColumns - columns.start,
        style: Style(foreground: isMarked ? .yellow : nil, bold: isMarked, dim: isDim))
      if isCurrent { grid.restyle(column: 0, row: row, columns: layout.listColumns) { $0.isReverse = true } }
    } else {
      let neighbours = [number - 1, number + 1].compactMap { graph.record(atLine: $0) }.map { graph.cache.rows[$0] }
      draw(
        graph.cache.rows[record], frees: nil, besides: neighbours, in: table,
        at: Point(column: columns.start, row: row), margin: margin, isCurrent: isCurrent, isDim: isDim, on: &grid)
    }
    let drawer = GraphText(isASCII: options.isASCII)
    let sign =
      chain != nil ? drawer.chain : drawer.sign(of: graph.cache.rows[record], hasParents: picture.hasParents(record))
    let window = graph.firstLane..<min(picture.laneCount, graph.firstLane + columns.lanes)
    for (offset, cell) in picture.cells(ofRow: line, lanes: window).enumerated() {
      let style = Style(
        foreground: isDim || isCurrent ? nil : Self.color(ofLane: window.lowerBound + offset),
        bold: cell.isRecord && !isDim,
        dim: isDim, reverse: isCurrent)
      grid.draw(
        drawer.lanes([cell], record: sign), at: Point(column: GraphColumns.margin + 2 * offset, row: row), style: style)
    }
  }

  /// Neighbouring lanes differ in colour, where there are colours.
  private static func color(ofLane lane: Int) -> Color {
    let colors: [Color] = [.cyan, .magenta, .green, .yellow, .blue]
    return colors[lane % colors.count]
  }
}
