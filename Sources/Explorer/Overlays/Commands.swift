import BuildCache
import CacheReport
import Terminal

/// A command of the explorer's prompt that takes words; all others are the bindings' by their names.
struct TypedCommand: Sendable {
  /// How it begins.
  let name: String
  /// What follows, for the help.
  let argument: String
  /// What it does, in few words.
  let words: String
  /// Why it can't be done at the moment.
  let whyOff: @Sendable (ExplorerState) -> String?
  /// What may follow, of what begins as the text does.
  let completions: @Sendable (ExplorerState) -> [String]
  /// Does it.
  let perform: @Sendable (inout ExplorerState, String) throws(CacheError) -> [Effect]

  /// All of them.
  static let all: [TypedCommand] = [
    TypedCommand(
      name: "sort", argument: "COLUMN [up|down]", words: "sort by a column",
      whyOff: Self.noList, completions: { _ in SortKey.allCases.map(\.rawValue) }
    ) { state, text throws(CacheError) in try state.sort(typed: text) },
    TypedCommand(
      name: "filter", argument: "FILTER", words: "show only what matches", whyOff: Self.noList,
      completions: { _ in filterKeys }
    ) { state, text throws(CacheError) in
      let filter = try Filter(typed: text)
      guard filter != state.choice.filter else { return [] }
      state.undos.add(.filter(from: state.choice.filter))
      state.choice.filter = filter
      return [state.arrange()]
    },
    TypedCommand(
      name: "mark", argument: "FILTER", words: "mark what matches, of what is listed", whyOff: Self.noList,
      completions: { _ in filterKeys }
    ) { state, text throws(CacheError) in [state.match(try Filter(typed: text), isMarking: true)] },
    TypedCommand(
      name: "unmark", argument: "FILTER", words: "take the marks of what matches away", whyOff: Binding.nothingMarked,
      completions: { _ in filterKeys }
    ) { state, text throws(CacheError) in [state.match(try Filter(typed: text), isMarking: false)] },
    TypedCommand(
      name: "group", argument: "type|stage|age|holder|none", words: "put records together", whyOff: Self.noTable,
      completions: { _ in RecordGrouping.Key.allCases.map(\.rawValue) + ["none"] }
    ) { state, text throws(CacheError) in
      let key = RecordGrouping.Key(rawValue: text.lowercased())
      guard key != nil || text.lowercased() == "none" else {
        throw CacheError(.badInput, "\(text) puts nothing together: type, stage, age, holder and none do")
      }
      return state.group(by: key)
    },
    TypedCommand(
      name: "units", argument: "si|iec|bytes", words: "how bytes are written", whyOff: { _ in nil },
      completions: { _ in ByteUnits.allCases.map(\.rawValue) }
    ) { state, text throws(CacheError) in
      guard let units = ByteUnits(rawValue: text.lowercased()) else {
        throw CacheError(.badInput, "\(text) is no unit: si, iec and bytes are")
      }
      state.show(in: units)
      state.message = "sizes in \(units.words)"
      return []
    },
    TypedCommand(
      name: "limit", argument: "SIZE", words: "keep so many bytes, in the plan of a prune",
      whyOff: { $0.screen == .prune ? Binding.noPlan($0) : "that is for the Prune screen" }, completions: { _ in [] }
    ) { state, text throws(CacheError) in
      try state.entryTyped(TextEntry(purpose: .maxUsed, rule: state.prune.chosen, text: text))
    },
  ]

  /// How clauses of a filter begin.
  private static let filterKeys = [
    "type==", "size>", "size<", "age>", "age<", "uses<=", "uses>", "description~=", "id~=", "mutable", "immutable",
    "inuse", "shared", "private", "parents==",
  ]

  private static func noTable(_ state: ExplorerState) -> String? {
    state.screen == .records ? Binding.emptyCache(state) : "that is for the Records screen"
  }

  private static func noList(_ state: ExplorerState) -> String? {
    state.screen.listsRecords ? Binding.emptyCache(state) : "that is for the lists of records"
  }
}

/// Typed commands.
extension ExplorerState {
  mutating func press(_ key: Key, in entry: PromptEntry) -> [Effect] {
    var entry = entry
    switch entry.take(key, completions: { completions(of: $0) }, history: typed) {
    case .typing: overlay = .prompt(entry)
    case .dropped: overlay = nil
    case .done(let text):
      do {
        overlay = nil
        let effects = try run(text)
        typed.add(text)
        return effects
      } catch {
        entry.problem = error.message
        overlay = .prompt(entry)
      }
    }
    return []
  }

