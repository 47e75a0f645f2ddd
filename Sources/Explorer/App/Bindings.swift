import BuildCache
import Terminal

/// A key, what it does, and in which words: keys, footer and help all come from the one table.
struct Binding: Sendable {
  let keys: [Key]
  let action: Action
  /// What it does, in the footer's few words.
  let words: String
  /// Where it holds; absent: everywhere.
  var screen: Screens?
  /// Whether the footer shows it.
  var isLikely = false
  /// Why it does nothing at the moment.
  var whyOff: @Sendable (ExplorerState) -> String? = { _ in nil }

  /// Some of the screens.
  struct Screens: OptionSet {
    let rawValue: Int
    static let records = Screens(.records)
    static let graph = Screens(.graph)
    static let prune = Screens(.prune)
    static let files = Screens(.files)
    static let marks = Screens(.marks)
    /// Those that list all records.
    static let lists: Screens = [.records, .graph]

    init(rawValue: Int) { self.rawValue = rawValue }
    init(_ screen: ExplorerState.Screen) { rawValue = 1 << screen.rawValue }
  }

  /// All of them, in the order in which help and footer show them.
  static let all: [Binding] = [
    Binding(keys: [.down, .character("j")], action: .move(.down), words: "down"),
    Binding(keys: [.up, .character("k")], action: .move(.up), words: "up"),
    Binding(keys: [.control("d"), .pageDown], action: .move(.pageDown), words: "half a page down"),
    Binding(keys: [.control("u"), .pageUp], action: .move(.pageUp), words: "half a page up"),
    Binding(keys: [.character("g"), .home], action: .move(.top), words: "first"),
    Binding(keys: [.character("G"), .end], action: .move(.bottom), words: "last"),

    Binding(
      keys: [.character("h"), .left], action: .parent, words: "fold, or parent", screen: .graph, isLikely: true,
      whyOff: noRecord),
    Binding(
      keys: [.character("l"), .right], action: .child, words: "unfold, or child", screen: .graph, isLikely: true,
      whyOff: noRecord),
    Binding(keys: [.enter], action: .open, words: "center", screen: .graph, whyOff: noRecord),
    Binding(keys: [.character("<")], action: .lanesLeft, words: "lanes to the left", screen: .graph),
    Binding(keys: [.character(">")], action: .lanesRight, words: "lanes to the right", screen: .graph),

    Binding(
      keys: [.enter, .character("l"), .right], action: .child, words: "into the folder", screen: .files, isLikely: true),
    Binding(
      keys: [.character("h"), .left, .backspace], action: .parent, words: "out of it", screen: .files, isLikely: true),

    Binding(
      keys: [.character(" ")], action: .mark, words: "mark", screen: [.lists, .marks], isLikely: true, whyOff: noRecord),
    Binding(
      keys: [.character("M")], action: .markTree, words: "mark with all that hangs on it", screen: .lists,
      whyOff: noRecord),
    Binding(keys: [.character("A")], action: .markAll, words: "mark all shown", screen: .lists, whyOff: noRecord),
    Binding(
      keys: [.character("U")], action: .unmark, words: "unmark all", screen: [.lists, .marks], whyOff: nothingMarked),
    Binding(
      keys: [.character("u")], action: .undoMark, words: "undo a mark", screen: [.lists, .marks],
      whyOff: { $0.marks.canUndo ? nil : "there is no mark to undo" }),
    Binding(
      keys: [.character("m")], action: .show(.marks), words: "what is marked", screen: .lists, whyOff: nothingMarked),
    Binding(keys: [.enter], action: .open, words: "go to it", screen: .marks, isLikely: true, whyOff: nothingMarked),
    Binding(
      keys: [.character("d")], action: .pruneMarked, words: "prune marked", screen: [.lists, .marks], isLikely: true,
      whyOff: { readOnly($0) ?? noRecord($0) }),

    Binding(
      keys: [.character("+"), .character("=")], action: .moreBytes, words: "keep more", screen: .prune, isLikely: true,
      whyOff: noPlan),
    Binding(
      keys: [.character("-")], action: .fewerBytes, words: "keep less", screen: .prune, isLikely: true, whyOff: noPlan),
    Binding(keys: [.character("]")], action: .morePercent, words: "keep 1% more", screen: .prune, whyOff: noPlan),
    Binding(keys: [.character("[")], action: .fewerPercent, words: "keep 1% less", screen: .prune, whyOff: noPlan),
    Binding(
      keys: [.character("e")], action: .editPolicy, words: "edit the policy", screen: .prune, isLikely: true,
      whyOff: noPlan),
    Binding(
      keys: [.character("t")], action: .typeLimit, words: "type limit", screen: .prune, isLikely: true, whyOff: noPlan),
    Binding(
      keys: [.character("D")], action: .typeDuration, words: "type keep-duration", screen: .prune, whyOff: noPlan),
    Binding(
      keys: [.character("a")], action: .toggleAll, words: "all: internal, frontend and shared too", screen: .prune,
      whyOff: noPlan),
    Binding(
      keys: [.enter, .character("d")], action: .carryOut, words: "prune these", screen: .prune, isLikely: true,
      whyOff: { state in
        readOnly(state) ?? noPlan(state) ?? (state.prune.plan?.count == 0 ? "this takes nothing: keep less" : nil)
      }),

    Binding(keys: [.character("p")], action: .show(.prune), words: "prune preview", isLikely: true, whyOff: emptyCache),
    Binding(keys: [.character("/")], action: .typeFilter, words: "filter what goes", screen: .prune, whyOff: noPlan),
    Binding(keys: [.character("/")], action: .filter, words: "filter", screen: .lists, isLikely: true),
    Binding(keys: [.character("n")], action: .nextMatch, words: "next match", screen: .lists),
    Binding(keys: [.character("N")], action: .previousMatch, words: "previous match", screen: .lists),
    Binding(keys: [.character("s")], action: .sortMenu, words: "sort", screen: .records, isLikely: true),
    Binding(keys: [.character("S")], action: .reverse, words: "turn the order round", screen: .records),
    Binding(keys: [.character("w")], action: .why, words: "why", isLikely: true, whyOff: noRecord),
    Binding(keys: [.enter], action: .open, words: "details", screen: .records, isLikely: true, whyOff: noRecord),
    Binding(keys: [.character("i")], action: .detail, words: "details", screen: .lists, whyOff: noRecord),
    Binding(keys: [.character("J")], action: .detailDown, words: "details down", screen: .lists, whyOff: noDetail),
    Binding(keys: [.character("K")], action: .detailUp, words: "details up", screen: .lists, whyOff: noDetail),
    Binding(
      keys: [.character("f")], action: .show(.files), words: "its files", screen: [.lists, .marks],
      whyOff: { $0.rights.noInsight ?? noRecord($0) }),
    Binding(
      keys: [.character("H")], action: .hold, words: "hold, or let go", screen: .lists,
      whyOff: { readOnly($0) ?? $0.rights.noInsight ?? noRecord($0) }),
    Binding(keys: [.character("y")], action: .copy, words: "copy the id", whyOff: noRecord),
    Binding(
      keys: [.character("e")], action: .export, words: "export what is shown as JSON", screen: [.lists, .marks],
      whyOff: noRecord),
    Binding(keys: [.character("r")], action: .refresh, words: "read the cache anew"),
    Binding(keys: [.character("R")], action: .watch, words: "read it anew every 5 seconds, or not"),

    Binding(keys: [.character("1")], action: .show(.records), words: "records"),
    Binding(keys: [.character("2")], action: .show(.graph), words: "graph", isLikely: true, whyOff: emptyCache),
    Binding(keys: [.character("3")], action: .show(.prune), words: "prune preview", whyOff: emptyCache),
    Binding(
      keys: [.character("4")], action: .show(.files), words: "files",
      whyOff: { $0.rights.noInsight ?? ($0.screen == .files ? nil : noRecord($0)) }),
    Binding(keys: [.tab], action: .nextScreen, words: "next screen", whyOff: emptyCache),
    Binding(keys: [.character("?")], action: .help, words: "help", isLikely: true),
    Binding(keys: [.escape], action: .dismiss, words: "take the filter away, or back"),
    Binding(keys: [.character("q")], action: .back, words: "back, or quit", isLikely: true),
  ]

