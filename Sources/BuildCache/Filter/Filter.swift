import RegularExpressions

/// Picks records as BuildKit's own filters do (D7): in listings, in a prune, on the screen.
///
/// A list of filter strings matches what any of them matches; an empty list, or an empty string in it, matches all.
/// Within one string a comma is *and*.
///
/// A filter has a budget, so that one from outside comes to an end: 100,000 characters, 1000 conditions, and regular
/// expressions of 5000 steps each and 20,000 together. Each step may be looked at once for every character of a text.
///
/// Beyond BuildKit's grammar, sizes, uses and ages are compared (``FilterQuantity``): `size>100MB`, `age>7d`, `uses<=1`.
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
  /// - Throws: ``CacheError`` `badFilter`, naming the string and the place, or what there is too much of.
  public init(parsing strings: [String]) throws(CacheError) {
    self.strings = strings
    var budget = FilterBudget()
    var alternatives: [[Condition]] = []
    for string in strings {
      try budget.spend(.characters, string.unicodeScalars.count)
      var parser = FilterParser(string, budget)
      alternatives.append(try parser.conditions())
      budget = parser.budget
    }
    self.alternatives = alternatives
  }

  /// Parses what a person types to find records: a filter string, or plain words, all of which have to stand in a
  /// record's id, description, type or kind, the case of ASCII letters aside.
  ///
  /// What begins with a key and an operator is a filter string, and so are bare flags such as `mutable,shared`.
  ///
  /// - Throws: ``CacheError`` `badFilter`, as ``init(parsing:)`` and ``checked()`` do.
  public init(typed text: String) throws(CacheError) {
    guard !Self.isFilterString(text) else {
      self = try Filter(parsing: [text]).checked()
      return
    }
    strings = text.isEmpty ? [] : [text]
    let words = text.split(whereSeparator: \.isWhitespace)
    var budget = FilterBudget()
    try budget.spend(.characters, text.unicodeScalars.count)
    try budget.spend(.conditions, words.count)
    alternatives = words.isEmpty ? [] : [words.map { Condition(key: "", test: .contains(Word(String($0)))) }]
  }

  private static func isFilterString(_ text: String) -> Bool {
    let start = text.drop(while: \.isWhitespace)
    let name = start.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "_.".contains($0)) }
    let sign = start.dropFirst(name.count).drop(while: \.isWhitespace).prefix { "=!~<>".contains($0) }
    // A sign at the end is the beginning of an operator.
    if !name.isEmpty, !sign.isEmpty, sign.count > 1 || sign == "<" || sign == ">" || sign.endIndex == text.endIndex {
      return true
    }
    if !sign.isEmpty, knownKeys.contains(String(name)) { return true }
    let flags = FilterKey.allCases.filter(\.isFlag).map(\.rawValue)
    return !text.isEmpty
      && text.split(separator: ",", omittingEmptySubsequences: false)
        .allSatisfy { part in flags.contains { $0 == part.drop(while: \.isWhitespace) } }
  }

  /// The keys that it names, each as often as it does.
  public var keys: [String] {
    alternatives.joined().filter { !$0.isOwn }.map(\.key)
  }

  /// Whether what matches now may not match later, though nothing has changed.
  public var dependsOnTime: Bool {
    alternatives.joined().contains { $0.key == FilterQuantity.age.rawValue }
  }

  /// Whether BuildKit understands it too: where it doesn't, a daemon has to be told ids.
  public var isBuildKits: Bool {
    !alternatives.joined().contains(where: \.isOwn)
  }

  /// Its conditions, for whoever has to say them in another form; nothing where it has alternatives.
  package var onlyConditions: [PlainCondition]? {
    alternatives.count > 1 ? nil : alternatives.first.map { $0.map(PlainCondition.init) } ?? []
  }

  /// The keys that have a meaning.
  public static let knownKeys = FilterKey.allCases.map(\.rawValue) + FilterQuantity.allCases.map(\.rawValue)

  /// Itself, where every key is known and every regular expression can be compiled.
  ///
  /// A daemon lets an unknown key match nothing, or all with `!=`; a user who mistypes one would lose a cache. So the
  /// command line and the explorer refuse it.
  ///
  /// - Throws: ``CacheError`` `badFilter`, naming the key and those that are known.
  public func checked() throws(CacheError) -> Filter {
    for condition in alternatives.joined() where !condition.isOwn {
      if FilterQuantity(rawValue: condition.key) != nil {
        throw CacheError(.badFilter, "filter: \"\(condition.key)\" is compared with <, <=, > or >=")
      }
      if FilterKey(rawValue: condition.key) == nil {
        throw CacheError(
          .badFilter,
          "filter: there is no \"\(shortened(condition.key))\"; the keys are \(Self.knownKeys.joined(separator: ", "))"
        )
      }
      if case .matches(let pattern) = condition.test, let problem = pattern.problem {
        throw CacheError(
          .badFilter, "filter: \"\(shortened(pattern.text))\" is no regular expression of RE2's: \(problem.message)")
      }
    }
    return self
  }

  /// Whether it leaves nothing out, also where it is written, as a Docker engine does with its empty string.
  public var matchesAll: Bool { alternatives.isEmpty || alternatives.contains(where: \.isEmpty) }

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

