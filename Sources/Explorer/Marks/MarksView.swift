import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  /// The columns of the marked records, as far as there is room.
  static let markColumns: [RecordColumn] = [.id, .kind, .size, .share, .frees, .flags, .used, .description]

  func drawMarks(on grid: inout Grid, _ layout: Layout) {
    drawTable(
      marked.lines, Self.markColumns, marked.traits,
      largest: marked.rows.first.map { cache.rows[$0].size } ?? 0, on: &grid, layout)
    guard layout.hasLegend else { return }
    let row = layout.list.upperBound - 1
    grid.fill(column: 0, row: row, columns: layout.listColumns)
    grid.draw(markLine, row: row, width: layout.listColumns, style: Style(bold: true))
  }

  /// What goes where the marked are pruned.
  private var markLine: LineParts {
    guard !marks.isEmpty else { return LineParts([.init("nothing is marked: \(label("q")) goes back", rank: 0)]) }
    var parts = [
      LineParts.Part(
        [.init(text: counted(marks.count) + " marked", rank: 5), .init(text: "\(marks.count) marked", rank: 2)]),
      LineParts.Part(amount(marks.bytes), rank: 4, gap: " \(signs.dot) "),
    ]
    guard let plan = marked.plan else { return LineParts(parts) }
    let stay = marked.rows.count { plan.reason(forRow: $0) != nil }
    let frees = "\(label("d")) prunes \(counted(plan.count)), frees \(amount(plan.freed))"
    parts.append(
      LineParts.Part([.init(text: frees, rank: 3), .init(text: "frees \(amount(plan.freed))", rank: 0)]))
    if stay > 0 {
      parts.append(
        LineParts.Part([.init(text: "\(stay) can't go: in use", rank: 4), .init(text: "\(stay) in use", rank: 1)]))
    }
    return LineParts(parts)
  }
}
