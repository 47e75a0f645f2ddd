import Terminal

extension ExplorerState {
  /// Does what the mouse asks for: the wheel moves; a click goes to a line or a tab, sorts by a heading, or presses a key
  /// of the footer; a second one opens.
  mutating func use(_ mouse: Mouse) -> [Effect] {
    guard overlay == nil else { return [] }
    switch mouse.kind {
    case .wheelDown: position.cursor += 3
    case .wheelUp: position.cursor -= 3
    case .click, .doubleClick:
      if mouse.place.row == layout.tabs { return tab(atColumn: mouse.place.column).map { show($0) } ?? [] }
      if mouse.place.row == layout.footer { return pressHint(atColumn: mouse.place.column) }
      if screen == .records, let column = heading(at: mouse.place) {
        guard let key = column.sort else { return [] }
        range = nil
        return sort(by: key)
      }
      guard listLines.contains(mouse.place.row), screen == .prune || mouse.place.column < layout.listColumns else {
        return []
      }
      let line = position.top + mouse.place.row - listLines.lowerBound
      guard line < lineCount else { return [] }
      position.cursor = line
      // Enter does what a second click does, but for the Prune screen, where it asks to prune.
      if mouse.kind == .doubleClick && screen != .prune { return perform(.enter) }
    }
    return []
  }

  /// The tab that is drawn at a column.
  private func tab(atColumn column: Int) -> Screen? {
    guard let place = tabLine.part(atColumn: column, onRowOf: size.columns), tabs.indices.contains(place) else {
      return nil
    }
    let tab = tabs[place]
    return Binding.everywhere.first { $0.shows == tab }?.whyOff(self) == nil ? tab : nil
  }

  /// Presses the key that the footer shows at a column.
  private mutating func pressHint(atColumn column: Int) -> [Effect] {
    let hints = hints
    guard let place = footerLine(hints).part(atColumn: column, onRowOf: size.columns) else { return [] }
    presses += 1
    return perform(hints[place].meant)
  }
}
