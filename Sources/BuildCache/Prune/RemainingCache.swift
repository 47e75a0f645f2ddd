/// What is left of a cache while the rules of a plan are worked out one after the other.
struct RemainingCache {
  let state: CacheState
  let parentUse: ParentUse
  private(set) var isGone: [Bool]
  /// How many children of each row are left; one that names it twice counts twice.
  private(set) var standing: [Int32]
  /// When each row was last used, in nanoseconds; `.min` is never.
  private(set) var lastUsed: [Int64]
  private(set) var usageCount: [Int]
  /// The moment before the first use that a prune itself counts: later than any other (G6).
  private let latest: Int64
  private var lateUses: Int64 = 0

  static let neverUsed = Int64.min

  init(_ state: CacheState, parentUse: ParentUse, now: Timestamp) {
    self.state = state
    self.parentUse = parentUse
    isGone = [Bool](repeating: false, count: state.rows.count)
    standing = state.rows.indices.map { Int32(state.childCount(of: $0)) }
    lastUsed = state.rows.indices.map { state.rows[$0].lastUsedAt?.nanoseconds ?? Self.neverUsed }
    usageCount = state.rows.indices.map { state.rows[$0].usageCount }
    latest = max(now.nanoseconds, lastUsed.max() ?? now.nanoseconds)
  }

  /// Takes a row away, on which nothing stands.
  ///
  /// - Parameter freed: called for each parent on which nothing stands any more, with whether that counted a use of it.
  mutating func remove(_ row: Int, freed: (_ parent: Int, _ isUse: Bool) -> Void = { _, _ in }) {
    isGone[row] = true
    state.forEachParent(of: row) { parent in
      standing[parent] -= 1
      guard standing[parent] == 0 else { return }
      let isUse = countsUse(parent)
      if isUse {
        lateUses += 1
        usageCount[parent] += 1
        lastUsed[parent] = latest.addingSaturating(lateUses)
      }
      freed(parent, isUse)
    }
  }

  /// D4's total of what is left: what is shared by something that is gone counts again.
  ///
  /// - Complexity: O(rows and edges).
  func total() -> Int64 {
    let rows = state.rows
    var isShared = [Bool](repeating: false, count: rows.count)
    var open = rows.indices.filter { rows[$0].isReferenced && !isGone[$0] }
    while let row = open.popLast() {
      guard !isShared[row] else { continue }
      isShared[row] = true
      state.forEachParent(of: row) { open.append($0) }
    }
    return rows.indices.reduce(0) { isGone[$1] || isShared[$1] ? $0 : $0.addingSaturating(rows[$1].size) }
  }

  private func countsUse(_ row: Int) -> Bool {
    guard state.rows[row].outsideRefs == 0 else { return false }
    switch parentUse {
    case .never: return false
    case .always: return true
    case .implicitDiffs:
      return usageCount[row] == 0 && lastUsed[row] == Self.neverUsed && isImplicitDiff(state.rows[row].description)
    }
  }

  /// Whether a description is that of a diff which a diff of several layers made by itself (B5).
  private func isImplicitDiff(_ description: String) -> Bool {
    description.hasPrefix("diff \"") && description.hasSuffix("\"") && description.contains("\" -> \"")
  }
}
