import Foundation
import RegularExpressions
import Testing

/// What Go's `regexp` says of patterns and texts: containerd's filters, and so BuildKit's, use it.
///
/// `Recordings/go.json` was written by a program that asked the `regexp` of Go 1.27.3 (Unicode 17, as the file's first
/// line says) for every pattern whether it compiles, and for every text whether the pattern matches somewhere in it. The
/// patterns go over the whole syntax; some were put together by chance, and scripts, categories and cases come from Go's
/// tables.
@Suite("Results are those that were recorded from Go") struct RecordedResultTests {
  private struct Recording: Decodable {
    /// Patterns that were asked about the same texts.
    struct Group: Decodable {
      let texts: [String]
      /// Each a pattern and a sign for each text, plus where it matches; the pattern alone where Go refuses it.
      let cases: [[String]]
    }
    let groups: [Group]
  }

  /// A pattern, with whether it matches each text; without where Go refuses it.
  private struct Case {
    let pattern: String
    let results: [(text: String, isMatch: Bool)]?
  }

  /// Why a pattern that Go takes is not taken here.
  private enum Difference {
    /// Groups may be nested 100 deep, not 1000: the threads of a pool have small stacks.
    case depth
    /// An expression may come to 5000 steps; Go's limit is some millions.
    case steps

    /// Whether an error is the one that it leads to.
    func explains(_ error: RegularExpressionError) -> Bool {
      switch self {
      case .depth: error == .tooLarge("nested more than 100 deep")
      case .steps: error == .tooLarge("more than 5000 steps")
      }
    }
  }

  /// The differences that stay, by what the patterns begin with.
  private static let known: [(beginning: String, difference: Difference)] = [
    (String(repeating: "(", count: 100), .depth), ("(abcdef){1000}", .steps),
  ]

  private static func cases() throws -> [Case] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Recordings/go.json")
    let recording = try JSONDecoder().decode(Recording.self, from: Data(contentsOf: file))
    return recording.groups.flatMap { group in
      group.cases.map { words in
        let signs = words.count > 1 ? words[1].map { $0 == "+" } : nil
        return Case(pattern: words[0], results: signs.map { Array(zip(group.texts, $0)) })
      }
    }
  }

  @Test("all are here") func allAreHere() throws {
    let cases = try Self.cases()
    let results = cases.compactMap(\.results).joined()
    #expect(cases.count == 2191 && cases.count { $0.results == nil } == 500)
    #expect(results.count == 40882 && results.count { $0.isMatch } == 12389)
  }

  @Test("what Go refuses is refused; what it takes is taken, and matches the same texts") func equals() throws {
    for recorded in try Self.cases() {
      let pattern = recorded.pattern.debugDescription
      let difference = Self.known.first { recorded.pattern.hasPrefix($0.beginning) }?.difference
      do {
        let expression = try RegularExpression(recorded.pattern)
        guard let results = recorded.results else {
          Issue.record("\(pattern) is taken")
          continue
        }
        #expect(difference == nil, "\(pattern) differs no more")
        let wrong = results.filter { expression.matches($0.text) != $0.isMatch }
        #expect(wrong.isEmpty, "\(pattern)")
      } catch {
        #expect(recorded.results == nil || difference?.explains(error) == true, "\(pattern): \(error)")
      }
    }
  }
}
