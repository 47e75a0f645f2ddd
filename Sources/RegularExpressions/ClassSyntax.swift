/// Sets of characters in a pattern: `[…]`, `\d`, `\pL`, and escaped characters.
extension Parser {
  /// A set in brackets.
  mutating func bracket() throws(RegularExpressionError) -> ScalarSet {
    cursor.skip()
    let isNegated = cursor.take("^")
    var ranges: [ClosedRange<UInt32>] = []
    var named: Set<NamedClass> = []
    var isFirst = true
    while isFirst || cursor.next != "]" {
      isFirst = false
      guard cursor.next != nil else { throw .refused("a ] is missing") }
      if let name = try posixClass() {
        named.insert(name)
        continue
      }
      if let name = try namedClass() {
        named.insert(name)
        continue
      }
      let low = try character()
      var high = low
      if cursor.next == "-", let end = cursor.peek(1), end != "]" {
        cursor.skip()
        high = try character()
      }
      guard low <= high else { throw .refused("a range ends before it begins") }
      ranges.append(low...high)
    }
    cursor.skip()
    let set = try sets.union(ranges, named, ignoresCase: ignoresCase)
    return isNegated ? set.inverted : set
  }

  /// A class such as `[:alpha:]`, if one stands here; without an end to it, the bracket is itself.
  private mutating func posixClass() throws(RegularExpressionError) -> NamedClass? {
    let start = cursor.place
    guard cursor.take("[:") else { return nil }
    guard let text = cursor.take(upTo: ":]") else {
      cursor.goBack(to: start)
      return nil
    }
    let isNegated = text.hasPrefix("^")
    let name = isNegated ? String(text.dropFirst()) : text
    guard let known = NamedClass(posix: name, isNegated: isNegated, ignoresCase: ignoresCase) else {
      throw .refused("[:\(text):] is no class")
    }
    return known
  }

  /// A class such as `\d` or `\pL`, if one stands here.
  mutating func namedClass() throws(RegularExpressionError) -> NamedClass? {
    guard cursor.next == "\\", let letter = cursor.peek(1) else { return nil }
    if let known = NamedClass(perl: letter, ignoresCase: ignoresCase) {
      cursor.skip(2)
      return known
    }
    guard letter == "p" || letter == "P" else { return nil }
    cursor.skip(2)
    var name = ""
    if cursor.take("{") {
      guard let text = cursor.take(upTo: "}") else { throw .refused("a } is missing") }
      name = text
    } else if let scalar = cursor.next {
      name = String(scalar)
      cursor.skip()
    }
    let isComplement = name.unicodeScalars.first == "^"
    if isComplement { name.unicodeScalars.removeFirst() }
    guard
      let known = NamedClass(property: name, isNegated: (letter == "P") != isComplement, ignoresCase: ignoresCase)
    else { throw .refused("\\p{\(name)} is not known") }
    return known
  }

  /// One character, escaped or not: its number, as halves of surrogate pairs can be written, too.
  mutating func character() throws(RegularExpressionError) -> UInt32 {
    guard let scalar = cursor.next else { throw .refused("a ] is missing") }
    cursor.skip()
    guard scalar == "\\" else { return scalar.value }
    guard let letter = cursor.next else { throw .refused("\\ stands at the end") }
    cursor.skip()
    switch letter {
    case "a": return 0x7
    case "f": return 0xc
    case "n": return 0xa
    case "r": return 0xd
    case "t": return 0x9
    case "v": return 0xb
    case "x": return try hexadecimal()
    case "1"..."7":
      // One digit alone would be a back reference, which linear time rules out.
      guard let digit = cursor.next, ("0"..."7").contains(digit) else { break }
      return octal(letter)
    case "0": return octal(letter)
    default: if letter.isASCII && (letter == "_" || !letter.isWordCharacter) { return letter.value }
    }
    throw .refused("\\\(letter) is not known")
  }

  /// Up to three digits, of which the first was read.
  private mutating func octal(_ first: Unicode.Scalar) -> UInt32 {
    var value = first.value - 48
    for _ in 0..<2 {
      guard let digit = cursor.next, ("0"..."7").contains(digit) else { break }
      value = value * 8 + digit.value - 48
      cursor.skip()
    }
    return value
  }

  private mutating func hexadecimal() throws(RegularExpressionError) -> UInt32 {
    var digits = ""
    if cursor.take("{") {
      guard let text = cursor.take(upTo: "}") else { throw .refused("a } is missing") }
      digits = text
    } else {
      for _ in 0..<2 {
        guard let digit = cursor.next else { break }
        digits.unicodeScalars.append(digit)
        cursor.skip()
      }
      guard digits.unicodeScalars.count == 2 else { throw .refused("\\x needs two digits") }
    }
    let isNumber = digits.unicodeScalars.allSatisfy { $0.isASCII && $0.properties.isASCIIHexDigit }
    guard isNumber, let value = UInt32(digits, radix: 16), value <= 0x10ffff else {
      throw .refused("\\x\(digits) is no character")
    }
    return value
  }
}

extension Unicode.Scalar {
  /// Whether `\w` has it.
  var isWordCharacter: Bool {
    switch self {
    case "0"..."9", "A"..."Z", "a"..."z", "_": true
    default: false
    }
  }
}
