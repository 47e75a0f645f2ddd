/// A set of characters, kept as the places where it begins and ends.
///
/// Halves of surrogate pairs can be in it, as RE2's syntax has them; no text holds one.
struct ScalarSet: Hashable, Sendable {
  /// In order: the first character that is in it, the first after that which is not, and so on. Without a last one, it
  /// goes on to the end.
  private(set) var boundaries: [UInt32] = []

  private static let last: UInt32 = 0x10ffff

  /// The characters of some ranges, which may be in any order and overlap.
  init(_ ranges: [ClosedRange<UInt32>]) {
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let end = boundaries.last, range.lowerBound <= end {
        boundaries[boundaries.count - 1] = max(end, range.upperBound + 1)
      } else {
        boundaries += [range.lowerBound, range.upperBound + 1]
      }
    }
    if boundaries.last == Self.last + 1 { boundaries.removeLast() }
  }

  /// All characters.
  static let any = ScalarSet([0...last])
  /// All but the line break.
  static let anyButNewline = ScalarSet([0xa...0xa]).inverted

  /// Whether a character is in it.
  func contains(_ value: UInt32) -> Bool {
    var (low, high) = (0, boundaries.count)
    while low < high {
      let middle = (low + high) / 2
      if boundaries[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return low % 2 == 1
  }

  /// Its characters as ranges, in order and apart.
  var ranges: [ClosedRange<UInt32>] {
    stride(from: 0, to: boundaries.count, by: 2).map { index in
      boundaries[index]...(index + 1 < boundaries.count ? boundaries[index + 1] - 1 : Self.last)
    }
  }

  /// The only member, where it has just one.
  var only: Unicode.Scalar? {
    guard boundaries.count == 2, boundaries[0] + 1 == boundaries[1] else { return nil }
    return Unicode.Scalar(boundaries[0])
  }

  /// The characters that are not in it.
  var inverted: ScalarSet {
    var inverted = self
    if boundaries.first == 0 { inverted.boundaries.removeFirst() } else { inverted.boundaries.insert(0, at: 0) }
    return inverted
  }

  /// It, with all that differ from its members in case only.
  var folded: ScalarSet {
    var ranges = ranges
    // To go through few characters is quicker than to go through all that have a case.
    if ranges.reduce(0, { $0 + $1.count }) < CaseFolding.classes.count {
      for value in ranges.joined() { ranges += CaseFolding.class(of: value).map { $0...$0 } }
    } else {
      for alike in CaseFolding.classes where alike.contains(where: contains) { ranges += alike.map { $0...$0 } }
    }
    return ScalarSet(ranges)
  }
}
