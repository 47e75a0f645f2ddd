import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  func drawRecords(on grid: inout Grid, _ layout: Layout) {
    drawTable(
      records.order, [.id, .kind, .size, .frees, .flags, .type, .uses, .used, .created, .description], on: &grid, layout
    )
  }

  func drawTable(_ rows: [Int], _ columns: [RecordColumn], on grid: inout Grid, _ layout: Layout) {
    let margin = 4
    let table = RecordTable(columns, width: layout.listColumns - margin - 1, id: idWidth, amount: amountWidth)
    if !layout.list.isEmpty {
      grid.draw(
        headings(of: table, isSorted: screen == .records), at: Point(column: margin, row: layout.list.lowerBound),
        width: layout.listColumns - margin, style: Style(dim: true))
    }
    for (line, place) in zip(layout.listLines, visible) {
      let isCurrent = place == position.cursor
      draw(
        cache.rows[rows[place]], frees: freed(by: rows[place]), in: table, at: Point(column: margin, row: line),
        margin: self.margin(rows[place], isCurrent: isCurrent),
        isCurrent: isCurrent, on: &grid)
    }
    if layout.hasLegend {
      grid.draw(
        Self.legend, at: Point(column: 0, row: layout.list.upperBound - 1), width: layout.listColumns,
        style: Style(dim: true))
    }
  }
}
