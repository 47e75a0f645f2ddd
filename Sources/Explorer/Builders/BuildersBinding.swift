import BuildCache
import CacheReport
import Terminal

/// A key of the list of builders: keys, footer and help come from this table.
struct BuildersBinding: Sendable {
  let keys: [Key]
  /// What it does, in the footer's few words.
  let words: String
  /// What it is called where commands are typed.
  let name: String
  /// Whether the footer shows it.
  let isLikely: Bool
  /// Why it does nothing at the moment.
  let whyOff: @Sendable (BuildersState) -> String?
  /// What it does.
  let perform: @Sendable (inout BuildersState) -> [BuildersEffect]

  private init(
    _ keys: [Key], _ words: String, name: String? = nil, isLikely: Bool = false,
    whyOff: @escaping @Sendable (BuildersState) -> String? = { _ in nil },
    perform: @escaping @Sendable (inout BuildersState) -> [BuildersEffect]
  ) {
    (self.keys, self.words, self.name, self.isLikely) = (keys, words, name ?? commandName(words), isLikely)
    (self.whyOff, self.perform) = (whyOff, perform)
  }

  private static func noBuilder(_ state: BuildersState) -> String? {
    state.list.lines.isEmpty ? state.isSearching ? "builders are being looked for" : "there is no builder" : nil
  }

  static let all: [BuildersBinding] = [
    BuildersBinding([.enter, .right, .character("l")], "open", isLikely: true, whyOff: noBuilder) { $0.open() },
    BuildersBinding([.down, .character("j")], "down") { $0.move(.down) },
    BuildersBinding([.up, .character("k")], "up") { $0.move(.up) },
    BuildersBinding([.pageDown, .control("f")], "a page down") { $0.move(.pageDown) },
    BuildersBinding([.pageUp, .control("b")], "a page up") { $0.move(.pageUp) },
    BuildersBinding([.control("d")], "half a page down") { $0.move(.halfPageDown) },
    BuildersBinding([.control("u")], "half a page up") { $0.move(.halfPageUp) },
    BuildersBinding([.character("g"), .home], "first") { $0.move(.top) },
    BuildersBinding([.character("G"), .end], "last") { $0.move(.bottom) },
    BuildersBinding([.character("r")], "ask all anew", isLikely: true) { $0.searchAnew() },
    BuildersBinding([.character("R")], "ask them anew every 5 seconds, or not", name: "live") { state in
      state.isWatching.toggle()
      state.message =
        state.isWatching
        ? "asks all anew every 5 seconds: \(state.label("R")) again to stop" : "no longer asks anew by itself"
      return []
    },
    BuildersBinding([.character("B")], "units of bytes: GB, GiB, or all digits", name: "units") { state in
      state.units = state.units.next
      state.message = "sizes in \(state.units.words)"
      return []
    },
    BuildersBinding([.character("e")], "export the list as JSON", name: "export", whyOff: noBuilder) {
      [.export($0.list.lines)]
    },
    BuildersBinding([.character(":")], "type a command", name: "command") { state in
      state.prompt = PromptEntry()
      return []
    },
    BuildersBinding([.character("?"), .function(1)], "help", isLikely: true) { state in
      state.help = 0
      return []
    },
    BuildersBinding([.character("q"), .character("Q")], "quit", isLikely: true) { state in
      state.hasQuit = true
      return []
    },
  ]
}
