import Terminal

/// A command that is being typed after `:`; the list of builders has one as well as the explorer.
struct PromptEntry: Sendable {
  /// What was typed so far.
  private(set) var text = ""
  /// Why it can't be done.
  var problem: String?
  /// What Tab goes round, from the first that it put in place of what was typed.
  private var round: (texts: [String], place: Int)?
  /// Which of the commands of before is shown; absent where it is a new one.
  private var recalled: Int?

  /// The bytes that it may have.
  private static let most = 1000

  /// Its keys, in few words.
  static let hints = ["Enter does it", "Tab completes", "Esc leaves it", "Up shows the last one"]

  /// What a key did.
  enum Answer: Equatable {
    /// It goes on.
    case typing
    /// It was dropped.
    case dropped
    /// It is to be done.
    case done(String)
  }

  /// Takes a key.
  ///
  /// - Parameters:
  ///   - completions: what a text may go on to, each from its beginning.
  ///   - history: the commands of before.
  mutating func take(_ key: Key, completions: (String) -> [String], history: CommandHistory) -> Answer {
    problem = nil
    if key != .tab && key != .backTab { round = nil }
    switch key {
    case .escape: return .dropped
    case .enter:
      var typed = Substring(text)
      while typed.first == " " { typed.removeFirst() }
      while typed.last == " " { typed.removeLast() }
      return typed.isEmpty ? .dropped : .done(String(typed))
    case .character(let character) where text.utf8.count < Self.most: text.append(character)
    case .backspace:
      // As in other such prompts, what is empty is left by the key that empties it.
      if text.isEmpty { return .dropped }
      text.removeLast()
    case .control("u"): text = ""
    case .tab: complete(completions, by: 1)
    case .backTab: complete(completions, by: -1)
    case .up: recall(history, by: -1)
    case .down: recall(history, by: 1)
    default: break
    }
    return .typing
  }

  /// Puts what all completions share in place of what was typed; where that is there already, one after the other.
  private mutating func complete(_ completions: (String) -> [String], by step: Int) {
    if let (texts, place) = round {
      let next = (place + step + texts.count) % texts.count
      round = (texts, next)
      text = texts[next]
      return
    }
    let texts = completions(text)
    guard !texts.isEmpty else { return }
    let shared = commonPrefix(of: texts)
    if texts.count == 1 || shared.count > text.count {
      text = shared
    } else {
      let place = step > 0 ? 0 : texts.count - 1
      round = (texts, place)
      text = texts[place]
    }
  }

  private mutating func recall(_ history: CommandHistory, by step: Int) {
    let next = (recalled ?? history.texts.count) + step
    guard (0...history.texts.count).contains(next), !history.texts.isEmpty else { return }
    recalled = next == history.texts.count ? nil : next
    text = recalled.map { history.texts[$0] } ?? ""
  }
}

/// Commands that were typed, the last one last.
struct CommandHistory: Sendable {
  private(set) var texts: [String] = []
  private static let most = 50

  /// Remembers a command, once.
  mutating func add(_ text: String) {
    texts.removeAll { $0 == text }
    texts.append(text)
    if texts.count > Self.most { texts.removeFirst() }
  }
}

/// What a typed word means among the names that there are.
enum NamedCommand: Equatable {
  /// It is this one's name, or the beginning of this one's only.
  case found(Int)
  /// Several begin so.
  case ambiguous([String])
  /// None does; the nearest to it, where any is near.
  case unknown(nearest: String?)

  /// Looks a word up.
  ///
  /// - Parameter names: the names, of which several may be alike: the first is meant.
  init(_ typed: String, among names: [String]) {
    let typed = typed.lowercased()
    if let place = names.firstIndex(of: typed) {
      self = .found(place)
      return
    }
    let begun = names.indices.filter { names[$0].hasPrefix(typed) }
    if let first = begun.first {
      let different = Set(begun.map { names[$0] })
      self = different.count == 1 ? .found(first) : .ambiguous(different.sorted())
      return
    }
    // Beyond that it is another word.
    let most = max(1, typed.count / 3 + 1)
    let nearest = names.map { (name: $0, distance: editDistance(typed, $0)) }.min { $0.distance < $1.distance }
    self = .unknown(nearest: nearest.flatMap { $0.distance <= most ? $0.name : nil })
  }

  /// What is said where no command is meant.
  static func words(_ typed: String, _ command: NamedCommand) -> String? {
    switch command {
    case .found: nil
    case .ambiguous(let names): "several commands begin so: \(names.joined(separator: ", "))"
    case .unknown(let nearest?): "there is no command \(typed): the nearest is \(nearest)"
    case .unknown(nil): "there is no command \(typed): Tab shows what there is"
    }
  }
}

/// How many letters have to be changed, put in, left out or exchanged with their neighbour to make one word of another.
///
/// - Complexity: O(letters of the one times letters of the other), of which no more than 60 each are looked at.
func editDistance(_ one: String, _ other: String) -> Int {
  let (a, b) = (Array(one.prefix(60)), Array(other.prefix(60)))
  var before: [Int] = []
  var above = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var distance = min(row[j] + 1, above[j + 1] + 1, above[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { distance = min(distance, before[j - 1] + 1) }
      row.append(distance)
    }
    (before, above) = (above, row)
  }
  return above[b.count]
}
