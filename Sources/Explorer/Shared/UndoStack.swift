import BuildCache
import CacheReport

/// What was changed and can be taken back, the last change last: marks, folds, filters.
struct UndoStack: Sendable {
  /// A change.
  enum Change: Sendable {
    /// Records were marked, or their marks were taken away.
    case marks(isMarking: Bool, [RecordID])
    /// Something in the graph was folded, or unfolded; before, these folds were there.
    case fold(GraphFolds, isFolding: Bool)
    /// The group with this id was folded, or unfolded.
    case group(String, isFolding: Bool)
    /// Another filter was set in place of this one.
    case filter(from: Filter)

    /// The ids that it keeps.
    fileprivate var weight: Int {
      if case .marks(_, let ids) = self { return ids.count }
      return 1
    }
  }

  private var changes: [Change] = []
  private var weight = 0

  /// More changes than anybody takes back.
  static let mostChanges = 100
  /// Marks of so many records; the last change is kept whatever it is.
  private static let mostWeight = 1_000_000

  var isEmpty: Bool { changes.isEmpty }

  /// Remembers a change; what was long ago is forgotten.
  mutating func add(_ change: Change) {
    changes.append(change)
    weight += change.weight
    while changes.count > 1, changes.count > Self.mostChanges || weight > Self.mostWeight {
      weight -= changes.removeFirst().weight
    }
  }

  /// The last change, which is forgotten.
  mutating func popLast() -> Change? {
    let last = changes.popLast()
    weight -= last?.weight ?? 0
    return last
  }

  /// Forgets changes of marks: what they were of is gone.
  mutating func forgetMarks() {
    changes.removeAll { if case .marks = $0 { true } else { false } }
    weight = changes.reduce(0) { $0 + $1.weight }
  }
}

extension ExplorerState {
  /// Takes the last change of marks, folds or filter back.
  mutating func undo() -> [Effect] {
    switch undos.popLast() {
    case nil: return []
    case .marks(let isMarking, let ids):
      let rows = ids.compactMap { cache.index(of: $0) }.map { cache.rows[$0] }
      marks.set(!isMarking, rows)
      message =
        isMarking ? "undone: the marks of \(counted(rows.count))" : "undone: \(counted(rows.count)) marked again"
      return marksChanged()
    case .fold(let before, let isFolding):
      graph.folds = before
      message = isFolding ? "undone: a fold" : "undone: folded again"
      return [layOut()]
    case .group(let id, let isFolding):
      if let group = records.lines.groups?.groups.firstIndex(where: { $0.id == id }) {
        records.setUnfolded(group, isFolding)
      }
      message = isFolding ? "undone: a fold" : "undone: folded again"
      return []
    case .filter(let before):
      choice.filter = before
      message = before.strings.first.map { "undone: the filter is \($0) again" } ?? "undone: no filter any more"
      return [arrange()]
    }
  }
}
