/// Random numbers that a seed decides (SplitMix64), the same on every machine: for the demo, tests and benchmarks.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(_ seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A whole number of a range.
  package mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
  /// True so many times in a hundred.
  package mutating func chance(_ percent: Int) -> Bool { pick(0...99) < percent }
}
