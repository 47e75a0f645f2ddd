import BuildCache
import CacheReport
import Terminal

/// All that the list of builders shows: a value that only `update` changes. What is opened
/// has an explorer of its own.
struct BuildersState: Sendable {
  /// Whether signs are drawn in ASCII only.
  let isASCII: Bool
  /// The keys that the user gave the work of others.
  let keys: KeyMap
  var size: Size
  /// The units in which bytes are written.
  var units: ByteUnits
  var list = BuilderList()
  /// The cursor sticks to a builder, not to a line: lines move as answers arrive.
  var position = ListPosition()
  /// Whether somebody moved it: until then it stays on what hurts most.
  var hasMoved = false
  /// What is said beneath the list; empty: what there is to say of the builder under the cursor.
  var message = ""
  /// What was said before the last key: help shows it whole where it had no room.
  var said = ""
  /// A command that is being typed; absent where none is.
  var prompt: PromptEntry?
  /// Commands that were typed, the last one last.
  var typed = CommandHistory()
  /// The first line of the help that is seen; absent where it isn't open.
  var help: Int?
  /// Whether builders are being looked for.
  var isSearching = true
  /// Whether they are looked for and asked anew from time to time.
  var isWatching = false
  /// The builder whose explorer is open; absent where the list is.
  var opened: String?
  /// Whether the user left.
  var hasQuit = false

  /// The list before anything is found; the first search has begun.
  init(size: Size, isASCII: Bool, units: ByteUnits = .si, keys: KeyMap = KeyMap()) {
    (self.size, self.isASCII, self.units, self.keys) = (size, isASCII, units, keys)
    list.beginSearch()
  }

  var signs: Signs { .signs(isASCII: isASCII) }
  /// How the key is written that does the work of a letter of the table.
  func label(_ letter: Character) -> String { keys.label(.character(letter)) }
  var layout: Layout { Layout(size) }
  /// The lines of the window that are left for builders: the headings go off, and what is said of the one under the
  /// cursor.
  var listLines: Range<Int> {
    let body = layout.body
    let top = min(body.upperBound, body.lowerBound + 1)
    return top..<max(top, body.upperBound - remarkHeight)
  }
  /// The lines beneath the list that say all about the builder under the cursor.
  var remarkHeight: Int { layout.body.count >= 10 ? 4 : 0 }

  /// The builder under the cursor.
  var current: BuilderLine? {
    list.lines.indices.contains(position.cursor) ? list.lines[position.cursor] : nil
  }

  /// Whether any builder is still to answer.
  var isAsking: Bool { isSearching || list.lines.contains(where: \.isAsked) }
}

/// What the list of builders wants done.
enum BuildersEffect: Sendable {
  /// Look for builders.
  case search
  /// Ask one.
  case ask(Builder)
  /// Open one in an explorer, where it isn't open already.
  case open(Builder.Way, id: String, name: String)
  /// Write the list into a new file.
  case export([BuilderLine])
}

/// What can happen to the list of builders.
enum BuildersEvent: Sendable {
  /// A key was pressed.
  case key(Key)
  /// A mouse button or wheel was used.
  case mouse(Mouse)
  /// The window has another size.
  case resize(Size)
  /// A search came upon something.
  case found(BuilderFinding)
  /// A search has come to its end.
  case searched
  /// A builder answered, or did not.
  case answered(String, BuilderLine.Outcome)
  /// Something was done that is only to be told.
  case told(String)
  /// The user came back from an explorer, which wrote bytes in these units.
  case cameBack(ByteUnits)
  /// It is time to look whether anything has changed.
  case tick
}

/// Changes the list by one event, and says what is to be done. Pure, as the explorer's own is.
///
/// - Complexity: O(n log n) builders.
func update(_ state: inout BuildersState, _ event: BuildersEvent) -> [BuildersEffect] {
  let current = state.current?.id
  var effects: [BuildersEffect] = []
  switch event {
  case .key(let key):
    effects = state.press(key)
    state.settle()
    return effects
  case .mouse(let mouse):
    effects = state.use(mouse)
    state.settle()
    return effects
  case .resize(let size): state.size = size
  case .found(let finding): effects = state.list.take(finding).map { [.ask($0)] } ?? []
  case .searched:
    state.isSearching = false
    state.list.endSearch(keeping: state.opened)
    state.message = state.list.notes.joined(separator: "; ")
  case .answered(let id, let outcome):
    state.list.take(outcome, of: id)
    if !state.isAsking { state.message = state.list.notes.joined(separator: "; ") }
  case .told(let message): state.message = message
  case .cameBack(let units):
    state.units = units
    // Something may have been pruned there.
    effects = state.opened.flatMap { state.list.beginAsking($0) }.map { [.ask($0)] } ?? []
    state.opened = nil
  case .tick: effects = state.isWatching && !state.isAsking ? state.searchAnew() : []
  }
  if state.hasMoved, let current, let line = state.list.lines.firstIndex(where: { $0.id == current }) {
    state.position.cursor = line
  }
  state.settle()
  return effects
}

