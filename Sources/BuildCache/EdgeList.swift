/// For each of a number of nodes a run of other nodes, all runs in one array.
///
/// Nodes are numbered; an end that is no node of the list has a number beyond.
package struct EdgeList: Sendable, Equatable {
  /// Where each node's run begins, and after the last where it ends.
  private var start: [Int32] = [0]
  private var ends: [Int32] = []

  /// Makes a list of no nodes.
  package init() {}

  /// The number of nodes.
  package var count: Int { start.count - 1 }

  /// Makes room for so many nodes with one end each.
  package mutating func reserve(_ nodes: Int) {
    start.reserveCapacity(nodes + 1)
    ends.reserveCapacity(nodes)
  }

  /// The run of a node.
  package subscript(node: Int) -> ArraySlice<Int32> {
    ends[Int(start[node])..<Int(start[node + 1])]
  }

  /// Adds an end to the run of the node that comes next.
  package mutating func add(_ end: Int32) { ends.append(end) }

  /// Ends that run.
  package mutating func endNode() { start.append(Int32(ends.count)) }

  /// Makes others of all ends, in their order.
  package mutating func replaceEnds(_ other: (Int32) -> Int32) {
    for place in ends.indices { ends[place] = other(ends[place]) }
  }

  /// The same edges seen from their ends, those beyond `count` left out; runs keep the order of the nodes.
  ///
  /// - Complexity: O(nodes and edges).
  package func reversed(count: Int) -> EdgeList {
    var begin = [Int32](repeating: 0, count: count + 1)
    for end in ends where end < count { begin[Int(end) + 1] += 1 }
    for node in 0..<count { begin[node + 1] += begin[node] }
    var next = begin
    var back = EdgeList()
    back.ends = [Int32](repeating: 0, count: Int(begin[count]))
    for node in 0..<count {
      for end in self[node] where end < count {
        back.ends[Int(next[Int(end)])] = Int32(node)
        next[Int(end)] += 1
      }
    }
    back.start = begin
    return back
  }
}
