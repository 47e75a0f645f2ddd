import BuildCache

/// The bytes of a list as UTF-8, whichever way they were written: UTF-16 is what PowerShell's `>` makes of any output.
struct ListBytes {
  private enum Encoding {
    case utf8, utf16LittleEndian, utf16BigEndian
  }

  private let source: () throws -> [UInt8]?
  private var encoding: Encoding?
  /// A byte, and a first half of a character, whose other half comes in the next portion.
  private var byteBefore: UInt8?
  private var unitBefore: UInt16?

  /// Reads from what gives portions until it gives none.
  init(_ source: @escaping () throws -> [UInt8]?) { self.source = source }

  /// The bytes that come next; none at the end.
  mutating func next() throws -> [UInt8]? {
    while var portion = try source() {
      if encoding == nil {
        // The first look needs what a pipe may give in pieces.
        while portion.count < 4, let rest = try source() { portion += rest }
        begin(&portion)
      }
      let bytes = encoding == .utf8 ? portion : transcoded(portion)
      if !bytes.isEmpty { return bytes }
    }
    guard byteBefore != nil || unitBefore != nil else { return nil }
    (byteBefore, unitBefore) = (nil, nil)
    return Self.replacement
  }

  /// Finds out how the bytes are written, and takes the mark for it away.
  private mutating func begin(_ portion: inout [UInt8]) {
    if portion.starts(with: [0xef, 0xbb, 0xbf]) {
      encoding = .utf8
      portion.removeFirst(3)
    } else if portion.starts(with: [0xff, 0xfe]) {
      encoding = .utf16LittleEndian
      portion.removeFirst(2)
    } else if portion.starts(with: [0xfe, 0xff]) {
      encoding = .utf16BigEndian
      portion.removeFirst(2)
    } else if portion.count > 1, portion[0] != 0, portion[1] == 0 {
      encoding = .utf16LittleEndian
    } else if portion.count > 1, portion[0] == 0, portion[1] != 0 {
      encoding = .utf16BigEndian
    } else {
      encoding = .utf8
    }
  }

  private mutating func transcoded(_ portion: [UInt8]) -> [UInt8] {
    let bytes = (byteBefore.map { [$0] } ?? []) + portion
    byteBefore = bytes.count % 2 == 1 ? bytes.last : nil
    let isLittle = encoding == .utf16LittleEndian
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count / 2)
    var place = 0
    while place + 1 < bytes.count {
      let (one, other) = (UInt16(bytes[place]), UInt16(bytes[place + 1]))
      let unit = isLittle ? one | other << 8 : one << 8 | other
      place += 2
      if let first = unitBefore.take() {
        if UTF16.isTrailSurrogate(unit) {
          text += String(Character(UTF16.decode(UTF16.EncodedScalar([first, unit])))).utf8
          continue
        }
        text += Self.replacement
      }
      if unit < 0x80 {
        text.append(UInt8(unit))
      } else if UTF16.isLeadSurrogate(unit) {
        unitBefore = unit
      } else {
        text += Unicode.Scalar(unit).map { Array(String(Character($0)).utf8) } ?? Self.replacement
      }
    }
    return text
  }

  /// What half a character reads as.
  private static let replacement = Array("\u{fffd}".utf8)
}
