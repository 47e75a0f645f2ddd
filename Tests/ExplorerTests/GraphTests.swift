import BuildCache
import TestSupport
import Testing

@testable import Explorer

@Suite("The graph") struct GraphTests {
  /// Follows the lines that leave a record downwards, as a reader does, to the records in which they end.
  private func parents(of start: Int, in rows: [GraphLayout.Row]) -> [Int] {
    guard let own = rows[start].cells.firstIndex(where: \.isRecord) else { return [] }
    // Its own lane, and each lane to the right in which a corner turns down.
    let begun = rows[start].cells.indices.filter { lane in
      let cell = rows[start].cells[lane]
      return lane == own ? cell.down != nil : cell.up == nil && cell.down != nil && cell.left != nil
    }
    return begun.compactMap { lane in
      for row in rows[(start + 1)...] {
        guard row.cells.indices.contains(lane), row.cells[lane].up != nil else { return nil }
        if row.cells[lane].isRecord { return row.record }
        guard row.cells[lane].down == nil else { continue }
        // The line turns to the record of this row, and never passes an empty place on its way.
        var at = lane
        while at > 0, row.cells[at].left != nil {
          at -= 1
          if row.cells[at].isRecord { return row.record }
        }
        return nil
      }
      return nil
    }
  }

  @Test("leads from every record to just its parents, children above them, whatever the graph") func anyGraph() {
    for seed in 1...UInt64(long(150)) {
      var random = SeededGenerator(seed)
      let state = randomState(rows: random.pick(1...60), &random)
      let rows = GraphLayout(state).rows
      #expect(rows.map(\.record).sorted() == Array(state.rows.indices), "seed \(seed)")
      var seen: Set<Int> = []
      for (number, row) in rows.enumerated() {
        #expect(row.cells.count { $0.isRecord } == 1)
        #expect(seen.isDisjoint(with: state.parents(of: row.record)), "seed \(seed): a parent stands above")
        seen.insert(row.record)
        #expect(
          parents(of: number, in: rows).sorted() == Set(state.parents(of: row.record)).sorted(),
          "seed \(seed), row \(number)")
      }
    }
  }

  private var sample: CacheState {
    func row(_ id: String, _ kind: RecordKind, _ second: Int64) -> CacheState.Row {
      CacheState.Row(id: id, kind: kind, size: 1, createdAt: Timestamp(nanoseconds: second * 1_000_000_000))
    }
    var builder = CacheState.Builder()
    builder.add(row("merge", .merge, 9), parents: ["one", "two"])
    builder.add(row("diff", .diff, 8), parents: ["base", "two"])
    builder.add(row("one", .layer, 7), parents: ["base"])
    builder.add(row("two", .layer, 6), parents: ["base"])
    builder.add(row("base", .base, 5), parents: [])
    return builder.finish()
  }

  @Test("is drawn with signs that tell layer, merge and diff apart, in ASCII too") func signs() {
    func drawn(isASCII: Bool) -> [String] {
      let drawer = GraphText(isASCII: isASCII)
      return GraphLayout(sample).rows.map { row in
        var text = drawer.lanes(of: row, kind: sample.rows[row.record].kind)
        while text.last == " " { text.removeLast() }
        return text
      }
    }
    #expect(drawn(isASCII: false) == ["◆═╗", "● ║", "│ ║ ◇┄┐", "│ ●┄┊┄┘", "○─┴┄┘"])
    #expect(drawn(isASCII: true) == ["M=+", "o \"", "| \" D.+", "| o.:.+", "*-+.+"])
  }
}
