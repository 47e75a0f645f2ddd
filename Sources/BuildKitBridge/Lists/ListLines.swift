/// The lines of a text that comes in portions, whichever way they end.
struct ListLines {
  private let source: () throws -> [UInt8]?
  private var bytes: ArraySlice<UInt8> = []
  private var isAtEnd = false

  /// Reads from what gives portions until it gives none.
  init(_ source: @escaping () throws -> [UInt8]?) { self.source = source }

  /// The next line without its end; none at the end.
  mutating func next() throws -> String? {
    while true {
      if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
        defer { bytes = bytes[(end + 1)...] }
        return Self.text(bytes[..<end])
      }
      guard !isAtEnd else { break }
      guard let portion = try source() else {
        isAtEnd = true
        break
      }
      bytes += portion
    }
    guard !bytes.isEmpty else { return nil }
    defer { bytes = [] }
    return Self.text(bytes)
  }

  private static func text(_ line: ArraySlice<UInt8>) -> String {
    String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
  }
}
