import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  func drawRecords(on grid: inout Grid, _ layout: Layout) {
    drawTable(records.order, Self.recordColumns, on: &grid, layout)
  }

  private static let recordColumns: [RecordColumn] = [
    .id, .kind, .size, .frees, .flags, .type, .uses, .used, .created, .description,
  ]

  /// The columns before a table: the cursor, the mark.
  private static let margin = 4

  /// The columns of a table that there is room for.
  private func table(_ columns: [RecordColumn], _ layout: Layout) -> RecordTable {
    RecordTable(columns, width: layout.listColumns - Self.margin - 1, id: idWidth)
  }

  /// The column of the Records table whose heading is at a place.
  func heading(at place: Point) -> RecordColumn? {
    guard place.row == layout.list.lowerBound else { return nil }
    return table(Self.recordColumns, layout).column(at: place.column - Self.margin)
  }

  func drawTable(_ rows: [Int], _ columns: [RecordColumn], on grid: inout Grid, _ layout: Layout) {
    let margin = Self.margin
    let table = table(columns, layout)
    if !layout.list.isEmpty {
      grid.draw(
        headings(of: table, isSorted: screen == .records), at: Point(column: margin, row: layout.list.lowerBound),
        width: layout.listColumns - margin, style: Style(dim: true))
    }
    for (line, place) in zip(layout.listLines, visible) {
      let isCurrent = place == position.cursor
      draw(
        cache.rows[rows[place]], frees: freed(by: rows[place]), in: table, at: Point(column: margin, row: line),
        margin: self.margin(rows[place], isCurrent: isCurrent, isInRange: rangeLines?.contains(place) ?? false),
        isCurrent: isCurrent, on: &grid)
    }
    if layout.hasLegend {
      grid.draw(Self.legend, row: layout.list.upperBound - 1, width: layout.listColumns, style: Style(dim: true))
    }
  }
}
