import BuildCache

/// The marked records, by id, so that marks stay where they are when the list is sorted, filtered or read anew.
struct Marks: Sendable {
  /// Their ids.
  private(set) var ids: Set<RecordID> = []
  /// Their sizes together.
  var bytes: Int64 { Int64(clamping: sum) }
  /// Wide enough for any sizes, so that what was added can be taken away again.
  private var sum: Int128 = 0
  /// What was changed, the last change last; each can be taken back.
  private var changes: [(isMarking: Bool, rows: [(id: RecordID, size: Int64)])] = []

  /// More changes than anybody takes back.
  private static let mostChanges = 100

  var isEmpty: Bool { ids.isEmpty }
  var count: Int { ids.count }
  func contains(_ id: RecordID) -> Bool { ids.contains(id) }
  /// Whether there is a change to take back.
  var canUndo: Bool { !changes.isEmpty }

  /// Marks rows, or takes their marks away.
  mutating func set(_ isMarked: Bool, _ rows: some Sequence<CacheState.Row>) {
    let changed = rows.filter { ids.contains($0.id) != isMarked }.map { (id: $0.id, size: $0.size) }
    guard !changed.isEmpty else { return }
    changes.append((isMarked, changed))
    if changes.count > Self.mostChanges { changes.removeFirst() }
    apply(isMarked, changed)
  }

  /// Takes the last change back.
  mutating func undo() {
    guard let last = changes.popLast() else { return }
    apply(!last.isMarking, last.rows)
  }

  private mutating func apply(_ isMarking: Bool, _ rows: [(id: RecordID, size: Int64)]) {
    for row in rows {
      if isMarking {
        if ids.insert(row.id).inserted { sum += Int128(row.size) }
      } else if ids.remove(row.id) != nil {
        sum -= Int128(row.size)
      }
    }
  }

  /// Keeps the marks of what is still there; what was changed before can't be taken back any more.
  mutating func keep(in cache: CacheState) {
    let rows = ids.compactMap { cache.index(of: $0) }.map { cache.rows[$0] }
    self = Marks()
    set(true, rows)
    changes = []
  }
}
