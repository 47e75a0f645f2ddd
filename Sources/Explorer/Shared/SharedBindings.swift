import BuildCache
import Terminal

/// Keys that several screens have.
extension Binding {
  static let moves: [Binding] = [
    Binding([.down, .character("j")], "down") { $0.move(.down) },
    Binding([.up, .character("k")], "up") { $0.move(.up) },
    Binding([.pageDown, .control("f")], "a page down") { $0.move(.pageDown) },
    Binding([.pageUp, .control("b")], "a page up") { $0.move(.pageUp) },
    Binding([.control("d")], "half a page down") { $0.move(.halfPageDown) },
    Binding([.control("u")], "half a page up") { $0.move(.halfPageUp) },
    Binding([.character("g"), .home], "first") { $0.move(.top) },
    Binding([.character("G"), .end], "last") { $0.move(.bottom) },
  ]

  static let mark = Binding([.character(" ")], "mark", isLikely: true, whyOff: nothingChosen) { $0.toggleMark() }
  static let unmark = Binding([.character("U")], "unmark all", whyOff: nothingMarked) { $0.unmarkAll() }
  static let undo = Binding(
    [.character("u")], "undo the last mark, fold or filter", name: "undo",
    whyOff: { $0.undos.isEmpty ? "there is nothing to undo" : nil }
  ) { $0.undo() }
  static let pruneMarked = Binding(
    [.character("d")], "prune marked", isLikely: true,
    footerWords: {
      $0.marks.isEmpty ? ($0.currentGroup == nil ? "prune this" : "prune the group") : "prune marked"
    }, whyOff: { readOnly($0) ?? nothingChosen($0) }
  ) { $0.choose() }

  /// Marks, where all records are listed.
  static let marking: [Binding] = [
    mark,
    Binding(
      [.character("v")], "begin a range of marks, or mark it", name: "range",
      whyOff: { $0.range == nil ? noRecord($0) : nil }
    ) { $0.beginOrTakeRange() },
    Binding([.character("M")], "mark with all that hangs on it", whyOff: nothingChosen) { $0.markTree() },
    Binding([.character("A")], "mark all shown", whyOff: nothingChosen) { $0.markAll() },
    unmark, undo,
    Binding([.character("m")], "what is marked", shows: .marks, whyOff: nothingMarked),
    pruneMarked,
  ]

  static let preview = Binding([.character("p")], "prune preview", isLikely: true, shows: .prune, whyOff: emptyCache)

  static let filtering: [Binding] = [
    Binding([.character("/")], "filter", isLikely: true) { state in
      state.overlay = .filter(FilterEntry(text: state.choice.filter.strings.first ?? "", before: state.choice.filter))
      return []
    },
    Binding([.character("n")], "next match") { $0.goToMatch(by: 1) },
    Binding([.character("N")], "previous match") { $0.goToMatch(by: -1) },
  ]

  static let why = Binding([.character("w")], "why", isLikely: true, whyOff: noRecord) { $0.explainSoon() }

  static let details: [Binding] = [
    Binding([.character("i")], "details", whyOff: nothingChosen) { $0.toggleDetail() },
    Binding([.character("J")], "details down", whyOff: noDetail) { $0.scrollDetail(by: 1) },
    Binding([.character("K")], "details up", whyOff: noDetail) { $0.scrollDetail(by: -1) },
  ]

  static let shares = Binding([.character("%")], "bar, percent, both or none") { state in
    state.share = state.share.next
    state.message = state.share.words + (state.hasRoomForShare ? "" : ": there is no room for that here")
    return []
  }

  static let files = Binding(
    [.character("f")], "its files", shows: .files, whyOff: { $0.rights.noInsight ?? noRecord($0) })
  static let hold = Binding(
    [.character("H")], "hold, or let go",
    whyOff: {
      readOnly($0) ?? $0.rights.noInsight ?? noRecord($0) ?? ($0.holding.map { _ in "the last H is under way" })
    }
  ) { $0.toggleHold() }
  static let copy = Binding([.character("y")], "copy the id", whyOff: noRecord) { state in
    state.current.map { [.copy(state.cache.rows[$0].id.text)] } ?? []
  }

  /// Writes the rows that a screen lists.
  static func export(_ rows: @escaping @Sendable (ExplorerState) -> [Int]) -> Binding {
    Binding([.character("e")], "export what is shown as JSON", name: "export", whyOff: nothingChosen) {
      [.export(.records($0.cache, rows($0)))]
    }
  }

  /// What holds everywhere.
  static let everywhere: [Binding] = [
    Binding([.character("r")], "read the cache anew") { state in
      state.message = ExplorerState.reading
      return state.readAgain()
    },
    Binding(
      [.character("R")], "read it anew every 5 seconds (more seldom where it answers slowly), or not", name: "live"
    ) { $0.toggleWatching() },
    Binding([.character("B")], "units of bytes: GB, GiB, or all digits", name: "units") { state in
      state.show(in: state.units.next)
      state.message = "sizes in \(state.units.words)"
      return []
    },
    Binding([.character("1")], "records", shows: .records, whyOff: { _ in nil }),
    Binding([.character("2")], "graph", isLikely: true, shows: .graph, whyOff: emptyCache),
    Binding([.character("3")], "prune preview", shows: .prune, whyOff: emptyCache),
    Binding(
      [.character("4")], "files", shows: .files,
      whyOff: { $0.rights.noInsight ?? ($0.screen == .files ? nil : noRecord($0)) }),
    Binding([.tab], "next screen", whyOff: emptyCache) { $0.show($0.nextScreen) },
    Binding(
      [.character("b")], "builders", isLikelyWhere: \.options.isOfSeveral,
      whyOff: { $0.options.isOfSeveral ? nil : "there is no list to go back to: --builders opens one" }
    ) { state in
      state.isLeft = true
      return []
    },
    Binding([.character(":")], "type a command", name: "command") { state in
      state.overlay = .prompt(PromptEntry())
      return []
    },
    Binding([.character("?"), .function(1)], "help", isLikely: true) { state in
      state.overlay = .help(top: 0)
      return []
    },
    Binding([.escape], "take the filter away, or back") { $0.dismiss() },
    Binding([.character("q")], "back, or quit", isLikely: true) { $0.goBackOrQuit() },
  ]
}
