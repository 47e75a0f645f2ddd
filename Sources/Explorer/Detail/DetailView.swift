import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  func drawDetail(on grid: inout Grid, _ pane: Layout.Pane) {
    let isBeside = pane.column > 0
    grid.fill(column: pane.column, row: pane.rows.lowerBound, columns: pane.columns, rows: pane.rows.count)
    if isBeside {
      grid.fill(
        column: pane.column, row: pane.rows.lowerBound, columns: 1, rows: pane.rows.count, with: signs.side,
        style: Style(dim: true))
    } else {
      grid.fill(
        column: 0, row: pane.rows.lowerBound, columns: pane.columns, with: signs.line, style: Style(dim: true))
    }
    let left = pane.column + (isBeside ? 2 : 1)
    let rows = isBeside ? pane.rows : pane.rows.dropFirst()
    let width = max(0, pane.column + pane.columns - left - 1)
    guard width > 0 else { return }
    let lines = detailLines(width)
    let top = max(0, min(detail.top, lines.count - rows.count))
    let words = lines.count > top + rows.count ? " \(label("J")) for more " : ""
    for (row, line) in zip(rows, lines.dropFirst(top)) {
      let room = row == rows.last ? width - words.count : width
      grid.draw(line.text, at: Point(column: left, row: row), width: room, style: line.style)
    }
    if !words.isEmpty, let last = rows.last {
      grid.draw(
        words, at: Point(column: max(left, left + width - words.count), row: last), width: min(width, words.count),
        style: Style(dim: true, reverse: true))
    }
  }

  /// All about the record under the cursor: why it stays or goes, its sizes, and the rest.
  private func detailLines(_ width: Int) -> [(text: String, style: Style)] {
    var lines: [(text: String, style: Style)] = []
    func add(_ name: String, _ value: String, _ style: Style = .plain) {
      let name = cell(name, min(16, width / 2)) + " "
      for (place, part) in folded(value, to: max(1, width - name.count)).enumerated() {
        lines.append(((place == 0 ? name : String(repeating: " ", count: name.count)) + part, style))
      }
    }
    if let group = currentGroup {
      for (number, fact) in facts(of: group).enumerated() { add(fact.name, fact.value, Style(bold: number == 0)) }
      return lines
    }
    guard let current else { return [("no record", Style(dim: true))] }
    guard let description = detail.description, description.id == cache.rows[current].id else {
      return [(cache.rows[current].id.text, Style(bold: true)), (String(signs.ellipsis), Style(dim: true))]
    }
    let more = description.technicalFields
    let fields = description.fields + (detail.showsAll ? more : [])
    for (number, field) in fields.enumerated() {
      add(field.name, field.text(in: units, by: options.localTime, at: now), Style(bold: number == 0))
      // What one came for stands near the top: after what tells which record it is.
      guard field.name == RecordDescription.descriptionField else { continue }
      let reasons = detail.reasons.isEmpty ? String(signs.ellipsis) : detail.reasons.joined(separator: " ")
      add("Why", reasons, Style(bold: true))
    }
    if !detail.showsAll && !more.isEmpty {
      add("more", "\(more.map { $0.name.lowercased() }.joined(separator: ", ")): i shows them", Style(dim: true))
    }
    return lines
  }
}
