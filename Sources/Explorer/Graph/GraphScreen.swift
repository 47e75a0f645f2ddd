import BuildCache
import CacheReport
import Terminal

/// The ref graph.
enum GraphScreen: ExplorerScreen {
  static let title = "2 Graph"
  static let position: any WritableKeyPath<ExplorerState, ListPosition> & Sendable = \.graph.position

  private static let own: [Binding] = [
    Binding(
      [.character("h"), .left], "fold, or parent", isLikely: true, keepsWalk: true, whyOff: Binding.noRecord
    ) { $0.walk(toParents: true) },
    Binding(
      [.character("l"), .right], "unfold, or child", isLikely: true, keepsWalk: true, whyOff: Binding.noRecord
    ) { $0.walk(toParents: false) },
    Binding([.character("}")], "base of its line, and back", keepsWalk: true, whyOff: Binding.noRecord) {
      $0.followLine(toBase: true)
    },
    Binding([.character("{")], "top of its line, and back", keepsWalk: true, whyOff: Binding.noRecord) {
      $0.followLine(toBase: false)
    },
    Binding([.enter], "center", whyOff: Binding.noRecord) { state in
      state.graph.position.center(height: state.listLines.count)
      return []
    },
    Binding([.character("<")], "lanes to the left") { $0.moveLanes(by: -1) },
    Binding([.character(">")], "lanes to the right") { $0.moveLanes(by: 1) },
  ]

  static let bindings: [Binding] = [
    own, Binding.marking, [Binding.preview], Binding.filtering, [Binding.why], Binding.details,
    [Binding.files, Binding.hold, Binding.copy, Binding.export { $0.records.order }],
  ].flatMap(\.self)

  static func lineCount(_ state: ExplorerState) -> Int { state.graph.picture == nil ? 0 : state.graph.lines.count }
  static func listLines(_ layout: Layout) -> Range<Int> { layout.listLines }
  static func current(_ state: ExplorerState) -> Int? {
    state.graph.current.flatMap { state.row($0, of: state.graph.cache, state.graph.reading) }
  }

  static func appeared(_ state: inout ExplorerState, on row: Int?) -> [Effect] {
    state.showInGraph(row)
  }

  static func cacheArrived(_ state: inout ExplorerState, isShown: Bool) -> [Effect] {
    if isShown { return [state.layOut()] }
    state.graph.forget()
    return []
  }

  static func explained(_ state: inout ExplorerState) -> (plan: PrunePlan, row: Int)? { state.standingOfCurrent }

  static let hasLegend = true
  static func draw(_ state: ExplorerState, on grid: inout Grid, _ layout: Layout) {
    state.drawGraph(on: &grid, layout)
  }
}
