import BuildCache

/// Looks whether the brackets of a TOML text match, before it is parsed.
///
/// The parser ends the program at a bracket that closes what is not open, at a table's head that begins with no key, and
/// at half a date (dates have no place in a daemon's configuration); it takes a text to end at NUL, and follows keys of
/// many parts until its stack is used up.
struct BracketCheck {
  private var rest: Substring.UnicodeScalarView
  private var line = 1
  /// The brackets that are open.
  private var open: [Unicode.Scalar] = []
  /// What stood last, blanks and comments aside; nothing at the beginning of a statement.
  private var previous: Unicode.Scalar?
  /// The dots since a key can have begun.
  private var dots = 0
  /// What is wrong, where it is not just what stands there.
  private var problem: String?

  /// Brackets within each other, and parts of a key: a daemon's configuration has five.
  private static let deepest = 32

  init(_ text: String) { rest = Substring(text).unicodeScalars }

  /// Reads to the end.
  ///
  /// - Throws: ``CacheError`` `badInput`, naming the file and the line.
  mutating func check(in name: String) throws(CacheError) {
    while let scalar = rest.popFirst() {
      guard accepts(scalar) else {
        throw CacheError(.badInput, "\(name): line \(line): \(problem ?? "\(scalar.shown) can't stand here")")
      }
    }
  }

  private mutating func accepts(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\0": return false
    case " ", "\t", "\r": return true
    case "\n":
      line += 1
      if open.isEmpty { (previous, dots) = (nil, 0) }
      return true
    case ".":
      guard countDot() else { return false }
    case "#":
      while let next = rest.first, next != "\n" { rest.removeFirst(); if next == "\0" { return false } }
      return true
    case "\"", "'":
      previous = scalar
      return skipString(scalar)
    case "[" where open.isEmpty && previous == nil: return skipHead()
    case "[", "{":
      dots = 0
      open.append(scalar)
      guard open.count <= Self.deepest else {
        problem = "more than \(Self.deepest) brackets are open"
        return false
      }
    case "=", ",": dots = 0
    case "]": guard open.popLast() == "[" else { return false }
    case "}": guard open.popLast() == "{", previous != "[" else { return false }
    case "0"..."9" where previous == "=" || previous == "[" || previous == ",":
      guard !skipsDate(scalar) else { return false }
    default: break
    }
    previous = scalar
    return true
  }

  /// Counts a dot of a key; one of a number counts too, as there are few.
  private mutating func countDot() -> Bool {
    dots += 1
    if dots >= Self.deepest { problem = "a key has more than \(Self.deepest) parts" }
    return dots < Self.deepest
  }

  /// A number to its end, and whether it is a date or a time instead.
  private mutating func skipsDate(_ first: Unicode.Scalar) -> Bool {
    var before = first
    while let next = rest.first, next != ":" {
      if next == "-" && ("0"..."9").contains(before) { return true }
      guard next.properties.isAlphabetic || ("0"..."9").contains(next) || "+-._".unicodeScalars.contains(next) else {
        return false
      }
      before = next
      rest.removeFirst()
    }
    return rest.first == ":"
  }

  /// A table's head, to its first key: what comes then is the parser's to judge.
  private mutating func skipHead() -> Bool {
    if rest.first == "[" { rest.removeFirst() }
    while rest.first == " " || rest.first == "\t" { rest.removeFirst() }
    guard let key = rest.first else { return false }
    let letters: [ClosedRange<Unicode.Scalar>] = ["a"..."z", "A"..."Z", "0"..."9", "-"..."-", "_"..."_"]
    guard key == "\"" || key == "'" || letters.contains(where: { $0.contains(key) }) else { return false }
    while let next = rest.first, next != "\n" {
      rest.removeFirst()
      if next == "\0" || (next == "\"" || next == "'") && !skipString(next) { return false }
      if next == ".", !countDot() { return false }
      if next == "#" { return accepts("#") }
    }
    return true
  }

  /// A string to its end; one that ends with its line is the parser's to refuse.
  private mutating func skipString(_ quote: Unicode.Scalar) -> Bool {
    var isLong = false
    if rest.first == quote {
      guard rest.dropFirst().first == quote else { return rest.popFirst() != nil }
      rest.removeFirst(2)
      isLong = true
    }
    var quotes = 0
    while let next = rest.first {
      if next == "\0" { return false }
      if next == "\n" {
        guard isLong else { return true }
        line += 1
      }
      rest.removeFirst()
      if next == "\\" && quote == "\"", let escaped = rest.first, escaped != "\n", escaped != "\0" {
        rest.removeFirst()
      }
      quotes = next == quote ? quotes + 1 : 0
      if quotes == (isLong ? 3 : 1) {
        // Up to two more belong to the text.
        while isLong, rest.first == quote, quotes < 5 { rest.removeFirst(); quotes += 1 }
        return true
      }
    }
    return true
  }
}

extension Unicode.Scalar {
  /// The scalar in quotes, or its number where it can't be seen.
  var shown: String { value < 0x20 ? "U+\(String(value, radix: 16))" : "\"\(self)\"" }
}
