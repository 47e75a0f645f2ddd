import BuildCache
import Terminal

/// What is marked.
enum MarksScreen: ExplorerScreen {
  static let title = "Marks"
  static let position: any WritableKeyPath<ExplorerState, ListPosition> & Sendable = \.marked.position

  static let bindings: [Binding] = [
    .mark, .unmark, .undo,
    Binding([.enter], "go to it", isLikely: true, whyOff: Binding.nothingMarked) { state in
      let row = state.current
      state.screen = .records
      state.records.reveal(row)
      return []
    },
    .pruneMarked, .preview, .why, .shares, .files, .copy, .export { $0.marked.rows },
  ]

  static func lineCount(_ state: ExplorerState) -> Int { state.marked.rows.count }
  static func listLines(_ layout: Layout) -> Range<Int> { layout.listLines }
  static func current(_ state: ExplorerState) -> Int? {
    let (rows, cursor) = (state.marked.rows, state.marked.position.cursor)
    return rows.indices.contains(cursor) ? rows[cursor] : nil
  }

  static func appeared(_ state: inout ExplorerState, on row: Int?) -> [Effect] { state.listMarks() }

  static func cacheArrived(_ state: inout ExplorerState, isShown: Bool) -> [Effect] {
    isShown ? state.listMarks() : []
  }

  static func explained(_ state: inout ExplorerState) -> (plan: PrunePlan, row: Int)? { state.standingOfCurrent }

  static let hasLegend = true
  static func draw(_ state: ExplorerState, on grid: inout Grid, _ layout: Layout) {
    state.drawMarks(on: &grid, layout)
  }
}
