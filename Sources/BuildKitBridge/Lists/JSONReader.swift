/// Reads JSON value by value from bytes that come in portions: what is wanted is taken, the rest is passed over, and only
/// the value that is being read is held.
///
/// Its bounds are ``deepest`` and ``longest``; what is passed over is not recursed into.
struct JSONReader {
  /// Why no more can be read.
  enum Problem: Error {
    /// The bytes are none.
    case noJSON
    /// They end in the middle of a value.
    case cutOff
    /// A value goes deeper, or is longer, than any list's does.
    case tooMuch(String)
    /// The value is another than the one that was asked for.
    case wrongKind
    /// The bytes could not be had.
    case unreadable(any Error)
  }

  /// Brackets within each other.
  static let deepest = 256
  static let tooDeep = Problem.tooMuch("it goes deeper than \(deepest) brackets")
  /// The bytes of a text or a number.
  static let longest = 1 << 26

  private var source: () throws -> [UInt8]?
  private var bytes: [UInt8] = []
  private var place = 0
  /// From here on bytes are kept while a value is being read.
  private var valueStart: Int?
  private var isAtEnd = false
  private var linesBefore = 0
  /// Where ``mark()`` was called, while that is among the bytes, and the line of that.
  private var marked: Int? = 0
  private var markedLine = 1

  /// Reads from what gives portions until it gives none.
  init(_ source: @escaping () throws -> [UInt8]?) { self.source = source }

  /// Reads from bytes that are there as a whole.
  init(_ bytes: [UInt8]) {
    source = { nil }
    self.bytes = bytes
  }

  // MARK: bytes

  /// Gets more bytes behind those that are still wanted.
  ///
  /// - Returns: whether there were any.
  private mutating func more() throws(Problem) -> Bool {
    guard !isAtEnd else { return false }
    let portion: [UInt8]?
    do { portion = try source() } catch { throw .unreadable(error) }
    guard let portion else {
      isAtEnd = true
      return false
    }
    let kept = valueStart ?? place
    if let marked, marked <= kept { markedLine = linesBefore + lines(upTo: marked) + 1 }
    marked = marked.flatMap { $0 > kept ? $0 - kept : nil }
    linesBefore += lines(upTo: kept)
    if kept == bytes.count {
      bytes = portion
    } else {
      guard bytes.count - kept < Self.longest else { throw .tooMuch("a text has more than \(Self.longest) bytes") }
      bytes.removeSubrange(..<kept)
      bytes += portion
    }
    place -= kept
    valueStart = valueStart.map { _ in 0 }
    return true
  }

