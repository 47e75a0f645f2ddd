import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  /// The columns of the table of all records, as far as there is room.
  private var recordColumns: [RecordColumn] {
    [.id, .kind, .size] + (choice.sort == .frees ? [.frees, .share] : [.share, .frees])
      + [.flags, .type, .uses, .used, .created, .description]
  }

  func drawRecords(on grid: inout Grid, _ layout: Layout) {
    drawTable(
      records.order, recordColumns, largest: records.arrangement.largest, isOfFrees: choice.sort == .frees, on: &grid,
      layout)
  }

  /// The signs before a record's line.
  private static let margin = 4

  private func table(_ columns: [RecordColumn]) -> RecordTable {
    RecordTable(
      columns, width: layout.listColumns - Self.margin - 1, id: idWidth, amount: amountWidth, share: share)
  }

  /// Whether the screen has room for what rows are to show of their share.
  var hasRoomForShare: Bool {
    if share == .none { return true }
    if screen == .files { return size.columns >= Self.leastForFileBars }
    return table(screen == .marks ? Self.markColumns : recordColumns).columns.contains { $0.column == .share }
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
    let margin = Self.margin
    let scale = ShareDisplay.Scale(largest: largest, whole: inventory.totals.all.bytes)
    let table = table(columns)
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
