import Foundation

/// A value as a line of JSON that no terminal misunderstands; all JSON of this program is made here.
func encodedJSON(_ value: some Encodable) throws -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
  return escapingUnsafe(try encoder.encode(value)) + Data("\n".utf8)
}

/// Prints many values as one array of JSON on standard output, each when it is made.
func printJSON<Value: Encodable>(_ count: Int, _ value: (Int) -> Value) throws {
  output.bytes("[".utf8)
  for number in 0..<count {
    if number > 0 { output.bytes(",".utf8) }
    output.bytes(try encodedJSON(value(number)).dropLast())  // its line's end
  }
  output.bytes("]\n".utf8)
}

/// Prints a value as JSON on standard output.
func printJSON(_ value: some Encodable) throws {
  output.bytes(try encodedJSON(value))
}

/// JSON with DEL, the second set of control characters, and what changes the direction of text or ends lines as escapes:
/// they stand in texts only.
func escapingUnsafe(_ json: Data) -> Data {
  json.withUnsafeBytes { bytes in
    guard bytes.contains(where: { $0 >= 0x7f }) else { return json }
    var escaped = Data(capacity: bytes.count + bytes.count / 16)
    var start = 0
    var place = 0
    while place < bytes.count {
      guard bytes[place] >= 0x7f, let (value, length) = unsafeScalar(bytes[place...].prefix(3)) else {
        place += 1
        continue
      }
      escaped += bytes[start..<place]
      let digits = String(value, radix: 16)
      escaped += Data(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
      place += length
      start = place
    }
    return escaped + bytes[start...]
  }
}

/// The character to escape that begins here, if one does, and how many bytes it has.
private func unsafeScalar(_ bytes: Slice<UnsafeRawBufferPointer>) -> (value: UInt32, length: Int)? {
  let first = bytes[bytes.startIndex]
  if first == 0x7f { return (0x7f, 1) }
  guard [0xc2, 0xd8, 0xe2].contains(first), bytes.count > 1 else { return nil }
  let second = UInt32(bytes[bytes.startIndex + 1] & 0x3f)
  guard first == 0xe2 else {
    let value = UInt32(first & 0x1f) << 6 | second
    return (0x80...0x9f).contains(value) || value == 0x61c ? (value, 2) : nil
  }
  guard bytes.count > 2 else { return nil }
  let value = UInt32(first & 0xf) << 12 | second << 6 | UInt32(bytes[bytes.startIndex + 2] & 0x3f)
  let unsafe: [ClosedRange<UInt32>] = [0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069]
  return unsafe.contains { $0.contains(value) } ? (value, 3) : nil
}
