/// A text of JSON with escapes.
enum JSONText {
  /// Whether a byte can stand behind a backslash.
  static func isEscape(_ byte: UInt8) -> Bool { "\"\\/bfnrtu".utf8.contains(byte) }

  /// Whether a byte can be one of four behind `\u`.
  static func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }

  /// Decodes what stands between the quotes; half a character reads as U+FFFD, as in Go.
  static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count)
    var place = bytes.startIndex
    while place < bytes.endIndex {
      guard bytes[place] == UInt8(ascii: "\\"), place + 1 < bytes.endIndex else {
        text.append(bytes[place])
        place += 1
        continue
      }
      let escape = bytes[place + 1]
      place += 2
      switch escape {
      case UInt8(ascii: "n"): text.append(0x0a)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "r"): text.append(0x0d)
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0c)
      case UInt8(ascii: "u"):
        let scalar = scalar(bytes, &place) ?? "\u{fffd}"
        text += Array(String(Character(scalar)).utf8)
      default: text.append(escape)  // the quote, the backslash and the slash stand for themselves
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The character of one escape, or of two that are its halves.
  private static func scalar(_ bytes: ArraySlice<UInt8>, _ place: inout Int) -> Unicode.Scalar? {
    guard let first = unit(bytes, place) else { return nil }
    place += 4
    guard UTF16.isLeadSurrogate(first) else { return Unicode.Scalar(first) }
    guard place + 1 < bytes.endIndex, bytes[place] == UInt8(ascii: "\\"), bytes[place + 1] == UInt8(ascii: "u"),
      let second = unit(bytes, place + 2), UTF16.isTrailSurrogate(second)
    else { return nil }
    place += 6
    return UTF16.decode(UTF16.EncodedScalar([first, second]))
  }

  private static func unit(_ bytes: ArraySlice<UInt8>, _ place: Int) -> UInt16? {
    guard place + 4 <= bytes.endIndex else { return nil }
    return UInt16(String(decoding: bytes[place..<(place + 4)], as: UTF8.self), radix: 16)
  }
}

/// A number of JSON, in exact arithmetic.
struct JSONNumber {
  /// Its value; absent where it isn't whole, or is too large for the type.
  let whole: Int64?

  /// Whether a byte can be one of a number's.
  static func isPart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
      UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }

  /// Reads a number; nothing where it is none.
  init?(_ text: ArraySlice<UInt8>) {
    var rest = text
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative { rest.removeFirst() }
    let integer = Self.digits(&rest)
    // JSON has no zeros in front.
    guard let first = integer.first, first != UInt8(ascii: "0") || integer.count == 1 else { return nil }
    if rest.isEmpty {
      whole = Self.value(integer, isNegative)
      return
    }
    var digits = Array(integer)
    var exponent = 0
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      let decimals = Self.digits(&rest)
      guard !decimals.isEmpty else { return nil }
      digits += decimals
      exponent = -decimals.count
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      let isDown = rest.first == UInt8(ascii: "-")
      if isDown || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
      let power = Self.digits(&rest)
      guard !power.isEmpty else { return nil }
      // More than this many zeros end in the same.
      let size = Int(Self.value(power, false) ?? 1 << 40)
      exponent += min(size, 1 << 40) * (isDown ? -1 : 1)
    }
    guard rest.isEmpty else { return nil }
    while digits.last == UInt8(ascii: "0") {
      digits.removeLast()
      exponent += 1
    }
    if digits.isEmpty {
      whole = 0
    } else if exponent >= 0, exponent < 20 {
      whole = Self.value((digits + [UInt8](repeating: UInt8(ascii: "0"), count: exponent))[...], isNegative)
    } else {
      whole = nil
    }
  }

  private static func digits(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    rest = rest[digits.endIndex...]
    return digits
  }

  private static func value(_ digits: ArraySlice<UInt8>, _ isNegative: Bool) -> Int64? {
    var value: Int64 = 0
    for byte in digits {
      let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      let digit = Int64(byte - UInt8(ascii: "0"))
      let (sum, overflows) = isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
      guard !isTooLarge, !overflows else { return nil }
      value = sum
    }
    return value
  }
}
