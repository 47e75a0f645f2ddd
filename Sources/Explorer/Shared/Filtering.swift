import BuildCache
import Terminal

/// The filter that is typed, and going from match to match.
extension ExplorerState {
  /// Takes a key into the filter: the list follows, as far as it can be understood.
  mutating func press(_ key: Key, in entry: FilterEntry) -> [Effect] {
    var entry = entry
    switch key {
    case .escape:
      overlay = nil
      message = ""
      return setFilter(entry.before)
    case .enter:
      guard entry.problem == nil else { return [] }
      overlay = nil
      if choice.filter != entry.before { undos.add(.filter(from: entry.before)) }
      message = choice.filter == .all ? "" : matchWords
      return []
    case .character(let character) where entry.text.utf8.count < 1000: entry.text.append(character)
    case .backspace: _ = entry.text.popLast()
    case .control("u"): entry.text = ""
    case .down, .up:
      overlay = .filter(entry)
      position.move(key == .down ? .down : .up, height: listLines.count)
      return []
    default: return []
    }
    do {
      let filter = try Filter(typed: entry.text)
      entry.problem = nil
      overlay = .filter(entry)
      return setFilter(filter)
    } catch {
      entry.problem = error.message
      overlay = .filter(entry)
      return setFilter(entry.before)
    }
  }

  private mutating func setFilter(_ filter: Filter) -> [Effect] {
    guard filter != choice.filter else { return [] }
    choice.filter = filter
    return [arrange()]
  }

  /// How many records match.
  var matchWords: String {
    let count = records.order.count
    return "\(count) of \(cache.rows.count) \(count == 1 ? "matches" : "match")"
  }

  /// Goes to the next or the previous record that matches, round the ends of the list.
  mutating func goToMatch(by step: Int) -> [Effect] {
    guard lineCount > 0 else {
      message = "nothing matches"
      return []
    }
    for distance in 1...lineCount {
      let line = ((position.cursor + step * distance) % lineCount + lineCount) % lineCount
      if isMatch(line) {
        if (line - position.cursor) * step < 0 { message = "round the end of the list" }
        position.cursor = line
        return []
      }
    }
    message = "nothing matches"
    return []
  }

  /// Whether a line of the list matches; in the graph those that others stand on are listed too.
  func isMatch(_ line: Int) -> Bool {
    guard screen == .graph, let isMatch = graph.picture?.isMatch else { return true }
    // What matches has a line of its own: a fold is none.
    guard case .record = graph.lines.line(line) else { return false }
    return graph.record(atLine: line).map { isMatch[$0] } ?? false
  }
}
