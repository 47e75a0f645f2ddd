import RegularExpressions

/// Reads one filter string (D7): conditions joined by commas.
struct FilterParser {
  private let text: String
  private let scalars: [Unicode.Scalar]
  private var place = 0
  /// What is left of what a filter may ask for.
  private(set) var budget: FilterBudget
  /// Whether names may have `-` in them, and one `=` is an operator.
  private let takesDockersForm: Bool

  init(_ text: String, _ budget: FilterBudget, takesDockersForm: Bool = false) {
    self.text = text
    self.budget = budget
    self.takesDockersForm = takesDockersForm
    scalars = Array(text.unicodeScalars)
  }

  /// The conditions, all of which have to hold; none for an empty string.
  mutating func conditions() throws(CacheError) -> [Condition] {
    var conditions: [Condition] = []
    while let clause = try nextClause() { conditions.append(try condition(clause)) }
    return conditions
  }

  /// What stands between two commas, from where the one before ended; nothing at the end.
  mutating func nextClause() throws(CacheError) -> FilterClause? {
    if place == 0 {
      if scalars.contains("\0") { throw failure("a NUL can't stand in a filter") }
      if scalars.isEmpty { return nil }
    } else {
      guard place < scalars.count else { return nil }
      guard scalars[place] == "," else { throw failure("expected a comma, or the end") }
      place += 1
    }
    skipSpace()
    return try clause()
  }

  private mutating func clause() throws(CacheError) -> FilterClause {
    try budget.spend(.conditions, 1)
    let start = place
    var key = try field()
    while place < scalars.count, scalars[place] == "." {
      place += 1
      key += "." + (try field())
    }
    let end = place
    skipSpace()
    guard let sign = try comparison(of: key) else {
      // Space may stand around an operator, not after a bare key.
      if place > end { throw failure("expected ==, != or ~= after \"\(key)\"") }
      return FilterClause(key: key, sign: nil, value: [], text: written(from: start), valueText: "")
    }
    let valueStart = place
    // Docker makes a pattern of an id.
    let value = try value(isPattern: sign == "~=" || sign == "=" && key.lowercased() == FilterKey.id.rawValue)
    return FilterClause(
      key: key, sign: sign, value: value, text: written(from: start), valueText: written(from: valueStart))
  }

  private func written(from start: Int) -> String { String(String.UnicodeScalarView(scalars[start..<place])) }

  private mutating func condition(_ clause: FilterClause) throws(CacheError) -> Condition {
    let key = clause.key
    if let sign = clause.sign, let quantity = FilterQuantity(rawValue: key), let comparison = Comparison(rawValue: sign)
    {
      return Condition(key: key, test: .compares(quantity, comparison, try number(clause, of: quantity)))
    }
    switch clause.sign {
    case nil: return Condition(key: key, test: .isPresent)
    case "==": return Condition(key: key, test: .equals(clause.value))
    case "!=": return Condition(key: key, test: .differs(clause.value))
    default:
      return Condition(key: key, test: .matches(try pattern(clause)))
    }
  }

  /// A regular expression: one that RE2 would refuse matches nothing, one that is too large here is an error.
  private mutating func pattern(_ clause: FilterClause) throws(CacheError) -> Pattern {
    let pattern = Pattern(String(decoding: clause.value, as: UTF8.self))
    if case .tooLarge(let reason) = pattern.problem {
      throw failure("the regular expression is too large: \(reason)")
    }
    try budget.spend(.steps, pattern.expression?.stepCount ?? 0)
    return pattern
  }

  private mutating func field() throws(CacheError) -> String {
    guard place < scalars.count else { throw failure("expected a key") }
    if scalars[place] == "\"" { return String(decoding: try quoted(), as: UTF8.self) }
    let name = scalars[place...].prefix {
      $0.isASCII
        && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_" || takesDockersForm && $0 == "-")
    }
    guard !name.isEmpty else { throw failure("expected a key") }
    place += name.count
    return String(String.UnicodeScalarView(name))
  }

