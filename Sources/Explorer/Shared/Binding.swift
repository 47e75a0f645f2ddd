import BuildCache
import Terminal

/// A key, what it does, and in which words: keys, footer and help all come from tables of these, one a screen.
struct Binding: Sendable {
  let keys: [Key]
  /// What it does, in the footer's few words.
  let words: String
  /// What it is called where commands are typed.
  let name: String
  /// Whether the footer shows it.
  let isLikely: @Sendable (ExplorerState) -> Bool
  /// Other words for the footer, where they depend on something.
  let footerWords: (@Sendable (ExplorerState) -> String)?
  /// The screen that it shows, where it shows one.
  let shows: ExplorerState.Screen?
  /// Whether it may go on with the way that `h` and `l`, or `{` and `}`, are going in the graph.
  let keepsWalk: Bool
  /// Why it does nothing at the moment.
  let whyOff: @Sendable (ExplorerState) -> String?
  /// What it does.
  let perform: @Sendable (inout ExplorerState) -> [Effect]

  init(
    _ keys: [Key], _ words: String, name: String? = nil, isLikely: Bool = false,
    isLikelyWhere: (@Sendable (ExplorerState) -> Bool)? = nil,
    footerWords: (@Sendable (ExplorerState) -> String)? = nil, shows: ExplorerState.Screen? = nil,
    keepsWalk: Bool = false, whyOff: @escaping @Sendable (ExplorerState) -> String? = { _ in nil },
    perform: @escaping @Sendable (inout ExplorerState) -> [Effect]
  ) {
    self.keys = keys
    self.words = words
    self.name = name ?? commandName(words)
    self.isLikely = isLikelyWhere ?? { _ in isLikely }
    self.footerWords = footerWords
    self.shows = shows
    self.keepsWalk = keepsWalk
    self.whyOff = whyOff
    self.perform = perform
  }

  /// One that shows a screen.
  init(
    _ keys: [Key], _ words: String, name: String? = nil, isLikely: Bool = false, shows screen: ExplorerState.Screen,
    whyOff: @escaping @Sendable (ExplorerState) -> String?
  ) {
    self.init(keys, words, name: name, isLikely: isLikely, shows: screen, whyOff: whyOff) { $0.show(screen) }
  }
}

/// What a key is called where commands are typed: its words as far as they say just one thing.
func commandName(_ words: String) -> String {
  var name = words.lowercased().prefix { !",:;(".contains($0) }
  while name.last == " " { name.removeLast() }
  return String(name)
}

/// Why keys are off.
extension Binding {
  static func readOnly(_ state: ExplorerState) -> String? { state.rights.noPruning.map { "read only: \($0)" } }
  static func emptyCache(_ state: ExplorerState) -> String? {
    state.isLoaded ? state.cache.rows.isEmpty ? "there is no record" : nil : ExplorerState.reading
  }
  static func noRecord(_ state: ExplorerState) -> String? {
    guard emptyCache(state) == nil, state.screen != .prune, state.current == nil else { return emptyCache(state) }
    return state.currentGroup == nil ? "no record is shown" : "this line is a group: l shows its records"
  }
  /// The same where a group is as good as a record.
  static func nothingChosen(_ state: ExplorerState) -> String? {
    state.currentGroup == nil ? noRecord(state) : nil
  }
  static func nothingMarked(_ state: ExplorerState) -> String? { state.marks.isEmpty ? "nothing is marked" : nil }
  static func noDetail(_ state: ExplorerState) -> String? {
    state.isDetailShown ? nil : "\(state.label("i")) opens the details"
  }
  static func noPlan(_ state: ExplorerState) -> String? {
    state.prune.plan == nil ? state.planRefusal ?? ExplorerState.planning : nil
  }
}
