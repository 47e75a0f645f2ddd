/// What is left of what one filter may ask for, so that going through a cache with it comes to an end.
struct FilterBudget {
  /// What a filter may only have so much of.
  enum Kind: String {
    case characters, conditions
    case steps = "steps of regular expressions"

    /// How much it may have: far more than anybody types.
    var most: Int {
      switch self {
      case .characters: 100_000
      case .conditions: 1000
      case .steps: 20_000
      }
    }
  }

  private var spent: [Kind: Int] = [:]

  /// Takes so much away.
  ///
  /// - Throws: ``CacheError`` `badFilter`, naming what there is too much of.
  mutating func spend(_ kind: Kind, _ count: Int) throws(CacheError) {
    let sum = spent[kind, default: 0] + count
    guard sum <= kind.most else {
      throw CacheError(.badFilter, "filter: it has more than \(kind.most) \(kind.rawValue)")
    }
    spent[kind] = sum
  }
}

/// The beginning of a text from outside, for a message.
func shortened(_ text: String) -> String {
  let most = 200
  let head = text.unicodeScalars.prefix(most)
  return head.endIndex == text.endIndex ? text : String(head) + "..."
}
