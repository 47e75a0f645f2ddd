import BuildCache
import CacheReport
import Terminal

/// How a window is shared between the lanes of the graph and the columns of its records.
struct GraphColumns {
  /// How many lanes are seen at once.
  let lanes: Int
  /// The column in which a record's line begins.
  let start: Int
  /// The columns of the records.
  let table: RecordTable

  static let margin = 5

  init(width: Int, id: Int, lanes count: Int) {
    lanes = max(1, min(count, max(2, width / 6)))
    start = Self.margin + 2 * lanes + 1
    table = RecordTable(
      [.id, .kind, .size, .flags, .uses, .used, .description], width: max(0, width - start - 1), id: id)
  }
}

extension ExplorerState {
  func drawGraph(on grid: inout Grid, _ layout: Layout) {
    guard let picture = graph.layout else {
      grid.draw(" laying the graph out\(signs.ellipsis)", at: Point(column: 0, row: layout.list.lowerBound))
      return
    }
    let columns = GraphColumns(width: layout.listColumns, id: idWidth, lanes: picture.laneCount)
    drawGraphHeading(on: &grid, layout, columns, laneCount: picture.laneCount)
    for (row, number) in zip(layout.listLines, visible) {
      let isCurrent = number == graph.position.cursor
      let isInRange = rangeLines?.contains(number) ?? false
      switch graph.lines.line(number) {
      case .record(let line):
        draw(
          picture.record(atRow: line), atRow: line, of: picture, columns, row, isCurrent: isCurrent,
          isInRange: isInRange, on: &grid, nil)
      case .chain(let number):
        let chain = graph.lines.chains[number]
        draw(
          picture.record(atRow: chain.rows.lowerBound), atRow: chain.rows.lowerBound, of: picture, columns, row,
          isCurrent: isCurrent, isInRange: isInRange, on: &grid, chain)
      }
    }
    if layout.hasLegend { drawGraphLegend(on: &grid, layout) }
  }

  private func drawGraphHeading(on grid: inout Grid, _ layout: Layout, _ columns: GraphColumns, laneCount: Int) {
    guard !layout.list.isEmpty else { return }
    let row = layout.list.lowerBound
    if laneCount > columns.lanes {
      let more = laneCount - graph.firstLane - columns.lanes
      let words = (graph.firstLane > 0 ? "<\(graph.firstLane) " : "") + (more > 0 ? "\(more)>" : "")
      grid.draw(
        words, at: Point(column: GraphColumns.margin, row: row), width: 2 * columns.lanes, style: Style(dim: true))
    }
    grid.draw(
      headings(of: columns.table, isSorted: false), at: Point(column: columns.start, row: row),
      width: layout.listColumns - columns.start, style: Style(dim: true))
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
    _ record: Int, atRow line: Int, of picture: GraphLayout, _ columns: GraphColumns, _ row: Int, isCurrent: Bool,
    isInRange: Bool, on grid: inout Grid, _ chain: GraphLines.Chain?
  ) {
    let isRelated = graph.related.map { $0.contains(record) } ?? true
    let isFilteredOut = graph.picture?.isMatch.map { !$0[record] } ?? false
    let isDim = !isCurrent && (!isRelated || isFilteredOut)
    let isMarked = marks.contains(graph.cache.rows[record].id)
    let relation = isRelated && graph.related != nil && !isCurrent ? signs.related : " "
    let mark = isMarked ? signs.mark : isInRange ? signs.chosen : " "
    let margin = " \(isCurrent ? signs.cursor : " ")\(mark)\(relation) "
    if let chain {
      let words =
        "\(chain.rows.count) layers, \(ByteCount(chain.bytes).text)   \(label("l")) unfolds"
      grid.draw(margin, at: Point(column: 0, row: row), style: Style(foreground: isMarked ? .yellow : nil, dim: isDim))
      grid.draw(
        words, at: Point(column: columns.start, row: row), width: layout.listColumns - columns.start,
        style: Style(foreground: isMarked ? .yellow : nil, bold: isMarked, dim: isDim))
      if isCurrent { grid.restyle(column: 0, row: row, columns: layout.listColumns) { $0.isReverse = true } }
    } else {
      draw(
        graph.cache.rows[record], frees: nil, in: columns.table, at: Point(column: columns.start, row: row),
        margin: margin, isCurrent: isCurrent,
        isDim: isDim, on: &grid)
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
