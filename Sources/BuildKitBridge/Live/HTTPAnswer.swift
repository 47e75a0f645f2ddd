import BuildCache

/// The answer to an HTTP/1.0 request, taken as it comes: nothing is asked for after it, so that its end is the stream's.
struct HTTPAnswer {
  /// The status; absent until the head is there.
  private(set) var status: Int?
  /// Whether the body is JSON, as all that an engine answers is.
  private(set) var isJSON = false
  /// When it was written by the clock of the one who answers.
  private(set) var date: String?
  private var head: [UInt8] = []
  private var length: Int?
  private var received = 0

  /// No engine's head is longer.
  private static let longestHead = 1 << 16

  /// Takes what came.
  ///
  /// - Returns: what of it belongs to the body.
  /// - Throws: ``CacheError`` `unreachable` where it is no such answer.
  mutating func take(_ bytes: [UInt8]) throws(CacheError) -> [UInt8] {
    guard status == nil else {
      received += bytes.count
      return bytes
    }
    head += bytes
    guard let end = Self.end(of: head) else {
      if head.count > Self.longestHead || !head.starts(with: "HTTP/".utf8.prefix(head.count)) {
        throw Self.foreign(head)
      }
      return []
    }
    let body = Array(head[end...])
    let lines = String(decoding: head[..<end], as: UTF8.self).split(whereSeparator: \.isNewline)
    guard let match = lines.first?.prefixMatch(of: /HTTP\/1\.[01] (\d{3})/) else { throw Self.foreign(head) }
    status = Int(match.1)
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      switch line[..<colon].lowercased() {
      case "content-length": length = Int(value)
      case "content-type": isJSON = value.contains("json")
      case "date": date = String(value)
      case "transfer-encoding":
        throw CacheError(.unreachable, "the answer comes in the form \(value), which was not asked for")
      default: break
      }
    }
    head = []
    received = body.count
    return body
  }

  /// The answer has ended.
  ///
  /// - Throws: ``CacheError`` `unreachable` where it broke off.
  func end() throws(CacheError) {
    guard status != nil else {
      throw head.isEmpty
        ? CacheError(.unreachable, "it closed the connection without an answer") : Self.foreign(head)
    }
    if let length, received < length {
      throw CacheError(.unreachable, "its answer broke off after \(received) of \(length) bytes")
    }
  }

  private static func foreign(_ bytes: [UInt8]) -> CacheError {
    CacheError(
      .unreachable,
      "what answers there is no Docker Engine: it begins with \(String(decoding: bytes.prefix(40), as: UTF8.self))")
  }

  /// Where the body begins.
  private static func end(of head: [UInt8]) -> Int? {
    var blank = 0
    for (place, byte) in head.enumerated() {
      if byte == 0x0a {
        blank += 1
        if blank == 2 { return place + 1 }
      } else if byte != 0x0d {
        blank = 0
      }
    }
    return nil
  }
}
