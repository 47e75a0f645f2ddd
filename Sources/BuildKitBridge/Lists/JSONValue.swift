/// A value of JSON with all that is in it, as small files are wanted.
enum JSONValue {
  case null
  case flag(Bool)
  /// No number is asked for yet.
  case number
  case text(String)
  case list([JSONValue])
  /// Its members in order; a name may come again.
  case object([(name: String, value: JSONValue)])
}

extension JSONReader {
  /// Reads the one value of a text.
  mutating func onlyValue() throws(Problem) -> JSONValue {
    let value = try value(in: 0)
    guard try peek() == nil else { throw .noJSON }
    return value
  }

  private mutating func value(in brackets: Int) throws(Problem) -> JSONValue {
    var isFirst = true
    switch try peek() {
    case UInt8(ascii: "{") where brackets == Self.deepest, UInt8(ascii: "[") where brackets == Self.deepest:
      throw Self.tooDeep
    case UInt8(ascii: "{"):
      try begin("{")
      var members: [(name: String, value: JSONValue)] = []
      while let name = try nextName(&isFirst) { members.append((name, try value(in: brackets + 1))) }
      return .object(members)
    case UInt8(ascii: "["):
      try begin("[")
      var elements: [JSONValue] = []
      while try nextElement(&isFirst) { elements.append(try value(in: brackets + 1)) }
      return .list(elements)
    case UInt8(ascii: "\""): return .text(try string())
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .flag(try bool())
    case UInt8(ascii: "n"):
      _ = try skipNull()
      return .null
    default:
      guard try isNumber() else { throw .noJSON }
      _ = try integer()
      return .number
    }
  }
}
