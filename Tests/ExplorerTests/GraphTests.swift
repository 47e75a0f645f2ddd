import BuildCache
import CacheReport
import TestSupport
import Testing

@testable import Explorer

@Suite("The graph") struct GraphTests {
  /// Follows the lines that leave a record, as a reader does, to the records in which they end.
  private func parents(of start: Int, in rows: [[GraphLayout.GraphCell]], _ layout: GraphLayout) -> [Int] {
    guard let own = rows[start].firstIndex(where: \.isRecord) else { return [] }
    // Its own lane, and each lane on the way sideways in which the line turns down.
    var begun = rows[start][own].down == nil ? [] : [own]
    var lane = own
    while rows[start][lane].left != nil {
      lane -= 1
      if rows[start][lane].turn != nil { begun.append(lane) }
    }
    lane = own
    while rows[start][lane].right != nil {
      lane += 1
      if rows[start][lane].turn != nil { begun.append(lane) }
    }
    return begun.compactMap { lane in
      for row in (start + 1)..<rows.count {
        guard rows[row].indices.contains(lane), rows[row][lane].up != nil else { return nil }
        if rows[row][lane].isRecord { return layout.record(atRow: row) }
        guard rows[row][lane].down != nil else { return nil }
      }
      return nil
    }
  }

  private func cells(_ layout: GraphLayout) -> [[GraphLayout.GraphCell]] {
    (0..<layout.count).map { layout.cells(ofRow: $0, lanes: 0..<layout.width(ofRow: $0)) }
  }

