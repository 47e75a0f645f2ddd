/// A parsed pattern. Groups are not kept: only whether a text matches is asked.
indirect enum Node: Sendable {
  case empty
  /// A character of the set with this number.
  case set(Int)
  case assertion(Assertion)
  case sequence([Node])
  case choice([Node])
  /// At least and at most so often; without an end: any number.
  case repeated(Node, Int, Int?)

  /// The text that it stands for, where it stands for one.
  func literalText(_ sets: [ScalarSet]) -> String? {
    var text = ""
    return appendLiteral(to: &text, sets) ? text : nil
  }

  private func appendLiteral(to text: inout String, _ sets: [ScalarSet]) -> Bool {
    switch self {
    case .empty: return true
    case .set(let number):
      guard let only = sets[number].only else { return false }
      text.unicodeScalars.append(only)
      return true
    case .sequence(let nodes): return nodes.allSatisfy { $0.appendLiteral(to: &text, sets) }
    case .assertion, .choice, .repeated: return false
    }
  }

  /// It, repeated.
  ///
  /// What repeats without a bound is not nested in another such repetition: `(?:a*)*` matches what `a*` does. So a
  /// pattern's nodes are not much deeper than its groups, however many signs stand after one another.
  ///
  /// - Throws: ``RegularExpressionError`` `refused` where it would be laid out more than a thousand times.
  func repeated(_ least: Int, _ most: Int?) throws(RegularExpressionError) -> Node {
    switch (self, least, most) {
    case (_, 1, 1): return self
    case (.empty, _, _), (_, 0, 0): return .empty
    case (.repeated(let node, 0...1, nil), 0...1, nil), (.repeated(let node, 0...1, nil), 0, 1),
      (.repeated(let node, 0, 1), 0...1, nil):
      return .repeated(node, least * innerLeast, nil)
    case (.repeated(_, 0, 1), 0, 1): return self
    default:
      let repeated = Node.repeated(self, least, most)
      guard max(least, most ?? 0) < 2 || repeated.repetitions <= 1000 else {
        throw .refused("more than 1000 repetitions")
      }
      return repeated
    }
  }

  private var innerLeast: Int {
    if case .repeated(_, let least, _) = self { least } else { 1 }
  }

  /// How often a part of it is laid out at most.
  private var repetitions: Int {
    switch self {
    case .sequence(let nodes), .choice(let nodes): nodes.map(\.repetitions).max() ?? 1
    case .repeated(let node, let least, let most): node.repetitions * max(1, least, most ?? 0)
    case .empty, .set, .assertion: 1
    }
  }
}
