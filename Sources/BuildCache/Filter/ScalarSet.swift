/// A set of characters in a regular expression.
struct ScalarSet: Sendable {
  /// In order and apart once ``settle()`` was called, so that a character is looked up, not searched for.
  private var ranges: [ClosedRange<UInt32>] = []
  /// General categories that are in it.
  private var categories: Set<Unicode.GeneralCategory> = []
  var isNegated = false
  var ignoresCase = false

  /// The empty set.
  init() {}

  /// One character.
  init(_ scalar: Unicode.Scalar) {
    ranges = [scalar.value...scalar.value]
  }

  private init(_ ranges: [ClosedRange<UInt32>]) {
    self.ranges = ranges
  }

  /// All characters.
  static let any = ScalarSet([0...0x10ffff])
  /// All but the line break.
  static let anyButNewline = ScalarSet([0...9, 11...0x10ffff])
  /// `\w`.
  static let word = ScalarSet(wordRanges)
  private static let wordRanges: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a]

  /// The only member, where it has just one.
  var only: Unicode.Scalar? {
    guard !isNegated, !ignoresCase, categories.isEmpty, ranges.count == 1, ranges[0].count == 1 else { return nil }
    return Unicode.Scalar(ranges[0].lowerBound)
  }

  /// Whether a character is in it.
  func contains(_ scalar: Unicode.Scalar) -> Bool {
    var isIn = has(scalar)
    if !isIn && ignoresCase {
      isIn = [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping].contains { mapped in
        mapped.unicodeScalars.count == 1 && mapped.unicodeScalars.first.map { has($0) } ?? false
      }
    }
    return isIn != isNegated
  }

  private func has(_ scalar: Unicode.Scalar) -> Bool {
    let value = scalar.value
    let place = ranges.indices.partitionPoint { ranges[$0].upperBound < value }
    if place < ranges.count, ranges[place].lowerBound <= value { return true }
    return !categories.isEmpty && categories.contains(scalar.properties.generalCategory)
  }

  /// Puts what was added in order.
  mutating func settle() {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    ranges = merged
  }

  mutating func add(_ range: ClosedRange<UInt32>) {
    ranges.append(range)
  }

  /// Adds ranges that are in order and apart, or what is between them.
  private mutating func add(_ added: [ClosedRange<UInt32>], isNegated: Bool) {
    guard isNegated else {
      ranges += added
      return
    }
    var next: UInt32 = 0
    for range in added {
      if range.lowerBound > next { ranges.append(next...(range.lowerBound - 1)) }
      next = range.upperBound + 1
    }
    ranges.append(next...0x10ffff)
  }

  /// Adds `\d`, `\s` or `\w`, or for a capital letter its complement.
  ///
  /// - Returns: whether there is such a class.
  mutating func add(perl letter: Unicode.Scalar) -> Bool {
    let classes: [Unicode.Scalar: [ClosedRange<UInt32>]] = [
      "d": [0x30...0x39], "s": [9...10, 12...13, 0x20...0x20], "w": Self.wordRanges,
    ]
    guard letter.isASCII, let small = letter.properties.lowercaseMapping.unicodeScalars.first,
      let ranges = classes[small]
    else { return false }
    add(ranges, isNegated: letter != small)
    return true
  }

  /// Adds a class such as `alpha`.
  ///
  /// - Returns: whether there is such a class.
  mutating func add(posix name: String, isNegated: Bool) -> Bool {
    let classes: [String: [ClosedRange<UInt32>]] = [
      "alnum": [0x30...0x39, 0x41...0x5a, 0x61...0x7a], "alpha": [0x41...0x5a, 0x61...0x7a], "ascii": [0...0x7f],
      "blank": [9...9, 0x20...0x20], "cntrl": [0...0x1f, 0x7f...0x7f], "digit": [0x30...0x39], "graph": [0x21...0x7e],
      "lower": [0x61...0x7a], "print": [0x20...0x7e], "punct": [0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e],
      "space": [9...13, 0x20...0x20], "upper": [0x41...0x5a], "word": Self.wordRanges,
      "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
    ]
    guard let ranges = classes[name] else { return false }
    add(ranges, isNegated: isNegated)
    return true
  }

  /// Adds a general category such as `Lu` or `L`.
  ///
  /// - Returns: whether there is such a category.
  mutating func add(category name: String, isNegated: Bool) -> Bool {
    let named = Set(Self.categories.filter { name == "Any" || $0.key.hasPrefix(name) }.map(\.value))
    guard !named.isEmpty, !name.isEmpty else { return false }
    let all = Set(Self.categories.values).union([.unassigned])
    categories.formUnion(isNegated ? all.subtracting(named) : named)
    return true
  }

  private static let categories: [String: Unicode.GeneralCategory] = [
    "Lu": .uppercaseLetter, "Ll": .lowercaseLetter, "Lt": .titlecaseLetter, "Lm": .modifierLetter, "Lo": .otherLetter,
    "Mn": .nonspacingMark, "Mc": .spacingMark, "Me": .enclosingMark, "Nd": .decimalNumber, "Nl": .letterNumber,
    "No": .otherNumber, "Pc": .connectorPunctuation, "Pd": .dashPunctuation, "Ps": .openPunctuation,
    "Pe": .closePunctuation, "Pi": .initialPunctuation, "Pf": .finalPunctuation, "Po": .otherPunctuation,
    "Sm": .mathSymbol, "Sc": .currencySymbol, "Sk": .modifierSymbol, "So": .otherSymbol, "Zs": .spaceSeparator,
    "Zl": .lineSeparator, "Zp": .paragraphSeparator, "Cc": .control, "Cf": .format, "Cs": .surrogate,
    "Co": .privateUse,
  ]
}

