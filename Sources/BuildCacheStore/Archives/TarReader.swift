import BuildCache
import Glibc
import SystemPackage

/// Takes what is in a tar as it comes by.
protocol TarSink {
  /// A member begins: how long it is, and how much of that the archive has.
  func begin(_ member: ArchiveEntry, size: Int64, stored: Int64) throws
  /// The next bytes of the member, and where they stand in it; what no call is about is a hole.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws
  /// The member is whole.
  func finish() throws
}

/// Reads a tar from its bytes as they come: ustar, with the extensions of POSIX (pax) and of GNU.
///
/// It takes what Go's reader takes, which Docker, containerd and umoci use, and sparse files as GNU tar writes them.
/// Nothing in an archive is believed: each number is checked, and what can't be is an error that names the member.
struct TarReader {
  /// What the next bytes are.
  private enum Part {
    case header
    /// What a member is called, or a record of pax; how much is still to come.
    case extension_(UInt8, Int64)
    /// Further places of data, as GNU's old form of sparse files has them.
    case map(TarHeader)
    /// The same at the start of the content, as its newest form has them.
    case textMap(TarHeader, Int64)
    case content
    case padding(Int)
    case ended
  }

  private var part = Part.header
  /// What the bytes of a block, or of an extension, are gathered in.
  private var gathered: [UInt8] = []
  private var extensions = TarExtensions()
  /// How many lines of a map of text are there.
  private var mapLines = 0
  private var sawZeros = false
  /// The bytes of the member's content, and how many of them are still to come.
  private var contentSize: Int64 = 0
  private var contentLeft: Int64 = 0
  private var count = 0
  /// The places of the member's data, with what of them is written already.
  private var regions: ArraySlice<Range<Int64>> = []
  /// The member that was read last, for messages.
  private(set) var name = "(the first)"

  static let block = 512
  private static let noTar = "this is no tar, nor one that gzip, zstd, xz or bzip2 packed"
  private static let zeros = [UInt8](repeating: 0, count: block)
  /// Longer than any path with all attributes that a file may have.
  private static let extensionLimit: Int64 = 1 << 20

