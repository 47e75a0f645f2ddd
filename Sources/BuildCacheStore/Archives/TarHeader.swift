import BuildCache
import CLinux
import FileTrees
import Glibc
import SystemPackage

/// What stands before a member and says more of it than its header can: long names of GNU's, records of pax.
struct TarExtensions {
  fileprivate(set) var name: [UInt8]?
  fileprivate(set) var target: [UInt8]?
  fileprivate(set) var values: [String: [UInt8]] = [:]
  fileprivate(set) var attributes = ExtendedAttributes()
  /// Offsets and lengths of data, in turn, as an old form of sparse files has them: of one name each.
  fileprivate(set) var map: [[UInt8]] = []

  /// Takes one.
  ///
  /// - Throws: ``CacheError`` `badArchive`.
  mutating func add(_ type: UInt8, _ bytes: [UInt8], after entry: String) throws {
    switch type {
    case UInt8(ascii: "L"): name = Array(bytes.prefix { $0 != 0 })
    case UInt8(ascii: "K"): target = Array(bytes.prefix { $0 != 0 })
    case UInt8(ascii: "x"):
      // Of several the last counts; so Go's reader has it.
      (values, attributes, map) = ([:], ExtendedAttributes(), [])
      try addRecords(bytes[...], after: entry)
    default: break  // what is said of all members is nothing that a tree has
    }
  }

  /// Reads records: `LENGTH KEY=VALUE`, each ended by a line break that its length counts too.
  private mutating func addRecords(_ bytes: ArraySlice<UInt8>, after entry: String) throws {
    let bad = CacheError(.badArchive, "after entry \(entry) a header can't be read")
    var rest = bytes
    while !rest.isEmpty {
      let digits = rest.prefix { $0 != UInt8(ascii: " ") }
      guard digits.count < 8, let length = Int(String(decoding: digits, as: UTF8.self)), length <= rest.count,
        length > digits.count + 2, rest[rest.startIndex + length - 1] == 10
      else { throw bad }
      let record = rest.prefix(length - 1).dropFirst(digits.count + 1)
      rest = rest.dropFirst(length)
      guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { throw bad }
      let (key, value) = (record[..<equals], record[(equals + 1)...])
      guard !key.contains(0) else { throw bad }
      let prefix = Array("SCHILY.xattr.".utf8)
      if key.starts(with: prefix) {
        let name = key.dropFirst(prefix.count)
        if !ExtendedAttributes.isOfHost(name) { attributes.add(name, value) }
        continue
      }
      let text = String(decoding: key, as: UTF8.self)
      if text == "GNU.sparse.offset" || text == "GNU.sparse.numbytes" {
        map.append(Array(value))
      } else {
        values[text] = value.isEmpty ? nil : Array(value)  // of nothing, it takes back what was said
      }
    }
  }
}

/// A member's header, with what was said before it.
struct TarHeader {
  /// Where the places of a sparse file's data are told.
  enum MapForm {
    /// In headers, or nowhere.
    case none
    /// In the header's own block, and in others after it.
    case blocks(isMore: Bool)
    /// As text before the data.
    case text
  }

  let name: [UInt8]
  let mapForm: MapForm
  /// How many bytes follow.
  let size: Int64
  /// How long the file is.
  let fileSize: Int64
  private let kind: ArchiveEntry.Kind
  private let look: Look
  private let isSparse: Bool
  private var places: [Range<Int64>] = []

  private var text: String { String(decoding: name, as: UTF8.self) }

  /// Whether a block has the sum that it says.
  static func hasChecksum(_ block: [UInt8]) -> Bool {
    guard let wanted = number(block[148..<156]) else { return false }
    // The sum's own field counts as blanks.
    var sum = Int64(8 * 32)
    var high: Int64 = 0
    block.withUnsafeBufferPointer { bytes in
      var offset = 0
      while offset < bytes.count {
        if offset == 148 { offset = 156 }
        sum += Int64(bytes[offset])
        if bytes[offset] > 127 { high += 1 }
        offset += 1
      }
    }
    // Some old tars took bytes for signed ones.
    return wanted == sum || wanted == sum - 256 * high
  }

