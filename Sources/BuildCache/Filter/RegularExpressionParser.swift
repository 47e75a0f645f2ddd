/// A parsed pattern. Groups are not kept: only whether a text matches is asked.
indirect enum RegularExpressionNode: Sendable {
  case empty
  case set(ScalarSet)
  case assertion(RegularExpression.Assertion)
  case sequence([RegularExpressionNode])
  case choice([RegularExpressionNode])
  /// At least and at most so often; without an end: any number.
  case repeated(RegularExpressionNode, Int, Int?)

  /// The text that it stands for, where it stands for one.
  var literalText: String? {
    var text = ""
    return appendLiteral(to: &text) ? text : nil
  }

  private func appendLiteral(to text: inout String) -> Bool {
    switch self {
    case .empty: return true
    case .set(let set):
      guard let only = set.only else { return false }
      text.unicodeScalars.append(only)
      return true
    case .sequence(let nodes): return nodes.allSatisfy { $0.appendLiteral(to: &text) }
    default: return false
    }
  }

  /// How often it is laid out at most: RE2 refuses more than a thousand.
  var repetitions: Int {
    switch self {
    case .sequence(let nodes), .choice(let nodes): nodes.map(\.repetitions).max() ?? 1
    case .repeated(let node, let least, let most): node.repetitions * max(1, least, most ?? 0)
    default: 1
    }
  }
}

/// Reads a pattern in RE2's syntax.
struct RegularExpressionParser {
  private struct Flags {
    var ignoresCase = false
    var isMultiline = false
    var dotMatchesNewline = false
  }

  private let scalars: [Unicode.Scalar]
  private var place = 0
  private var flags = Flags()
  private static let deepest = 100
  private var depth = 0

  init(_ pattern: String) {
    scalars = Array(pattern.unicodeScalars)
  }

  mutating func parse() throws(RegularExpressionError) -> RegularExpressionNode {
    let node = try choice()
    guard place == scalars.count else { throw RegularExpressionError(message: "a ) too many") }
    return node
  }

  private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

