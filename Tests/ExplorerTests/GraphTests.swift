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
        for (lane, cell) in rows[row].enumerated() where cell.down != nil || cell.isRecord {
          let target = try #require(cell.target)
          #expect(layout.lane(of: cell.isRecord && cell.down != nil ? record : target) == lane)
          #expect((layout.row(of: target) ?? -1) >= row, "a line leads down")
        }
        if let parent = state.parents(of: record).first, layout.lane(of: parent) == layout.lane(of: record),
          rows[row][layout.lane(of: record)].down != nil, (layout.row(of: parent) ?? 0) > row,
          !(0..<row).contains(where: { above in rows[above].contains { $0.target == parent } })
        {
          #expect(layout.hue(of: parent) == layout.hue(of: record), "a line keeps its hue")
        }
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
    let state = wide(3000)
    let layout = try GraphLayout(state, unbundled: [try #require(state.index(of: "top"))])
    #expect(layout.laneCount == 3000)
    #expect(layout.bundledRows.isEmpty)
    #expect(layout.cells(ofRow: 0, lanes: 2990..<3000).count { $0.turn == .merge } == 10)
    #expect(layout.cells(ofRow: 1500, lanes: 2000..<2010).allSatisfy { $0.up != nil && $0.down != nil })
  }

  @Test(
    "a merge has a lane to each of a few parents; of very many the first few have one, the others are counted",
    arguments: [(2, 2), (9, 9), (10, 3), (300, 3), (3000, 3)])
  func merges(parents: Int, lanes: Int) throws {
    let state = wide(parents)
    let layout = try GraphLayout(state)
    let top = try #require(state.index(of: "top"))
    #expect(cells(layout)[0].count { $0.down != nil || $0.turn != nil } == lanes)
    #expect(layout.laneCount <= 9)
    #expect(layout.bundledParents(of: top) == Array(state.parents(of: top)[lanes...]))
    #expect(layout.bundledRows == (parents > 9 ? [0] : []))
    #expect(layout.count == parents + 2, "each parent has a row")
    let lines = GraphLines(layout, of: state, GraphFolds())
    #expect(lines.count == layout.count + (parents > 9 ? 1 : 0))
    guard parents > 9 else { return }
    #expect(lines.line(1) == .fold(0))
    #expect(lines.folds[0].words(in: .si) == "\(parents - 3) more parents, \(ByteCount(Int64(parents - 3)).text)")
    #expect(lines.line(ofRow: 0) == 0 && lines.line(ofRow: 1) == 2)
  }

  @Test("hundreds of diffs between the steps of a chain, merged, need few lanes") func diffs() throws {
    var builder = CacheState.Builder()
    builder.add(row("step0", 1), parents: [])
    for step in 1..<300 { builder.add(row("step\(step)", 1) { $0.kind = .layer }, parents: ["step\(step - 1)"]) }
    for step in 1..<300 {
      builder.add(row("diff\(step)", 0) { $0.kind = .diff }, parents: ["step\(step - 1)", "step\(step)"])
    }
    builder.add(
      row("merge", 0, minutesAgo: 1) { $0.kind = .merge }, parents: (1..<300).map { "diff\($0)" })
    #expect(try GraphLayout(builder.finish()).laneCount <= 8)
  }

  @Test("lines that begin side by side differ in hue") func hues() throws {
    let layout = try GraphLayout(wide(9))
    let hues = (0..<9).compactMap { lane in
      layout.cells(ofRow: 0, lanes: lane..<(lane + 1)).first?.target.map { layout.hue(of: $0) }
    }
    #expect(hues.count == 9)
    #expect(zip(hues, hues.dropFirst()).allSatisfy { $0 != $1 })
    #expect(hues.allSatisfy { (0..<GraphLayout.hueCount).contains($0) })
  }

  @Test("every record is on one line, from its top through first parents to its base") func trunks() throws {
    for seed in 1...UInt64(long(60)) {
      var random = SeededGenerator(seed)
      let state = randomState(rows: random.pick(1...60), &random)
      let layout = try GraphLayout(state)
      let trunks = GraphTrunks(layout, of: state)
      for record in state.rows.indices {
        var base = record
        while let parent = state.parents(of: base).first { base = parent }
        var top = record
        while let child = state.children(of: top).filter({ state.parents(of: $0).first == top })
          .min(by: { (layout.row(of: $0) ?? 0) < (layout.row(of: $1) ?? 0) })
        {
          top = child
        }
        #expect(trunks.base(of: record) == base, "seed \(seed)")
        #expect(trunks.top(of: record) == top, "seed \(seed)")
        let line = trunks.line(of: record, in: state)
        #expect(line[record] != nil && line[top] == top && line[base] != nil)
        #expect(line.allSatisfy { $0 == top || state.parents(of: $1).first == $0 })
      }
    }
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
      var lines = GraphLines(layout, of: state, GraphFolds())
      for chain in lines.folds.indices where random.chance(50) { lines.setFolded(chain, false) }
      var row = 0
      for line in 0..<lines.count {
        switch lines.line(line) {
        case .record(let at):
          #expect(at == row)
          #expect(lines.line(ofRow: row) == line)
          row += 1
        case .fold(let chain):
          #expect(lines.folds[chain].rows.lowerBound == row)
          for hidden in lines.folds[chain].rows {
            #expect(lines.line(ofRow: hidden) == line)
            #expect(lines.chain(ofRow: hidden) == chain)
            #expect(state.parents(of: layout.record(atRow: hidden)).count == 1)
          }
          #expect(lines.folds[chain].rows.count >= GraphLines.shortest)
          row = lines.folds[chain].rows.upperBound
        }
      }
      #expect(row == layout.count, "seed \(seed)")
    }
  }

  @Test("folds of every kind together: each row has its line, and what stands on a closed base is counted, whole")
  func allFolds() throws {
    for seed in 1...UInt64(long(60)) {
      var random = SeededGenerator(seed)
      let some = randomState(rows: random.pick(20...60), &random)
      var builder = CacheState.Builder()
      for number in some.rows.indices { builder.add(some.rows[number], parents: some.parentIDs(of: number)) }
      let ids = some.rows.map(\.id)
      for merge in 0..<random.pick(0...3) {
        let first = random.pick(0...(ids.count - 15))
        builder.add(row("merge\(merge)", 0) { $0.kind = .merge }, parents: ids[first..<(first + 12)])
      }
      let state = builder.finish()
      var folds = GraphFolds()
      for number in state.rows.indices where random.chance(30) {
        if state.parents(of: number).isEmpty { folds.closedBases.insert(state.rows[number].id) }
        folds.openMerges.insert(state.rows[number].id)
      }
      let picture = try GraphPicture(state, Arrangement(state, ListChoice(), now: now.now()), folds)
      let (layout, lines) = (picture.layout, picture.lines)
      let closed = folds.closedBases.compactMap { state.index(of: $0) }
      let hidden = closed.reduce(into: Set<Int>()) { $0.formUnion(state.descendants(of: $1)) }
      #expect(
        (0..<layout.count).map { layout.record(atRow: $0) }.sorted()
          == state.rows.indices.filter { !hidden.contains($0) })
      var rows: [Int] = []
      for line in 0..<lines.count {
        switch lines.line(line) {
        case .record(let row):
          #expect(lines.line(ofRow: row) == line, "seed \(seed)")
          rows.append(row)
        case .fold(let number):
          let fold = lines.folds[number]
          rows += fold.rows
          #expect(
            fold.bytes
              == (fold.kind == .chain ? fold.rows.map { layout.record(atRow: $0) } : fold.records)
              .reduce(0) { $0 + state.rows[$1].size })
          switch fold.kind {
          case .chain: break
          case .parents:
            #expect(lines.line(ofRow: fold.rows.lowerBound - 1) < line)
            #expect(state.parents(of: fold.owner).suffix(fold.records.count) == fold.records)
            #expect(fold.isFolded == !folds.openMerges.contains(state.rows[fold.owner].id))
          case .standing:
            #expect(lines.line(line + 1) == .record(row: fold.rows.lowerBound))
            #expect(layout.record(atRow: fold.rows.lowerBound) == fold.owner)
            #expect(Set(fold.records) == state.descendants(of: fold.owner))
          }
        }
      }
      #expect(rows == Array(0..<layout.count), "seed \(seed)")
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