  /// A field's number: octal digits, or, where the first bit is set, a binary one. Nothing where it can't be read; as
  /// much as can be counted where it is more.
  private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
    guard let first = field.first else { return nil }
    if first & 0x80 != 0 {
      let isNegative = first & 0x40 != 0
      var value: Int64 = isNegative ? -1 : 0
      for (place, byte) in field.enumerated() {
        let byte = place == 0 ? (isNegative ? byte | 0x80 : byte & 0x3f) : byte
        guard value >> 55 == 0 || value >> 55 == -1 else { return isNegative ? .min : .max }
        value = value << 8 | Int64(byte)
      }
      return value
    }
    let digits = field.drop { $0 == 32 || $0 == 0 }.prefix { $0 != 32 && $0 != 0 }
    if digits.isEmpty { return 0 }
    var value: UInt64 = 0
    for digit in digits {
      guard (48...55).contains(digit) else { return nil }
      value = value << 3 | UInt64(digit - 48)  // twelve digits at most
    }
    return Int64(value)
  }

  /// The same of a member.
  ///
  /// - Throws: ``CacheError`` `badArchive` naming the member where the field can't be read.
  static func number(_ field: ArraySlice<UInt8>, _ what: String, of entry: String) throws -> Int64 {
    guard let number = number(field) else { throw CacheError(.badArchive, "entry \(entry) has a \(what) that is none") }
    return number
  }

  /// Whether a header with GNU's mark has the folder of a long name where GNU has times: Go wrote so before its 1.8, and
  /// Docker with it.
  private static func hasOddPrefix(_ block: [UInt8]) -> Bool {
    guard block[257..<265].elementsEqual(Array("ustar  \u{0}".utf8)) else { return false }
    let isTimes = [block[345..<357], block[357..<369]].allSatisfy { $0.first == 0 || number($0) != nil }
    return !isTimes && block[345..<500].prefix { $0 != 0 }.allSatisfy { $0 < 128 }
  }

  /// Reads a header.
  ///
  /// - Throws: ``CacheError`` `badArchive` naming the member.
  init(_ block: [UInt8], _ extensions: TarExtensions) throws {
    func string(_ range: Range<Int>) -> [UInt8] { Array(block[range].prefix { $0 != 0 }) }
    let values = extensions.values
    let isPosix = block[257..<263].elementsEqual(Array("ustar\u{0}".utf8))
    let prefix = isPosix || Self.hasOddPrefix(block) ? string(345..<500) : []
    let short = string(0..<100)
    // Where both are there, GNU's name counts, and so it is with targets; so Go's reader has it.
    let name =
      values["GNU.sparse.name"] ?? extensions.name ?? values["path"]
      ?? (prefix.isEmpty ? short : prefix + [UInt8(ascii: "/")] + short)
    self.name = name
    let text = String(decoding: name, as: UTF8.self)

    func number(_ key: String, _ range: Range<Int>) throws -> Int64 {
      guard let value = values[key] else { return try Self.number(block[range], key, of: text) }
      guard let number = Int64(String(decoding: value, as: UTF8.self)) else {
        throw CacheError(
          .badArchive, "entry \(text) has a \(key) that can't be: \(String(decoding: value, as: UTF8.self))")
      }
      return number
    }
    func owner(_ key: String, _ range: Range<Int>) throws -> UInt32 {
      let value = try number(key, range)
      // The last one stands for none.
      guard let id = UInt32(exactly: value), id < UInt32.max else {
        throw CacheError(.badArchive, "entry \(text) has a \(key) that no system has: \(value)")
      }
      return id
    }
    let target = extensions.target ?? values["linkpath"] ?? string(157..<257)
    let type = block[156]
    switch type {
    case 0, UInt8(ascii: "0"), UInt8(ascii: "7"), UInt8(ascii: "S"):
      // Old tars know no folders.
      kind = name.last == UInt8(ascii: "/") && type != UInt8(ascii: "S") ? .folder : .file
    case UInt8(ascii: "1"):
      kind = .hardLink(to: try ArchiveEntry.path(target, of: text))
    case UInt8(ascii: "2"):
      guard !target.isEmpty, target.count < PATH_MAX, !target.contains(0) else {
        throw CacheError(.badArchive, "entry \(text) is a link to what no link can point at")
      }
      kind = .link(to: target)
    case UInt8(ascii: "3"), UInt8(ascii: "4"):
      let numbers = (try number("SCHILY.devmajor", 329..<337), try number("SCHILY.devminor", 337..<345))
      guard let major = UInt32(exactly: numbers.0), let minor = UInt32(exactly: numbers.1) else {
        throw CacheError(.badArchive, "entry \(text) is a device of numbers that can't be")
      }
      kind = .device(type == UInt8(ascii: "3") ? S_IFCHR : S_IFBLK, dev_t(gnu_dev_makedev(major, minor)))
    case UInt8(ascii: "5"): kind = .folder
    case UInt8(ascii: "6"): kind = .pipe
    default:
      let sign = String(decoding: [type], as: UTF8.self)
      throw CacheError(.badArchive, "entry \(text) is of a kind that no layer has (\(sign))")
    }
    let mode = try number("mode", 100..<108)
    let isLink = if case .link = kind { true } else { false }
    look = Look(
      permissions: isLink ? nil : mode_t(truncatingIfNeeded: mode) & 0o7777, user: try owner("uid", 108..<116),
      group: try owner("gid", 116..<124),
      modified: try values["mtime"].map { try Self.time($0, of: text) }
        ?? timespec(tv_sec: Int(try Self.number(block[136..<148], "mtime", of: text)), tv_nsec: 0),
      attributes: extensions.attributes)

    let size = try number("size", 124..<136)
    guard size >= 0, size < Int64.max - Int64(TarReader.block) else {
      throw CacheError(.badArchive, "entry \(text) has a size that can't be: \(size)")
    }
    // Whatever their headers say, no content follows these; so Go's reader has it.
    self.size = kind == .file ? size : 0
    let isOldSparse = type == UInt8(ascii: "S")
    let isText = values["GNU.sparse.major"].map { $0 == Array("1".utf8) } ?? false
    let hasMap = values["GNU.sparse.map"] != nil || !extensions.map.isEmpty
    isSparse = kind == .file && (isOldSparse || isText || hasMap)
    guard isSparse else {
      (fileSize, mapForm) = (self.size, .none)
      return
    }
    let key = values["GNU.sparse.realsize"] == nil ? "GNU.sparse.size" : "GNU.sparse.realsize"
    fileSize = try number(key, isOldSparse ? 483..<495 : 124..<136)
    guard fileSize >= 0 else { throw CacheError(.badArchive, "entry \(text) has a size that can't be: \(fileSize)") }
    if isOldSparse {
      mapForm = .blocks(isMore: block[482] != 0)
      try addRegions(block[386..<482])
    } else if isText {
      mapForm = .text
    } else {
      mapForm = .none
      let numbers = values["GNU.sparse.map"].map { $0.split(separator: UInt8(ascii: ",")).map(Array.init) }
      try addPairs(numbers ?? extensions.map)
    }
  }

  private mutating func addPairs(_ numbers: [[UInt8]]) throws {
    let numbers = numbers.map { Int64(String(decoding: $0, as: UTF8.self)) ?? -1 }
    guard numbers.count.isMultiple(of: 2) else { throw badMap }
    for pair in 0..<numbers.count / 2 { try addRegion(numbers[2 * pair], numbers[2 * pair + 1]) }
  }

  private var badMap: CacheError { CacheError(.badArchive, "entry \(text) is a sparse file whose map can't be read") }

  /// Reads places of data from a block after the header; says whether another follows.
  mutating func addRegions(_ block: [UInt8]) throws -> Bool {
    try addRegions(block[..<504])
    return block[504] != 0
  }

  private mutating func addRegions(_ bytes: ArraySlice<UInt8>) throws {
    var rest = bytes
    while let first = rest.first, first != 0 {
      let offset = try Self.number(rest.prefix(12), "map", of: text)
      try addRegion(offset, try Self.number(rest.dropFirst(12).prefix(12), "map", of: text))
      rest = rest.dropFirst(24)
    }
  }

  /// Takes a place of data.
  mutating func addRegion(_ offset: Int64, _ length: Int64) throws {
    let (end, isTooFar) = offset.addingReportingOverflow(length)
    guard offset >= places.last?.upperBound ?? 0, length >= 0, !isTooFar, end <= fileSize, places.count < 1 << 20 else {
      throw badMap
    }
    if length > 0 { places.append(offset..<end) }
  }

  /// The places of the data that follows.
  func regions(stored: Int64) throws -> [Range<Int64>] {
    guard isSparse else { return stored == 0 ? [] : [0..<stored] }
    guard places.reduce(0, { $0 + Int64($1.count) }) == stored else { throw badMap }
    return places
  }

  /// The member.
  func entry(number: Int) throws -> ArchiveEntry { try ArchiveEntry(name, kind, look, number: number) }

  /// A time as pax has it: seconds with decimals, before 1970 as well.
  private static func time(_ bytes: [UInt8], of entry: String) throws -> timespec {
    let text = String(decoding: bytes, as: UTF8.self)
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let digits = parts.count > 1 ? parts[1].utf8.prefix(9).map(\.self) : []
    let isNegative = text.hasPrefix("-")
    let whole = parts[0].drop { $0 == "-" || $0 == "+" }
    guard !whole.isEmpty, (whole.utf8 + digits).allSatisfy({ (48...57).contains($0) }) else {
      throw CacheError(.badArchive, "entry \(entry) has a time that is none: \(text.prefix(40))")
    }
    var seconds = Int(whole) ?? .max
    var nanoseconds = 0
    for place in 0..<9 { nanoseconds = nanoseconds * 10 + (place < digits.count ? Int(digits[place] - 48) : 0) }
    if isNegative {
      seconds = -seconds - (nanoseconds > 0 && seconds < .max ? 1 : 0)
      nanoseconds = nanoseconds > 0 ? 1_000_000_000 - nanoseconds : 0
    }
    return timespec(tv_sec: seconds, tv_nsec: nanoseconds)
  }
}
