import BuildCache

/// The Marks screen's own state.
struct MarkedState: Sendable {
  /// The marked rows, the largest first.
  var rows: [Int] = [] {
    didSet { lines = RecordLines(rows) }
  }
  /// The same as lines.
  private(set) var lines = RecordLines([])
  /// What they have alike.
  var traits = ListTraits([])
  var position = ListPosition()
  /// What goes where they are pruned, with all that hangs on them; absent until it is planned.
  var plan: PrunePlan?
}
