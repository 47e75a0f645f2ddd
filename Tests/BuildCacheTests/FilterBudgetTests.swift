import Foundation
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

  @Test("as much as is allowed is taken, on the small stack of a thread too") func allowed() throws {
    let patterns = [
      Self.repeated("(", 99) + "a" + Self.repeated(")", 99),
      Self.repeated("(?:", 99) + "a" + Self.repeated(")+", 99),
      Self.repeated("(a|", 99) + "a" + Self.repeated(")", 99), Self.repeated("|", 2000), "[a-z]{1000}",
      Self.repeated("a|", 1600) + "b", "[" + Self.repeated("b-c", 3000) + "a]", "[" + Self.repeated("\\pL", 3000) + "]",
      Self.repeated("[[:", 3000) + ":]", Self.repeated("(a|b", 99),
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
    #expect(count.matches == 8)
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

  @Test("sets of characters hold what their parts do") func sets() throws {
    let parts: [(String, @Sendable (Unicode.Scalar) -> Bool)] = [
      ("a-f", { ("a"..."f").contains($0) }), ("é", { $0 == "é" }), ("d-z", { ("d"..."z").contains($0) }),
      ("\\d", { ("0"..."9").contains($0) }), ("\\D", { !("0"..."9").contains($0) }), ("b", { $0 == "b" }),
      ("\\p{Lu}", { $0.properties.generalCategory == .uppercaseLetter }),
      ("\\P{Lu}", { $0.properties.generalCategory != .uppercaseLetter }), ("g-h", { ("g"..."h").contains($0) }),
      ("[:^upper:]", { !("A"..."Z").contains($0) }), ("\\W", { !ScalarSet.word.contains($0) }),
    ]
    let scalars = Array("aAbBfFgGhzZ09_-é É日\n\u{10ffff}\u{378}".unicodeScalars)
    for seed in 1...UInt64(long(500)) {
      var random = SeededGenerator(seed)
      let chosen = (0..<random.pick(1...4)).map { _ in parts[random.pick(0...(parts.count - 1))] }
      let isNegated = random.chance(30)
      let pattern = "^[" + (isNegated ? "^" : "") + chosen.map(\.0).joined() + "]$"
      let expression = try RegularExpression(pattern)
      for scalar in scalars {
        let isIn = chosen.contains { $0.1(scalar) }
        #expect(expression.matches(String(scalar)) == (isIn != isNegated), "\(pattern) \(scalar)")
      }
    }
  }
}
