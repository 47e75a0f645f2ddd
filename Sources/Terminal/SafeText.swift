import CNcurses

/// A piece of text that a terminal shows in one go: a character with its marks, and the columns that it takes.
struct Glyph {
  let character: Character
  /// 1 or 2.
  let width: Int
}

/// Text from outside as glyphs that can do nothing to a terminal.
///
/// Control characters become visible signs; what changes the direction of text, has no width, or is understood
/// differently by different terminals is left out or replaced; so columns stay straight and nothing gets out.
/// Glyphs are made one at a time: who stops after a line's width pays for that alone.
struct Glyphs: Sequence, IteratorProtocol {
  private var scalars: Substring.UnicodeScalarView
  private var ahead: Unicode.Scalar?
  /// Marks that one character may carry; more would pile up over the neighbours.
  private static let mostMarks = 4

  init(_ text: some StringProtocol) {
    scalars = Substring(text).unicodeScalars
    ahead = scalars.popFirst()
  }

  mutating func next() -> Glyph? {
    while let scalar = ahead {
      ahead = scalars.popFirst()
      switch Self.kind(of: scalar) {
      case .plain(let width):
        guard !scalar.isASCII || ahead?.isASCII == false else {
          return Glyph(character: Character(scalar), width: width)
        }
        return Glyph(character: Character(String(String.UnicodeScalarView([scalar] + marks()))), width: width)
      case .replaced(let sign): return Glyph(character: sign, width: 1)
      case .mark, .invisible: continue  // a mark with nothing to stand on
      }
    }
    return nil
  }

  /// The marks that follow, as far as they may.
  private mutating func marks() -> [Unicode.Scalar] {
    var marks: [Unicode.Scalar] = []
    while let scalar = ahead {
      guard case .mark = Self.kind(of: scalar) else { break }
      if marks.count < Self.mostMarks { marks.append(scalar) }
      ahead = scalars.popFirst()
    }
    return marks
  }

  private enum Kind {
    case plain(width: Int)
    case mark
    case invisible
    case replaced(Character)
  }

  private static func kind(of scalar: Unicode.Scalar) -> Kind {
    let value = scalar.value
    if (0x20...0x7e).contains(value) { return .plain(width: 1) }
    switch value {
    case 0x9, 0xa, 0xd: return .replaced(" ")
    case 0..<0x20: return .replaced(Unicode.Scalar(0x2400 + value).map { Character($0) } ?? "\u{fffd}")
    case 0x7f: return .replaced("\u{2421}")
    // Joiners and variation selectors make one picture of several on some terminals and not on others.
    case 0x200c, 0x200d, 0xfe00...0xfe0f, 0xe0100...0xe01ef: return .invisible
    default: break
    }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return columns(of: scalar) == 0 ? .mark : .replaced("\u{fffd}")
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
      return .replaced("\u{fffd}")
    case .spaceSeparator: return .replaced(" ")
    default:
      let width = columns(of: scalar)
      return (1...2).contains(width) ? .plain(width: width) : .replaced("\u{fffd}")
    }
  }

  /// The columns that the C library gives a character, whatever the user's locale is.
  private static func columns(of scalar: Unicode.Scalar) -> Int {
    let before = uselocale(unicode)
    defer { uselocale(before) }
    return Int(wcwidth(wchar_t(bitPattern: scalar.value)))
  }

  /// A locale in which every character has a width. Never changed, never freed.
  private nonisolated(unsafe) static let unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)
}

/// Text from outside made safe for a terminal, all of it; see ``Grid/draw(_:at:width:style:)`` for a part.
public func safeText(_ raw: String) -> String {
  if isPlain(raw) { return raw }
  var text = ""
  for glyph in Glyphs(raw) { text.append(glyph.character) }
  return text
}

/// The columns that a text takes once it is safe.
public func displayWidth(_ text: String) -> Int {
  isPlain(text) ? text.utf8.count : Glyphs(text).reduce(0) { $0 + $1.width }
}

/// Where a text stands in a wider space.
public enum Alignment: Sendable {
  /// At the left edge, as words do.
  case left
  /// At the right edge, as numbers do.
  case right
}

/// A text made safe and exactly `width` columns wide: cut, or filled with blanks.
///
/// - Parameters:
///   - text: any text.
///   - width: columns.
///   - alignment: where it stands if it is shorter.
///   - sign: what shows that it was cut, one column wide; nothing: it is just cut.
/// - Complexity: O(width), however long the text is.
public func fitted(_ text: String, to width: Int, from alignment: Alignment = .left, cutSign sign: Character? = "…")
  -> String
{
  guard width > 0 else { return "" }
  // Most texts are short and plain.
  if text.utf8.count <= width, isPlain(text) {
    let blanks = String(repeating: " ", count: width - text.utf8.count)
    return alignment == .left ? text + blanks : blanks + text
  }
  var kept = ""
  var used = 0
  // What has to go if there turns out to be more than fits.
  var fitsWithSign = (text: "", used: 0)
  for glyph in Glyphs(text) {
    if used + glyph.width > width {
      guard let sign else { break }
      kept = fitsWithSign.text + String(sign)
      used = fitsWithSign.used + 1
      break
    }
    kept.append(glyph.character)
    used += glyph.width
    if used < width { fitsWithSign = (kept, used) }
  }
  let blanks = String(repeating: " ", count: width - used)
  return alignment == .left ? kept + blanks : blanks + kept
}

/// A text made safe and exactly `width` columns wide, as ``fitted(_:to:from:cutSign:)`` does; where its beginning is
/// that of a neighbour in a list, the part is kept in which they differ.
///
/// - Parameters:
///   - text: any text.
///   - neighbours: the texts that stand beside it in the list.
///   - width: columns.
///   - sign: what shows that something was left out, one column wide.
/// - Complexity: O(width and the part that they have alike, 4,096 characters at most).
public func fitted(_ text: String, unlike neighbours: [String], to width: Int, cutSign sign: Character = "…") -> String
{
  let least = 16
  guard width >= least, displayWidth(text) > width, neighbours.contains(where: { $0 != text }) else {
    return fitted(text, to: width, cutSign: sign)
  }
  let most = 4096
  let glyphs = Array(Glyphs(text).prefix(most))
  let alike =
    neighbours.filter { $0 != text }.map { neighbour in
      zip(glyphs, Glyphs(neighbour)).prefix { $0.character == $1.character }.count
    }.max() ?? 0
  // Some of what differs is seen anyway.
  let seen = glyphs.prefix(alike).reduce(0) { $0 + $1.width } + width / 4
  guard seen >= width, alike < glyphs.count else { return fitted(text, to: width, cutSign: sign) }
  // From the beginning of the word that differs, where that is near.
  let near = glyphs[max(0, alike - width / 3)..<alike].lastIndex { $0.character == " " }
  let end = glyphs[(near.map { $0 + 1 } ?? alike)...]
  let endWidth = min(end.reduce(0) { $0 + $1.width }, width - width / 3 - 1)
  let start = fitted(text, to: width - endWidth, cutSign: sign)
  let rest = end.reduce(into: "") { $0.append($1.character) }
  return fitted(start + fitted(rest, to: endWidth, cutSign: sign), to: width, cutSign: sign)
}

/// Whether every byte is a printable ASCII character.
func isPlain(_ text: some Sequence<UInt8>) -> Bool {
  text.allSatisfy { (0x20...0x7e).contains($0) }
}

private func isPlain(_ text: String) -> Bool { isPlain(text.utf8) }
