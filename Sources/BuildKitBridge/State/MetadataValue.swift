/// A value of BuildKit's metadata: JSON, in an object with the key that it can be looked for by.
enum MetadataValue {
  case text(String)
  case number(Int64)
  case flag(Bool)
  case list([String])

  /// Reads a value; nothing where it is none of these.
  init?(_ bytes: ArraySlice<UInt8>) {
    if let plain = Self.plain(bytes) {
      self = plain
    } else if let value = try? Self.any(bytes) {
      self = value
    } else {
      return nil
    }
  }

  private static let head = Array(#"{"value":"#.utf8)

  /// What nearly all values are: the value first, with nothing in it that has to be decoded.
  private static func plain(_ bytes: ArraySlice<UInt8>) -> MetadataValue? {
    bytes.withUnsafeBufferPointer { bytes -> MetadataValue? in
      let start = head.count
      guard bytes.count > start + 1, bytes[..<start].elementsEqual(head) else { return nil }
      var place = start
      func ends(at place: Int) -> Bool {
        place < bytes.count && (bytes[place] == UInt8(ascii: "}") || bytes[place] == UInt8(ascii: ","))
      }
      switch bytes[start] {
      case UInt8(ascii: "\""):
        place += 1
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
          if bytes[place] == UInt8(ascii: "\\") { return nil }
          place += 1
        }
        guard ends(at: place + 1) else { return nil }
        return .text(String(decoding: bytes[(start + 1)..<place], as: UTF8.self))
      case UInt8(ascii: "1")...UInt8(ascii: "9"):
        var number: Int64 = 0
        while place < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[place]) {
          guard number < Int64.max / 10 - 1 else { return nil }
          number = number * 10 + Int64(bytes[place] - UInt8(ascii: "0"))
          place += 1
        }
        return ends(at: place) ? .number(number) : nil
      case UInt8(ascii: "t"): return ends(at: start + 4) ? .flag(true) : nil
      default: return nil
      }
    }
  }

  /// Any other: decoded as JSON.
  private static func any(_ bytes: ArraySlice<UInt8>) throws -> MetadataValue? {
    var json = JSONReader(Array(bytes))
    var names = MemberNames(["value"])
    var value: MetadataValue?
    var isFirst = true
    try json.begin("{")
    while true {
      switch try json.nextMember(of: &names, &isFirst) {
      case .end: return value
      case .unknown: try json.skip()
      case .known: value = try Self.value(&json)
      }
    }
  }

  private static func value(_ json: inout JSONReader) throws -> MetadataValue? {
    switch try json.peek() {
    case UInt8(ascii: "\""): return .text(try json.string())
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .flag(try json.bool())
    case UInt8(ascii: "["):
      var texts: [String] = []
      var isFirst = true
      try json.begin("[")
      while try json.nextElement(&isFirst) { texts.append(try json.string()) }
      return .list(texts)
    case UInt8(ascii: "n"):
      _ = try json.skipNull()
      return .text("")
    default: return try json.integer().map { .number($0) }
    }
  }
}