  /// Those that hold on a screen.
  static func all(on screen: ExplorerState.Screen) -> [Binding] {
    all.filter { $0.screen?.contains(Screens(screen)) ?? true }
  }

  /// The binding of a key on a screen.
  static func find(_ key: Key, on screen: ExplorerState.Screen) -> Binding? {
    all(on: screen).first { $0.keys.contains(key) }
  }

  private static let readOnly: @Sendable (ExplorerState) -> String? = { state in
    state.rights.noPruning.map { "read only: \($0)" }
  }
  private static let emptyCache: @Sendable (ExplorerState) -> String? = { state in
    state.isLoaded ? state.cache.rows.isEmpty ? "there is no record" : nil : ExplorerState.reading
  }
  private static let noRecord: @Sendable (ExplorerState) -> String? = { state in
    emptyCache(state) ?? (state.screen != .prune && state.current == nil ? "no record is shown" : nil)
  }
  private static let nothingMarked: @Sendable (ExplorerState) -> String? = { state in
    state.marks.isEmpty ? "nothing is marked" : nil
  }
  private static let noDetail: @Sendable (ExplorerState) -> String? = { state in
    state.isDetailShown ? nil : "i opens the details"
  }
  private static let noPlan: @Sendable (ExplorerState) -> String? = { state in
    state.prune.plan == nil ? ExplorerState.planning : nil
  }
}
