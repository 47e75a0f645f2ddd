import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  func drawMarks(on grid: inout Grid, _ layout: Layout) {
    drawTable(marked.lines, [.id, .kind, .size, .frees, .flags, .used, .description], on: &grid, layout)
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
}
