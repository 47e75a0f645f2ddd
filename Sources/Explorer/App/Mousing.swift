import Terminal

extension ExplorerState {
  /// Does what the mouse asks for: the wheel moves, a click goes to a line or a tab, a second one opens.
  mutating func use(_ mouse: Mouse) -> [Effect] {
    guard overlay == nil else { return [] }
    switch mouse.kind {
    case .wheelDown: position.cursor += 3
    case .wheelUp: position.cursor -= 3
    case .click, .doubleClick:
      if mouse.place.row == layout.tabs { return tab(atColumn: mouse.place.column).map { show($0) } ?? [] }
      guard listLines.contains(mouse.place.row), screen == .prune || mouse.place.column < layout.listColumns else {
        return []
      }
      let line = position.top + mouse.place.row - listLines.lowerBound
      guard line < lineCount else { return [] }
      position.cursor = line
      // Enter does what a second click does, but for the Prune screen, where it asks to prune.
      if mouse.kind == .doubleClick && screen != .prune { return press(.enter) }
    }
    return []
  }

  /// The tab that is drawn at a column.
  private func tab(atColumn column: Int) -> Screen? {
    var start = 1
    for tab in Screen.allCases where tab != .marks || screen == .marks {
      let end = start + displayWidth(tab.itself.title) + 2
      if (start..<end).contains(column) {
        return Binding.everywhere.first { $0.shows == tab }?.whyOff(self) == nil ? tab : nil
      }
      start = end
    }
    return nil
  }
}
