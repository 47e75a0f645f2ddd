/// A compiled pattern: the steps of an automaton, and the sets of characters that they read.
struct Program: Sendable {
  /// One step of the automaton.
  enum Step: Sendable {
    /// Reads a character of the set with this number, then goes on at the next step.
    case character(Int)
    case assertion(Assertion)
    /// Goes on at both places.
    case split(Int, Int)
    case jump(Int)
    case match
  }

  /// A set of characters without storage of its own, so that looking a character up counts no references.
  private struct Entry: Sendable {
    /// A bit for each character of ASCII.
    var low: UInt64 = 0
    var high: UInt64 = 0
    /// Where its part of the boundaries begins and ends.
    var start: Int
    var end: Int
  }

  let steps: [Step]
  private let entries: [Entry]
  /// The boundaries of all sets, one after the other (``ScalarSet/boundaries``).
  private let boundaries: [UInt32]

  init(_ steps: [Step], _ sets: [ScalarSet]) {
    self.steps = steps
    var boundaries: [UInt32] = []
    entries = sets.map { set in
      var entry = Entry(start: boundaries.count, end: boundaries.count + set.boundaries.count)
      boundaries += set.boundaries
      for bit in UInt32(0)..<64 {
        if set.contains(bit) { entry.low |= 1 << UInt64(bit) }
        if set.contains(bit + 64) { entry.high |= 1 << UInt64(bit) }
      }
      return entry
    }
    self.boundaries = boundaries
  }

  /// Whether the set with a number has a character.
  func set(_ number: Int, has scalar: Unicode.Scalar) -> Bool {
    let entry = entries[number]
    let value = scalar.value
    if value < 64 { return entry.low >> UInt64(value) & 1 != 0 }
    if value < 128 { return entry.high >> UInt64(value - 64) & 1 != 0 }
    var (low, high) = (entry.start, entry.end)
    while low < high {
      let middle = (low + high) / 2
      if boundaries[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return (low - entry.start) % 2 == 1
  }
}
