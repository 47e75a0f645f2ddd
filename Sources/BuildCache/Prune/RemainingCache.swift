/// What is left of a cache while the rules of a plan are worked out one after the other.
struct RemainingCache {
  let state: CacheState
  /// When the daemon was started; absent: nothing counts uses of parents.
  let restart: DaemonRestart?
  private(set) var isGone: [Bool]
  /// How many children of each row are left; one that names it twice counts twice.
  private(set) var standing: [Int32]
  /// How many of the holds that children have on each row are left that count as a use (G6).
  private var counting: [Int32]
  /// When each row was last used, in nanoseconds; `.min` is never.
  private(set) var lastUsed: [Int64]
  private(set) var usageCount: [Int]
  /// The moment before the first use that a prune itself counts: later than any other (G6).
  private let latest: Int64
  private var lateUses: Int64 = 0
  private var isMeasured = false

  static let neverUsed = Int64.min

  init(_ state: CacheState, restart: DaemonRestart?, now: Timestamp) {
    self.state = state
    self.restart = restart
    isGone = [Bool](repeating: false, count: state.rows.count)
    standing = state.rows.indices.map { Int32(state.childCount(of: $0)) }
    lastUsed = state.rows.indices.map { state.rows[$0].lastUsedAt?.nanoseconds ?? Self.neverUsed }
    usageCount = state.rows.indices.map { state.rows[$0].usageCount }
    latest = max(now.nanoseconds, lastUsed.max() ?? now.nanoseconds)
    counting = []
    guard restart != nil else { return }
    counting = [Int32](repeating: 0, count: state.rows.count)
    for row in state.rows.indices {
      state.forEachParent(of: row) { if countsUse(of: $0, by: row) { counting[$0] += 1 } }
    }
  }

  /// What taking a row away does to a parent.
  struct Release {
    let parent: Int
    /// Whether nothing stands on it any more.
    let isFreed: Bool
    /// Whether that counted a use of it.
    let isUse: Bool
  }

  /// Takes a row away, on which nothing stands.
  ///
  /// - Parameter released: called for each parent to which that does something.
  mutating func remove(_ row: Int, released: (Release) -> Void = { _ in }) {
    isGone[row] = true
    state.forEachParent(of: row) { parent in
      standing[parent] -= 1
      var isUse = false
      if restart != nil, countsUse(of: parent, by: row) {
        counting[parent] -= 1
        isUse = counting[parent] == 0 && state.rows[parent].outsideRefs == 0
        if isUse { use(parent) }
      }
      guard isUse || standing[parent] == 0 else { return }
      released(Release(parent: parent, isFreed: standing[parent] == 0, isUse: isUse))
    }
  }

  /// Measures what has no known size, as a daemon does before the first prune that has a limit: that counts a use of each
  /// (G13).
  mutating func measure() {
    guard restart != nil, !isMeasured else { return }
    isMeasured = true
    for row in state.rows.indices
    where state.rows[row].isMeasuredByUse && !isGone[row] && state.rows[row].outsideRefs == 0 {
      use(row)
    }
  }

  /// Counts a use of a row that is later than any before.
  private mutating func use(_ row: Int) {
    lateUses += 1
    usageCount[row] += 1
    lastUsed[row] = latest.addingSaturating(lateUses)
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

  /// Whether a hold of a row on its parent counts.
  private func countsUse(of parent: Int, by row: Int) -> Bool {
    switch restart {
    case nil: return false
    case .before: return true
    case .at(let start) where state.rows[row].createdAt < start: return true
    case .at, .never:
      let parent = state.rows[parent]
      return parent.usageCount == 0 && parent.lastUsedAt == nil && isImplicitDiff(parent.description)
    }
  }

  /// Whether a description is that of a diff which a diff of several layers made by itself (B5).
  private func isImplicitDiff(_ description: String) -> Bool {
    description.hasPrefix("diff \"") && description.hasSuffix("\"") && description.contains("\" -> \"")
  }
}
