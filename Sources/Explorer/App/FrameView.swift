import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  /// The whole screen.
  ///
  /// - Complexity: O(cells): rows are made for what is seen only.
  func draw() -> Grid {
    var grid = Grid(size: size, cutSign: signs.ellipsis)
    let layout = layout
    drawTitle(on: &grid)
    if let row = layout.bar { drawBar(on: &grid, row) }
    if let row = layout.tabs { drawTabs(on: &grid, row) }
    screen.itself.draw(self, on: &grid, layout)
    if let pane = layout.detail { drawDetail(on: &grid, pane) }
    if let row = layout.message { drawMessage(on: &grid, row, layout) }
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

  private func drawTitle(on grid: inout Grid) {
    let dot = " \(signs.dot) "
    var facts: [LineParts.Part] = []
    if isLoaded {
      facts = [
        LineParts.Part(counted(cache.rows.count), rank: 6, gap: dot),
        LineParts.Part(amount(inventory.totals.all.bytes), rank: 0, gap: dot),
      ]
      if let space = inventory.reading.space {
        let free = amount(space.free)
        facts.append(
          LineParts.Part(
            [
              .init(text: "disk \(free) of \(amount(space.capacity)) free", rank: 8),
              .init(text: "\(free) free", rank: 5),
            ], gap: dot))
      }
    }
    let badges = [
      rights.noPruning == nil ? nil : "read only",
      failedAt.flatMap { isLoaded ? "read \($0.since(now).ageText) ago" : nil },
      isWatching ? "live" : nil,
      options.isOfSeveral ? "\(label("b")): builders" : nil,
    ]
    grid.drawTitle(options.name, badges: badges.compactMap(\.self), facts: facts)
  }

  private func drawBar(on grid: inout Grid, _ row: Int) {
    let besides = inventory.reading.overhead.map { overhead in
      "unowned \(amount(overhead.unowned.addingSaturating(overhead.history)))"
    }
    grid.drawBar(inventory.totals, besides: besides ?? "", row: row, signs, units)
  }

  /// The tabs, with how the lists are sorted, filtered and marked at the right edge: the sort gives way before the
  /// filter, that before the other tabs, and those before the marks.
  var tabLine: LineParts {
    let tabs = tabs.map { tab in
      let title = tab.itself.title
      if tab == screen { return LineParts.Part("[\(title)]", rank: 0, gap: "", style: Style(bold: true)) }
      let digit = title.prefix { $0 != " " }
      let style = Style(dim: tab == .files && rights.noInsight != nil)
      return LineParts.Part(
        [.init(text: " \(title) ", rank: 6), .init(text: " \(digit) ", rank: 3)], gap: "", style: style)
    }
    var facts: [LineParts.Part] = []
    if screen == .records {
      if let key = choice.grouping { facts.append(LineParts.Part("groups: \(key.words)", rank: 6)) }
      let way = choice.isDescending ? signs.falling : signs.rising
      facts.insert(LineParts.Part("by \(choice.sort.rawValue) \(way)", rank: 8), at: 0)
    }
    if let text = choice.filter.strings.first, screen.listsRecords {
      facts.append(
        .words("filter: " + cell(text, min(displayWidth(text), 30)), rank: 5, to: [16], cutSign: signs.ellipsis))
    }
    if !marks.isEmpty {
      let count = "\(marks.count) marked"
      facts.append(
        LineParts.Part(
          [.init(text: joined([count, amount(marks.bytes)]), rank: 7), .init(text: count, rank: 1)]))
    }
    return LineParts(tabs, right: facts)
  }

  /// The screens that have tabs.
  var tabs: [Screen] { Screen.allCases.filter { $0 != .marks || screen == .marks } }

  private func drawTabs(on grid: inout Grid, _ row: Int) { grid.draw(tabLine, row: row) }

  /// What is to be said, or what is being typed.
  private func drawMessage(on grid: inout Grid, _ row: Int, _ layout: Layout) {
    // The legend can be missed for as long as something is said.
    let mayRise = layout.hasLegend && layout.detail == nil && screen.itself.hasLegend
    switch overlay {
    case .filter(let entry):
      grid.drawTyped(
        "/\(entry.text)",
        hint: entry.problem
          ?? (entry.text.isEmpty ? "words, or type==regular, size>100MB, age>7d, uses<=1, mutable" : matchWords),
        isProblem: entry.problem != nil, row: row, mayRise: mayRise)
    case .prompt(let entry):
      grid.drawTyped(
        ":\(entry.text)", hint: hint(of: entry), isProblem: entry.problem != nil, row: row, mayRise: mayRise)
    default:
      grid.drawMessage(message, row: row, mayRise: mayRise, more: label("?"))
    }
  }

  /// The likely keys.
  var hints: [KeyHint] {
    Binding.all(on: screen).filter { $0.isLikely(self) && $0.shows != screen }.compactMap { binding in
      guard let key = options.keys.keys(for: binding.keys).first, let meant = binding.keys.first else { return nil }
      return KeyHint(
        label: key.label, meant: meant, words: binding.footerWords?(self) ?? binding.words,
        isOff: binding.whyOff(self) != nil)
    }
  }

  private func drawFooter(on grid: inout Grid, _ row: Int) {
    switch overlay {
    case .filter:
      grid.draw(LineParts(keeping: ["Enter keeps the filter", "Esc takes it back", "^U empties it"]), row: row)
    case .prompt: grid.draw(LineParts(keeping: PromptEntry.hints), row: row)
    default: grid.drawFooter(hints, row: row)
    }
  }
}

extension LineParts {
  /// Words of which the first stay the longest.
  init(keeping words: [String]) {
    self.init(words.enumerated().map { Part($1, rank: $0, gap: "  ") })
  }
}

extension Grid {
  /// A line that is being typed, with what is said of it beside it, or above it where it is long and may be there; the end
  /// of what is typed stays in sight.
  mutating func drawTyped(_ typed: String, hint: String, isProblem: Bool, row: Int, mayRise: Bool) {
    let style = Style(foreground: isProblem ? Palette.problem : nil, dim: !isProblem)
    let isAbove = mayRise && displayWidth(typed) + displayWidth(hint) + 5 > size.columns
    let room = max(4, size.columns - (isAbove ? 0 : min(displayWidth(hint), size.columns / 2)) - 5)
    fill(column: 0, row: row, columns: size.columns)
    let column = draw(
      " \(fittedEnd(typed, to: room, cutSign: cutSign))_", at: Point(column: 0, row: row), style: Style(bold: true))
    if isAbove {
      fill(column: 0, row: row - 1, columns: size.columns)
      draw(wholeWords(hint, to: size.columns - 2), at: Point(column: 1, row: row - 1), style: style)
    } else {
      draw(wholeWords(hint, to: size.columns - column - 3), at: Point(column: column + 2, row: row), style: style)
    }
  }
}