  private func lines(upTo end: Int) -> Int {
    bytes.withUnsafeBufferPointer { $0[..<end].reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 } }
  }

  /// Remembers that something begins with what comes next.
  mutating func mark() throws(Problem) {
    _ = try peek()
    marked = place
  }

  /// The line in which what was marked begins, from 1.
  var lineOfMark: Int { marked.map { linesBefore + lines(upTo: $0) + 1 } ?? markedLine }

  /// The line of what is read next, from 1.
  var line: Int { linesBefore + lines(upTo: place) + 1 }

  /// The character that is read next; nothing at the end.
  var next: Unicode.Scalar? {
    String(decoding: bytes[place...].prefix(4), as: UTF8.self).unicodeScalars.first
  }

  /// The next byte that is no blank, which stays; nothing at the end.
  mutating func peek() throws(Problem) -> UInt8? {
    while true {
      while place < bytes.count {
        let byte = bytes[place]
        guard byte == 0x20 || byte == 0x9 || byte == 0xa || byte == 0xd else { return byte }
        place += 1
      }
      guard try more() else { return nil }
    }
  }

  /// Takes a byte that has to come next, blanks aside.
  private mutating func take(_ byte: UInt8) throws(Problem) {
    guard let next = try peek() else { throw .cutOff }
    guard next == byte else { throw .noJSON }
    place += 1
  }

  // MARK: lists and objects

  /// Begins a list, or an object.
  mutating func begin(_ bracket: Unicode.Scalar) throws(Problem) {
    guard let next = try peek() else { throw .cutOff }
    guard next == UInt8(ascii: bracket) else { throw .wrongKind }
    place += 1
  }

  /// Goes to the next element, or past the end.
  ///
  /// - Parameter isFirst: whether none was read yet; cleared.
  /// - Returns: whether there is one.
  mutating func nextElement(_ isFirst: inout Bool) throws(Problem) -> Bool {
    try next(&isFirst, closing: UInt8(ascii: "]"))
  }

  private mutating func next(_ isFirst: inout Bool, closing bracket: UInt8) throws(Problem) -> Bool {
    guard let next = try peek() else { throw .cutOff }
    defer { isFirst = false }
    if next == bracket {
      place += 1
      return false
    }
    if !isFirst {
      try take(UInt8(ascii: ","))
      // A comma at the end is none of JSON's.
      if try peek() == bracket { throw .noJSON }
    }
    return true
  }

  /// A member of an object.
  enum Member {
    /// There is none left.
    case end
    /// One of those that were asked for, by its number.
    case known(Int)
    /// Another one.
    case unknown
  }

  /// Goes to the value of the next member, or past the end.
  ///
  /// - Parameters:
  ///   - names: the members that are known.
  ///   - isFirst: whether none was read yet; cleared.
  mutating func nextMember(of names: inout MemberNames, _ isFirst: inout Bool) throws(Problem) -> Member {
    guard try next(&isFirst, closing: UInt8(ascii: "}")) else { return .end }
    let range = try text()
    var number = names.number(of: bytes, range)
    if number == nil, hasEscapes {
      let name = Array(decoded(range).utf8)
      number = names.number(of: name, 0..<name.count)
    }
    valueStart = nil
    try take(UInt8(ascii: ":"))
    return number.map { .known($0) } ?? .unknown
  }

  /// Goes to the value of the next member, whatever its name is.
  ///
  /// - Parameter isFirst: whether none was read yet; cleared.
  /// - Returns: its name; nothing past the end.
  mutating func nextName(_ isFirst: inout Bool) throws(Problem) -> String? {
    guard try next(&isFirst, closing: UInt8(ascii: "}")) else { return nil }
    let name = try string()
    try take(UInt8(ascii: ":"))
    return name
  }

  // MARK: values

  /// Whether the text that was read last has escapes.
  private var hasEscapes = false

  /// Reads a text up to its end, its bytes kept until ``valueStart`` is cleared.
  private mutating func text() throws(Problem) -> Range<Int> {
    guard let next = try peek() else { throw .cutOff }
    guard next == UInt8(ascii: "\"") else { throw .wrongKind }
    place += 1
    valueStart = place
    hasEscapes = false
    while true {
      let stop = Self.endOfPlainText(bytes, from: place)
      place = stop
      guard stop < bytes.count else {
        guard try more() else { throw .cutOff }
        continue
      }
      switch bytes[stop] {
      case UInt8(ascii: "\""):
        let start = valueStart ?? stop
        place = stop + 1
        return start..<stop
      case UInt8(ascii: "\\"):
        hasEscapes = true
        if stop + 1 == bytes.count, !(try more()) { throw .cutOff }
        guard JSONText.isEscape(bytes[place + 1]) else { throw .noJSON }
        let digits = bytes[place + 1] == UInt8(ascii: "u") ? 4 : 0
        while bytes.count - place < 2 + digits { guard try more() else { throw .cutOff } }
        guard bytes[(place + 2)...].prefix(digits).allSatisfy(JSONText.isHexDigit) else { throw .noJSON }
        place += 2 + digits
      default: throw .noJSON  // a control character
      }
    }
  }

  /// Where a quote, a backslash or a control character comes next.
  private static func endOfPlainText(_ bytes: [UInt8], from start: Int) -> Int {
    bytes.withUnsafeBufferPointer { bytes in
      var place = start
      while place < bytes.count {
        let byte = bytes[place]
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
        place += 1
      }
      return place
    }
  }

  private func decoded(_ range: Range<Int>) -> String {
    hasEscapes ? JSONText.decoded(bytes[range]) : String(decoding: bytes[range], as: UTF8.self)
  }

  /// Reads a text.
  mutating func string() throws(Problem) -> String {
    let range = try text()
    defer { valueStart = nil }
    return decoded(range)
  }

  /// Reads a text, or null as nothing.
  mutating func stringOrNull() throws(Problem) -> String? {
    try skipNull() ? nil : try string()
  }

  /// Reads a text and hands on its bytes; those of one with escapes are decoded.
  mutating func text<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) throws(Problem) -> Result {
    let range = try text()
    defer { valueStart = nil }
    guard !hasEscapes else { return Array(decoded(range).utf8).withUnsafeBufferPointer(body) }
    return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
  }

  /// Reads true or false.
  mutating func bool() throws(Problem) -> Bool {
    switch try peek() {
    case UInt8(ascii: "t"): try word("true"); return true
    case UInt8(ascii: "f"): try word("false"); return false
    case nil: throw .cutOff
    default: throw .wrongKind
    }
  }

  /// Passes over a null.
  ///
  /// - Returns: whether there was one.
  mutating func skipNull() throws(Problem) -> Bool {
    guard try peek() == UInt8(ascii: "n") else { return false }
    try word("null")
    return true
  }

  private mutating func word(_ word: StaticString) throws(Problem) {
    for byte in UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount) {
      if place == bytes.count, !(try more()) { throw .cutOff }
      guard bytes[place] == byte else { throw .noJSON }
      place += 1
    }
  }

  /// Whether a number comes next.
  mutating func isNumber() throws(Problem) -> Bool {
    guard let next = try peek() else { throw .cutOff }
    return next == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next)
  }

  /// Reads a number.
  ///
  /// - Returns: nothing where it isn't whole, or is too large for the type.
  mutating func integer() throws(Problem) -> Int64? {
    guard try isNumber() else { throw .wrongKind }
    valueStart = place
    defer { valueStart = nil }
    while true {
      while place < bytes.count, JSONNumber.isPart(bytes[place]) { place += 1 }
      guard place == bytes.count, try more() else { break }
    }
    let start = valueStart ?? place
    guard let number = JSONNumber(bytes[start..<place]) else {
      place = start
      throw .noJSON
    }
    return number.whole
  }

  /// Passes over a value, whatever it is.
  mutating func skip() throws(Problem) {
    var open: [UInt8] = []
    var names = MemberNames([])
    var isFirst = true
    while true {
      guard let next = try peek() else { throw .cutOff }
      switch next {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        guard open.count < Self.deepest else { throw Self.tooDeep }
        open.append(next)
        place += 1
        isFirst = true
      case UInt8(ascii: "\""):
        _ = try text()
        valueStart = nil
      case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try bool()
      case UInt8(ascii: "n"): try word("null")
      default:
        guard try isNumber() else { throw .noJSON }
        _ = try integer()
      }
      // On to the next value, out of all that ends before it.
      while let bracket = open.last {
        if bracket == UInt8(ascii: "[") {
          if try nextElement(&isFirst) { break }
        } else if case .unknown = try nextMember(of: &names, &isFirst) {
          break
        }
        open.removeLast()
        isFirst = false
      }
      if open.isEmpty { return }
    }
  }
}

/// Names of members, found by their bytes; lists mostly have them in one order.
struct MemberNames {
  /// All names one after another, and where each ends.
  private let bytes: [UInt8]
  private let ends: [Int]
  /// Where the search begins: behind what was found last.
  private var next = 0

  init(_ names: [String]) {
    bytes = names.flatMap(\.utf8)
    ends = names.reduce(into: []) { $0.append(($0.last ?? 0) + $1.utf8.count) }
  }

  /// The number of a name.
  mutating func number(of text: [UInt8], _ range: Range<Int>) -> Int? {
    var number = next
    for _ in ends.indices {
      if number == ends.count { number = 0 }
      let start = number == 0 ? 0 : ends[number - 1]
      if ends[number] - start == range.count, isEqual(start, text, range) {
        next = number + 1
        return number
      }
      number += 1
    }
    return nil
  }

  private func isEqual(_ start: Int, _ text: [UInt8], _ range: Range<Int>) -> Bool {
    for step in 0..<range.count where bytes[start + step] != text[range.lowerBound + step] { return false }
    return true
  }
}
