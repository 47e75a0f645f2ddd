import BuildCache
import RegularExpressions
import TestSupport
import Testing

@Suite("Regular expressions are RE2's") struct RegularExpressionTests {
  @Test(
    "matches",
    arguments: [
      ("a", "bab", true), ("^a", "ba", false), ("a$", "ba", true), ("^$", "", true), ("a.c", "a\nc", false),
      ("(?s)a.c", "a\nc", true), ("a|b", "cb", true), ("^(a|b)*c$", "abac", true), ("^(?:ab){2,3}$", "ababab", true),
      ("^(?:ab){2,3}$", "ab", false), ("^a{2}$", "aa", true), ("a{,2}", "a{,2}", true), ("[a-c]+d", "xbcd", true),
      ("[^a-c]", "abc", false), ("[]a]", "]", true), ("[[:digit:]]", "x7", true), ("[[:^digit:]]", "77", false),
      ("\\d\\s\\w", "7 x", true), ("\\D", "77", false), ("\\x41\\x{1F600}", "A😀", true), ("\\Qa.b\\E", "a.b", true),
      ("\\Qa.b\\E", "axb", false), ("(?i)ABC", "xabc", true), ("(?i:a)B", "AB", true), ("(?i:a)B", "Ab", false),
      ("\\bfoo\\b", "a foo b", true), ("\\bfoo\\b", "afoo", false), ("(?m)^b$", "a\nb\nc", true), ("日本", "x日本y", true),
      ("\\pL", "é", true), ("\\p{Lu}", "é", false), ("\\PL", "é", false), ("x*", "", true), ("(?P<n>a)b", "ab", true),
      ("\\x1b", "\u{1b}[31m", true), ("\\101", "A", true), ("a??b", "b", true), ("\\A\\z", "", true),
      ("\\.", "a", false),
    ])
  func matches(_ pattern: String, _ text: String, _ isMatch: Bool) throws {
    #expect(try RegularExpression(pattern).matches(text) == isMatch)
  }

  @Test(
    "RE2 refuses",
    arguments: [
      "(", ")", "[a", "a**", "a{2}{3}", "*a", "+", "\\8", "(a)\\1", "(?=a)", "(?<!a)", "a{1001}", "(a{100}){100}",
      "a{3,2}", "[z-a]", "\\", "[[:nosuch:]]", "\\pX", "(?P<>a)", "(?", "\\Z", "\\x{110000}",
    ])
  func refuses(_ pattern: String) {
    #expect(throws: RegularExpressionError.self) { try RegularExpression(pattern) }
  }

  @Test("agrees with another engine on patterns that both have") func agrees() throws {
    var random = SeededGenerator(11)
    let atoms = [
      "a", "b", "c", ".", "[ab]", "[^b]", "(a|bc)", "(?:ab)", "a*", "b+", "c?", "(ab)*", "[a-c]{2}", "^", "$",
    ]
    for _ in 0..<long(800) {
      let pattern = (0..<random.pick(1...5)).map { _ in atoms[random.pick(0...(atoms.count - 1))] }.joined()
      let text = String((0..<random.pick(0...8)).map { _ in Array("abcd")[random.pick(0...3)] })
      let other = try Regex(pattern).matchingSemantics(.unicodeScalar)
      #expect(
        try RegularExpression(pattern).matches(text) == (text.firstMatch(of: other) != nil), "\(pattern) on \(text)")
    }
  }
}
