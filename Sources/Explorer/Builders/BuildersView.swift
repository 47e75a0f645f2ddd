import BuildCache
import CacheReport
import Terminal

extension BuildersState {
  /// The whole screen.
  ///
  /// - Complexity: O(cells, builders).
  func draw() -> Grid {
    var grid = Grid(size: size, cutSign: signs.ellipsis)
    let layout = layout
    let totals = list.totals
    let dot = " \(signs.dot) "
    grid.drawTitle(
      "builders", badges: isWatching ? ["live"] : [],
      facts: [
        LineParts.Part(list.summary, rank: 5, gap: dot), LineParts.Part(counted(totals.all.records), rank: 6, gap: dot),
        LineParts.Part(ByteCount(totals.all.bytes).text(in: units), rank: 0, gap: dot),
      ])
    if let row = layout.bar { grid.drawBar(totals, besides: "", row: row, signs, units) }
    if let row = layout.tabs {
      let tab = LineParts.Part("[Builders]", rank: 0, style: Style(bold: true))
      grid.draw(LineParts([tab], right: [.init("by what hurts \(signs.falling)", rank: 1)]), row: row)
    }
    drawList(on: &grid)
    if remarkHeight > 0 { drawRemark(on: &grid) }
    if let row = layout.message {
      if let prompt {
        let hint = prompt.problem ?? completions(prompt.text).joined(separator: "  ")
        grid.drawTyped(
          ":\(prompt.text)", hint: hint, isProblem: prompt.problem != nil, row: row, mayRise: remarkHeight > 0)
      } else {
        grid.drawMessage(spoken, row: row, mayRise: remarkHeight > 0, more: label("?"))
      }
    }
    if let row = layout.footer {
      if prompt == nil {
        grid.drawFooter(hints, row: row)
      } else {
        grid.draw(LineParts(keeping: PromptEntry.hints), row: row)
      }
    }
    if let help {
      grid.drawBox("Keys", helpLines, from: help, scrolling: "\(label("j")) \(label("k"))")
    }
    return grid
  }

  /// The likely keys.
  var hints: [KeyHint] {
    BuildersBinding.all.filter(\.isLikely).compactMap { binding in
      guard let key = keys.keys(for: binding.keys).first, let meant = binding.keys.first else { return nil }
      return KeyHint(label: key.label, meant: meant, words: binding.words, isOff: binding.whyOff(self) != nil)
    }
  }

  /// All keys, how the list is sorted, and what was said last where a line had no room for it.
  var helpLines: [String] {
    (displayWidth(said) > size.columns - 2 ? [said, ""] : [])
      + BuildersBinding.all.map { helpLine(keys.keys(for: $0.keys), $0.words, whyOff: $0.whyOff(self)) }
      + [""] + Self.order + [""] + Glossary.lines + ["", "any other key: back"]
  }

  /// How the list is sorted.
  private static let order = [
    "What hurts most comes first: builders that no rule takes anything from and whose disk is nearly full, others whose "
      + "disk is nearly full, the others by size, and those that don't answer."
  ]

  /// What was said last, else who is still to answer.
  var spoken: String {
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
      if isCurrent { grid.restyle(column: 0, row: row, columns: size.columns) { $0.setUnderCursor() } }
    }
  }

  private func style(of line: BuilderLine) -> Style {
    if line.error != nil { return Style(dim: true) }
    guard let figures = line.figures else { return Style(dim: true) }
    if figures.isDiskShort { return Style(foreground: Palette.problem) }
    if figures.isUnruled { return Style(foreground: Palette.doubt) }
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
    let all = lines.flatMap { folded($0, to: width) }
    for (offset, part) in all.prefix(remarkHeight - 1).enumerated() {
      // What there is no room for is told by a sign: Enter opens the builder, where its notes are told anew.
      let isCut = offset == remarkHeight - 2 && all.count > remarkHeight - 1
      let text = isCut ? fitted(part, to: min(width - 2, displayWidth(part))) + " \(signs.ellipsis)" : part
      grid.draw(" " + text, at: Point(column: 0, row: top + 1 + offset), style: Style(dim: line.error == nil))
    }
  }
}
