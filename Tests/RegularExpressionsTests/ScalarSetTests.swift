import BuildCache
import TestSupport
import Testing

@testable import RegularExpressions

@Suite("Sets of characters") struct ScalarSetTests {
  @Test("a set in brackets holds what its parts do") func sets() throws {
    let parts: [(String, @Sendable (Unicode.Scalar) -> Bool)] = [
      ("a-f", { ("a"..."f").contains($0) }), ("é", { $0 == "é" }), ("d-z", { ("d"..."z").contains($0) }),
      ("\\d", { ("0"..."9").contains($0) }), ("\\D", { !("0"..."9").contains($0) }), ("b", { $0 == "b" }),
      ("\\p{Lu}", { $0.properties.generalCategory == .uppercaseLetter }),
      ("\\P{Lu}", { $0.properties.generalCategory != .uppercaseLetter }), ("g-h", { ("g"..."h").contains($0) }),
      ("[:^upper:]", { !("A"..."Z").contains($0) }), ("\\W", { !$0.isWordCharacter }),
    ]
    let scalars = Array("aAbBfFgGhzZ09_-é É日\n\u{10ffff}\u{378}".unicodeScalars)
    for seed in 1...UInt64(long(500)) {
      var random = SeededGenerator(seed)
      let chosen = (0..<random.pick(1...4)).map { _ in parts[random.pick(0...(parts.count - 1))] }
      let isNegated = random.chance(30)
      let pattern = "^[" + (isNegated ? "^" : "") + chosen.map(\.0).joined() + "]$"
      let expression = try RegularExpression(pattern)
      for scalar in scalars {
        let isIn = chosen.contains { $0.1(scalar) }
        #expect(expression.matches(String(scalar)) == (isIn != isNegated), "\(pattern) \(scalar)")
      }
    }
  }

  @Test("ranges in any order come to the same set, and back") func ranges() {
    for seed in 1...UInt64(long(50)) {
      var random = SeededGenerator(seed)
      let ends: [UInt32] = [0, 1, 5, 9, 10, 11, 0x7f, 0x80, 0x10fffe, 0x10ffff]
      let ranges = (0..<random.pick(0...4)).map { _ in
        let low = random.pick(0...9)
        return ends[low]...ends[random.pick(low...9)]
      }
      let set = ScalarSet(ranges)
      for value in ends {
        let isIn = ranges.contains { $0.contains(value) }
        #expect(set.contains(value) == isIn && set.inverted.contains(value) != isIn, "\(ranges) \(value)")
      }
      #expect(set == ScalarSet(set.ranges) && set == ScalarSet(ranges.reversed()) && set == set.inverted.inverted)
      #expect(set.folded.folded == set.folded && set.ranges.allSatisfy { set.folded.contains($0.lowerBound) })
    }
  }
}
