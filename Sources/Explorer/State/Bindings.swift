import BuildCache
import Terminal

/// A key, what it does, and in which words: keys, footer and help all come from the one table.
struct Binding: Sendable {
  let keys: [Key]
  let action: Action
  /// What it does, in the footer's few words.
  let words: String
  /// Where it holds; absent: everywhere.
  var screen: ExplorerState.Screen?
  /// Whether the footer shows it.
  var isLikely = false
  /// Why it does nothing at the moment.
  var whyOff: @Sendable (ExplorerState) -> String? = { _ in nil }

  /// All of them, in the order in which help and footer show them.
  static let all: [Binding] = [
    Binding(keys: [.down, .character("j")], action: .down, words: "down"),
    Binding(keys: [.up, .character("k")], action: .up, words: "up"),
    Binding(keys: [.control("d"), .pageDown], action: .pageDown, words: "half a page down"),
    Binding(keys: [.control("u"), .pageUp], action: .pageUp, words: "half a page up"),
    Binding(keys: [.character("g"), .home], action: .top, words: "first"),
    Binding(keys: [.character("G"), .end], action: .bottom, words: "last"),

    Binding(keys: [.character(" ")], action: .mark, words: "mark", screen: .records, isLikely: true, whyOff: noRecord),
    Binding(
      keys: [.character("M")], action: .markTree, words: "mark with all that hangs on it", screen: .records,
      whyOff: noRecord),
    Binding(keys: [.character("A")], action: .markAll, words: "mark all shown", screen: .records, whyOff: noRecord),
    Binding(
      keys: [.character("U")], action: .unmark, words: "unmark all", screen: .records,
      whyOff: { $0.marks.isEmpty ? "nothing is marked" : nil }),
    Binding(
      keys: [.character("d")], action: .pruneMarked, words: "prune marked", screen: .records, isLikely: true,
      whyOff: { readOnly($0) ?? noRecord($0) }),

    Binding(
      keys: [.character("+"), .character("=")], action: .moreBytes, words: "keep more", screen: .prune, isLikely: true,
      whyOff: noPlan),
    Binding(
      keys: [.character("-")], action: .fewerBytes, words: "keep less", screen: .prune, isLikely: true, whyOff: noPlan),
    Binding(keys: [.character("]")], action: .morePercent, words: "keep 1% more", screen: .prune, whyOff: noPlan),
    Binding(keys: [.character("[")], action: .fewerPercent, words: "keep 1% less", screen: .prune, whyOff: noPlan),
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

    Binding(keys: [.character("w")], action: .why, words: "why", isLikely: true, whyOff: noRecord),
    Binding(keys: [.character("s")], action: .sortMenu, words: "sort", screen: .records, isLikely: true),
    Binding(keys: [.character("S")], action: .reverse, words: "turn the order round", screen: .records),
    Binding(keys: [.character("1")], action: .records, words: "records"),
    Binding(
      keys: [.character("p"), .character("3")], action: .prune, words: "prune preview", isLikely: true,
      whyOff: noRecord),
    Binding(keys: [.tab], action: .nextScreen, words: "next screen", whyOff: noRecord),
    Binding(keys: [.character("r")], action: .refresh, words: "read the cache anew"),
    Binding(keys: [.character("?")], action: .help, words: "help", isLikely: true),
    Binding(keys: [.character("q"), .escape], action: .back, words: "back, or quit", isLikely: true),
  ]

  /// The binding of a key on a screen.
  static func find(_ key: Key, on screen: ExplorerState.Screen) -> Binding? {
    all.first { $0.keys.contains(key) && ($0.screen == nil || $0.screen == screen) }
  }

  private static let readOnly: @Sendable (ExplorerState) -> String? = { state in
    state.options.readOnlyReason.map { "read only: \($0)" }
  }
  private static let noRecord: @Sendable (ExplorerState) -> String? = { state in
    state.cache.rows.isEmpty ? "there is no record" : nil
  }
  private static let noPlan: @Sendable (ExplorerState) -> String? = { state in
    state.prune.plan == nil ? "the plan is being made" : nil
  }
}