extension FilterKey {
  /// Whether it is present or not, without a text of its own.
  var isFlag: Bool {
    switch self {
    case .inuse, .mutable, .immutable, .shared, .private: true
    case .id, .parents, .description, .type: false
    }
  }
}

/// What a filter can compare with a number, beyond BuildKit's grammar.
public enum FilterQuantity: String, Sendable, CaseIterable {
  /// Bytes: `size>100MB`.
  case size
  /// How often it was used: `uses<=1`.
  case uses
  /// The time since it was last used, or made where it never was, in nanoseconds: `age>7d`.
  case age
}

/// Something that a filter can be asked about.
public protocol FilterSubject {
  /// The text under a key; nothing where it is absent. A flag that holds has the empty text.
  func filterValue(_ key: FilterKey) -> String?
  /// What plain words are looked for in.
  var filterTexts: [String] { get }
  /// A number; nothing where it is absent, and then no comparison holds.
  func filterNumber(_ quantity: FilterQuantity) -> Int64?
}

extension FilterSubject {
  /// Its id, description and type.
  public var filterTexts: [String] { [FilterKey.id, .description, .type].compactMap { filterValue($0) } }
  /// Nothing.
  public func filterNumber(_ quantity: FilterQuantity) -> Int64? { nil }
}

/// One condition of a filter string.
struct Condition: Sendable, Equatable {
  enum Test: Sendable, Equatable {
    case isPresent
    case equals([UInt8])
    case differs([UInt8])
    case matches(Pattern)
    /// A number is on one side of another.
    case compares(FilterQuantity, Comparison, Int64)
    /// A word stands in one of the texts.
    case contains(Word)
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

  /// Whether only this project knows it, not BuildKit.
  var isOwn: Bool {
    switch test {
    case .compares, .contains: true
    case .isPresent, .equals, .differs, .matches: false
    }
  }

  /// An absent key reads as empty text; only `==` and the bare form also ask that it is there.
  func holds(for subject: some FilterSubject) -> Bool {
    let value = known.flatMap { subject.filterValue($0) }
    switch test {
    case .isPresent: return value != nil
    case .equals(let bytes): return value.map { $0.utf8.elementsEqual(bytes) } ?? false
    case .differs(let bytes): return !(value ?? "").utf8.elementsEqual(bytes)
    case .matches(let pattern): return pattern.expression?.matches(value ?? "") ?? false
    case .compares(let quantity, let comparison, let number):
      return subject.filterNumber(quantity).map { comparison.holds($0, number) } ?? false
    case .contains(let word): return subject.filterTexts.contains { word.stands(in: $0) }
    }
  }
}

/// A condition of a filter as texts.
package struct PlainCondition: Sendable, Equatable {
  package enum Test: Sendable, Equatable {
    case isPresent
    case equals(String)
    case differs(String)
    case matches(String)
    /// What only this project knows.
    case isOwn
  }
  package let key: String
  package let test: Test

  init(_ condition: Condition) {
    key = condition.key
    test =
      switch condition.test {
      case .isPresent: .isPresent
      case .equals(let bytes): .equals(String(decoding: bytes, as: UTF8.self))
      case .differs(let bytes): .differs(String(decoding: bytes, as: UTF8.self))
      case .matches(let pattern): .matches(pattern.text)
      case .compares, .contains: .isOwn
      }
  }

  /// As it was written, more or less.
  package var text: String {
    switch test {
    case .isPresent: key
    case .equals(let text): "\(key)==\(text)"
    case .differs(let text): "\(key)!=\(text)"
    case .matches(let text): "\(key)~=\(text)"
    case .isOwn: "a comparison of \(key.isEmpty ? "words" : key)"
    }
  }
}

/// How two numbers are compared.
enum Comparison: String, Sendable {
  case less = "<"
  case atMost = "<="
  case more = ">"
  case atLeast = ">="

  func holds(_ a: Int64, _ b: Int64) -> Bool {
    switch self {
    case .less: a < b
    case .atMost: a <= b
    case .more: a > b
    case .atLeast: a >= b
    }
  }
}

/// A word that is looked for, the case of ASCII letters aside.
struct Word: Sendable, Equatable {
  private let bytes: [UInt8]

  init(_ text: String) { bytes = text.utf8.map(Self.folded) }

  private static func folded(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }

  func stands(in text: String) -> Bool {
    var text = text
    return text.withUTF8 { text in
      guard let first = bytes.first, text.count >= bytes.count else { return bytes.isEmpty }
      return (0...(text.count - bytes.count)).contains { start in
        Self.folded(text[start]) == first
          && bytes.indices.allSatisfy { Self.folded(text[start + $0]) == bytes[$0] }
      }
    }
  }
}

/// A regular expression as it was written; one that can't be compiled matches nothing.
struct Pattern: Sendable, Equatable {
  let text: String
  let expression: RegularExpression?
  /// Why it can't be compiled.
  let problem: RegularExpressionError?

  init(_ text: String) {
    self.text = text
    do {
      (expression, problem) = (try RegularExpression(text), nil)
    } catch {
      (expression, problem) = (nil, error)
    }
  }

  static func == (a: Pattern, b: Pattern) -> Bool { a.text == b.text }
}
