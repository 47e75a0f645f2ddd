import BuildCache

/// A bucket of a bolt file: keys with values, and other buckets, in the order of the keys' bytes.
struct BoltBucket {
  /// Where a bucket's tree is.
  enum Place {
    /// In pages of its own.
    case tree(root: UInt64)
    /// In its value, which lies on this page.
    case inline(BoltPage)
  }

  /// What stands under a key.
  enum Entry {
    case value(ArraySlice<UInt8>)
    case bucket(BoltBucket)

    /// The value; nothing for a bucket.
    var value: ArraySlice<UInt8>? { if case .value(let bytes) = self { bytes } else { nil } }
    /// The bucket; nothing for a value.
    var bucket: BoltBucket? { if case .bucket(let bucket) = self { bucket } else { nil } }
  }

  let transaction: BoltTransaction
  let place: Place

  /// No tree of fewer than 2^64 pages is deeper, as each branch has two ends at least.
  private static let deepest = 64

  /// Goes through all keys in order. A bucket is gone through once in a transaction.
  ///
  /// - Throws: ``CacheError`` `damaged` naming file and page; what `body` throws.
  /// - Complexity: the pages of this bucket; those of buckets within it aren't read.
  func forEach(_ body: (_ key: ArraySlice<UInt8>, _ entry: Entry) throws -> Void) throws {
    var last: ArraySlice<UInt8>?
    switch place {
    case .inline(let page): try forEach(in: page, &last, body)
    case .tree(let root): try forEach(under: root, depth: 0, &last, body)
    }
  }

  private func forEach(
    under number: UInt64, depth: Int, _ last: inout ArraySlice<UInt8>?,
    _ body: (ArraySlice<UInt8>, Entry) throws -> Void
  ) throws {
    guard depth < Self.deepest else { throw transaction.damaged(number, "the tree is too deep") }
    try Task.checkCancellation()
    let page = try self.page(number)
    try transaction.visit(number, overflow: page.header.overflow)
    guard page.header.flags == .branch else { return try forEach(in: page, &last, body) }
    for element in 0..<page.header.count {
      guard let branch = page.branch(element) else { throw transaction.damaged(number, "a key lies outside of it") }
      try forEach(under: branch.page, depth: depth + 1, &last, body)
    }
  }

  private func forEach(
    in page: BoltPage, _ last: inout ArraySlice<UInt8>?, _ body: (ArraySlice<UInt8>, Entry) throws -> Void
  ) throws {
    var filled = 0
    for element in 0..<page.header.count {
      let (key, entry) = try leaf(element, of: page)
      // Bolt writes none over another: each may be taken once, and all are no more than the page.
      filled += key.count + page.valueLength(element)
      guard filled <= page.bytes.count else {
        throw transaction.damaged(page.header.number, "its entries lie over each other")
      }
      if let last, !last.lexicographicallyPrecedes(key) {
        throw transaction.damaged(page.header.number, "its keys are in no order")
      }
      last = key
      try body(key, entry)
    }
  }

  /// What stands under a key.
  ///
  /// - Throws: as ``forEach(_:)``.
  /// - Complexity: the depth of the tree in pages.
  subscript(key: some Collection<UInt8>) -> Entry? {
    get throws {
      var page: BoltPage
      switch place {
      case .inline(let inline): page = inline
      case .tree(let root):
        page = try self.page(root)
        var depth = 0
        while page.header.flags == .branch {
          let number = page.header.number
          depth += 1
          guard depth < Self.deepest else { throw transaction.damaged(number, "the tree is too deep") }
          let after = try (0..<page.header.count).partitionPoint {
            guard let branch = page.branch($0) else { throw transaction.damaged(number, "a key lies outside of it") }
            return !key.lexicographicallyPrecedes(branch.key)
          }
          guard let branch = page.branch(max(0, after - 1)) else { return nil }
          page = try self.page(branch.page)
        }
      }
      let found = try (0..<page.header.count).partitionPoint {
        try leaf($0, of: page).key.lexicographicallyPrecedes(key)
      }
      guard found < page.header.count else { return nil }
      let (foundKey, entry) = try leaf(found, of: page)
      return foundKey.elementsEqual(key) ? entry : nil
    }
  }

  /// The bucket within it by a path of names; nothing where there is none.
  func bucket(_ names: String...) throws -> BoltBucket? {
    var bucket = self
    for name in names {
      guard let next = try bucket[name.utf8]?.bucket else { return nil }
      bucket = next
    }
    return bucket
  }

  /// The value under a name.
  func value(_ name: String) throws -> ArraySlice<UInt8>? { try self[name.utf8]?.value }

  /// A page of a tree.
  private func page(_ number: UInt64) throws -> BoltPage {
    let page = try transaction.page(number)
    let isEmptyBranch = page.header.flags == .branch && page.header.count == 0
    guard page.header.flags == .branch || page.header.flags == .leaf, !isEmptyBranch, page.holdsItsElements else {
      throw transaction.damaged(number, "it is no page of a tree")
    }
    return page
  }

  private func leaf(_ number: Int, of page: BoltPage) throws -> (key: ArraySlice<UInt8>, entry: Entry) {
    guard let leaf = page.leaf(number) else {
      throw transaction.damaged(page.header.number, "an entry lies outside of it")
    }
    guard leaf.isBucket else { return (leaf.key, .value(leaf.value)) }
    return (leaf.key, .bucket(try bucket(in: leaf.value, onPage: page.header.number)))
  }

  /// A bucket's value: its root page and sequence, and for one without a root page all of its tree.
  private func bucket(in value: ArraySlice<UInt8>, onPage number: UInt64) throws -> BoltBucket {
    guard value.count >= 16 else { throw transaction.damaged(number, "a bucket on it has no head") }
    let root = value.span.bytes.integer(at: 0, UInt64.self)
    guard root == 0 else { return BoltBucket(transaction: transaction, place: .tree(root: root)) }
    let bytes = value.dropFirst(16)
    guard bytes.count >= BoltPage.Header.length else {
      throw transaction.damaged(number, "a bucket on it is cut off")
    }
    let page = BoltPage(bytes: bytes, header: BoltPage.Header(bytes.span.bytes, onPage: number))
    guard page.header.flags == .leaf, page.holdsItsElements else {
      throw transaction.damaged(number, "a bucket on it is no tree")
    }
    return BoltBucket(transaction: transaction, place: .inline(page))
  }
}
