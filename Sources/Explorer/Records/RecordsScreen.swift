import BuildCache
import Terminal

/// The table of all records.
enum RecordsScreen: ExplorerScreen {
  static let title = "1 Records"
  static let position: any WritableKeyPath<ExplorerState, ListPosition> & Sendable = \.records.position

  private static let own: [Binding] = [
    Binding([.character("s")], "sort", isLikely: true) { state in
      state.overlay = .sortMenu
      return []
    },
    Binding([.character("S")], "turn the order round") { state in
      state.choice.isDescending.toggle()
      return [state.arrange()]
    },
    .why,
    Binding(
      [.enter], "details, or fold", isLikely: true,
      footerWords: { $0.currentGroup == nil ? "details" : "fold, unfold" },
      whyOff: Binding.nothingChosen
    ) { state in
      guard let group = state.records.group else { return state.toggleDetail() }
      return state.fold(state.records.lines.isUnfolded(group))
    },
  ]

  static let bindings: [Binding] = [
    Binding.marking, [Binding.preview], Binding.filtering, own, Binding.grouping, Binding.details,
    [Binding.shares, Binding.files, Binding.hold, Binding.copy, Binding.export { $0.records.order }],
  ].flatMap(\.self)

  static func lineCount(_ state: ExplorerState) -> Int { state.records.lines.count }
  static func listLines(_ layout: Layout) -> Range<Int> { layout.listLines }
  static func current(_ state: ExplorerState) -> Int? { state.records.current }

  static func appeared(_ state: inout ExplorerState, on row: Int?) -> [Effect] {
    state.records.select(row)
    state.records.position.reveal(height: state.layout.listLines.count)
    return []
  }

  // The rows come with the reading, arranged.
  static func cacheArrived(_ state: inout ExplorerState, isShown: Bool) -> [Effect] { [] }

  static func explained(_ state: inout ExplorerState) -> (plan: PrunePlan, row: Int)? { state.standingOfCurrent }

  static let hasLegend = true
  static func draw(_ state: ExplorerState, on grid: inout Grid, _ layout: Layout) {
    state.asGlimpsed.drawRecords(on: &grid, layout)
  }
}
