import BuildCache
import CacheReport

/// The lines of the Records screen: one a record, or one a group with those of its records beneath it where it is
/// unfolded.
struct RecordLines: Sendable {
  /// What a line shows.
  enum RecordLine: Equatable {
    /// A row of the cache.
    case record(Int)
    /// A group, by its number.
    case group(Int)
  }

  private let order: [Int]
  /// The groups; absent where there are none.
  let groups: RecordGroups?
  /// The groups that are unfolded, by their ids.
  private(set) var unfolded: Set<String>
  /// The line of each group.
  private var starts: [Int] = []
  /// How many lines there are.
  private(set) var count = 0

  /// Lines up what was arranged.
  ///
  /// - Complexity: O(groups).
  init(_ arrangement: Arrangement, unfolded: Set<String> = []) {
    order = arrangement.order
    groups = arrangement.groups
    self.unfolded = unfolded
    countLines()
  }

  /// Lines up rows without groups.
  init(_ rows: [Int]) {
    (order, groups, unfolded) = (rows, nil, [])
    count = rows.count
  }

  private mutating func countLines() {
    guard let groups else {
      count = order.count
      return
    }
    starts.removeAll(keepingCapacity: true)
    count = 0
    for group in groups.groups {
      starts.append(count)
      count += 1 + (unfolded.contains(group.id) ? group.count : 0)
    }
  }

  /// Whether there are groups, and each is folded.
  var hasOnlyGroups: Bool { groups != nil && unfolded.isEmpty }

  /// What a line shows. O(log groups).
  func line(_ number: Int) -> RecordLine? {
    guard (0..<count).contains(number) else { return nil }
    guard let groups else { return .record(order[number]) }
    let group = starts.indices.partitionPoint { starts[$0] <= number } - 1
    let rows = groups.rows(of: group)
    return number == starts[group]
      ? .group(group) : .record(rows[rows.index(rows.startIndex, offsetBy: number - starts[group] - 1)])
  }

  /// The line of a row, or of its group where that is folded; nothing where it isn't listed. O(rows).
  func line(of row: Int) -> Int? {
    guard let groups else { return order.firstIndex(of: row) }
    guard let group = groups.group(of: row) else { return nil }
    guard isUnfolded(group) else { return starts[group] }
    return groups.rows(of: group).enumerated().first { $0.element == row }.map { starts[group] + 1 + $0.offset }
  }

  /// The line of a group.
  func line(ofGroup group: Int) -> Int { starts[group] }

  /// Whether the records of a group are shown.
  func isUnfolded(_ group: Int) -> Bool { groups.map { unfolded.contains($0.groups[group].id) } ?? false }

  /// Shows the records of a group, or hides them. O(groups).
  mutating func setUnfolded(_ group: Int, _ isUnfolded: Bool) {
    guard let id = groups?.groups[group].id else { return }
    if isUnfolded { unfolded.insert(id) } else { unfolded.remove(id) }
    countLines()
  }
}
