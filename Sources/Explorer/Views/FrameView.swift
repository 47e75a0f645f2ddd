import BuildCache
import Terminal

extension ExplorerState {
  /// The whole screen.
  ///
  /// - Complexity: O(cells): rows are made for what is seen only.
  public func draw() -> Grid {
    var grid = Grid(size: size)
    let layout = Layout(size)
    drawTitle(on: &grid, layout)
    if let row = layout.bar { drawBar(on: &grid, row) }
    if let row = layout.tabs { drawTabs(on: &grid, row) }
    switch screen {
    case .records: drawRecords(on: &grid, layout)
    case .prune: drawPrune(on: &grid, layout)
    }
    if let row = layout.message { grid.draw(" " + message, at: Point(column: 0, row: row), style: Style(bold: true)) }
    if let row = layout.footer { drawFooter(on: &grid, row) }
    drawOverlay(on: &grid)
    return grid
  }

  private func drawTitle(on grid: inout Grid, _ layout: Layout) {
    var facts = [
      cache.rows.count == 1 ? "1 record" : "\(cache.rows.count) records", ByteCount(totals.all).text,
    ]
    if let space {
      facts.append("disk \(ByteCount(space.free).text) of \(ByteCount(space.capacity).text) free")
    }
    let right = isLoaded ? joined(facts) + " " : ""
    let readOnly = options.readOnlyReason == nil ? "" : " [read only]"
    let room = max(0, size.columns - displayWidth(right) - displayWidth(readOnly) - 1)
    let left = cell(" strata  \(options.name)", min(room, displayWidth(" strata  \(options.name)")))
    grid.fill(column: 0, row: 0, columns: size.columns, style: Style(reverse: true))
    grid.draw(left + readOnly, at: Point(column: 0, row: 0), style: Style(bold: true, reverse: true))
    let column = size.columns - displayWidth(right)
    if column > displayWidth(left + readOnly) {
      grid.draw(right, at: Point(column: column, row: 0), style: Style(reverse: true))
    }
  }

  /// The totals as one bar, and in words with the sign that stands for each.
  private func drawBar(on grid: inout Grid, _ row: Int) {
    let parts: [(sign: Character, words: String, bytes: Int64, color: Color)] = [
      (signs.inUse, "in use", totals.inUse, .red), (signs.shared, "shared", totals.shared, .yellow),
      (signs.reclaimable, "reclaimable", totals.reclaimable, .green),
    ]
    var column = 1
    let width = min(40, size.columns / 4)
    var drawn: Int64 = 0
    for part in parts where totals.all > 0 {
      // The ends are rounded, not the parts, so that they always add up to the whole bar.
      let end = 1 + Int((Double(drawn + part.bytes) / Double(totals.all) * Double(width)).rounded())
      grid.fill(
        column: column, row: row, columns: end - column, with: part.sign, style: Style(foreground: part.color))
      column = max(column, end)
      drawn += part.bytes
    }
    column = width + 3
    for part in parts {
      column += grid.draw(
        String(part.sign), at: Point(column: column, row: row), style: Style(foreground: part.color))
      column += grid.draw(
        " \(part.words) \(ByteCount(part.bytes).text)   ", at: Point(column: column, row: row))
    }
    if let space {
      grid.draw("unowned \(ByteCount(space.unowned).text)", at: Point(column: column, row: row))
    }
  }

  private func drawTabs(on grid: inout Grid, _ row: Int) {
    var column = 1
    for (tab, words) in [(Screen.records, "1 Records"), (.prune, "3 Prune")] {
      let isOpen = tab == screen
      column += grid.draw(
        isOpen ? "[\(words)]" : " \(words) ", at: Point(column: column, row: row), style: Style(bold: isOpen))
    }
    var facts: [String] = []
    if screen == .records {
      facts.append("by \(records.sort.rawValue) \(records.isDescending ? signs.falling : signs.rising)")
    }
    if !marks.isEmpty {
      let bytes = markedRows.reduce(Int64(0)) { $0 &+ cache.rows[$1].size }
      facts.append(joined(["\(marks.count) marked", ByteCount(bytes).text]))
    }
    let right = facts.joined(separator: "   ") + " "
    let start = size.columns - displayWidth(right)
    if start > column + 1 { grid.draw(right, at: Point(column: start, row: row)) }
  }

  /// The likely keys, as many as fit.
  private func drawFooter(on grid: inout Grid, _ row: Int) {
    var column = 1
    for binding in Binding.all where binding.isLikely && (binding.screen == nil || binding.screen == screen) {
      if binding.action == .prune && screen == .prune { continue }
      let key = binding.keys.first?.label ?? ""
      let words = binding.action == .pruneMarked && marks.isEmpty ? "prune this" : binding.words
      guard column + displayWidth(key) + displayWidth(words) + 1 < size.columns else { break }
      let isOff = binding.whyOff(self) != nil
      column += grid.draw(key, at: Point(column: column, row: row), style: Style(bold: !isOff, dim: isOff))
      column += grid.draw(" \(words)  ", at: Point(column: column, row: row), style: Style(dim: isOff))
    }
  }
}

extension Key {
  /// The key as help and footer write it.
  var label: String {
    switch self {
    case .character(" "): "space"
    case .character(let character): String(character)
    case .control(let letter): "^" + letter.uppercased()
    default: String(name.dropFirst().dropLast())
    }
  }
}
