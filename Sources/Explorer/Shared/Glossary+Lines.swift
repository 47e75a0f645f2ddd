import CacheReport
import Terminal

extension Glossary {
  /// The words with their meanings, as the help shows them.
  static var lines: [String] { terms.map { fitted("\($0.word):", to: 13) + $0.meaning } }
}