  /// Takes the next bytes.
  ///
  /// - Throws: ``CacheError`` `badArchive` naming the member, and what the sink throws.
  mutating func read(_ bytes: [UInt8], into sink: some TarSink) throws {
    try bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        switch part {
        case .ended: return
        case .header:
          guard gather(Self.block, &rest) else { return }
          try takeHeader(sink)
        case .extension_(let type, let size):
          guard gather(Int(size), &rest) else { return }
          try extensions.add(type, gathered, after: name)
          gathered = []
          part = Self.padding(after: size)
        case .map(var header):
          guard gather(Self.block, &rest) else { return }
          let isMore = try header.addRegions(gathered)
          gathered = []
          if isMore { part = .map(header) } else { try begin(header, header.size, sink) }
        case .textMap(let header, let size):
          guard gather(gathered.count / Self.block * Self.block + Self.block, &rest) else { return }
          try takeTextMap(header, size, sink)
        case .content:
          let taken = rest.prefix(Int(min(contentLeft, Int64(rest.count))))
          try write(taken, sink)
          rest = rest.dropFirst(taken.count)
          contentLeft -= Int64(taken.count)
          if contentLeft == 0 {
            try sink.finish()
            part = Self.padding(after: contentSize)
          }
        case .padding(let size):
          let taken = min(size, rest.count)
          rest = rest.dropFirst(taken)
          part = taken == size ? .header : .padding(size - taken)
        }
      }
    }
  }
  /// Says that there are no more bytes.
  ///
  /// - Throws: ``CacheError`` `badArchive` where there should be.
  func finish() throws {
    switch part {
    case .header where gathered.isEmpty: return
    // What fills up the last block may be left out: `umoci insert` writes so, and Go's reader doesn't miss it.
    case .ended, .padding: return
    case .header where count == 0 && gathered.count < Self.block: throw CacheError(.badArchive, Self.noTar)
    default: throw CacheError(.badArchive, "the archive ends in the middle, after entry \(name)")
    }
  }

  /// Gathers so many bytes; says whether they are all there.
  private mutating func gather(_ wanted: Int, _ rest: inout Slice<UnsafeRawBufferPointer>) -> Bool {
    let taken = rest.prefix(max(0, wanted - gathered.count))
    gathered.append(contentsOf: UnsafeRawBufferPointer(rebasing: taken))
    rest = rest.dropFirst(taken.count)
    return gathered.count == wanted
  }

  private static func padding(after size: Int64) -> Part {
    let rest = Int(size % Int64(block))
    return rest == 0 ? .header : .padding(block - rest)
  }

  private mutating func takeHeader(_ sink: some TarSink) throws {
    let block = gathered
    gathered = []
    guard block != Self.zeros else {
      if sawZeros { part = .ended }
      sawZeros = true
      return
    }
    guard !sawZeros, TarHeader.hasChecksum(block) else {
      throw CacheError(.badArchive, count == 0 ? Self.noTar : "the archive is damaged after entry \(name)")
    }
    let type = block[156]
    if "xgLK".utf8.contains(type) {
      let size = try TarHeader.number(block[124..<136], "size", of: name)
      guard (0...Self.extensionLimit).contains(size) else {
        throw CacheError(.badArchive, "after entry \(name) a header is too long to be true")
      }
      part = size == 0 ? .header : .extension_(type, size)
      return
    }
    let header = try TarHeader(block, extensions)
    extensions = TarExtensions()
    name = String(decoding: header.name, as: UTF8.self)
    switch header.mapForm {
    case .none: try begin(header, header.size, sink)
    case .blocks(let isMore): if isMore { part = .map(header) } else { try begin(header, header.size, sink) }
    case .text: part = .textMap(header, header.size)
    }
  }

  /// Reads the places of data at the start of the content: numbers, a line each, the first of which counts the pairs.
  private mutating func takeTextMap(_ header: TarHeader, _ size: Int64, _ sink: some TarSink) throws {
    let bad = CacheError(.badArchive, "entry \(name) is a sparse file whose map can't be read")
    guard gathered.count <= size, gathered.count <= Self.extensionLimit else { throw bad }
    mapLines += gathered.suffix(Self.block).count { $0 == 10 }
    guard let pairs = Int(String(decoding: gathered.prefix { $0 != 10 }.prefix(20), as: UTF8.self)),
      (0...Int(Self.extensionLimit)).contains(pairs)
    else { throw bad }
    guard mapLines > 2 * pairs else { return }
    mapLines = 0
    var header = header
    let numbers = gathered.split(separator: 10).dropFirst().prefix(2 * pairs)
      .compactMap { Int64(String(decoding: $0, as: UTF8.self)) }
    guard numbers.count == 2 * pairs else { throw bad }
    for pair in 0..<pairs { try header.addRegion(numbers[2 * pair], numbers[2 * pair + 1]) }
    let left = size - Int64(gathered.count)
    gathered = []
    try begin(header, left, sink)
  }

  /// Begins a member of which so many bytes follow.
  private mutating func begin(_ header: TarHeader, _ stored: Int64, _ sink: some TarSink) throws {
    let entry = try header.entry(number: count)
    count += 1
    regions = try header.regions(stored: stored)[...]
    try sink.begin(entry, size: header.fileSize, stored: stored)
    (contentSize, contentLeft) = (stored, stored)
    part = .content
    if stored == 0 {
      try sink.finish()
      part = .header
    }
  }

  private mutating func write(_ bytes: Slice<UnsafeRawBufferPointer>, _ sink: some TarSink) throws {
    var rest = bytes
    while !rest.isEmpty, let region = regions.first {
      let taken = rest.prefix(region.count)
      try sink.write(UnsafeRawBufferPointer(rebasing: taken), at: region.lowerBound)
      rest = rest.dropFirst(taken.count)
      if taken.count == region.count {
        regions.removeFirst()
      } else {
        regions[regions.startIndex] = region.lowerBound + Int64(taken.count)..<region.upperBound
      }
    }
  }
}
