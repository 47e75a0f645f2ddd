/// What has to hold between two characters.
enum Assertion: Sendable {
  case beginText, endText, beginLine, endLine, wordBoundary, noWordBoundary

  /// Whether it holds between two characters, of which either may be missing at an end of the text.
  func holds(between before: Unicode.Scalar?, and after: Unicode.Scalar?) -> Bool {
    switch self {
    case .beginText: before == nil
    case .endText: after == nil
    case .beginLine: before == nil || before == "\n"
    case .endLine: after == nil || after == "\n"
    case .wordBoundary: Self.isWord(before) != Self.isWord(after)
    case .noWordBoundary: Self.isWord(before) == Self.isWord(after)
    }
  }

  /// Words are ASCII's, whatever the flags are.
  private static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
    scalar?.isWordCharacter ?? false
  }
}
