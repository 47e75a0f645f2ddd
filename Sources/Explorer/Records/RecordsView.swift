import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  /// The columns of the table of all records, as far as there is room.
  private var recordColumns: [RecordColumn] {
    let sizes: [RecordColumn] = [.size] + (choice.sort == .frees ? [.frees, .share] : [.share, .frees])
    // Lines of groups alone have a name for the rest.
    if records.lines.hasOnlyGroups { return [.records] + sizes + [.description] }
    return [.id, .kind] + sizes + [.flags, .type, .uses, .used, .created, .description]
  }

  func drawRecords(on grid: inout Grid, _ layout: Layout) {
    drawTable(
      records.lines, recordColumns, records.arrangement.traits, largest: records.arrangement.largest,
      isOfFrees: choice.sort == .frees, on: &grid, layout)
  }

  /// The columns before a table: the cursor, the mark.
  private static let margin = 4

  /// The columns of a table that there is room for.
  private func table(_ columns: [RecordColumn], _ traits: ListTraits, _ layout: Layout) -> RecordTable {
    table(columns, traits, width: layout.listColumns - Self.margin - 1, isSorted: screen == .records)
  }

  /// The column of the Records table whose heading is at a place.
  func heading(at place: Point) -> RecordColumn? {
    guard place.row == layout.list.lowerBound else { return nil }
    return table(recordColumns, records.arrangement.traits, layout).column(at: place.column - Self.margin)
  }

  /// Whether the screen has room for what rows are to show of their share.
  var hasRoomForShare: Bool {
    if share == .none { return true }
    if screen == .files { return size.columns >= Self.leastForFileBars }
    let table =
      screen == .marks
      ? table(Self.markColumns, marked.traits, layout) : table(recordColumns, records.arrangement.traits, layout)
    return table.columns.contains { $0.column == .share }
  }

  /// Draws a table of records.
  ///
  /// - Parameters:
  ///   - traits: what the rows have alike.
  ///   - largest: the most that a row of it has: it fills a bar.
  ///   - isOfFrees: whether that is what a row frees, else its own size.
  func drawTable(
    _ lines: RecordLines, _ columns: [RecordColumn], _ traits: ListTraits, largest: Int64, isOfFrees: Bool = false,
    on grid: inout Grid, _ layout: Layout
  ) {
    let margin = Self.margin
    let scale = ShareDisplay.Scale(largest: largest, whole: inventory.totals.all.bytes)
    let isSorted = screen == .records
    let table = table(columns, traits, layout)
    if !layout.list.isEmpty {
      drawHeadings(
        of: table, columns, traits, isSorted: isSorted, at: Point(column: margin, row: layout.list.lowerBound),
        width: layout.listColumns - margin, on: &grid)
    }
    for (line, place) in zip(layout.listLines, visible) {
      let isCurrent = place == position.cursor
      let start = Point(column: margin, row: line)
      switch lines.line(place) {
      case .record(let row):
        let frees = freed(by: row)
        draw(
          cache.rows[row], frees: frees,
          share: share.text(isOfFrees ? frees : cache.rows[row].size, of: scale, signs),
          besides: neighbours(of: place, in: lines), in: table, at: start,
          margin: self.margin(row, isCurrent: isCurrent, isInRange: rangeLines?.contains(place) ?? false),
          isCurrent: isCurrent, on: &grid)
      case .group(let number):
        guard let group = lines.groups?.groups[number] else { break }
        let weight = isOfFrees ? group.frees : group.bytes
        draw(
          group, number, isUnfolded: lines.isUnfolded(number), share: share.text(weight, of: scale, signs), in: table,
          at: start, isCurrent: isCurrent, on: &grid)
      case nil: break
      }
    }
    if layout.hasLegend, table.start(of: .flags) != nil {
      grid.draw(Self.legend, row: layout.list.upperBound - 1, width: layout.listColumns, style: Style(dim: true))
    }
  }

  /// The records above and beneath a line, from which its name should differ.
  private func neighbours(of line: Int, in lines: RecordLines) -> [CacheState.Row] {
    [line - 1, line + 1].compactMap { number in
      if case .record(let row) = lines.line(number) { cache.rows[row] } else { nil }
    }
  }

  /// Draws the line of a group: its fold, its name and how many records it has, its sums beneath those of records.
  private func draw(
    _ group: RecordGroups.Group, _ number: Int, isUnfolded: Bool, share: String, in table: RecordTable, at start: Point,
    isCurrent: Bool, on grid: inout Grid
  ) {
    let marked = records.marked[number] ?? 0
    let sign = marked == group.count ? signs.mark : marked > 0 ? signs.related : " "
    let style = Style(foreground: marked > 0 ? Palette.marked : nil, bold: true)
    let (width, row) = (layout.listColumns, start.row)
    let fold = isUnfolded ? signs.unfolded : signs.folded
    grid.draw(
      " \(isCurrent ? signs.cursor : " ")\(sign)\(fold)", at: Point(column: 0, row: row), width: width, style: style)
    func draw(_ text: String, at column: Int, _ cells: Int, _ alignment: Alignment = .left) {
      let room = max(0, min(cells, width - start.column - column))
      grid.draw(cell(text, room, alignment), at: Point(column: start.column + column, row: row), style: style)
    }
    // Beside records it stands where their ids do.
    let counts = table.columns.first { [.id, .records].contains($0.column) }
    draw("\(group.count)", at: 0, counts?.width ?? 0, counts?.column.alignment ?? .left)
    // What a column says of a record it mostly doesn't say of a group: the name has their room.
    var end = 0
    for (column, text) in [(RecordColumn.size, amount(group.bytes)), (.share, share), (.frees, amount(group.frees))] {
      guard let place = table.start(of: column), let cells = table.width(of: column) else { continue }
      draw(text, at: place, cells, column.alignment)
      end = max(end, place + cells + 2)
    }
    let used = group.lastUsedAt.map { "used \(agoWords($0))" } ?? "never used"
    draw(joined([group.name, used]), at: end, width)
    if isCurrent { grid.restyle(column: 0, row: row, columns: width) { $0.setUnderCursor() } }
  }
}
