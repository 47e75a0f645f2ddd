import Terminal

/// Keys that the user gave the work of others: what is pressed, and the key of the tables that it stands for.
///
/// It is for keys of screens only: what answers a question, chooses from a menu or is typed is what it is.
public struct KeyMap: Sendable, Equatable {
  /// For a key that was changed the one whose work it does.
  private var meanings: [Key: Key] = [:]
  /// The keys that were changed, in the order in which that was said.
  private var changed: [Key] = []

  /// No key was changed.
  public init() {}

  /// Reads changes such as `^P=p`: Control with P does what `p` does, which goes on doing it too. In place of the key on
  /// the right a command may stand by its name, as it is typed after `:`.
  ///
  /// - Parameter texts: one change each.
  /// - Throws: ``Problem`` where a key is unknown, has no work to give, is given two, or takes away the last key that
  ///   a command had.
  public init(_ texts: [String]) throws(Problem) {
    for (number, text) in texts.enumerated() {
      func problem(_ words: String) -> Problem { Problem(change: number, description: "key \(text): \(words)") }
      let (new, old) = try Self.sides(of: text, problem)
      guard let pressed = Key(written: new) else { throw problem("\(new) is no key: \(Self.spelling)") }
      guard pressed != .escape, pressed != .character("y") else {
        throw problem("y answers questions and Esc takes back: both stay what they are")
      }
      guard let meant = Self.meant(by: old) else {
        let isKey = Key(written: old) != nil
        throw problem(
          isKey
            ? "\(old) does nothing by itself that \(new) could do; the key to press comes first, then the one whose work it does"
            : "\(old) is neither a key nor a command: \(Self.spelling)")
      }
      guard meant != .escape else { throw problem("Esc takes back, and nothing else does") }
      guard meanings[pressed] == nil else { throw problem("\(new) was given other work before") }
      meanings[pressed] = meant
      changed.append(pressed)
    }
    for (number, key) in changed.enumerated() {
      guard let lost = Self.tables.first(where: { $0.keys.contains(key) && keys(for: $0.keys).isEmpty }) else {
        continue
      }
      throw Problem(
        change: number,
        description:
          "key \(texts[number]): \(key.label) is \(lost.name), which would have no key any more: give it one as well, for instance key X=\(key.label)"
      )
    }
  }

  /// Why changes can't be taken.
  public struct Problem: Error, Equatable, CustomStringConvertible {
    /// Which of them.
    public let change: Int
    /// What is the matter, the change named.
    public let description: String
  }

  private static let spelling = "write d, ^P, F1, Enter, Space, PageUp"

  private static func sides(of text: String, _ problem: (String) -> Problem) throws(Problem) -> (String, String) {
    func trimmed(_ side: Substring) -> String {
      var side = side
      while side.first == " " || side.first == "\t" { side.removeFirst() }
      while side.last == " " || side.last == "\t" { side.removeLast() }
      return String(side)
    }
    // The key on the left may be = itself.
    guard let sign = text.dropFirst().firstIndex(of: "=") else { throw problem("write NEW=OLD, for instance ^P=p") }
    let (new, old) = (trimmed(text[..<sign]), trimmed(text[text.index(after: sign)...]))
    guard !new.isEmpty, !old.isEmpty else { throw problem("write NEW=OLD, for instance ^P=p") }
    return (new, old)
  }

  /// The key of the tables that a text names.
  private static func meant(by text: String) -> Key? {
    if let key = Key(written: text), tables.contains(where: { $0.keys.contains(key) }) { return key }
    return tables.first { $0.name == text.lowercased() }?.keys.first
  }

  /// All keys that do something somewhere, with the name of what they do.
  private static let tables: [(name: String, keys: [Key])] =
    ExplorerState.Screen.allCases.flatMap { Binding.all(on: $0) }.map { ($0.name, $0.keys) }
    + BuildersBinding.all.map { ($0.name, $0.keys) }

  /// The key of the tables that a pressed one stands for.
  func meant(by key: Key) -> Key { meanings[key] ?? key }

  /// The keys to press for what a table has under these: those that the user chose come first.
  func keys(for keys: [Key]) -> [Key] {
    changed.filter { meanings[$0].map(keys.contains) ?? false } + keys.filter { meanings[$0] == nil }
  }

  /// How the key is written that does a key's work.
  func label(_ key: Key) -> String { keys(for: [key]).first?.label ?? key.label }
}
