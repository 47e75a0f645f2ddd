/// A regular expression with RE2's syntax, matched anywhere in a text in time linear to it.
///
/// Filters are text from outside (D7): matching by trying one way after the other, as most libraries do, could be made
/// to take for ever. Here all ways are followed at once: a set of states a character.
///
/// Left out of RE2's syntax: scripts such as `\p{Greek}`; general categories such as `\p{Lu}` are there.
struct RegularExpression: Sendable {
  /// One step of the automaton.
  enum Instruction: Sendable {
    case character(ScalarSet)
    case assertion(Assertion)
    /// Goes on at both places.
    case split(Int, Int)
    case jump(Int)
    case match
  }

  /// What has to hold between two characters.
  enum Assertion: Sendable {
    case beginText, endText, beginLine, endLine, wordBoundary, noWordBoundary

    func holds(between before: Unicode.Scalar?, and after: Unicode.Scalar?) -> Bool {
      switch self {
      case .beginText: before == nil
      case .endText: after == nil
      case .beginLine: before == nil || before == "\n"
      case .endLine: after == nil || after == "\n"
      case .wordBoundary: isWord(before) != isWord(after)
      case .noWordBoundary: isWord(before) == isWord(after)
      }
    }

    private func isWord(_ scalar: Unicode.Scalar?) -> Bool {
      scalar.map { ScalarSet.word.contains($0) } ?? false
    }
  }

  /// The characters that a pattern may have.
  static let longest = 10_000
  /// The steps that it may come to: each of them may be looked at for every character of a text.
  static let mostSteps = 5000

  private let program: [Instruction]
  /// The text that the whole pattern stands for, where it has no signs: then searching for it is quicker.
  private let literal: [UInt8]?

  /// Compiles a pattern.
  ///
  /// - Throws: ``RegularExpressionError`` where RE2 would refuse it, it uses what is left out, or it is too large.
  init(_ pattern: String) throws(RegularExpressionError) {
    guard pattern.unicodeScalars.count <= Self.longest else {
      throw RegularExpressionError(message: "longer than \(Self.longest) characters", isBudget: true)
    }
    var parser = RegularExpressionParser(pattern)
    let node = try parser.parse()
    literal = node.literalText.map { Array($0.utf8) }
    var compiler = RegularExpressionCompiler()
    try compiler.add(node)
    program = compiler.program + [.match]
  }

  /// How many steps it has.
  var stepCount: Int { program.count }

  /// Whether the pattern matches somewhere in a text.
  ///
  /// - Complexity: O(text · pattern).
  func matches(_ text: String) -> Bool {
    if let literal { return contains(literal, text) }
    var states = StateSet(capacity: program.count)
    var reached: [Int] = []
    var before: Unicode.Scalar?
    var rest = text.unicodeScalars.makeIterator()
    while true {
      let after = rest.next()
      states.removeAll()
      // A match may begin anywhere: a new way begins at every place.
      reached.append(0)
      for start in reached where follow(start, &states, before, after) { return true }
      guard let after else { return false }
      reached.removeAll(keepingCapacity: true)
      for state in states.members {
        if case .character(let set) = program[state], set.contains(after) { reached.append(state + 1) }
      }
      before = after
    }
  }

  /// Adds all states that are reached from one without reading a character.
  ///
  /// - Returns: whether the match is among them.
  private func follow(_ start: Int, _ states: inout StateSet, _ before: Unicode.Scalar?, _ after: Unicode.Scalar?)
    -> Bool
  {
    var open = [start]
    while let state = open.popLast() {
      guard states.insert(state) else { continue }
      switch program[state] {
      case .character: break
      case .assertion(let assertion): if assertion.holds(between: before, and: after) { open.append(state + 1) }
      case .split(let first, let second): open += [second, first]
      case .jump(let target): open.append(target)
      case .match: return true
      }
    }
    return false
  }

  private func contains(_ needle: [UInt8], _ text: String) -> Bool {
    guard let first = needle.first else { return true }
    var text = text
    return text.withUTF8 { bytes in
      guard bytes.count >= needle.count else { return false }
      return (0...(bytes.count - needle.count)).contains { place in
        bytes[place] == first && bytes[place..<(place + needle.count)].elementsEqual(needle)
      }
    }
  }
}

/// Why a pattern can't be compiled.
struct RegularExpressionError: Error, Equatable {
  let message: String
  /// Whether it is larger than this program takes, whatever RE2 says of it.
  var isBudget = false
}

/// A set of small numbers that is emptied at no cost.
private struct StateSet {
  private(set) var members: [Int] = []
  private var stamps: [Int]
  private var stamp = 1

  init(capacity: Int) {
    stamps = [Int](repeating: 0, count: capacity)
  }

  mutating func insert(_ number: Int) -> Bool {
    if stamps[number] == stamp { return false }
    stamps[number] = stamp
    members.append(number)
    return true
  }

  mutating func removeAll() {
    members.removeAll(keepingCapacity: true)
    stamp += 1
  }
}

/// Lays a parsed pattern out as steps.
struct RegularExpressionCompiler {
  private(set) var program: [RegularExpression.Instruction] = []
  mutating func add(_ node: RegularExpressionNode) throws(RegularExpressionError) {
    guard program.count < RegularExpression.mostSteps else {
      throw RegularExpressionError(message: "more than \(RegularExpression.mostSteps) steps", isBudget: true)
    }
    switch node {
    case .empty: break
    case .set(let set): program.append(.character(set))
    case .assertion(let assertion): program.append(.assertion(assertion))
    case .sequence(let nodes): for node in nodes { try add(node) }
    case .choice(let nodes): try add(choice: nodes)
    case .repeated(let node, let least, let most):
      // Where the last of them begins: without an end it is that one which goes round.
      var start: Int?
      for _ in 0..<least {
        start = program.count
        try add(node)
      }
      if let most {
        for _ in least..<max(least, most) { try add(optional: node) }
      } else if let start {
        program.append(.split(start, program.count + 1))
      } else {
        try add(star: node)
      }
    }
  }

  private mutating func add(choice nodes: [RegularExpressionNode]) throws(RegularExpressionError) {
    var jumps: [Int] = []
    for node in nodes.dropLast() {
      let split = program.count
      program.append(.match)
      try add(node)
      jumps.append(program.count)
      program.append(.match)
      program[split] = .split(split + 1, program.count)
    }
    if let last = nodes.last { try add(last) }
    for jump in jumps { program[jump] = .jump(program.count) }
  }

  private mutating func add(optional node: RegularExpressionNode) throws(RegularExpressionError) {
    let split = program.count
    program.append(.match)
    try add(node)
    program[split] = .split(split + 1, program.count)
  }

  private mutating func add(star node: RegularExpressionNode) throws(RegularExpressionError) {
    let split = program.count
    program.append(.match)
    try add(node)
    program.append(.jump(split))
    program[split] = .split(split + 1, program.count)
  }
}
