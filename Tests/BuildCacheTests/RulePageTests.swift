import Foundation
import Testing

/// A rule's number in a comment, a test's name or a page.
private struct Citation: CustomStringConvertible {
  /// From the package's folder on.
  let file: String
  let line: Int
  let rule: String

  var description: String { "\(file):\(line) cites \(rule)" }

  /// The numbers that stand in a text as words of their own: not in `<F5>`, `-B1`, `0xA1`.
  static func rules(in text: Substring) -> [String] {
    text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.filter { word in
      guard word.count < 4, word.wholeMatch(of: /[A-G][0-9]{1,2}/) != nil else { return false }
      let before = word.startIndex > text.startIndex ? text[text.index(before: word.startIndex)] : " "
      return !"<-./\\#+".contains(before)
    }.map { String($0) }
  }

  /// What the comments of a Swift file, and the names of its tests, cite.
  static func all(inSwift text: String, file: String) -> [Citation] {
    var all = all(in: text, file: file) { line in line.firstRange(of: "//").map { line[$0.upperBound...] } ?? "" }
    for name in text.matches(of: /@(?:Test|Suite)\(\s*"((?:[^"\\]|\\.)*)"/) {
      let line = text[..<name.output.1.startIndex].count { $0 == "\n" } + 1
      all += rules(in: name.output.1).map { Citation(file: file, line: line, rule: $0) }
    }
    return all
  }

  /// What a page cites; a block of code, which is indented, does not.
  static func all(inPage text: String, file: String) -> [Citation] {
    all(in: text, file: file) { line in line.hasPrefix("    ") ? "" : line }
  }

  private static func all(in text: String, file: String, _ part: (Substring) -> Substring) -> [Citation] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { number, line in
      rules(in: part(line)).map { Citation(file: file, line: number + 1, rule: $0) }
    }
  }
}

@Suite("The rules that comments and tests cite") struct RulePageTests {
  private static let package =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  private static let pages = "Sources/BuildCache/BuildCache.docc"

  /// The files of a folder whose names end so, by their path in the package.
  private func files(in folder: String, _ ending: String) throws -> [(path: String, text: String)] {
    let names = try #require(FileManager.default.enumerator(atPath: Self.package.appending(path: folder).path))
      .compactMap { $0 as? String }.filter { $0.hasSuffix(ending) }.sorted()
    try #require(!names.isEmpty, "no \(ending) in \(folder)")
    return try names.map { name in
      let path = "\(folder)/\(name)"
      return (path, try String(contentsOf: Self.package.appending(path: path), encoding: .utf8))
    }
  }

  /// The rules, each a heading such as `## A1. A record holds its parents`, with the page where they are.
  private func rules() throws -> [(rule: String, page: String)] {
    try files(in: Self.pages, ".md").flatMap { page in
      page.text.matches(of: /(?m)^## ([A-Z][0-9]+)\.\s/).map { (String($0.output.1), page.path) }
    }
  }

  @Test("a chapter is a page, and its rules are numbered without a gap") func chapters() throws {
    let rules = try Dictionary(grouping: rules()) { $0.page }.mapValues { $0.map(\.rule) }
    #expect(Set(rules.values.compactMap { $0.first?.first }) == Set("ABCDEFG"))
    #expect(rules.count == 7)
    for (page, rules) in rules {
      let chapter = try #require(rules.first?.first)
      #expect(rules == rules.indices.map { "\(chapter)\($0 + 1)" }, "\(page)")
    }
  }

  @Test("every number that is cited is a rule") func cited() throws {
    let rules = Set(try rules().map(\.rule))
    let cited =
      try (files(in: "Sources", ".swift") + files(in: "Tests", ".swift")).flatMap {
        Citation.all(inSwift: $0.text, file: $0.path)
      }
      + files(in: Self.pages, ".md").flatMap { Citation.all(inPage: $0.text, file: $0.path) }
    #expect(cited.count > 196)
    for citation in cited where !rules.contains(citation.rule) {
      Issue.record("\(citation), which is no rule in \(Self.pages)")
    }
  }

  @Test("every rule is cited by a test") func shown() throws {
    let cited = try files(in: "Tests", ".swift").filter { $0.path.hasSuffix("Tests.swift") }
      .flatMap { Citation.all(inSwift: $0.text, file: $0.path) }
    let shown = Set(cited.map(\.rule))
    for (rule, page) in try rules() where !shown.contains(rule) {
      Issue.record("no test cites \(rule), a rule in \(page)")
    }
  }

  @Test("a citation is told by file, line and number; keys, options and digits are none") func citations() {
    let (slashes, test) = ("//", "@Test")
    let text = """
      let a = "B1"  \(slashes) as D4's total says (A5, B16)
      /\(slashes) Whether \u{60}C3\u{60} holds; <F5>, -B1, 0xA1, A100, H2 and da39D4 are none.
      \(test)(
        "D2, D99: \\"x\\" stays", arguments: ["E1"])
      """
    #expect(
      Citation.all(inSwift: text, file: "a.swift").map(\.description) == [
        "a.swift:1 cites D4", "a.swift:1 cites A5", "a.swift:1 cites B16", "a.swift:2 cites C3",
        "a.swift:4 cites D2", "a.swift:4 cites D99",
      ])
    #expect(Citation.all(inPage: "see E1\n\n    score D4", file: "b.md").map(\.description) == ["b.md:1 cites E1"])
  }
}
