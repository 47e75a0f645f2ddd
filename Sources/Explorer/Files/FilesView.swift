import BuildCache
import CacheReport
import SystemPackage
import Terminal

extension ExplorerState {
  /// A narrower window has room for names only.
  static let leastForFileBars = 50

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
    // The largest comes first.
    let scale = ShareDisplay.Scale(largest: list.first?.bytes ?? 0, whole: total)
    for (row, place) in zip(layout.listLines, visible) {
      draw(list[place], of: scale, row, isCurrent: place == files.position.cursor, on: &grid)
    }
    if layout.hasLegend {
      let count = list.count == 1 ? "1 name" : "\(list.count) names"
      let bytes = amount(total)
      let words = LineParts([
        .init(count, rank: 1),
        .init(
          [.init(text: "\(bytes) on disk with all beneath", rank: 2), .init(text: bytes, rank: 0)],
          gap: " \(signs.dot) "),
      ])
      grid.draw(words, row: layout.list.upperBound - 1, style: Style(dim: true))
    }
  }

  private func draw(_ file: TreeFile, of scale: ShareDisplay.Scale, _ row: Int, isCurrent: Bool, on grid: inout Grid) {
    let bar =
      size.columns >= Self.leastForFileBars && share != .none
      ? cell(share.text(file.bytes, of: scale, signs), share.width) + "  " : ""
    let width = max(9, units.width(upTo: scale.whole))
    let text = " \(isCurrent ? signs.cursor : " ") " + cell(amount(file.bytes), width, .right) + "  " + bar
    let start = grid.draw(text, at: Point(column: 0, row: row), width: size.columns)
    grid.draw(
      file.label, at: Point(column: start, row: row), width: size.columns - start,
      style: Style(bold: file.isFolder))
    if isCurrent { grid.restyle(column: 0, row: row, columns: size.columns) { $0.setUnderCursor() } }
  }
}
