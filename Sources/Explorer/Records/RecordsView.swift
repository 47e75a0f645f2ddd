import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  func drawRecords(on grid: inout Grid, _ layout: Layout) {
    drawTable(
      records.order, [.id, .kind, .size, .frees, .flags, .type, .uses, .used, .created, .description],
      records.arrangement.traits, on: &grid, layout)
  }

  func drawTable(
    _ rows: [Int], _ columns: [RecordColumn], _ traits: ListTraits, on grid: inout Grid, _ layout: Layout
  ) {
    let margin = 4
    let isSorted = screen == .records
    let table = table(columns, traits, width: layout.listColumns - margin - 1, isSorted: isSorted)
    if !layout.list.isEmpty {
      drawHeadings(
        of: table, columns, traits, isSorted: isSorted, at: Point(column: margin, row: layout.list.lowerBound),
        width: layout.listColumns - margin, on: &grid)
    }
    for (line, place) in zip(layout.listLines, visible) {
      let isCurrent = place == position.cursor
      let neighbours = [place - 1, place + 1].filter { rows.indices.contains($0) }.map { cache.rows[rows[$0]] }
      draw(
        cache.rows[rows[place]], frees: freed(by: rows[place]), besides: neighbours, in: table,
        at: Point(column: margin, row: line), margin: self.margin(rows[place], isCurrent: isCurrent),
        isCurrent: isCurrent, on: &grid)
    }
    if layout.hasLegend, table.start(of: .flags) != nil {
      grid.draw(
        Self.legend, at: Point(column: 0, row: layout.list.upperBound - 1), width: layout.listColumns,
        style: Style(dim: true))
    }
  }
}
