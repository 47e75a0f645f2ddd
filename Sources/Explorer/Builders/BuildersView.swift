import BuildCache
import CacheReport
import Terminal

extension BuildersState {
  /// The whole screen.
  ///
  /// - Complexity: O(cells, builders).
  func draw() -> Grid {
    var grid = Grid(size: size)
    let layout = layout
    let totals = list.totals
    let facts = [list.summary, counted(totals.all.records), ByteCount(totals.all.bytes).text(in: units)]
    grid.drawTitle(
      "builders", isWatching ? " [live]" : "", right: facts.joined(separator: " \(signs.dot) ") + " ", signs)
    if let row = layout.bar { grid.drawBar(totals, besides: "", row: row, signs, units) }
    if let row = layout.tabs {
      let tab = "[Builders]"
      grid.draw(tab, at: Point(column: 1, row: row), style: Style(bold: true))
      let order = "by what hurts \(signs.falling) "
      grid.draw(order, at: Point(column: max(tab.count + 3, size.columns - displayWidth(order)), row: row))
    }
    drawList(on: &grid)
    if remarkHeight > 0 { drawRemark(on: &grid) }
    if let row = layout.message {
      grid.draw(" " + spoken, at: Point(column: 0, row: row), style: Style(bold: true))
    }
    if let row = layout.footer {
      let likely = BuildersBinding.all.filter(\.isLikely)
      grid.drawFooter(
        likely.compactMap { binding in
          binding.keys.first.map { KeyHint(key: $0, words: binding.words, isOff: binding.whyOff(self) != nil) }
        }, row: row)
    }
    if let help {
      let lines = BuildersBinding.all.map { helpLine($0.keys, $0.words, whyOff: $0.whyOff(self)) }
      grid.drawBox(
        "Keys", lines + [""] + Self.order + [""] + Glossary.lines + ["", "any other key: back"], from: help, signs)
    }
    return grid
  }

  /// How the list is sorted.
  private static let order = [
    "What hurts most comes first: builders that no rule takes anything from and whose disk is nearly full, others whose "
      + "disk is nearly full, the others by size, and those that don't answer."
  ]

  /// What was said last, else who is still to answer.
  private var spoken: String {
    if !message.isEmpty { return message }
    if isSearching && list.lines.isEmpty { return "looking for builders" }
    let asked = list.lines.count(where: \.isAsked)
    if asked > 0 { return "asking \(asked) of \(list.lines.count)" }
    return list.lines.isEmpty ? "no builder was found" : ""
  }

  private func drawList(on grid: inout Grid) {
    let margin = 3
    let lines = listLines
    let table = ColumnTable<BuildersColumn>(list.lines, width: size.columns - margin - 1, units)
    guard layout.body.count > 0 else { return }
    grid.draw(
      table.headings(cutSign: signs.ellipsis), at: Point(column: margin, row: layout.body.lowerBound),
      style: Style(dim: true))
    let seen = position.visible(count: list.lines.count, height: lines.count)
    for (row, place) in zip(lines, seen) {
      let line = list.lines[place]
      let isCurrent = place == position.cursor
      if isCurrent { grid.draw(" \(signs.cursor)", at: Point(column: 0, row: row)) }
      grid.draw(
        table.line { column, width, alignment in
          fitted(
            column.text(line, unknown: String(signs.ellipsis), units), to: width, from: alignment,
            cutSign: signs.ellipsis)
        },
        at: Point(column: margin, row: row), style: style(of: line))
      if isCurrent { grid.restyle(column: 0, row: row, columns: size.columns) { $0.isReverse = true } }
    }
  }

  private func style(of line: BuilderLine) -> Style {
    if line.error != nil { return Style(dim: true) }
    guard let figures = line.figures else { return Style(dim: true) }
    if figures.isDiskShort || figures.isUnruled { return Style(foreground: figures.isDiskShort ? .red : .yellow) }
    return .plain
  }

  /// All about the builder under the cursor, beneath the list.
  private func drawRemark(on grid: inout Grid) {
    guard let line = current else { return }
    let top = layout.body.upperBound - remarkHeight
    let notes = line.figures?.notes ?? []
    let reason = line.error.map(\.description)
    let text = [line.builder.name, line.remark.isEmpty ? nil : line.remark, reason].compactMap(\.self)
    let lines = [text.joined(separator: ": ")] + notes
    let width = max(1, size.columns - 2)
    for (offset, part) in lines.flatMap({ folded($0, to: width) }).prefix(remarkHeight - 1).enumerated() {
      grid.draw(
        " " + part, at: Point(column: 0, row: top + 1 + offset), style: Style(dim: line.error == nil))
    }
  }
}
