import BuildCache

/// A column that records can be sorted by.
enum SortKey: String, Sendable, CaseIterable {
  case size, id, kind, type, uses, used = "last used", created, description

  /// The key that chooses it in the sort menu.
  var letter: Character {
    switch self {
    case .size: "s"
    case .id: "i"
    case .kind: "k"
    case .type: "t"
    case .uses: "u"
    case .used: "l"
    case .created: "c"
    case .description: "d"
    }
  }

  /// Whether the first to be seen is the largest: what one looks for first.
  var startsDescending: Bool { self == .size || self == .uses }

  /// Whether one row comes before another, rising; equal rows by id, so that the order is always the same.
  func isBefore(_ a: CacheState.Row, _ b: CacheState.Row) -> Bool? {
    func compare<T: Comparable>(_ a: T, _ b: T) -> Bool? { a == b ? nil : a < b }
    switch self {
    case .size: return compare(a.size, b.size)
    case .id: return nil
    case .kind: return compare(a.kind?.rawValue ?? "", b.kind?.rawValue ?? "")
    case .type: return compare(a.recordType.rawValue, b.recordType.rawValue)
    case .uses: return compare(a.usageCount, b.usageCount)
    case .used: return compare(a.lastUsedAt?.nanoseconds ?? .min, b.lastUsedAt?.nanoseconds ?? .min)
    case .created: return compare(a.createdAt, b.createdAt)
    case .description: return compare(a.description, b.description)
    }
  }
}

/// The Records screen's own state.
struct RecordsState: Sendable {
  /// Row numbers in the order in which they are listed.
  var order: [Int] = []
  var sort = SortKey.size
  /// Whether the largest comes first.
  var isDescending = true
  var position = ListPosition()

  /// The row under the cursor.
  var current: Int? {
    order.indices.contains(position.cursor) ? order[position.cursor] : nil
  }

  /// Lists a cache's rows in the order chosen, the cursor on the record that it was on.
  ///
  /// - Complexity: O(n log n); done when the cache is read or sorted, not for a frame.
  mutating func arrange(_ cache: CacheState, cursorOn id: RecordID?) {
    let rows = cache.rows
    let (sort, isDescending) = (sort, isDescending)
    order = rows.indices.sorted { a, b in
      guard let isBefore = sort.isBefore(rows[a], rows[b]) else {
        return sort == .id && isDescending ? rows[a].id > rows[b].id : rows[a].id < rows[b].id
      }
      return isBefore != isDescending
    }
    if let row = id.flatMap({ cache.index(of: $0) }), let place = order.firstIndex(of: row) {
      position.cursor = place
    }
  }
}
