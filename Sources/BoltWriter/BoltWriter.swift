/// Writes bolt files (bbolt's format, version 2) as a daemon would leave them: for benchmarks, and for tests of what reads
/// them.
///
/// Buckets are given as trees in memory and written at once; keys need no order.
public struct BoltWriter {
  /// What stands under a key.
  public indirect enum Entry {
    case value([UInt8])
    case bucket([(key: [UInt8], entry: Entry)])

    /// A value of text.
    public static func text(_ text: String) -> Entry { .value(Array(text.utf8)) }

    /// A bucket by names.
    public static func bucket(_ entries: [String: Entry]) -> Entry {
      .bucket(entries.map { (Array($0.key.utf8), $0.value) })
    }
  }

  private let pageSize: Int
  private var pages: [UInt8] = []

  private enum Flag {
    static let branch: UInt16 = 1
    static let leaf: UInt16 = 2
    static let meta: UInt16 = 4
    static let freelist: UInt16 = 16
  }

  private init(pageSize: Int) { self.pageSize = pageSize }

  /// The bytes of a file.
  ///
  /// - Parameters:
  ///   - root: what the root bucket holds.
  ///   - pageSize: a power of two, at least 1024 bytes.
  ///   - transaction: the number of the transaction that the file is left by; the meta page before it is that of one less.
  ///   - freePages: how many pages hold nothing.
  public static func file(
    _ root: [(key: [UInt8], entry: Entry)], pageSize: Int = 4096, transaction: UInt64 = 7, freePages: Int = 3
  ) -> [UInt8] {
    var writer = BoltWriter(pageSize: pageSize)
    writer.pages = [UInt8](repeating: 0, count: 2 * pageSize)
    let top = writer.write(root)
    let firstFree = writer.pages.count / pageSize
    writer.pages += [UInt8](repeating: 0xee, count: freePages * pageSize)
    var free: [UInt8] = []
    for page in firstFree..<firstFree + freePages { free.append(integer: UInt64(page)) }
    let freelist = writer.addPage(Flag.freelist, count: freePages, free)
    for (page, number) in [(0, transaction - 1), (1, transaction)] {
      let meta = writer.meta(page, top, freelist, number)
      writer.pages.replaceSubrange(page * pageSize..<page * pageSize + meta.count, with: meta)
    }
    return writer.pages
  }

  private func meta(_ page: Int, _ root: UInt64, _ freelist: UInt64, _ transaction: UInt64) -> [UInt8] {
    var meta: [UInt8] = []
    meta.append(integer: UInt32(0xed0c_daed))
    meta.append(integer: UInt32(2))
    meta.append(integer: UInt32(pageSize))
    meta.append(integer: UInt32(0))
    meta.append(integer: root)
    meta.append(integer: UInt64(0))
    meta.append(integer: freelist)
    meta.append(integer: UInt64(pages.count / pageSize))
    meta.append(integer: transaction)
    meta.append(integer: meta.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
    return header(UInt64(page), Flag.meta, 0, 0) + meta
  }

  private func header(_ page: UInt64, _ flag: UInt16, _ count: Int, _ overflow: Int) -> [UInt8] {
    var header: [UInt8] = []
    header.append(integer: page)
    header.append(integer: flag)
    header.append(integer: UInt16(count))
    header.append(integer: UInt32(overflow))
    return header
  }

  private mutating func addPage(_ flag: UInt16, count: Int, _ content: [UInt8]) -> UInt64 {
    let number = UInt64(pages.count / pageSize)
    let whole = (16 + content.count + pageSize - 1) / pageSize
    pages += header(number, flag, count, whole - 1) + content
    pages += [UInt8](repeating: 0, count: Int(number) * pageSize + whole * pageSize - pages.count)
    return number
  }

  /// Writes a bucket's tree; answers its root page.
  private mutating func write(_ entries: [(key: [UInt8], entry: Entry)]) -> UInt64 {
    var items: [(key: [UInt8], value: [UInt8], flag: UInt32)] = []
    for (key, entry) in entries.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      switch entry {
      case .value(let value): items.append((key, value, 0))
      case .bucket(let inner): items.append((key, bucket(inner), 1))
      }
    }
    var level: [(key: [UInt8], page: UInt64)] = []
    for group in groups(items, size: { 16 + $0.key.count + $0.value.count }) {
      level.append((group.first?.key ?? [], addPage(Flag.leaf, count: group.count, Self.leaf(group))))
    }
    while level.count > 1 {
      let groups = groups(level, size: { 16 + $0.key.count }, atLeast: 2)
      level = groups.map { group in
        (group[0].key, addPage(Flag.branch, count: group.count, Self.branch(group)))
      }
    }
    return level[0].page
  }

  /// A bucket's value: its head, and all of it where it is small and has none within.
  private mutating func bucket(_ entries: [(key: [UInt8], entry: Entry)]) -> [UInt8] {
    var head: [UInt8] = []
    let values = entries.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { entry in
      if case .value(let value) = entry.entry { (key: entry.key, value: value, flag: UInt32(0)) } else { nil }
    }
    let size = values.reduce(16) { $0 + 16 + $1.key.count + $1.value.count }
    if values.count == entries.count, size <= pageSize / 4 {
      head.append(integer: UInt64(0))
      head.append(integer: UInt64(0))
      return head + header(0, Flag.leaf, values.count, 0) + Self.leaf(values)
    }
    head.append(integer: write(entries))
    head.append(integer: UInt64(0))
    return head
  }

  /// Splits what is written into pages, at least two on each as far as there are.
  private func groups<T>(_ items: [T], size: (T) -> Int, atLeast least: Int = 1) -> [[T]] {
    var groups: [[T]] = []
    var group: [T] = []
    var bytes = 16
    for (place, item) in items.enumerated() {
      let next = size(item)
      let isLastAlone = items.count - place < least
      if group.count >= least, bytes + next > pageSize, !isLastAlone {
        groups.append(group)
        group = []
        bytes = 16
      }
      group.append(item)
      bytes += next
    }
    return groups + [group]
  }

  private static func leaf(_ items: [(key: [UInt8], value: [UInt8], flag: UInt32)]) -> [UInt8] {
    var elements: [UInt8] = []
    var data: [UInt8] = []
    for (number, item) in items.enumerated() {
      elements.append(integer: item.flag)
      elements.append(integer: UInt32((items.count - number) * 16 + data.count))
      elements.append(integer: UInt32(item.key.count))
      elements.append(integer: UInt32(item.value.count))
      data += item.key + item.value
    }
    return elements + data
  }

  private static func branch(_ items: [(key: [UInt8], page: UInt64)]) -> [UInt8] {
    var elements: [UInt8] = []
    var data: [UInt8] = []
    for (number, item) in items.enumerated() {
      elements.append(integer: UInt32((items.count - number) * 16 + data.count))
      elements.append(integer: UInt32(item.key.count))
      elements.append(integer: item.page)
      data += item.key
    }
    return elements + data
  }
}

extension [UInt8] {
  fileprivate mutating func append(integer: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: integer.littleEndian) { append(contentsOf: $0) }
  }
}
