import BuildCache
import Terminal

extension ExplorerState {
  /// The screens, in the order in which Tab goes through them.
  public enum Screen: Int, Sendable, CaseIterable {
    /// The table of all records.
    case records
    /// The ref graph.
    case graph
    /// What a prune would take.
    case prune
    /// What a record's tree holds.
    case files
    /// What is marked.
    case marks

    /// Its name on its tab.
    var title: String {
      switch self {
      case .records: "1 Records"
      case .graph: "2 Graph"
      case .prune: "3 Prune"
      case .files: "4 Files"
      case .marks: "Marks"
      }
    }
  }

  /// Where the parts of the frame are.
  var layout: Layout { Layout(size, hasDetail: isDetailShown) }

  /// Whether the Detail pane is open.
  var isDetailShown: Bool {
    (screen == .records || screen == .graph) && (detail.isWanted ?? (size.columns >= Layout.wide))
  }

  /// The place in the list that is shown.
  var position: ListPosition {
    get {
      switch screen {
      case .records: records.position
      case .graph: graph.position
      case .prune: prune.position
      case .files: files.position
      case .marks: marked.position
      }
    }
    set {
      switch screen {
      case .records: records.position = newValue
      case .graph: graph.position = newValue
      case .prune: prune.position = newValue
      case .files: files.position = newValue
      case .marks: marked.position = newValue
      }
    }
  }

  /// How many lines the list that is shown has.
  var lineCount: Int {
    switch screen {
    case .records: records.order.count
    case .graph: graph.layout == nil ? 0 : graph.lines.count
    case .prune: prune.lineCount
    case .files: files.files?.count ?? 0
    case .marks: marked.rows.count
    }
  }

  /// The lines of the window that are left for the list.
  var listLines: Range<Int> { screen == .prune ? layout.pruneLines : layout.listLines }

  /// The lines of the list that are seen.
  var visible: Range<Int> { position.visible(count: lineCount, height: listLines.count) }

  /// The record that the cursor is on, where it is on one.
  var current: Int? {
    switch screen {
    case .records: records.current
    case .graph: graph.current.flatMap { row($0, of: graph.cache, graph.reading) }
    case .prune: prune.current.flatMap { row($0, of: prune.plan?.state ?? cache, prune.reading) }
    case .files: files.record.flatMap { cache.index(of: $0) }
    case .marks: marked.rows.indices.contains(marked.position.cursor) ? marked.rows[marked.position.cursor] : nil
    }
  }

  /// The row that stands for another reading's; nothing where its record is gone.
  func row(_ row: Int, of other: CacheState, _ reading: Int) -> Int? {
    reading == readingCount ? row : cache.index(of: other.rows[row].id)
  }

  /// Puts the cursor of the Records and Graph screens on a row, where it is listed.
  mutating func select(_ row: Int?) {
    switch screen {
    case .records: records.select(row)
    case .graph: graph.select(row.map { cache.rows[$0].id })
    case .prune, .files, .marks: break
    }
  }

  /// Keeps the cursor within the list, and in sight.
  mutating func settle() {
    position.settle(count: lineCount, height: listLines.count)
    if screen == .graph { settleLanes() }
  }

  /// Shows a screen, the cursor on the record that it is on now.
  mutating func show(_ next: Screen) -> [Effect] {
    guard next != screen else { return [] }
    // The cut of the Prune screen is no record: then that of the Records screen.
    let row = current ?? records.current
    if screen != .files && screen != .marks { cameFrom = screen }
    screen = next
    switch next {
    case .records:
      records.select(row)
      records.position.reveal(height: layout.listLines.count)
    case .graph:
      graph.select(row.map { cache.rows[$0].id })
      graph.position.reveal(height: layout.listLines.count)
      if graph.layout == nil { return [layOut()] }
    case .prune:
      if prune.plan == nil { return [makePlan()] }
    case .files:
      guard let row, cache.rows[row].id != files.record || files.files == nil else { return [] }
      files.open(cache.rows[row].id)
      return [.list(cache.rows[row].id, files.path)]
    case .marks:
      return listMarks()
    }
    return []
  }

  /// The screen that Tab goes to: Files where there are some, Marks never.
  var nextScreen: Screen {
    let screens = Screen.allCases.filter {
      $0 != .marks && ($0 != .files || (rights.noInsight == nil && records.current != nil))
    }
    guard let place = screens.firstIndex(of: screen) else { return cameFrom }
    return screens[(place + 1) % screens.count]
  }
}