/// Reads sets of characters in a pattern: `[…]`, `\d`, `\pL`, and escaped characters.
struct ScalarSetParser {
  private let scalars: [Unicode.Scalar]
  /// Where it has come to.
  private(set) var place: Int

  init(_ scalars: [Unicode.Scalar], _ place: Int) {
    self.scalars = scalars
    self.place = place
  }

  private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    place += 1
    return true
  }

  /// A set in brackets.
  mutating func bracket() throws(RegularExpressionError) -> ScalarSet {
    place += 1
    var set = ScalarSet()
    set.isNegated = take("^")
    var isFirst = true
    while isFirst || next != "]" {
      isFirst = false
      guard next != nil else { throw RegularExpressionError(message: "a ] is missing") }
      if try addClass(to: &set) { continue }
      let low = try character()
      var high = low
      if next == "-", place + 1 < scalars.count, scalars[place + 1] != "]" {
        place += 1
        high = try character()
      }
      guard low <= high else { throw RegularExpressionError(message: "a range ends before it begins") }
      set.add(low.value...high.value)
    }
    place += 1
    set.settle()
    return set
  }

  /// A class such as `[:alpha:]`, `\d` or `\pL`, if one stands here.
  private mutating func addClass(to set: inout ScalarSet) throws(RegularExpressionError) -> Bool {
    if next == "[", place + 1 < scalars.count, scalars[place + 1] == ":" {
      let rest = scalars[(place + 2)...]
      if let end = rest.indices.first(where: { rest[$0] == ":" && $0 + 1 < rest.endIndex && rest[$0 + 1] == "]" }) {
        let text = String(String.UnicodeScalarView(rest[..<end]))
        let name = text.hasPrefix("^") ? String(text.dropFirst()) : text
        guard set.add(posix: name, isNegated: name != text) else {
          throw RegularExpressionError(message: "[:\(text):] is no class")
        }
        place = end + 2
        return true
      }
    }
    guard next == "\\", place + 1 < scalars.count else { return false }
    let letter = scalars[place + 1]
    if set.add(perl: letter) {
      place += 2
      return true
    }
    guard letter == "p" || letter == "P" else { return false }
    place += 2
    var name = ""
    if take("{") {
      while let scalar = next, scalar != "}" {
        name.unicodeScalars.append(scalar)
        place += 1
      }
      guard take("}") else { throw RegularExpressionError(message: "a } is missing") }
    } else if let scalar = next {
      name = String(scalar)
      place += 1
    }
    let isComplement = name.hasPrefix("^")
    if isComplement { name.removeFirst() }
    guard set.add(category: name, isNegated: (letter == "P") != isComplement) else {
      throw RegularExpressionError(message: "\\p{\(name)} is not known")
    }
    return true
  }

  /// An escape outside of brackets.
  mutating func escape() throws(RegularExpressionError) -> ScalarSet {
    var set = ScalarSet()
    return try addClass(to: &set) ? set : ScalarSet(try character())
  }

  /// One character, escaped or not.
  private mutating func character() throws(RegularExpressionError) -> Unicode.Scalar {
    guard let scalar = next else { throw RegularExpressionError(message: "a ] is missing") }
    place += 1
    guard scalar == "\\" else { return scalar }
    guard let letter = next else { throw RegularExpressionError(message: "\\ stands at the end") }
    place += 1
    let plain: [Unicode.Scalar: Unicode.Scalar] = [
      "a": "\u{7}", "f": "\u{c}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{b}",
    ]
    if let meant = plain[letter] { return meant }
    switch letter {
    case "x": return try hexadecimal()
    case "1"..."7":
      // One digit alone would be a back reference, which linear time rules out.
      guard let digit = next, ("0"..."7").contains(digit) else { break }
      fallthrough
    case "0":
      var value = letter.value - 48
      for _ in 0..<2 {
        guard let digit = next, ("0"..."7").contains(digit) else { break }
        value = value * 8 + digit.value - 48
        place += 1
      }
      if let scalar = Unicode.Scalar(value) { return scalar }
    default:
      if letter.isASCII && (letter == "_" || !ScalarSet.word.contains(letter)) { return letter }
    }
    throw RegularExpressionError(message: "\\\(letter) is not known")
  }

  private mutating func hexadecimal() throws(RegularExpressionError) -> Unicode.Scalar {
    var digits = ""
    if take("{") {
      while let scalar = next, scalar != "}" {
        digits.unicodeScalars.append(scalar)
        place += 1
      }
      guard take("}") else { throw RegularExpressionError(message: "a } is missing") }
    } else {
      digits = String(String.UnicodeScalarView(scalars[place...].prefix(2)))
      place += digits.unicodeScalars.count
      guard digits.unicodeScalars.count == 2 else { throw RegularExpressionError(message: "\\x needs two digits") }
    }
    guard digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value)
    else {
      throw RegularExpressionError(message: "\\x\(digits) is no character")
    }
    return scalar
  }
}