  /// The operator that stands here, if any does.
  private mutating func comparison(of key: String) throws(CacheError) -> String? {
    let signs = scalars[place...].prefix { "=!~<>".unicodeScalars.contains($0) }
    if signs.isEmpty { return nil }
    let name = String(String.UnicodeScalarView(signs))
    let isComparison = FilterQuantity(rawValue: key) != nil && Comparison(rawValue: name) != nil
    guard isComparison || ["==", "!=", "~="].contains(name) || takesDockersForm && name == "=" else {
      throw failure("\(name) is no operator: expected ==, != or ~=")
    }
    place += signs.count
    skipSpace()
    return name
  }

  private mutating func value(isPattern: Bool) throws(CacheError) -> [UInt8] {
    guard place < scalars.count else { throw failure("expected a value") }
    let first = scalars[place]
    if first == "\"" || (isPattern && (first == "/" || first == "|")) { return try quoted() }
    guard !".,=!~ ".unicodeScalars.contains(first) else { throw failure("expected a value, or one in quotes") }
    let value = scalars[place...].prefix { $0 != "," && !$0.properties.isWhitespace }
    guard !value.isEmpty else { throw failure("expected a value") }
    place += value.count
    return Array(String(String.UnicodeScalarView(value)).utf8)
  }

  /// The number that a quantity is compared with, in the unit that the command line reads it in.
  private func number(_ clause: FilterClause, of quantity: FilterQuantity) throws(CacheError) -> Int64 {
    let text = clause.valueWords
    do throws(CacheError) {
      switch quantity {
      case .size: return try ByteCount(parsing: text, of: quantity.rawValue, takesBare: true).bytes
      case .age: return try TimeSpan(parsing: text, of: quantity.rawValue).nanoseconds
      case .uses:
        guard let number = Int64(text) else { throw CacheError(.badInput, "uses: \(text) is no whole number") }
        return number
      }
    } catch {
      throw failure(error.message)
    }
  }

  private mutating func skipSpace() {
    while place < scalars.count, scalars[place].properties.isWhitespace { place += 1 }
  }

  /// A quoted text; its bytes, as escapes may make some that are no UTF-8.
  private mutating func quoted() throws(CacheError) -> [UInt8] {
    let quote = scalars[place]
    let start = place
    place += 1
    var bytes: [UInt8] = []
    while place < scalars.count {
      let scalar = scalars[place]
      place += 1
      if scalar == quote { return bytes }
      if scalar == "\n" { break }
      if scalar != "\\" {
        bytes += Array(String(scalar).utf8)
      } else {
        bytes += try escape(in: quote)
      }
    }
    place = start
    throw failure("the quote is not closed")
  }

  private mutating func escape(in quote: Unicode.Scalar) throws(CacheError) -> [UInt8] {
    guard place < scalars.count else { throw failure("the quote is not closed") }
    let scalar = scalars[place]
    if scalar == quote || scalar == "\\" {
      place += 1
      return Array(String(scalar).utf8)
    }
    let plain: [Unicode.Scalar: UInt8] = ["a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11]
    if let byte = plain[scalar] {
      place += 1
      return [byte]
    }
    switch scalar {
    case "0"..."7":
      let value = try number(digits: 3, radix: 8)
      guard value < 256 else { throw failure("an octal escape goes to \\377") }
      return [UInt8(value)]
    case "x":
      place += 1
      return [UInt8(try number(digits: 2, radix: 16))]
    case "u", "U":
      place += 1
      guard let scalar = Unicode.Scalar(UInt32(try number(digits: scalar == "u" ? 4 : 8, radix: 16))) else {
        throw failure("the escape names no character")
      }
      return Array(String(scalar).utf8)
    default:
      throw failure("\\\(scalar) is no escape")
    }
  }

  private mutating func number(digits: Int, radix: Int) throws(CacheError) -> Int {
    let text = String(String.UnicodeScalarView(scalars[place...].prefix(digits)))
    guard text.unicodeScalars.count == digits, text.first != "+", text.first != "-", let value = Int(text, radix: radix)
    else { throw failure("the escape needs \(digits) digits") }
    place += digits
    return value
  }

  private func failure(_ message: String) -> CacheError {
    CacheError(.badFilter, "filter \"\(shortened(text))\": \(message) (character \(place + 1))")
  }
}
