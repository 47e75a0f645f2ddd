import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  /// The whole screen.
  ///
  /// - Complexity: O(cells): rows are made for what is seen only.
  func draw() -> Grid {
    var grid = Grid(size: size)
    let layout = layout
    drawTitle(on: &grid, layout)
    if let row = layout.bar { drawBar(on: &grid, row) }
    if let row = layout.tabs { drawTabs(on: &grid, row) }
    screen.itself.draw(self, on: &grid, layout)
    if let pane = layout.detail { drawDetail(on: &grid, pane) }
    if let row = layout.message { drawMessage(on: &grid, row) }
    if let row = layout.footer { drawFooter(on: &grid, row) }
    drawOverlay(on: &grid)
    return grid
  }

  /// The same with what there is to see before the cache is read.
  var asGlimpsed: ExplorerState {
    guard !isLoaded, let glimpse else { return self }
    var state = self
    state.inventory = glimpse.inventory
    state.records.take(glimpse.arrangement, cursorOn: nil)
    return state
  }

  private func drawTitle(on grid: inout Grid, _ layout: Layout) {
    var facts = [
      counted(cache.rows.count), amount(inventory.totals.all.bytes),
    ]
    if let space = inventory.reading.space {
      facts.append("disk \(amount(space.free)) of \(amount(space.capacity)) free")
    }
    let right = isLoaded ? joined(facts) + " " : ""
    let readOnly =
      (options.isOfSeveral ? " [b: builders]" : "") + (rights.noPruning == nil ? "" : " [read only]")
      + (isWatching ? " [live]" : "")
      + (failedAt.map { isLoaded ? " [read \($0.since(now).ageText) ago]" : "" } ?? "")
    grid.drawTitle(options.name, readOnly, right: right, signs)
  }

  private func drawBar(on grid: inout Grid, _ row: Int) {
    let besides = inventory.reading.overhead.map { overhead in
      "unowned \(amount(overhead.unowned.addingSaturating(overhead.history)))"
    }
    grid.drawBar(inventory.totals, besides: besides ?? "", row: row, signs, units)
  }

  private func drawTabs(on grid: inout Grid, _ row: Int) {
    var column = 1
    for tab in Screen.allCases where tab != .marks || screen == .marks {
      let isOpen = tab == screen
      column += grid.draw(
        isOpen ? "[\(tab.itself.title)]" : " \(tab.itself.title) ", at: Point(column: column, row: row),
        style: Style(bold: isOpen, dim: tab == .files && rights.noInsight != nil))
    }
    var facts: [String] = []
    if !marks.isEmpty { facts.append(joined(["\(marks.count) marked", amount(marks.bytes)])) }
    if let text = choice.filter.strings.first, screen == .records || screen == .graph {
      facts.insert("filter: " + cell(text, min(displayWidth(text), 30)), at: 0)
    }
    if screen == .records {
      if let key = choice.grouping { facts.insert("groups: \(key.words)", at: 0) }
      facts.insert("by \(choice.sort.rawValue) \(choice.isDescending ? signs.falling : signs.rising)", at: 0)
    }
    // A narrow window drops the sort before the filter, and that before the marks.
    while !facts.isEmpty {
      let right = facts.joined(separator: "   ") + " "
      let start = size.columns - displayWidth(right)
      if start > column {
        grid.draw(right, at: Point(column: start, row: row))
        return
      }
      facts.removeFirst()
    }
  }

  /// What is to be said, or the filter that is being typed.
  private func drawMessage(on grid: inout Grid, _ row: Int) {
    guard case .filter(let entry) = overlay else {
      grid.draw(" " + message, at: Point(column: 0, row: row), style: Style(bold: true))
      return
    }
    let hint =
      entry.problem
      ?? (entry.text.isEmpty
        ? "words, or type==regular, size>100MB, age>7d, uses<=1, mutable" : matchWords)
    // The end of what is typed stays in sight.
    let room = max(4, size.columns - min(displayWidth(hint), size.columns / 2) - 6)
    var text = entry.text
    while displayWidth(text) > room { text.removeFirst() }
    let column = grid.draw(" /\(text)_", at: Point(column: 0, row: row), style: Style(bold: true))
    grid.draw(
      hint, at: Point(column: column + 2, row: row),
      style: Style(foreground: entry.problem == nil ? nil : .red, dim: entry.problem == nil))
  }

  /// The likely keys, as many as fit.
  private func drawFooter(on grid: inout Grid, _ row: Int) {
    if case .filter = overlay {
      grid.draw(" Enter keeps the filter  Esc takes it back  ^U empties it", at: Point(column: 0, row: row))
      return
    }
    let likely = Binding.all(on: screen).filter { $0.isLikely(self) && $0.shows != screen }
    grid.drawFooter(
      likely.compactMap { binding in
        binding.keys.first.map { key in
          KeyHint(
            key: key, words: binding.footerWords?(self) ?? binding.words, isOff: binding.whyOff(self) != nil)
        }
      }, row: row)
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
