/// How large a regular expression may be, so that compiling it and matching with it come to an end soon.
///
/// A match takes ``steps`` looks for every character of its text at most; so this bounds the time that matching takes,
/// too.
public struct RegularExpressionBudget: Sendable, Equatable {
  /// The characters that a pattern may have.
  public var characters: Int
  /// How deep its groups may be nested: each takes its part of the stack, which is small on a thread of a pool.
  public var depth: Int
  /// The steps that it may come to once its repetitions are laid out.
  public var steps: Int
  /// The ranges that its sets of characters may come to: what bounds its memory.
  public var ranges: Int

  /// Sets all four.
  public init(characters: Int, depth: Int, steps: Int, ranges: Int) {
    self.characters = characters
    self.depth = depth
    self.steps = steps
    self.ranges = ranges
  }

  /// Far more than anybody types: 10,000 characters, 100 groups within each other, 5000 steps, 200,000 ranges.
  public static let standard = RegularExpressionBudget(characters: 10_000, depth: 100, steps: 5000, ranges: 200_000)
}
