import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  func drawRecords(on grid: inout Grid, _ layout: Layout) {
    drawTable(
      records.order, [.id, .kind, .size, .frees, .flags, .type, .uses, .used, .created, .description], on: &grid, layout
    )
  }

  func drawMarks(on grid: inout Grid, _ layout: Layout) {
    drawTable(marked.rows, [.id, .kind, .size, .frees, .flags, .used, .description], on: &grid, layout)
    guard layout.hasLegend else { return }
    let row = layout.list.upperBound - 1
    grid.fill(column: 0, row: row, columns: layout.listColumns)
    grid.draw(markWords, at: Point(column: 1, row: row), style: Style(bold: true))
  }

  /// What goes where the marked are pruned.
  private var markWords: String {
    guard !marks.isEmpty else { return "nothing is marked: q goes back" }
    let own = joined([counted(marks.count) + " marked", ByteCount(marks.bytes).text])
    guard let plan = marked.plan else { return own }
    let stay = marked.rows.count { plan.reason(forRow: $0) != nil }
    let words = own + "   d prunes \(counted(plan.count)), frees \(ByteCount(plan.freed).text)"
    return stay == 0 ? words : words + "   \(stay) can't go: in use"
  }

  private func drawTable(_ rows: [Int], _ columns: [RecordColumn], on grid: inout Grid, _ layout: Layout) {
    let margin = 4
    let table = RecordTable(columns, width: layout.listColumns - margin - 1, id: idWidth)
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
