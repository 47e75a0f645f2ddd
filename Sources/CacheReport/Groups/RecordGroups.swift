import BuildCache

/// The groups of what a list shows, with their sums: each of its records is in just one.
public struct RecordGroups: Sendable {
  /// A group.
  public struct Group: Sendable, Identifiable {
    /// The same for the same group of every reading.
    public let id: String
    /// In words; any text.
    public let name: String
    /// How many records it has.
    public let count: Int
    /// Their sizes together.
    public let bytes: Int64
    /// What pruning them frees, with all that hangs on them, listed or not.
    public let frees: Int64
    /// How often they were used, together.
    public let uses: Int
    /// When one of them was used last; absent: none ever was.
    public let lastUsedAt: Timestamp?
    /// When the last of them was made.
    public let createdAt: Timestamp
    /// Where it stands among groups that are alike.
    let place: Int
    fileprivate let first: Int
  }

  /// What puts the records together.
  public let key: RecordGrouping.Key
  /// The groups, in the order that was asked for.
  public let groups: [Group]
  /// The records, one group after the other in the order in which they were made.
  private let members: [Int32]
  /// The place of each listed row's group; below 0 for others.
  private let placeOfRow: [Int32]

  /// The rows of a group, in the list's order.
  public func rows(of group: Int) -> LazyMapCollection<ArraySlice<Int32>, Int> {
    let group = groups[group]
    return members[group.first..<(group.first + group.count)].lazy.map { Int($0) }
  }

  /// The group of a row, where it is listed. O(1).
  public func group(of row: Int) -> Int? {
    placeOfRow.indices.contains(row) && placeOfRow[row] >= 0 ? Int(placeOfRow[row]) : nil
  }

  /// Adds up the groups of a list.
  ///
  /// - Parameters:
  ///   - state: the cache.
  ///   - grouping: the group of each of its rows.
  ///   - order: the rows that are listed, in their order.
  ///   - areInOrder: whether one group comes before another, where that is said; else the larger comes first.
  /// - Complexity: O(rows) and, for each group, what hangs on it.
  public init(
    _ state: CacheState, _ grouping: RecordGrouping, order: [Int], by areInOrder: ((Group, Group) -> Bool?)? = nil
  ) {
    key = grouping.key
    let count = grouping.names.count
    var sizes = [Int](repeating: 0, count: count)
    for row in order { sizes[Int(grouping.groupOfRow[row])] += 1 }
    var next = [Int](repeating: 0, count: count)
    var start = 0
    for group in 0..<count {
      next[group] = start
      start += sizes[group]
    }
    let firsts = next
    var members = [Int32](repeating: 0, count: order.count)
    for row in order {
      let group = Int(grouping.groupOfRow[row])
      members[next[group]] = Int32(row)
      next[group] += 1
    }
    self.members = members
    var closure = Closure(state)
    let groups: [(number: Int, group: Group)] = (0..<count).filter { sizes[$0] > 0 }.map { number in
      let rows = members[firsts[number]..<(firsts[number] + sizes[number])]
      return (
        number, Group(state, grouping.names[number], rows, first: firsts[number], frees: closure.bytes(of: rows))
      )
    }
    let sorted = groups.sorted { a, b in
      let (a, b) = (a.group, b.group)
      if let isBefore = areInOrder?(a, b) { return isBefore }
      return (-a.bytes, a.place, a.name, a.id) < (-b.bytes, b.place, b.name, b.id)
    }
    self.groups = sorted.map(\.group)
    var places = [Int32](repeating: -1, count: count)
    for (place, group) in sorted.enumerated() { places[group.number] = Int32(place) }
    var placeOfRow = [Int32](repeating: -1, count: state.rows.count)
    for row in order { placeOfRow[row] = places[Int(grouping.groupOfRow[row])] }
    self.placeOfRow = placeOfRow
  }

  /// Adds up what hangs on rows, each record once.
  private struct Closure {
    private let state: CacheState
    private var seen: [Int32]
    private var round: Int32 = 0

    init(_ state: CacheState) {
      self.state = state
      seen = [Int32](repeating: 0, count: state.rows.count)
    }

    mutating func bytes(of rows: ArraySlice<Int32>) -> Int64 {
      round += 1
      // Nobody waits any more for an answer that was cancelled.
      if Task.isCancelled { return 0 }
      var open = Array(rows)
      var bytes: Int64 = 0
      while let top = open.popLast() {
        guard seen[Int(top)] != round else { continue }
        seen[Int(top)] = round
        bytes = bytes.addingSaturating(state.rows[Int(top)].size)
        state.forEachChild(of: Int(top)) { if seen[$0] != round { open.append(Int32($0)) } }
      }
      return bytes
    }
  }
}

extension RecordGroups.Group {
  fileprivate init(
    _ state: CacheState, _ name: RecordGrouping.Name, _ rows: ArraySlice<Int32>, first: Int, frees: Int64
  ) {
    var (bytes, uses): (Int64, Int) = (0, 0)
    var lastUsedAt: Timestamp?
    var createdAt = Timestamp(nanoseconds: .min)
    for number in rows {
      let row = state.rows[Int(number)]
      bytes = bytes.addingSaturating(row.size)
      uses = Int(clamping: Int64(uses).addingSaturating(Int64(row.usageCount)))
      if let used = row.lastUsedAt { lastUsedAt = max(lastUsedAt ?? used, used) }
      createdAt = max(createdAt, row.createdAt)
    }
    self.init(
      id: name.id, name: name.text, count: rows.count, bytes: bytes, frees: frees, uses: uses, lastUsedAt: lastUsedAt,
      createdAt: createdAt, place: name.place, first: first)
  }
}
