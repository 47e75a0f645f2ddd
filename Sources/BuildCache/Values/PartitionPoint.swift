extension Range<Int> {
  /// The first number for which something no longer holds that holds for all before it, and for none after; the end
  /// where it holds for all. O(log count).
  package func partitionPoint(where holds: (Int) throws -> Bool) rethrows -> Int {
    var (low, high) = (lowerBound, upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if try holds(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
