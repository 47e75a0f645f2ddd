/// A key as it was pressed.
public enum Key: Hashable, Sendable {
  /// A character that was typed.
  case character(Character)
  /// A letter with Control, the letter in lower case.
  case control(Character)
  /// A key with a name of its own.
  case enter, escape, tab, backTab, backspace, delete, insert, up, down, left, right, home, end, pageUp, pageDown
  /// A function key, by its number from 1 on.
  case function(Int)

  private static let names: [(Key, String)] = [
    (.enter, "Enter"), (.escape, "Esc"), (.tab, "Tab"), (.backTab, "S-Tab"), (.backspace, "BS"), (.delete, "Del"),
    (.insert, "Ins"), (.up, "Up"), (.down, "Down"), (.left, "Left"), (.right, "Right"), (.home, "Home"),
    (.end, "End"), (.pageUp, "PageUp"), (.pageDown, "PageDown"), (.character(" "), "Space"), (.character("<"), "lt"),
  ]

  /// The key as a script spells it: `j`, `<Enter>`, `<C-d>`, `<lt>` for the less-than sign.
  public var name: String {
    if let known = Self.names.first(where: { $0.0 == self }) { return "<\(known.1)>" }
    switch self {
    case .character(let character): return String(character)
    case .control(let letter): return "<C-\(letter)>"
    case .function(let number): return "<F\(number)>"
    default: return "<?>"
    }
  }

  /// The key as people write it: `j`, `Enter`, `^D`, `space`.
  public var label: String {
    switch self {
    case .character(" "): "space"
    case .character(let character): String(character)
    case .control(let letter): "^" + letter.uppercased()
    default: String(name.dropFirst().dropLast())
    }
  }

  /// The key that people write so, in ``label`` or as a script spells it; nothing where there is no such key.
  public init?(written text: String) {
    if text.count == 1, let character = text.first {
      self = .character(character)
    } else if text.count == 2, text.first == "^", let letter = text.last?.lowercased().first, letter.isASCII,
      letter.isLetter
    {
      self = .control(letter)
    } else if let key = Self.named(text.hasPrefix("<") && text.hasSuffix(">") ? text.dropFirst().dropLast() : text[...])
    {
      self = key
    } else {
      return nil
    }
  }

  /// The keys that a script spells: characters as typed, and names in angle brackets.
  ///
  /// - Throws: ``KeyScriptError`` naming what is not known.
  public static func keys(in script: String) throws(KeyScriptError) -> [Key] {
    var keys: [Key] = []
    var rest = Substring(script)
    while let first = rest.popFirst() {
      guard first == "<" else {
        keys.append(.character(first))
        continue
      }
      guard let end = rest.firstIndex(of: ">") else { throw KeyScriptError(name: String(rest.prefix(20))) }
      let name = rest[..<end]
      guard let key = named(name) else { throw KeyScriptError(name: String(name.prefix(20))) }
      keys.append(key)
      rest = rest[rest.index(after: end)...]
    }
    return keys
  }

  private static func named(_ name: Substring) -> Key? {
    if let known = names.first(where: { $0.1.lowercased() == name.lowercased() }) { return known.0 }
    if name.count == 3, name.lowercased().hasPrefix("c-"), let letter = name.lowercased().last {
      return .control(letter)
    }
    if name.first == "F", let number = Int(name.dropFirst()), (1...63).contains(number) { return .function(number) }
    return nil
  }
}

/// A name in a key script that is not known.
public struct KeyScriptError: Error, Equatable, CustomStringConvertible {
  /// What stood in the brackets.
  public let name: String

  /// What to do.
  public var description: String {
    "<\(name)> is no key: write characters as typed, <Enter> <Esc> <Tab> <Space> <Up> <Down> <C-d>, and <lt> for <"
  }
}
