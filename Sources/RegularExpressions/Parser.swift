/// Reads a pattern in RE2's syntax, as Go's `regexp` does.
///
/// The sets of characters in it are read by `ClassSyntax.swift`.
struct Parser {
  /// What flags in a pattern set, each to the end of the group around.
  private struct Flags {
    var ignoresCase = false
    var isMultiline = false
    var dotMatchesNewline = false
  }

  var cursor: Cursor
  /// The sets of characters that were read.
  var sets: SetTable
  var ignoresCase: Bool { flags.ignoresCase }
  private var flags = Flags()
  private let deepest: Int
  private var depth = 0

  /// - Throws: ``RegularExpressionError`` `tooLarge` for a pattern longer than it may be.
  init(_ pattern: String, _ budget: RegularExpressionBudget) throws(RegularExpressionError) {
    guard pattern.unicodeScalars.count <= budget.characters else {
      throw .tooLarge("longer than \(budget.characters) characters")
    }
    cursor = Cursor(pattern)
    sets = SetTable(mostRanges: budget.ranges)
    deepest = budget.depth
  }

  /// The whole pattern. To be called once.
  mutating func parse() throws(RegularExpressionError) -> Node {
    let node = try choice()
    guard cursor.next == nil else { throw .refused("a ) too many") }
    return node
  }

  private mutating func choice() throws(RegularExpressionError) -> Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= deepest else { throw .tooLarge("nested more than \(deepest) deep") }
    var ways = [try sequence()]
    while cursor.take("|") { ways.append(try sequence()) }
    return ways.count == 1 ? ways[0] : .choice(ways)
  }

  private mutating func sequence() throws(RegularExpressionError) -> Node {
    var nodes: [Node] = []
    var isAfterRepetition = false
    while let scalar = cursor.next, scalar != "|", scalar != ")" {
      if let (least, most) = try counts() {
        guard let node = nodes.popLast() else {
          throw .refused("\(scalar == "{" ? "a repetition" : String(scalar)) has nothing to repeat")
        }
        guard !isAfterRepetition else { throw .refused("one repetition after another") }
        _ = cursor.take("?")  // lazy or not, it matches the same texts
        nodes.append(try node.repeated(least, most))
        isAfterRepetition = true
      } else {
        try addAtom(to: &nodes)
        isAfterRepetition = false
      }
    }
    return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
  }

  /// The repetition that stands here, if one does.
  private mutating func counts() throws(RegularExpressionError) -> (least: Int, most: Int?)? {
    switch cursor.next {
    case "*": cursor.skip(); return (0, nil)
    case "+": cursor.skip(); return (1, nil)
    case "?": cursor.skip(); return (0, 1)
    case "{": break
    default: return nil
    }
    let start = cursor.place
    guard let (least, most) = bounds() else {
      cursor.goBack(to: start)  // then the brace is itself
      return nil
    }
    guard max(least, most ?? 0) <= 1000, least <= most ?? least else {
      throw .refused("a repetition of {\(least),\(most.map { "\($0)" } ?? "")}")
    }
    return (least, most)
  }

  /// `{n}`, `{n,}` or `{n,m}`.
  private mutating func bounds() -> (least: Int, most: Int?)? {
    cursor.skip()
    guard let least = number() else { return nil }
    var most: Int? = least
    if cursor.take(",") {
      most = nil
      if cursor.next != "}" {
        guard let number = number() else { return nil }
        most = number
      }
    }
    return cursor.take("}") ? (least, most) : nil
  }

  /// A number, which may not begin with a zero; one that is too large for anything is cut off.
  private mutating func number() -> Int? {
    if cursor.next == "0", let digit = cursor.peek(1), ("0"..."9").contains(digit) { return nil }
    var number: Int?
    while let digit = cursor.next, ("0"..."9").contains(digit) {
      number = min((number ?? 0) * 10 + Int(digit.value) - 48, 1_000_000)
      cursor.skip()
    }
    return number
  }

  /// Reads one thing that may be repeated; several in a quotation, none where only flags are set.
  private mutating func addAtom(to nodes: inout [Node]) throws(RegularExpressionError) {
    guard let scalar = cursor.next else { return }
    switch scalar {
    case "(": if let node = try group() { nodes.append(node) }
    case "[": nodes.append(.set(try sets.add(try bracket())))
    case ".":
      cursor.skip()
      nodes.append(.set(try sets.add(flags.dotMatchesNewline ? .any : .anyButNewline)))
    case "^":
      cursor.skip()
      nodes.append(.assertion(flags.isMultiline ? .beginLine : .beginText))
    case "$":
      cursor.skip()
      nodes.append(.assertion(flags.isMultiline ? .endLine : .endText))
    case "\\":
      if cursor.take("\\Q") {
        while let quoted = cursor.next, !cursor.take("\\E") {
          cursor.skip()
          nodes.append(.set(try sets.add(quoted, ignoresCase: ignoresCase)))
        }
      } else {
        nodes.append(try escape())
      }
    default:
      cursor.skip()
      nodes.append(.set(try sets.add(scalar, ignoresCase: ignoresCase)))
    }
  }

  private mutating func escape() throws(RegularExpressionError) -> Node {
    let assertions: [Unicode.Scalar: Assertion] = [
      "A": .beginText, "z": .endText, "b": .wordBoundary, "B": .noWordBoundary,
    ]
    if let letter = cursor.peek(1), let assertion = assertions[letter] {
      cursor.skip(2)
      return .assertion(assertion)
    }
    if let named = try namedClass() { return .set(try sets.add(named)) }
    let value = try character()
    return .set(try sets.add(ScalarSet([value...value]), ignoresCase: ignoresCase))
  }

  /// A group, or nothing where only flags were set.
  private mutating func group() throws(RegularExpressionError) -> Node? {
    cursor.skip()
    let outer = flags
    if cursor.take("?") {
      if cursor.take("P<") || cursor.take("<") {
        let name = cursor.take(upTo: ">") ?? ""
        guard !name.isEmpty, name.unicodeScalars.allSatisfy(\.isWordCharacter) else {
          throw .refused("a group's name is missing")
        }
      } else if try !setFlags() {
        return nil
      }
    }
    let node = try choice()
    guard cursor.take(")") else { throw .refused("a ) is missing") }
    flags = outer
    return node
  }

  /// Reads flags, `i`, `m`, `s`, `U`, and after a minus those to clear.
  ///
  /// - Returns: whether a group follows; else they hold to the end of the group around.
  private mutating func setFlags() throws(RegularExpressionError) -> Bool {
    var isSet = true
    var isEmpty = true
    while let scalar = cursor.next {
      cursor.skip()
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
        guard isSet || !isEmpty else { throw .refused("flags are missing") }
        return scalar == ":"
      default: throw .refused("(?\(scalar) is not known")
      }
      isEmpty = false
    }
    throw .refused("a ) is missing")
  }
}
