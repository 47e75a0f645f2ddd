import BuildCache
import Terminal

extension ExplorerState {
  /// The screens, in the order in which Tab goes through them.
  enum Screen: Int, Sendable, CaseIterable {
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

    /// What it does: nowhere else are the screens told apart.
    var itself: any ExplorerScreen.Type {
      switch self {
      case .records: RecordsScreen.self
      case .graph: GraphScreen.self
      case .prune: PruneScreen.self
      case .files: FilesScreen.self
      case .marks: MarksScreen.self
      }
    }

    /// Whether all records are listed: these screens have a filter, marks and the Detail pane.
    var listsRecords: Bool { self == .records || self == .graph }
  }

  /// Where the parts of the frame are.
  var layout: Layout { Layout(size, hasDetail: isDetailShown) }

  /// Whether the Detail pane is open.
  var isDetailShown: Bool { screen.listsRecords && (detail.isWanted ?? (size.columns >= Layout.wide)) }

  /// The place in the list that is shown.
  var position: ListPosition {
    get { self[keyPath: screen.itself.position] }
    set { self[keyPath: screen.itself.position] = newValue }
  }

  /// How many lines the list that is shown has.
  var lineCount: Int { screen.itself.lineCount(self) }

  /// The lines of the window that are left for the list.
  var listLines: Range<Int> { screen.itself.listLines(layout) }

  /// The lines of the list that are seen.
  var visible: Range<Int> { position.visible(count: lineCount, height: listLines.count) }

  /// The record that the cursor is on, where it is on one.
  var current: Int? { screen.itself.current(self) }

  /// The row that stands for another reading's; nothing where its record is gone.
  func row(_ row: Int, of other: CacheState, _ reading: Int) -> Int? {
    reading == readingCount ? row : cache.index(of: other.rows[row].id)
  }

  /// Keeps the cursor within the list, and in sight.
  mutating func settle() {
    position.settle(count: lineCount, height: listLines.count)
    if screen == .graph { settleLanes() }
  }

  /// Moves the cursor as a key says.
  mutating func move(_ motion: Motion) -> [Effect] {
    position.move(motion, height: listLines.count)
    return []
  }

  /// Shows a screen, the cursor on the record that it is on now.
  mutating func show(_ next: Screen) -> [Effect] {
    guard next != screen else { return [] }
    // The cut of the Prune screen is no record: then that of the Records screen.
    let row = current ?? records.anchor
    if screen != .files && screen != .marks { cameFrom = screen }
    screen = next
    return next.itself.appeared(&self, on: row)
  }

  /// The screen that Tab goes to: Files where there are some, Marks never.
  var nextScreen: Screen {
    let screens = Screen.allCases.filter {
      $0 != .marks && ($0 != .files || (rights.noInsight == nil && records.current != nil))
    }
    guard let place = screens.firstIndex(of: screen) else { return cameFrom }
    return screens[(place + 1) % screens.count]
  }

  private mutating func goBack() -> [Effect] {
    // A huge tree may take minutes.
    let isListing = screen == .files && files.files == nil
    return (isListing ? [.stopListing] : []) + show(screen == .files || screen == .marks ? cameFrom : .records)
  }

  /// Goes back; from the first screen out of the explorer, or to the list of builders that it was opened from.
  mutating func goBackOrQuit() -> [Effect] {
    guard screen == .records else { return goBack() }
    guard !options.isOfSeveral else {
      isLeft = true
      return []
    }
    return quit(again: label("q"))
  }

  /// Leaves the explorer; where records are marked it is said first that their marks go with it.
  ///
  /// - Parameter again: what is pressed or typed to leave all the same.
  mutating func quit(again: String) -> [Effect] {
    if marks.isEmpty || leaveAskedBy.map({ presses - $0 == 1 }) ?? false {
      hasQuit = true
    } else {
      leaveAskedBy = presses
      message = "\(marks.count) marked: \(again) again leaves"
    }
    return []
  }

  /// Takes the filter away, where there is one; else goes back.
  mutating func dismiss() -> [Effect] {
    guard range == nil else {
      range = nil
      message = "no range any more: nothing of it was marked"
      return []
    }
    if choice.filter != .all && screen.listsRecords {
      undos.add(.filter(from: choice.filter))
      choice.filter = .all
      message = "no filter any more"
      return [arrange()]
    }
    guard screen != .records else {
      message = "\(label("q")) leaves"
      return []
    }
    return goBack()
  }
}
