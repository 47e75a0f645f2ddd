/// A number in each of a row of slots, with a quick search for the next slot that has a smaller one.
///
/// The planner keeps the age of each usage count's oldest candidate in one. Of those only the ones that are older than
/// all with fewer uses can score lowest, and these few are found without looking at the others.
struct FrontTree {
  /// A heap-shaped tree of minima; the leaves are its second half.
  private var least: [Int32]
  private let leaves: Int

  /// What an empty slot has.
  static let empty = Int32.max

  /// Makes empty slots.
  init(slots: Int) {
    var leaves = 1
    while leaves < slots { leaves *= 2 }
    self.leaves = leaves
    least = [Int32](repeating: Self.empty, count: 2 * leaves)
  }

  /// The number of a slot. Setting is O(log slots).
  subscript(slot: Int) -> Int32 {
    get { least[leaves + slot] }
    set {
      var node = leaves + slot
      least[node] = newValue
      while node > 1 {
        node /= 2
        least[node] = min(least[2 * node], least[2 * node + 1])
      }
    }
  }

  /// The first slot from `start` on whose number is below `limit`. O(log slots).
  func first(from start: Int, below limit: Int32) -> Int? {
    guard start < leaves else { return nil }
    var node = leaves + start
    // Up while there is nothing in what the node covers, on to the right neighbour.
    while least[node] >= limit {
      while node & 1 == 1 { node /= 2 }
      if node == 0 { return nil }
      node += 1
    }
    while node < leaves {
      node *= 2
      if least[node] >= limit { node += 1 }
    }
    return node - leaves
  }
}
