import BuildCache
import CacheReport

/// Which records the lists show, and in which order.
struct ListChoice: Sendable, Equatable {
  /// The column that they are sorted by.
  var sort = SortKey.size
  /// Whether the largest comes first.
  var isDescending = true
  /// What they have to match.
  var filter = Filter.all
  /// What puts them together; absent: each stands alone.
  var grouping: RecordGrouping.Key?
}

/// A cache's rows as a choice lists them; made aside, as it looks at every row.
struct Arrangement: Sendable {
  /// What was chosen.
  let choice: ListChoice
  /// All rows in the order chosen.
  private let sorted: [Int]
  /// The rows that match, in the order chosen.
  let order: [Int]
  /// For each row whether it matches; absent: all do.
  let isMatch: [Bool]?
  /// What pruning each row frees; absent where the choice did not need it.
  let frees: [Int64]?
  /// What the rows that match have alike.
  let traits: ListTraits
  /// The most that a listed row, or a group, has of what they are sorted by: what it frees, else its size.
  let largest: Int64
  /// The groups of the rows that match, in the order chosen; absent where each row stands alone.
  let groups: RecordGroups?
  /// The group of every row, which serves as long as the cache is the same.
  private let grouping: RecordGrouping?

  /// No rows.
  static let empty = Arrangement(.empty, ListChoice(), now: Timestamp(nanoseconds: 0))

  /// Arranges a cache's rows.
  ///
  /// - Parameters:
  ///   - cache: the rows.
  ///   - choice: order and filter.
  ///   - earlier: an arrangement of the same cache, whose order serves where it is the one chosen.
  ///   - now: from when the filter counts ages.
  /// - Complexity: O(n log n); O(n) with an earlier one of the same order.
  init(_ cache: CacheState, _ choice: ListChoice, from earlier: Arrangement? = nil, now: Timestamp) {
    self.choice = choice
    if let earlier, earlier.choice.sort == choice.sort, earlier.choice.isDescending == choice.isDescending {
      (sorted, frees) = (earlier.sorted, earlier.frees)
    } else {
      frees = choice.sort == .frees ? cache.sizesWithDescendants() : earlier?.frees
      sorted = choice.sort.sorted(cache, isDescending: choice.isDescending, frees: frees ?? [])
    }
    if choice.filter == .all {
      (isMatch, order) = (nil, sorted)
      let isSame = earlier?.choice.filter == .all
      traits = isSame ? earlier?.traits ?? ListTraits(cache.rows) : ListTraits(cache.rows)
    } else {
      let matching = cache.matches(choice.filter, now: now)
      isMatch = matching
      order = sorted.filter { matching[$0] }
      traits = ListTraits(order.lazy.map { cache.rows[$0] })
    }
    let weights = choice.sort == .frees ? frees : nil
    let largestRow = order.reduce(0) { max($0, weights?[$1] ?? cache.rows[$1].size) }
    guard let key = choice.grouping else {
      (groups, grouping, largest) = (nil, earlier?.grouping, largestRow)
      return
    }
    // Ages go on.
    let known = key == .age ? nil : earlier?.grouping.flatMap { $0.key == key ? $0 : nil }
    let grouping = known ?? RecordGrouping(cache, by: key, now: now)
    self.grouping = grouping
    let groups = RecordGroups(cache, grouping, order: order) { a, b in
      choice.sort.areInOrder(a, b, isDescending: choice.isDescending)
    }
    self.groups = groups
    largest = groups.groups.reduce(largestRow) { max($0, weights == nil ? $1.bytes : $1.frees) }
  }
}

/// A column that records can be sorted by.
enum SortKey: String, Sendable, CaseIterable {
  case size, frees, id, kind, type, uses, used = "last used", created, description

  /// The key that chooses it in the sort menu.
  var letter: Character {
    switch self {
    case .size: "s"
    case .frees: "f"
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
  var startsDescending: Bool { self == .size || self == .frees || self == .uses }

  /// Whether a group comes before another in this order; absent where they are alike, or the order says nothing of groups.
  fileprivate func areInOrder(_ a: RecordGroups.Group, _ b: RecordGroups.Group, isDescending: Bool) -> Bool? {
    func by<T: Comparable>(_ value: (RecordGroups.Group) -> T) -> Bool? {
      value(a) == value(b) ? nil : (value(a) < value(b)) != isDescending
    }
    switch self {
    case .size: return by(\.bytes)
    case .frees: return by(\.frees)
    case .uses: return by(\.uses)
    case .used: return by { $0.lastUsedAt?.nanoseconds ?? .min }
    case .created: return by(\.createdAt.nanoseconds)
    case .id, .kind, .type, .description: return by(\.name)
    }
  }

  /// A cache's rows in this order; equal rows by id, so that the order is always the same.
  fileprivate func sorted(_ cache: CacheState, isDescending: Bool, frees: [Int64]) -> [Int] {
    let rows = cache.rows
    func by<T: Comparable>(_ values: [T]) -> [Int] {
      rows.indices.sorted { a, b in
        values[a] == values[b] ? rows[a].id < rows[b].id : (values[a] < values[b]) != isDescending
      }
    }
    switch self {
    case .size: return by(rows.map(\.size))
    case .frees: return by(frees)
    case .id: return rows.indices.sorted { (rows[$0].id < rows[$1].id) != isDescending }
    case .kind: return by(rows.map { $0.kind?.rawValue ?? "" })
    case .type: return by(rows.map(\.recordType.rawValue))
    case .uses: return by(rows.map(\.usageCount))
    case .used: return by(rows.map { $0.lastUsedAt?.nanoseconds ?? .min })
    case .created: return by(rows.map(\.createdAt.nanoseconds))
    case .description: return by(rows.map(\.description))
    }
  }
}
