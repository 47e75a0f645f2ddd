import BuildCache
import Terminal

/// What a record's tree holds.
enum FilesScreen: ExplorerScreen {
  static let title = "4 Files"
  static let position: any WritableKeyPath<ExplorerState, ListPosition> & Sendable = \.files.position

  static let bindings: [Binding] = [
    Binding([.enter, .character("l"), .right], "into the folder", isLikely: true) { $0.enterFolder() },
    Binding([.character("h"), .left, .backspace], "out of it", isLikely: true) { $0.leaveFolder() },
    .preview, .why, .shares, .copy,
    Binding(
      [.character("e")], "export what the folder holds as JSON", name: "export",
      whyOff: { $0.files.files == nil ? $0.files.problem ?? "its files are being looked for" : nil }
    ) { state in
      guard let record = state.files.record, let files = state.files.files else { return [] }
      return [.export(.files(record, state.files.path, files))]
    },
  ]

  static func lineCount(_ state: ExplorerState) -> Int { state.files.files?.count ?? 0 }
  static func listLines(_ layout: Layout) -> Range<Int> { layout.listLines }
  static func current(_ state: ExplorerState) -> Int? { state.files.record.flatMap { state.cache.index(of: $0) } }

  static func appeared(_ state: inout ExplorerState, on row: Int?) -> [Effect] {
    guard let row else { return [] }
    let id = state.cache.rows[row].id
    guard id != state.files.record || state.files.files == nil else { return [] }
    state.files.open(id)
    return [.list(id, state.files.path)]
  }

  static func cacheArrived(_ state: inout ExplorerState, isShown: Bool) -> [Effect] { [] }

  static func explained(_ state: inout ExplorerState) -> (plan: PrunePlan, row: Int)? { state.standingOfCurrent }

  static let hasLegend = true
  static func draw(_ state: ExplorerState, on grid: inout Grid, _ layout: Layout) {
    state.drawFiles(on: &grid, layout)
  }
}

extension ExplorerState {
  fileprivate mutating func enterFolder() -> [Effect] {
    guard files.enter() else {
      message = "a file: there is nothing in it to go into"
      return []
    }
    return listFiles()
  }

  fileprivate mutating func leaveFolder() -> [Effect] {
    guard files.leave() else {
      message = "this is the top of its tree: \(label("q")) goes back"
      return []
    }
    return listFiles()
  }

  private func listFiles() -> [Effect] {
    files.record.map { [.list($0, files.path)] } ?? []
  }

  mutating func filesArrived(_ event: ExplorerEvent) {
    switch event {
    case .listed(let id, let path, let list) where id == files.record && path == files.path: files.files = list
    case .notListed(let id, let path, let problem) where id == files.record && path == files.path:
      files.problem = problem
    default: break  // of a folder that was left meanwhile
    }
  }
}