  /// The names that mean something here: those of the screen's bindings, then of those that hold everywhere, and of the
  /// other ways to leave.
  private var commands: [(name: String, binding: Binding?)] {
    (screen.itself.bindings + Binding.everywhere).map { ($0.name, $0) } + [("quit", nil), ("q", nil)]
      + Binding.moves.map { ($0.name, $0) }
  }

  /// What a typed text may go on to; behind a command that takes words stands a blank.
  func completions(of text: String) -> [String] {
    let text = text.lowercased()
    let typed = TypedCommand.all.filter { $0.whyOff(self) == nil }
    var names = typed.map { $0.name + " " }
    for (name, _) in commands where name != "q" && !names.contains(name) && !names.contains(name + " ") {
      names.append(name)
    }
    return names.filter { $0.hasPrefix(text) && $0 != text }
      + typed.filter { text.hasPrefix($0.name + " ") }.flatMap { command in
        command.completions(self).map { "\(command.name) \($0)" }.filter { $0.hasPrefix(text) }
      }
  }

  /// What is said of a typed text: what is wrong with it, else how it may go on.
  func hint(of entry: PromptEntry) -> String {
    if let problem = entry.problem { return problem }
    // What was typed of the words before needs not be said again.
    let known = entry.text.lastIndex(of: " ").map { entry.text[...$0].count } ?? 0
    let next = completions(of: entry.text).map { $0.dropFirst(known).trimmingPrefix(" ") }
    return next.map { $0.last == " " ? $0.dropLast() : $0 }.joined(separator: "  ")
  }

  /// Does what is typed.
  ///
  /// - Throws: ``CacheError`` saying what is wrong with it; nothing was done then.
  private mutating func run(_ text: String) throws(CacheError) -> [Effect] {
    let names = commands.map(\.name)
    let found = NamedCommand(text, among: names)
    if case .found(let place) = found, names[place] == text.lowercased() || !isWithWords(text) {
      guard let binding = commands[place].binding else { return quit(again: ":q") }
      return perform(binding)
    }
    if let command = TypedCommand.all.first(where: { text.lowercased().hasPrefix($0.name + " ") }) {
      if let reason = command.whyOff(self) { throw CacheError(.badInput, reason) }
      message = ""
      let before = choice
      let effects = try command.perform(&self, String(text.dropFirst(command.name.count + 1)))
      if choice != before { range = nil }
      return effects
    }
    for other in Screen.allCases where other != screen {
      guard other.itself.bindings.contains(where: { $0.name == text.lowercased() }) else { continue }
      throw CacheError(.badInput, "\(text) is a command of another screen: \(other.itself.title)")
    }
    let all = NamedCommand(text, among: names + TypedCommand.all.map(\.name))
    throw CacheError(.badInput, NamedCommand.words(text, all) ?? "\(text): say what")
  }

  private func isWithWords(_ text: String) -> Bool {
    TypedCommand.all.contains { text.lowercased().hasPrefix($0.name + " ") }
  }

  /// Sorts as `size`, `last used up` and the like say.
  fileprivate mutating func sort(typed text: String) throws(CacheError) -> [Effect] {
    var text = text.lowercased()
    var isDescending: Bool?
    for (word, goesDown) in [(" up", false), (" down", true)] where text.hasSuffix(word) {
      isDescending = goesDown
      text.removeLast(word.count)
    }
    let names = SortKey.allCases.map(\.rawValue)
    let found = NamedCommand(text, among: names)
    guard case .found(let place) = found else {
      throw CacheError(.badInput, "nothing is sorted by \(text): write \(names.joined(separator: ", "))")
    }
    return sort(by: SortKey.allCases[place], isDescending: isDescending)
  }

  /// Sorts by a column, the other way round where it is the one already.
  ///
  /// - Parameter isDescending: which way; absent: as suits it.
  mutating func sort(by sort: SortKey, isDescending: Bool? = nil) -> [Effect] {
    choice.isDescending =
      isDescending ?? (sort == choice.sort ? !choice.isDescending : sort.startsDescending)
    choice.sort = sort
    return [arrange()]
  }

  fileprivate func match(_ filter: Filter, isMarking: Bool) -> Effect {
    .match(cache, records.arrangement, filter, isMarking: isMarking, at: now)
  }
}
