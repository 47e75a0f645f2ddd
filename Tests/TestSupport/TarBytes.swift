import Foundation

/// A tar made by hand, entry by entry, so that it may hold what no honest tool writes.
package struct TarBytes {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// Adds a file.
  package func file(_ name: String, _ content: String = "", mode: Int = 0o644) -> TarBytes {
    adding(name, type: "0", mode: mode, content: Array(content.utf8))
  }
  /// Adds a file whose header has other bytes at some offsets; its checksum is right all the same.
  package func file(_ name: String, _ content: String = "", patching patches: [Int: [UInt8]]) -> TarBytes {
    adding(name, type: "0", mode: 0o644, content: Array(content.utf8), patches: patches)
  }
  /// Says more of the next entry, as POSIX has it.
  package func saying(_ records: [(key: String, value: String)]) -> TarBytes {
    let text = records.map { key, value in
      // A record's length counts its own digits too.
      let rest = key.utf8.count + value.utf8.count + 3
      let length = (1...4).map { rest + $0 }.first { "\($0)".utf8.count == $0 - rest } ?? 0
      return "\(length) \(key)=\(value)\n"
    }.joined()
    return adding("PaxHeaders", type: "x", content: Array(text.utf8))
  }
  /// Adds a folder.
  package func folder(_ name: String, mode: Int = 0o755) -> TarBytes { adding(name, type: "5", mode: mode) }
  /// Adds a symbolic link.
  package func link(_ name: String, to target: String) -> TarBytes { adding(name, type: "2", target: target) }
  /// Adds a hard link.
  package func hardLink(_ name: String, to target: String) -> TarBytes { adding(name, type: "1", target: target) }
  /// Adds an entry of any type.
  package func entry(_ name: String, type: Character) -> TarBytes { adding(name, type: type) }

  /// The whole, with its end mark.
  package var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

  private func adding(
    _ name: String, type: Character, mode: Int = 0o777, target: String = "", content: [UInt8] = [],
    patches: [Int: [UInt8]] = [:]
  ) -> TarBytes {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (number, byte) in text.utf8.enumerated() { header[offset + number] = byte }
    }
    func octal(_ value: Int, _ width: Int) -> String {
      let digits = String(value, radix: 8)
      return String(repeating: "0", count: width - digits.count) + digits
    }
    put(name, at: 0)
    put(octal(mode, 7), at: 100)
    put(octal(0, 7), at: 108)
    put(octal(0, 7), at: 116)
    put(octal(content.count, 11), at: 124)
    put(octal(1_600_000_000, 11), at: 136)
    put("        ", at: 148)
    put(String(type), at: 156)
    put(target, at: 157)
    put("ustar\u{0}00", at: 257)
    for (offset, bytes) in patches { header.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
    put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", at: 148)
    var copy = self
    copy.bytes += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    return copy
  }
}

extension TarBytes {
  /// One after the other.
  package static func + (first: TarBytes, second: TarBytes) -> TarBytes {
    var both = first
    both.bytes += second.bytes
    return both
  }
}
