import Foundation

/// A tar made by hand, entry by entry, so that it may hold what no honest tool writes.
package struct TarBytes {
  package private(set) var bytes: [UInt8] = []
  /// What the next entries have in common.
  private var (user, group, time) = (0, 0, 1_600_000_000)

  package init() {}

  /// Says whose the next entries are.
  package func owned(by user: Int, _ group: Int) -> TarBytes {
    var copy = self
    (copy.user, copy.group) = (user, group)
    return copy
  }
  /// Says when the next entries were changed, in seconds since 1970.
  package func dated(_ time: Int) -> TarBytes {
    var copy = self
    copy.time = time
    return copy
  }

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
    adding("PaxHeaders", type: "x", content: records.flatMap { Self.record($0, Array($1.utf8)) })
  }
  /// Says one thing more of the next entry, in bytes that need not be UTF-8.
  package func saying(_ key: String, _ value: [UInt8]) -> TarBytes {
    adding("PaxHeaders", type: "x", content: Self.record(key, value))
  }
  /// Says something of all entries, as POSIX has it.
  package func sayingOfAll(_ key: String, _ value: String) -> TarBytes {
    adding("pax_global_header", type: "g", content: Self.record(key, Array(value.utf8)))
  }
  /// Says what the next entry is called, or what it is a link to, as GNU tar has it.
  package func gnu(name: String? = nil, target: String? = nil) -> TarBytes {
    let named = name.map { adding("././@LongLink", type: "L", content: Array($0.utf8) + [0]) } ?? self
    return target.map { named.adding("././@LongLink", type: "K", content: Array($0.utf8) + [0]) } ?? named
  }

  private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
    // A record's length counts its own digits too.
    let rest = key.utf8.count + value.count + 3
    let length = (1...4).map { rest + $0 }.first { "\($0)".utf8.count == $0 - rest } ?? 0
    return Array("\(length) \(key)=".utf8) + value + [10]
  }
  /// Adds a folder.
  package func folder(_ name: String, mode: Int = 0o755) -> TarBytes { adding(name, type: "5", mode: mode) }
  /// Adds a symbolic link.
  package func link(_ name: String, to target: String) -> TarBytes { adding(name, type: "2", target: target) }
  /// Adds a hard link.
  package func hardLink(_ name: String, to target: String) -> TarBytes { adding(name, type: "1", target: target) }
  /// Adds a device.
  package func device(_ name: String, type: Character, _ major: Int, _ minor: Int, mode: Int = 0o600) -> TarBytes {
    adding(
      name, type: type, mode: mode, patches: [329: Self.field(major, 8), 337: Self.field(minor, 8)])
  }
  /// Adds an entry of any type.
  package func entry(
    _ name: String, type: Character, mode: Int = 0o777, target: String = "", content: String = "",
    patching patches: [Int: [UInt8]] = [:]
  ) -> TarBytes {
    adding(name, type: type, mode: mode, target: target, content: Array(content.utf8), patches: patches)
  }

  /// The whole, with its end mark.
  package var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

  private func adding(
    _ name: String, type: Character, mode: Int = 0o777, target: String = "", content: [UInt8] = [],
    patches: [Int: [UInt8]] = [:]
  ) -> TarBytes {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: some Collection<UInt8>, at offset: Int) {
      for (number, byte) in text.enumerated() { header[offset + number] = byte }
    }
    put(name.utf8, at: 0)
    put(Self.field(mode, 8), at: 100)
    put(Self.field(user, 8), at: 108)
    put(Self.field(group, 8), at: 116)
    put(Self.field(content.count, 12), at: 124)
    put(Self.field(time, 12), at: 136)
    put("        ".utf8, at: 148)
    put(String(type).utf8, at: 156)
    put(target.utf8, at: 157)
    put("ustar\u{0}00".utf8, at: 257)
    for (offset, bytes) in patches { header.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
    if patches[148] == nil { put(Self.field(header.reduce(0) { $0 + Int($1) }, 7) + [32], at: 148) }
    var copy = self
    copy.bytes += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    return copy
  }
}

extension TarBytes {
  /// A number as a header has it: in octal digits, or where there are too few of them, in binary.
  package static func field(_ value: Int, _ width: Int) -> [UInt8] {
    let digits = String(max(value, 0), radix: 8)
    if value >= 0 && digits.utf8.count < width {
      return Array((String(repeating: "0", count: width - 1 - digits.utf8.count) + digits).utf8) + [0]
    }
    return binary(value, width)
  }
  /// A number in binary, as GNU tar writes those that are too large for octal digits.
  package static func binary(_ value: Int, _ width: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: value < 0 ? 0xff : 0, count: width)
    for place in 0..<min(8, width) { bytes[width - 1 - place] = UInt8(truncatingIfNeeded: value >> (8 * place)) }
    bytes[0] |= 0x80
    return bytes
  }

  /// One after the other.
  package static func + (first: TarBytes, second: TarBytes) -> TarBytes {
    var both = first
    both.bytes += second.bytes
    return both
  }
}