extension BuildersState {
  /// Keeps the cursor within the list, and in sight.
  fileprivate mutating func settle() { position.settle(count: list.lines.count, height: listLines.count) }

  fileprivate mutating func press(_ key: Key) -> [BuildersEffect] {
    if let help {
      self.help = Box(helpLines, in: size).scrolled(help, by: keys.meant(by: key))
      if self.help == nil { message = said }
      return []
    }
    if let prompt { return press(key, in: prompt) }
    return perform(keys.meant(by: key), pressed: key)
  }

  /// Does what a key of the table means, whichever is pressed for it.
  private mutating func perform(_ key: Key, pressed: Key? = nil) -> [BuildersEffect] {
    guard let binding = BuildersBinding.all.first(where: { $0.keys.contains(key) }) else {
      message = "\((pressed ?? key).name) does nothing here: \(label("?")) shows the keys"
      return []
    }
    return perform(binding)
  }

  private mutating func perform(_ binding: BuildersBinding) -> [BuildersEffect] {
    if let reason = binding.whyOff(self) {
      message = reason
      return []
    }
    (said, message) = (message, "")
    return binding.perform(&self)
  }

  private mutating func press(_ key: Key, in entry: PromptEntry) -> [BuildersEffect] {
    var entry = entry
    prompt = nil
    switch entry.take(key, completions: completions, history: typed) {
    case .typing: prompt = entry
    case .dropped: break
    case .done(let text):
      let names = BuildersBinding.all.map(\.name)
      switch NamedCommand(text, among: names) {
      case .found(let place):
        typed.add(text)
        return perform(BuildersBinding.all[place])
      case let other:
        // The shortest name of leaving is the beginning of others.
        if text == "q" { return perform(.character("q")) }
        entry.problem = NamedCommand.words(text, other)
        prompt = entry
      }
    }
    return []
  }

  /// What a typed text may go on to.
  func completions(_ text: String) -> [String] {
    BuildersBinding.all.map(\.name).filter { $0.hasPrefix(text.lowercased()) }
  }

  /// The wheel moves, a click goes to a line or presses a key of the footer, a second one opens it.
  fileprivate mutating func use(_ mouse: Mouse) -> [BuildersEffect] {
    guard help == nil, prompt == nil else { return [] }
    switch mouse.kind {
    case .wheelDown: return move(.down)
    case .wheelUp: return move(.up)
    case .click, .doubleClick:
      if mouse.place.row == layout.footer {
        let hints = hints
        let place = footerLine(hints).part(atColumn: mouse.place.column, onRowOf: size.columns)
        return place.map { perform(hints[$0].meant) } ?? []
      }
      let line = position.top + mouse.place.row - listLines.lowerBound
      guard listLines.contains(mouse.place.row), line < list.lines.count else { return [] }
      position.cursor = line
      hasMoved = true
      return mouse.kind == .doubleClick ? perform(.enter) : []
    }
  }

  /// Moves the cursor as a key says.
  mutating func move(_ motion: Motion) -> [BuildersEffect] {
    position.move(motion, height: listLines.count)
    hasMoved = true
    return []
  }

  /// Looks for builders, and asks each, anew; those that are being asked still are left to it.
  mutating func searchAnew() -> [BuildersEffect] {
    guard !isSearching else { return [] }
    isSearching = true
    list.beginSearch()
    return [.search]
  }

  /// Opens the explorer of the builder under the cursor; one that doesn't answer is asked anew.
  mutating func open() -> [BuildersEffect] {
    guard let line = current else { return [] }
    let builder = line.builder
    if line.error != nil, let asked = list.beginAsking(builder.id) {
      message = "asking \(builder.name) anew"
      return [.ask(asked)]
    }
    switch builder.way {
    case .success(let way):
      opened = builder.id
      return [.open(way, id: builder.id, name: builder.name)]
    case .failure(let error):
      message = error.description
      return []
    }
  }
}
