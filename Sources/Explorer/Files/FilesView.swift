import BuildCache
import CacheReport
import SystemPackage
import Terminal

extension ExplorerState {
  func drawFiles(on grid: inout Grid, _ layout: Layout) {
    guard let record = files.record, !layout.list.isEmpty else { return }
    let top = layout.list.lowerBound
    let place = LineParts.Part.path("\(shortID(record)):\(files.path)", rank: 1, cutSign: signs.ellipsis)
    grid.draw(LineParts([place]), row: top, style: Style(bold: true))
    guard let list = files.files else {
      let words = files.problem ?? "looking at its files\(signs.ellipsis)"
      for (row, line) in zip(layout.listLines, folded(words, to: max(1, size.columns - 2))) {
        grid.draw(" \(line)", at: Point(column: 0, row: row), width: size.columns)
      }
      return
    }
    if list.isEmpty { grid.draw(" an empty folder", at: Point(column: 0, row: top + 1), style: Style(dim: true)) }
    let total = list.reduce(Int64(0)) { $0.addingSaturating($1.bytes) }
    for (row, place) in zip(layout.listLines, visible) {
      draw(list[place], of: total, row, isCurrent: place == files.position.cursor, on: &grid)
    }
    if layout.hasLegend {
      let count = list.count == 1 ? "1 name" : "\(list.count) names"
      let bytes = ByteCount(total).text
      let words = LineParts([
        .init(count, rank: 1),
        .init(
          [.init(text: "\(bytes) on disk with all beneath", rank: 2), .init(text: bytes, rank: 0)],
          gap: " \(signs.dot) "),
      ])
      grid.draw(words, row: layout.list.upperBound - 1, style: Style(dim: true))
    }
  }

  private func draw(_ file: TreeFile, of total: Int64, _ row: Int, isCurrent: Bool, on grid: inout Grid) {
    let share = total > 0 ? min(1, max(0, Double(file.bytes) / Double(total))) : 0
    let width = 10
    let full = Int((share * Double(width)).rounded())
    let bar =
      size.columns >= 50
      ? String(repeating: signs.inUse, count: full) + String(repeating: " ", count: width - full) + "  " : ""
    let text = " \(isCurrent ? signs.cursor : " ") " + cell(ByteCount(file.bytes).text, 9, .right) + "  " + bar
    let start = grid.draw(text, at: Point(column: 0, row: row), width: size.columns)
    grid.draw(
      file.label, at: Point(column: start, row: row), width: size.columns - start,
      style: Style(foreground: file.isFolder ? .cyan : nil, bold: file.isFolder))
    if isCurrent { grid.restyle(column: 0, row: row, columns: size.columns) { $0.isReverse = true } }
  }
}
