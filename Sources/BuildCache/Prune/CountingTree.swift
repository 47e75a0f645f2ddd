/// Counts over numbered slots with quick sums of a prefix (a Fenwick tree).
///
/// Ranks among the distinct times of the candidates are such sums: one slot a time, 1 while a candidate has it.
struct CountingTree {
  private var sums: [Int32]
  /// The sum of all slots.
  private(set) var total = 0

  /// Makes `slots` slots that all count 0.
  init(slots: Int) {
    sums = [Int32](repeating: 0, count: slots + 1)
  }

  /// Changes one slot's count. O(log slots).
  mutating func add(_ change: Int, at slot: Int) {
    total += change
    var node = slot + 1
    while node < sums.count {
      sums[node] += Int32(change)
      node += node & -node
    }
  }

  /// The sum of the slots `0...slot`. O(log slots).
  func sum(through slot: Int) -> Int {
    var node = slot + 1
    var sum: Int32 = 0
    while node > 0 {
      sum += sums[node]
      node -= node & -node
    }
    return Int(sum)
  }
}
