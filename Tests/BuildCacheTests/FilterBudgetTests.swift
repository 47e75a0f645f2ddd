import TestSupport
import Testing

@testable import BuildCache

@Suite("Filters have a budget, and say when it is spent") struct FilterBudgetTests {
  private static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

  @Test("what is too much is told, in few words") func tooMuch() {
    let cases: [(strings: [String], words: String)] = [
      (["id==" + Self.repeated("x", 100_000)], "more than 100000 characters"),
      ([String](repeating: "id==" + Self.repeated("x", 996), count: 101), "more than 100000 characters"),
      ([Self.repeated("mutable,", 1000) + "mutable"], "more than 1000 conditions"),
      ([String](repeating: "mutable", count: 1001), "more than 1000 conditions"),
      (["id~=" + Self.repeated("x", 10_001)], "too large: longer than 10000 characters"),
      (["id~=" + Self.repeated("(", 101)], "too large: nested more than 100 deep"),
      (["id~=" + Self.repeated("(", 9000)], "too large: nested more than 100 deep"),
      (["id~=" + Self.repeated("(?:", 3000)], "too large: nested more than 100 deep"),
      (["id~=" + Self.repeated("[a-z]{1000}", 6)], "too large: more than 5000 steps"),
      (["id~=\"" + Self.repeated("(a|b){1000}", 3) + "\""], "too large: more than 5000 steps"),
      (["id~=\"" + Self.repeated("a|", 4900) + "\""], "too large: more than 5000 steps"),
      ([String](repeating: "id~=a{1000}", count: 20), "more than 20000 steps of regular expressions"),
    ]
    for (strings, words) in cases {
      do {
        _ = try Filter(parsing: strings)
        Issue.record("\(words) are taken")
      } catch {
        #expect(error.code == .badFilter)
        #expect(error.message.contains(words) && error.message.count < 400)
      }
    }
    #expect(throws: CacheError.self) { try Filter(typed: cases[0].strings[0]) }
  }

  @Test("plain words have one too") func words() {
    #expect(throws: CacheError(.badFilter, "filter: it has more than 1000 conditions")) {
      try Filter(typed: Self.repeated("a ", 1001))
    }
  }

  @Test("as much as is allowed is taken") func allowed() throws {
    #expect(try Filter(parsing: [String](repeating: "mutable", count: 1000)).keys.count == 1000)
  }

  @Test("a pattern that RE2 refuses is refused with the reason where a user typed it") func reason() {
    #expect(throws: CacheError(.badFilter, "filter: \"(\" is no regular expression of RE2's: a ) is missing")) {
      try Filter(typed: "id~=(")
    }
  }

  @Test("whatever is written, a filter is read or refused, and what is read comes to an end") func anyFilter() {
    let parts = [
      "id", "parents", "type", "mutable", "size", "uses", "age", "==", "!=", "~=", ">", "<=", ",", "\"", "\\", "/", "|",
      "(", ")", "[", "]", "^", "$", "*", "+", "?", "{2}", "{1000}", "{,3}", "(?i)", "(?s:", "(?-", "\\Q", "\\E", "\\pL",
      "\\p{", "}", "[:alpha:]", "[^", "a-", "a", "é", "\u{301}", "\0", "\n", ".", "-", "\\x{110000}", "\\777", "\\u12",
      "9223372036854775808", "1GB", "7d", " ", "٣",
    ]
    let row = CacheState.Row(
      id: "aéa\u{301}", kind: .base, size: .max, createdAt: Timestamp(nanoseconds: .min), description: "a-a(]\n\"x")
    var builder = CacheState.Builder()
    builder.add(row, parents: ["gone"])
    let state = builder.finish()
    var read = 0
    for seed in 1...UInt64(long(4000)) {
      var random = SeededGenerator(seed)
      func text(_ most: Int) -> String {
        (0..<random.pick(1...most)).map { _ in parts[random.pick(0...(parts.count - 1))] }.joined()
      }
      let strings = [random.chance(50) ? "id~=\"" + text(12) + "\"" : text(6)]
      for filter in [try? Filter(parsing: strings), try? Filter(typed: strings[0])] {
        guard let filter else { continue }
        read += 1
        _ = state.matches(filter, now: Timestamp(nanoseconds: .max))
      }
    }
    #expect(read > 0)
  }
}
