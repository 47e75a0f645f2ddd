/// A regular expression with RE2's syntax, looked for anywhere in a text in time linear to it.
///
/// Patterns may come from outside: matching by trying one way after the other, as most libraries do, could be made to
/// take for ever. Here all ways are followed at once (Thompson's simulation of an automaton), and what a pattern may come
/// to has a budget.
///
/// The syntax is the one that RE2 documents, as Go's `regexp` reads it, general categories and scripts included. Whether
/// a text matches is all that is asked: groups capture nothing, and a lazy repetition is like any other.
public struct RegularExpression: Sendable {
  private let program: Program
  /// The text that the whole pattern stands for, where it has no signs: then searching for it is quicker.
  private let literal: [UInt8]?

  /// Compiles a pattern.
  ///
  /// - Parameters:
  ///   - pattern: The text of the expression.
  ///   - budget: How large it may be.
  /// - Throws: ``RegularExpressionError``: `refused` where RE2 refuses it too, `tooLarge` where the budget is spent.
  /// - Complexity: O(pattern · log pattern), with a factor for the ranges of the named classes in it, and
  ///   O(``RegularExpressionBudget/steps``) for what repetitions lay out.
  public init(_ pattern: String, budget: RegularExpressionBudget = .standard) throws(RegularExpressionError) {
    var parser = try Parser(pattern, budget)
    let node = try parser.parse()
    let sets = parser.sets.all
    literal = node.literalText(sets).map { Array($0.utf8) }
    var compiler = Compiler(mostSteps: budget.steps)
    try compiler.add(node)
    program = Program(compiler.steps + [.match], sets)
  }

  /// How many steps it has: each of them is looked at once at most for every character of a text.
  public var stepCount: Int { program.steps.count }

  /// Whether it matches somewhere in a text.
  ///
  /// Memory of a fixed size is set up once for the text; no character of it asks for more.
  ///
  /// - Complexity: O(text · ``stepCount``), with the logarithm of the ranges of a set of characters.
  public func matches(_ text: String) -> Bool {
    if let literal { return Self.contains(literal, text) }
    var matcher = Matcher(program)
    return matcher.matches(text)
  }

  private static func contains(_ needle: [UInt8], _ text: String) -> Bool {
    guard let first = needle.first else { return true }
    var text = text
    return text.withUTF8 { bytes in
      guard bytes.count >= needle.count else { return false }
      return (0...(bytes.count - needle.count)).contains { place in
        bytes[place] == first && needle.indices.allSatisfy { bytes[place + $0] == needle[$0] }
      }
    }
  }
}
