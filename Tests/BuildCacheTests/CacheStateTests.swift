import BuildCache
import TestSupport
import Testing

@Suite("The state of a cache") struct CacheStateTests {
  @Test("rows that are kept name the same parents, listed or not, and keep what was worked out among all")
  func keeping() {
    for seed in 1...UInt64(long(200)) {
      var random = SeededGenerator(seed)
      let all = randomState(rows: random.pick(1...40), &random)
      let kept = all.rows.indices.filter { _ in random.chance(60) }
      let part = all.keeping { _, number in kept.contains(number) }
      #expect(part.rows.map(\.id) == kept.map { all.rows[$0].id }, "seed \(seed)")
      for (row, old) in kept.enumerated() {
        #expect(part.parentIDs(of: row) == all.parentIDs(of: old), "seed \(seed)")
        #expect(part.rows[row] == all.rows[old], "seed \(seed)")
        #expect(part.index(of: part.rows[row].id) == row, "seed \(seed)")
        let children = all.children(of: old).filter { kept.contains($0) }
        #expect(part.children(of: row).map { part.rows[$0].id } == children.map { all.rows[$0].id }, "seed \(seed)")
      }
    }
  }
}
