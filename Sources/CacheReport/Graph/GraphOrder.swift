import BuildCache

/// The order in which a graph lists records: children above parents, and what hangs together close together, so that
/// lanes are few and short.
struct GraphOrder {
  private let children: [[Int32]]
  private let firstParents: [Int32]
  private var isOpened: [Bool]
  private(set) var records: [Int32] = []

  /// Orders the rows: the tree that was used last first, and in it the branch that was used last. A tree that something
  /// listed above stands on comes next.
  ///
  /// Of branches that were used last at once, as all below one merge were, the layers come first: so each step of a
  /// chain stands right below the diffs that end with it, and hundreds of them need few lanes.
  ///
  /// - Parameters:
  ///   - edges: for each row what it stands on, as far as that is shown.
  ///   - isShown: which rows are listed; what they stand on has to be among them.
  /// - Throws: `CancellationError` where the task was cancelled.
  /// - Complexity: O(n log n + edges).
  init(_ state: CacheState, _ edges: [[(parent: Int, edge: GraphEdge)]], isShown: (Int) -> Bool)
    throws(CancellationError)
  {
    var check = CancellationCheck()
    let shown = state.rows.indices.filter(isShown)
    var children = [[Int32]](repeating: [], count: state.rows.count)
    for row in shown {
      for edge in edges[row] { children[edge.parent].append(Int32(row)) }
    }
    let newest = Self.newest(state, edges, shown, children)
    func isNewer(_ a: Int, _ b: Int) -> Bool { newest[a] == newest[b] ? a < b : newest[a] > newest[b] }
    for row in shown where children[row].count > 1 {
      children[row].sort {
        let (a, b) = (Int($0), Int($1))
        let (isLayer, isOtherLayer) = (edges[a].count == 1, edges[b].count == 1)
        return newest[a] == newest[b] && isLayer != isOtherLayer ? isLayer : isNewer(a, b)
      }
    }
    self.children = children
    firstParents = edges.map { $0.first.map { Int32($0.parent) } ?? -1 }
    isOpened = [Bool](repeating: false, count: state.rows.count)
    records.reserveCapacity(shown.count)
    for base in shown.filter({ edges[$0].isEmpty }).sorted(by: isNewer) {
      var waiting = [base]
      while let next = waiting.popLast() {
        try check.pass()
        if !isOpened[next] { waiting += list(from: next, edges) }
      }
    }
  }

  /// When each row, or anything on it, was last used or made.
  private static func newest(
    _ state: CacheState, _ edges: [[(parent: Int, edge: GraphEdge)]], _ shown: [Int], _ children: [[Int32]]
  ) -> [Timestamp] {
    var newest = state.rows.map { max($0.lastUsedAt ?? $0.createdAt, $0.createdAt) }
    var open = children.map(\.count)
    var ready = shown.filter { open[$0] == 0 }
    while let row = ready.popLast() {
      for edge in edges[row] {
        newest[edge.parent] = max(newest[edge.parent], newest[row])
        open[edge.parent] -= 1
        if open[edge.parent] == 0 { ready.append(edge.parent) }
      }
    }
    return newest
  }

  /// Lists all that stands on a base and isn't listed yet, each record after its children, the base last.
  ///
  /// - Returns: the bases of other trees that something listed stands on, the last seen first.
  private mutating func list(from base: Int, _ edges: [[(parent: Int, edge: GraphEdge)]]) -> [Int] {
    var others: [Int] = []
    var path: [(row: Int, next: Int)] = [(base, 0)]
    isOpened[base] = true
    while let (row, next) = path.last {
      if next < children[row].count {
        path[path.count - 1].next += 1
        let child = Int(children[row][next])
        if !isOpened[child] {
          isOpened[child] = true
          path.append((child, 0))
        }
        continue
      }
      path.removeLast()
      records.append(Int32(row))
      for edge in edges[row] where !isOpened[edge.parent] { others.append(edge.parent) }
    }
    return others.reversed().map(self.base)
  }

  /// The base that a record stands on through its first parents.
  private func base(of record: Int) -> Int {
    var record = record
    while firstParents[record] >= 0 { record = Int(firstParents[record]) }
    return record
  }
}