  private mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard scalars[place...].starts(with: wanted) else { return false }
    place += wanted.count
    return true
  }

  private mutating func choice() throws(RegularExpressionError) -> RegularExpressionNode {
    depth += 1
    defer { depth -= 1 }
    // Each group takes its part of the stack, which is small on a thread of the pool.
    guard depth <= Self.deepest else {
      throw RegularExpressionError(message: "nested more than \(Self.deepest) deep", isBudget: true)
    }
    var ways = [try sequence()]
    while take("|") { ways.append(try sequence()) }
    return ways.count == 1 ? ways[0] : .choice(ways)
  }

  private mutating func sequence() throws(RegularExpressionError) -> RegularExpressionNode {
    var nodes: [RegularExpressionNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      if take("\\Q") {
        while place < scalars.count, !take("\\E") {
          nodes.append(.set(literal(scalars[place])))
          place += 1
        }
        continue
      }
      guard let node = try atom() else { continue }
      nodes.append(try repetition(of: node))
    }
    return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
  }

  private mutating func repetition(of node: RegularExpressionNode) throws(RegularExpressionError)
    -> RegularExpressionNode
  {
    guard let (least, most) = try counts() else { return node }
    _ = take("?")  // lazy or not, it matches the same texts
    if try counts() != nil { throw RegularExpressionError(message: "one repetition after another") }
    let repeated = RegularExpressionNode.repeated(node, least, most)
    guard repeated.repetitions <= 1000 else { throw RegularExpressionError(message: "more than 1000 repetitions") }
    return repeated
  }

  /// The repetition that stands here, if one does.
  private mutating func counts() throws(RegularExpressionError) -> (Int, Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    let start = place
    guard take("{"), let least = number() else {
      place = start
      return nil
    }
    var most: Int? = least
    if take(",") { most = next == "}" ? nil : number() ?? -1 }
    guard take("}"), most != -1 else {
      place = start  // then the brace is itself
      return nil
    }
    guard max(least, most ?? 0) <= 1000, least <= most ?? least else {
      throw RegularExpressionError(message: "a repetition of {\(least),\(most.map { "\($0)" } ?? "")}")
    }
    return (least, most)
  }

  private mutating func number() -> Int? {
    let digits = scalars[place...].prefix { ("0"..."9").contains($0) }
    guard let number = Int(String(String.UnicodeScalarView(digits))) else { return nil }
    place += digits.count
    return number
  }

  /// One thing that may be repeated; nothing where only flags were set.
  private mutating func atom() throws(RegularExpressionError) -> RegularExpressionNode? {
    let scalar = scalars[place]
    switch scalar {
    case "(": return try group()
    case "[":
      var parser = ScalarSetParser(scalars, place)
      var set = try parser.bracket()
      place = parser.place
      set.ignoresCase = flags.ignoresCase
      return .set(set)
    case ".":
      place += 1
      return .set(flags.dotMatchesNewline ? .any : .anyButNewline)
    case "^":
      place += 1
      return .assertion(flags.isMultiline ? .beginLine : .beginText)
    case "$":
      place += 1
      return .assertion(flags.isMultiline ? .endLine : .endText)
    case "*", "+", "?": throw RegularExpressionError(message: "\(scalar) has nothing to repeat")
    case "\\": return try escape()
    default:
      if try counts() != nil { throw RegularExpressionError(message: "a repetition has nothing to repeat") }
      place += 1
      return .set(literal(scalar))
    }
  }

  private func literal(_ scalar: Unicode.Scalar) -> ScalarSet {
    var set = ScalarSet(scalar)
    set.ignoresCase = flags.ignoresCase
    return set
  }

  private mutating func escape() throws(RegularExpressionError) -> RegularExpressionNode {
    let assertions: [(String, RegularExpression.Assertion)] = [
      ("\\A", .beginText), ("\\z", .endText), ("\\b", .wordBoundary), ("\\B", .noWordBoundary),
    ]
    for (text, assertion) in assertions where take(text) { return .assertion(assertion) }
    var parser = ScalarSetParser(scalars, place)
    var set = try parser.escape()
    place = parser.place
    set.ignoresCase = flags.ignoresCase
    return .set(set)
  }

  private mutating func group() throws(RegularExpressionError) -> RegularExpressionNode? {
    place += 1
    let outer = flags
    if take("?") {
      if take("P<") || take("<") {
        let name = scalars[place...].prefix { $0 == "_" || ($0.isASCII && ScalarSet.word.contains($0)) }
        place += name.count
        guard !name.isEmpty, take(">") else { throw RegularExpressionError(message: "a group's name is missing") }
      } else if try !setFlags() {
        return nil
      }
    }
    let node = try choice()
    guard take(")") else { throw RegularExpressionError(message: "a ) is missing") }
    flags = outer
    return node
  }

  /// Reads flags, `i`, `m`, `s`, `U`, and after a minus those to clear.
  ///
  /// - Returns: whether a group follows; else they hold to the end of the group around.
  private mutating func setFlags() throws(RegularExpressionError) -> Bool {
    var isSet = true
    var isEmpty = true
    while let scalar = next {
      place += 1
      switch scalar {
      case "i": flags.ignoresCase = isSet
      case "m": flags.isMultiline = isSet
      case "s": flags.dotMatchesNewline = isSet
      case "U": break  // which of two matches is preferred is not asked
      case "-" where isSet:
        isSet = false
        isEmpty = true
        continue
      case ":", ")":
        guard isSet || !isEmpty else { throw RegularExpressionError(message: "flags are missing") }
        return scalar == ":"
      default: throw RegularExpressionError(message: "(?\(scalar) is not known")
      }
      isEmpty = false
    }
    throw RegularExpressionError(message: "a ) is missing")
  }
}
