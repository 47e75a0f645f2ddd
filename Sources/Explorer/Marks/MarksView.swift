import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  /// The columns of the marked records, as far as there is room.
  static let markColumns: [RecordColumn] = [.id, .kind, .size, .share, .frees, .flags, .used, .description]

  func drawMarks(on grid: inout Grid, _ layout: Layout) {
    drawTable(
      marked.rows, Self.markColumns,
      largest: marked.rows.first.map { cache.rows[$0].size } ?? 0, on: &grid, layout)
    guard layout.hasLegend else { return }
    let row = layout.list.upperBound - 1
    grid.fill(column: 0, row: row, columns: layout.listColumns)
    grid.draw(markWords, at: Point(column: 1, row: row), style: Style(bold: true))
  }

  /// What goes where the marked are pruned.
  private var markWords: String {
    guard !marks.isEmpty else { return "nothing is marked: q goes back" }
    let own = joined([counted(marks.count) + " marked", amount(marks.bytes)])
    guard let plan = marked.plan else { return own }
    let stay = marked.rows.count { plan.reason(forRow: $0) != nil }
    let words = own + "   d prunes \(counted(plan.count)), frees \(amount(plan.freed))"
    return stay == 0 ? words : words + "   \(stay) can't go: in use"
  }
}
