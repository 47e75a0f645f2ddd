import BuildCache

/// The marked records, by id, so that marks stay where they are when the list is sorted, filtered or read anew.
struct Marks: Sendable {
  /// Their ids.
  private(set) var ids: Set<RecordID> = []
  /// Their sizes together.
  var bytes: Int64 { Int64(clamping: sum) }
  /// Wide enough for any sizes, so that what was added can be taken away again.
  private var sum: Int128 = 0

  var isEmpty: Bool { ids.isEmpty }
  var count: Int { ids.count }
  func contains(_ id: RecordID) -> Bool { ids.contains(id) }

  /// Marks rows, or takes their marks away.
  ///
  /// - Returns: those that were not so before.
  @discardableResult
  mutating func set(_ isMarked: Bool, _ rows: some Sequence<CacheState.Row>) -> [RecordID] {
    var changed: [RecordID] = []
    for row in rows {
      if isMarked {
        guard ids.insert(row.id).inserted else { continue }
        sum += Int128(row.size)
      } else {
        guard ids.remove(row.id) != nil else { continue }
        sum -= Int128(row.size)
      }
      changed.append(row.id)
    }
    return changed
  }

  /// Keeps the marks of what is still there.
  mutating func keep(in cache: CacheState) {
    let rows = ids.compactMap { cache.index(of: $0) }.map { cache.rows[$0] }
    self = Marks()
    set(true, rows)
  }
}
