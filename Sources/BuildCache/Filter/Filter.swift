/// Picks records as BuildKit's own filters do (D7): in listings, in a prune, on the screen.
///
/// A list of filter strings matches what any of them matches; an empty list, or an empty string in it, matches all.
/// Within one string a comma is *and*.
public struct Filter: Sendable, Equatable {
  /// The strings that it was made of.
  public let strings: [String]
  /// Each string's conditions; empty: no list was given.
  private let alternatives: [[Condition]]

  /// Matches everything.
  public static let all = Filter()

  private init() {
    strings = []
    alternatives = []
  }

  /// Parses filter strings.
  ///
  /// - Throws: ``CacheError`` `badFilter`, naming the string and the place.
  public init(parsing strings: [String]) throws(CacheError) {
    self.strings = strings
    var alternatives: [[Condition]] = []
    for string in strings {
      var parser = FilterParser(string)
      alternatives.append(try parser.conditions())
    }
    self.alternatives = alternatives
  }

  /// The keys that it names, each as often as it does.
  public var keys: [String] {
    alternatives.flatMap { $0.map(\.key) }
  }

  /// The keys that have a meaning.
  public static let knownKeys = FilterKey.allCases.map(\.rawValue)

  /// Itself, where every key is known and every regular expression can be compiled.
  ///
  /// A daemon lets an unknown key match nothing, or all with `!=`; a user who mistypes one would lose a cache. So the
  /// command line and the explorer refuse it.
  ///
  /// - Throws: ``CacheError`` `badFilter`, naming the key and those that are known.
  public func checked() throws(CacheError) -> Filter {
    for condition in alternatives.joined() {
      if FilterKey(rawValue: condition.key) == nil {
        throw CacheError(
          .badFilter, "filter: there is no \"\(condition.key)\"; the keys are \(Self.knownKeys.joined(separator: ", "))"
        )
      }
      if case .matches(let pattern) = condition.test, pattern.expression == nil {
        throw CacheError(.badFilter, "filter: \"\(pattern.text)\" is no regular expression of RE2's")
      }
    }
    return self
  }

  /// Whether a subject matches.
  public func matches(_ subject: some FilterSubject) -> Bool {
    alternatives.isEmpty || alternatives.contains { $0.allSatisfy { $0.holds(for: subject) } }
  }
}

/// What a filter can ask for.
public enum FilterKey: String, Sendable, CaseIterable {
  /// The record's id.
  case id
  /// Its parents' ids, joined by semicolons.
  case parents
  /// What it is, in words.
  case description
  /// Present where it is in use.
  case inuse
  /// Present where it can be written.
  case mutable
  /// Present where it can't.
  case immutable
  /// What it was made for.
  case type
  /// Present where something outside uses it.
  case shared
  /// Present where nothing outside does.
  case `private`
}

/// Something that a filter can be asked about.
public protocol FilterSubject {
  /// The text under a key; nothing where it is absent. A flag that holds has the empty text.
  func filterValue(_ key: FilterKey) -> String?
}

/// One condition of a filter string.
struct Condition: Sendable, Equatable {
  enum Test: Sendable, Equatable {
    case isPresent
    case equals([UInt8])
    case differs([UInt8])
    case matches(Pattern)
  }
  /// The key as written; of a path with dots only the first part has a meaning to BuildKit.
  let key: String
  let test: Test
  private let known: FilterKey?

  init(key: String, test: Test) {
    self.key = key
    self.test = test
    known = FilterKey(rawValue: String(key.prefix { $0 != "." }))
  }

  /// An absent key reads as empty text; only `==` and the bare form also ask that it is there.
  func holds(for subject: some FilterSubject) -> Bool {
    let value = known.flatMap { subject.filterValue($0) }
    switch test {
    case .isPresent: return value != nil
    case .equals(let bytes): return value.map { $0.utf8.elementsEqual(bytes) } ?? false
    case .differs(let bytes): return !(value ?? "").utf8.elementsEqual(bytes)
    case .matches(let pattern): return pattern.expression?.matches(value ?? "") ?? false
    }
  }
}

/// A regular expression as it was written; one that can't be compiled matches nothing.
struct Pattern: Sendable, Equatable {
  let text: String
  let expression: RegularExpression?

  init(_ text: String) {
    self.text = text
    expression = try? RegularExpression(text)
  }

  static func == (a: Pattern, b: Pattern) -> Bool { a.text == b.text }
}
