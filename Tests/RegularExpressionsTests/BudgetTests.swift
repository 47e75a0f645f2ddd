import Foundation
import Testing

@testable import RegularExpressions

@Suite("Regular expressions have a budget, and say when it is spent") struct BudgetTests {
  private static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

  @Test("what is too large is told") func tooLarge() {
    let letters = (0..<1000).map { number in
      let digits = String(1000 + number).dropFirst()
      return "[\\pL\(digits)]"
    }
    let cases: [(pattern: String, reason: String)] = [
      (Self.repeated("x", 10_001), "longer than 10000 characters"),
      (Self.repeated("(", 101), "nested more than 100 deep"),
      (Self.repeated("[a-z]{1000}", 6), "more than 5000 steps"),
      (Self.repeated("(a|b){1000}", 3), "more than 5000 steps"),
      (letters.joined(), "more than 200000 ranges of characters"),
    ]
    for (pattern, reason) in cases {
      #expect(throws: RegularExpressionError.tooLarge(reason)) { try RegularExpression(pattern) }
    }
  }

  @Test("a budget of one's own holds") func own() throws {
    let budget = RegularExpressionBudget(characters: 9, depth: 2, steps: 3, ranges: 2)
    #expect(try RegularExpression("(a)b", budget: budget).matches("ab"))
    for (pattern, reason) in [
      ("aaaaaaaaaa", "longer than 9 characters"), ("((a))", "nested more than 2 deep"), ("a{4}", "more than 3 steps"),
      ("abc", "more than 2 ranges of characters"),
    ] {
      #expect(throws: RegularExpressionError.tooLarge(reason)) { try RegularExpression(pattern, budget: budget) }
    }
  }

  @Test("as much as is allowed is taken, on the small stack of a thread too") func allowed() {
    let patterns = [
      Self.repeated("(", 99) + "a" + Self.repeated(")", 99),
      Self.repeated("(?:", 99) + "a" + Self.repeated(")+", 99),
      Self.repeated("(a|", 99) + "a" + Self.repeated(")", 99), Self.repeated("|", 2000), "[a-z]{1000}",
      Self.repeated("a|", 1600) + "b", "[" + Self.repeated("b-c", 3000) + "a]", "[" + Self.repeated("\\pL", 3000) + "]",
      "a" + Self.repeated("*(?i)", 1999), Self.repeated("[[:", 3000) + ":]", Self.repeated("(a|b", 99),
    ]
    let text = Self.repeated("a", 2000)
    final class Count: @unchecked Sendable { var matches = 0 }
    let count = Count()
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      for pattern in patterns where (try? RegularExpression(pattern))?.matches(text) == true { count.matches += 1 }
      done.signal()
    }
    thread.stackSize = 1 << 19
    thread.start()
    done.wait()
    #expect(count.matches == 9)
  }

  @Test("a pattern made to take for ever on other engines takes its steps and no more") func isLinear() throws {
    let text = Self.repeated("a", 3000) + "!"
    #expect(try !RegularExpression("^(a+)+$").matches(text))
    #expect(try !RegularExpression("(a|a)*b").matches(text))
    #expect(try !RegularExpression("(?:a?){100}a{100}b").matches(text))
  }
}
