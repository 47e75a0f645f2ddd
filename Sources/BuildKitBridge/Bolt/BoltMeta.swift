/// One of the two pages at the beginning of a bolt file, which take turns in naming the newest state.
///
/// | offset in the page | |
/// |---|---|
/// | 0 | the page's header, of 16 bytes |
/// | 16 | magic number, version, page size, flags: 4 bytes each |
/// | 32 | the root bucket: its page, its sequence |
/// | 48 | the page of the freelist, the number of pages, the transaction: 8 bytes each |
/// | 72 | FNV-1a of the bytes from 16 to here |
struct BoltMeta {
  let pageSize: Int
  let root: UInt64
  let freelist: UInt64
  /// Pages from here on are not in use.
  let pages: UInt64
  let transaction: UInt64

  /// The page of a freelist that was not written.
  static let noFreelist = UInt64.max
  /// What is read of a meta page.
  private static let length = 80
  private static let pageSizes = 512...(1 << 24)

  /// Reads a meta page; nothing where it is none, or its checksum doesn't fit.
  init?(_ bytes: [UInt8], atPage page: UInt64) {
    guard bytes.count >= Self.length else { return nil }
    let span = bytes.span.bytes
    let header = BoltPage.Header(span)
    guard header.flags == .meta, header.number == page,
      span.integer(at: 16, UInt32.self) == 0xed0c_daed, span.integer(at: 20, UInt32.self) == 2,
      span.integer(at: 72, UInt64.self) == Self.checksum(bytes[16..<72])
    else { return nil }
    pageSize = Int(span.integer(at: 24, UInt32.self))
    guard Self.pageSizes.contains(pageSize), pageSize.nonzeroBitCount == 1 else { return nil }
    root = span.integer(at: 32, UInt64.self)
    freelist = span.integer(at: 48, UInt64.self)
    pages = span.integer(at: 56, UInt64.self)
    transaction = span.integer(at: 64, UInt64.self)
  }

  /// The meta pages of a file that are whole. Where the second is depends on the page size, which the first one tells:
  /// where that is damaged every size is tried.
  static func candidates(fileSize: Int64, read: (_ offset: Int64, _ count: Int) throws -> [UInt8]) rethrows
    -> [BoltMeta]
  {
    func meta(_ page: UInt64, at offset: Int) throws -> BoltMeta? {
      guard Int64(offset + length) <= fileSize else { return nil }
      return BoltMeta(try read(Int64(offset), length), atPage: page)
    }
    if let first = try meta(0, at: 0) { return [first, try meta(1, at: first.pageSize)].compactMap(\.self) }
    var size = pageSizes.lowerBound
    while pageSizes.contains(size) {
      if let second = try meta(1, at: size), second.pageSize == size { return [second] }
      size *= 2
    }
    return []
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
