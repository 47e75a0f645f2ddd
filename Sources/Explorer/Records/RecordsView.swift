import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  func drawRecords(on grid: inout Grid, _ layout: Layout) {
    let isByFrees = choice.sort == .frees
    drawTable(
      records.order,
      [.id, .kind, .size] + (isByFrees ? [.frees, .share] : [.share, .frees])
        + [.flags, .type, .uses, .used, .created, .description],
      largest: records.arrangement.largest, isOfFrees: isByFrees, on: &grid, layout)
  }

  /// Draws a table of records.
  ///
  /// - Parameters:
  ///   - largest: the most that a row of it has: it fills a bar.
  ///   - isOfFrees: whether that is what a row frees, else its own size.
  func drawTable(
    _ rows: [Int], _ columns: [RecordColumn], largest: Int64, isOfFrees: Bool = false, on grid: inout Grid,
    _ layout: Layout
  ) {
    let margin = 4
    let scale = ShareDisplay.Scale(largest: largest, whole: inventory.totals.all.bytes)
    let table = RecordTable(
      columns, width: layout.listColumns - margin - 1, id: idWidth, amount: amountWidth, share: share)
    if !layout.list.isEmpty {
      grid.draw(
        headings(of: table, isSorted: screen == .records), at: Point(column: margin, row: layout.list.lowerBound),
        width: layout.listColumns - margin, style: Style(dim: true))
    }
    for (line, place) in zip(layout.listLines, visible) {
      let isCurrent = place == position.cursor
      let frees = freed(by: rows[place])
      let weight = isOfFrees ? frees : cache.rows[rows[place]].size
      draw(
        cache.rows[rows[place]], frees: frees, share: share.text(weight, of: scale, signs), in: table,
        at: Point(column: margin, row: line), margin: self.margin(rows[place], isCurrent: isCurrent),
        isCurrent: isCurrent, on: &grid)
    }
    if layout.hasLegend {
      grid.draw(
        Self.legend, at: Point(column: 0, row: layout.list.upperBound - 1), width: layout.listColumns,
        style: Style(dim: true))
    }
  }
}
