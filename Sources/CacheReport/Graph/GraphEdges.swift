import BuildCache

/// How a record stands on a parent.
public enum GraphEdge: String, Sendable, Encodable {
  /// As the next layer.
  case layer
  /// As one of the trees that it merges.
  case merge
  /// As the tree that a diff begins with.
  case lower
  /// As the tree that a diff ends with.
  case upper
}

extension CacheState {
  /// How a row stands on the parent at a place of ``parentIDs(of:)``.
  public func graphEdge(of row: Int, at place: Int, of count: Int) -> GraphEdge {
    switch rows[row].kind {
    case .diff: place == 0 ? .lower : .upper
    case .merge: .merge
    case .base, .layer: .layer
    // A list that tells no kinds: only a merge or a diff has several parents.
    case nil: count > 1 ? .merge : .layer
    }
  }

  /// The listed parents of a row, each once, with how it stands on them.
  ///
  /// - Complexity: O(parents).
  package func graphEdges(of row: Int) -> [(parent: Int, edge: GraphEdge)] {
    let listed = parents(of: row)
    guard let first = listed.first else { return [] }
    let named = parentIDs(of: row)
    if named.count == 1 { return [(first, graphEdge(of: row, at: 0, of: 1))] }
    var edges: [(parent: Int, edge: GraphEdge)] = []
    var seen: Set<Int> = []
    for (place, id) in named.enumerated() {
      guard let parent = index(of: id), seen.insert(parent).inserted else { continue }
      edges.append((parent, graphEdge(of: row, at: place, of: named.count)))
    }
    return edges
  }
}