  @Test("leads from every record to just its parents, children above them, whatever the graph") func anyGraph() throws {
    for seed in 1...UInt64(long(150)) {
      var random = SeededGenerator(seed)
      let state = randomState(rows: random.pick(1...60), &random)
      let layout = try GraphLayout(state)
      let rows = cells(layout)
      #expect((0..<layout.count).map { layout.record(atRow: $0) }.sorted() == Array(state.rows.indices), "seed \(seed)")
      var seen: Set<Int> = []
      for row in rows.indices {
        let record = layout.record(atRow: row)
        #expect(rows[row].count { $0.isRecord } == 1)
        #expect(layout.row(of: record) == row)
        #expect(seen.isDisjoint(with: state.parents(of: record)), "seed \(seed): a parent stands above")
        seen.insert(record)
        #expect(
          parents(of: row, in: rows, layout).sorted() == Set(state.parents(of: record)).sorted(),
          "seed \(seed), row \(row)")
        #expect(
          rows[row].last.map { $0.isRecord || $0.up != nil || $0.down != nil } == true, "the width is just enough")
      }
    }
  }

  @Test("right below the end of a lane stands nothing, so that nothing seems to be a parent; bases aside")
  func lanesRest() throws {
    for seed in 1...UInt64(long(100)) {
      var random = SeededGenerator(seed)
      let state = randomState(rows: random.pick(2...60), &random)
      let layout = try GraphLayout(state)
      let rows = cells(layout)
      for (row, next) in zip(rows.indices, rows.indices.dropFirst()) {
        guard let lane = rows[row].firstIndex(where: \.isRecord), rows[row][lane].down == nil,
          !state.parents(of: layout.record(atRow: row)).isEmpty, rows[next].indices.contains(lane)
        else { continue }
        let below = rows[next][lane]
        #expect(!below.isRecord && below.up == nil && below.down == nil, "seed \(seed), row \(row)")
      }
    }
  }

  @Test("a part of the lanes is what the whole has there") func window() throws {
    var random = SeededGenerator(7)
    let layout = try GraphLayout(randomState(rows: 200, &random))
    for row in 0..<layout.count {
      let whole = layout.cells(ofRow: row, lanes: 0..<layout.laneCount)
      for low in 0..<layout.laneCount {
        #expect(layout.cells(ofRow: row, lanes: low..<min(layout.laneCount, low + 3)) == Array(whole[low...].prefix(3)))
      }
    }
  }

  /// A base under `count` chains of one layer each, all merged: as many lanes as there are layers.
  private func wide(_ count: Int) -> CacheState {
    var builder = CacheState.Builder()
    builder.add(row("base", 1), parents: [])
    for number in 0..<count { builder.add(row("layer\(number)", 1) { $0.kind = .layer }, parents: ["base"]) }
    builder.add(row("top", 1) { $0.kind = .merge }, parents: (0..<count).map { "layer\($0)" })
    return builder.finish()
  }

  @Test("thousands of lanes are laid out, and rows are made of the lanes that are seen") func thousandsOfLanes() throws
  {
    let layout = try GraphLayout(wide(3000))
    #expect(layout.laneCount == 3000)
    #expect(layout.cells(ofRow: 0, lanes: 2990..<3000).count { $0.turn == .merge } == 10)
    #expect(layout.cells(ofRow: 1500, lanes: 2000..<2010).allSatisfy { $0.up != nil && $0.down != nil })
  }

  @Test("many records on one base share its lane: the graph stays narrow") func sharedLane() throws {
    var builder = CacheState.Builder()
    builder.add(row("base", 1), parents: [])
    for number in 0..<1000 { builder.add(row("layer\(number)", 1) { $0.kind = .layer }, parents: ["base"]) }
    #expect(try GraphLayout(builder.finish()).laneCount == 3)
  }

  @Test("long chains of single layers fold into one line, which knows where every row went") func folds() throws {
    for seed in 1...UInt64(long(60)) {
      var random = SeededGenerator(seed)
      var builder = CacheState.Builder()
      var ids: [RecordID] = []
      while ids.count < 60 {
        var parent = random.chance(30) || ids.isEmpty ? nil : ids[random.pick(0...(ids.count - 1))]
        for _ in 0..<random.pick(1...9) {
          let id: RecordID = "r\(ids.count)"
          builder.add(row(id, 1) { $0.kind = parent == nil ? .base : .layer }, parents: [parent].compactMap(\.self))
          ids.append(id)
          parent = id
        }
      }
      let state = builder.finish()
      let layout = try GraphLayout(state)
      var lines = GraphLines(layout, of: state, unfolded: []) { _ in false }
      for chain in lines.chains.indices where random.chance(50) { lines.setFolded(chain, false) }
      var row = 0
      for line in 0..<lines.count {
        switch lines.line(line) {
        case .record(let at):
          #expect(at == row)
          #expect(lines.line(ofRow: row) == line)
          row += 1
        case .chain(let chain):
          #expect(lines.chains[chain].rows.lowerBound == row)
          for hidden in lines.chains[chain].rows {
            #expect(lines.line(ofRow: hidden) == line)
            #expect(lines.chain(ofRow: hidden) == chain)
            #expect(state.parents(of: layout.record(atRow: hidden)).count == 1)
          }
          #expect(lines.chains[chain].rows.count >= GraphLines.shortest)
          row = lines.chains[chain].rows.upperBound
        }
      }
      #expect(row == layout.count, "seed \(seed)")
    }
  }

  private var sample: CacheState {
    func row(_ id: RecordID, _ kind: RecordKind, _ second: Int64) -> CacheState.Row {
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

  @Test("is drawn with signs that tell layer, merge and diff apart, in ASCII too") func signs() throws {
    func drawn(isASCII: Bool) throws -> [String] {
      let drawer = GraphText(isASCII: isASCII)
      let layout = try GraphLayout(sample)
      return cells(layout).indices.map { row in
        let record = layout.record(atRow: row)
        var text = drawer.lanes(
          cells(layout)[row],
          record: drawer.sign(of: sample.rows[record], hasParents: layout.hasParents(record)))
        while text.last == " " { text.removeLast() }
        return text
      }
    }
    #expect(try drawn(isASCII: false) == ["◆═╗", "● ║", "▽┄△┄◇", "├─●", "○"])
    #expect(try drawn(isASCII: true) == ["M=+", "o \"", "v.^.D", "+-o", "*"])
  }

  @Test("laying out stops soon where its task is cancelled") func cancelled() async throws {
    var random = SeededGenerator(3)
    let state = randomState(rows: 5_000, &random)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      _ = try GraphLayout(state)
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
