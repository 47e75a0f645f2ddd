import BuildCache
import CacheReport
import Terminal
import TestSupport
import Testing

@testable import Explorer

/// An image under 300 layers that are merged, of which nine are merged once more, and a chain with a diff.
private var crowd: CacheState {
  var builder = CacheState.Builder()
  func layer(_ id: RecordID, on parent: RecordID, _ description: String, minutesAgo: Int64 = 60) {
    builder.add(
      row(id, 1_000_000, minutesAgo: minutesAgo) {
        $0.kind = .layer
        $0.description = description
      }, parents: [parent])
  }
  builder.add(
    row("image000", 100_000_000) { $0.description = "pulled from docker.io/library/debian:12-slim" }, parents: [])
  let parts = (0..<300).map { RecordID("part" + String("\(1000 + $0)".dropFirst())) }
  for (number, part) in parts.enumerated() {
    layer(part, on: "image000", "[deps \(number + 1)/300] RUN apt-get install -y package-\(number + 1)")
  }
  builder.add(row("merge300", 0, minutesAgo: 3) { $0.kind = .merge }, parents: parts)
  layer("top00000", on: "merge300", "[app 5/5] RUN make -j8", minutesAgo: 2)
  builder.add(row("nine0000", 0, minutesAgo: 30) { $0.kind = .merge }, parents: parts.suffix(9))
  builder.add(
    row("source00", 4_000_000, minutesAgo: 45) { $0.description = "local source for context" }, parents: [])
  for step in 1...9 {
    let below: RecordID = step == 1 ? "source00" : "step000\(step - 1)"
    layer("step000\(step)", on: below, "[web \(step)/9] RUN npm run step-\(step)", minutesAgo: 50)
  }
  builder.add(row("diff0000", 0, minutesAgo: 40) { $0.kind = .diff }, parents: ["step0002", "step0009"])
  return builder.finish()
}

@Suite("Folds and lines of the graph") struct GraphFoldTests {
  @Test("h on a base folds all that stands on it, counted with its bytes, and l unfolds it") func baseFolds()
    async throws
  {
    let session = await DrivenSession(MemoryCache(woven))
    try await session.press("2gG")
    #expect(session.current == "other000")
    try await session.press("h")
    #expect(session.current == "other000")
    var grid = session.state.draw()
    #expect(shows(grid, "3 stand on it, 5.0 MB   l unfolds"))
    for gone in ["leaf0000", "merge000", "diff0000"] { #expect(!shows(grid, gone)) }
    #expect(shows(grid, "chain006"), "what stands on another base alone stays")
    try await session.press("h")
    #expect(session.state.message.contains("it stands on nothing"))
    // The fold stands for its records: they are marked together.
    try await session.press("k<Space>")
    #expect(session.state.marks.ids == ["leaf0000", "merge000", "diff0000"])
    try await session.press("k<Space>")
    #expect(session.state.marks.isEmpty)
    // It stays when the cache is read anew, a filter finds what is in it, and going there from the list unfolds it.
    try await session.press("r")
    #expect(shows(session.state.draw(), "3 stand on it"))
    try await session.press("/leaf0000<Enter>")
    #expect(session.current == "leaf0000")
    try await session.press("<Esc>")
    #expect(session.state.graph.currentFold != nil, "the cursor is on the fold that it went into")
    try await session.press("1/leaf0000<Enter>")
    try await session.press("<Esc>")
    #expect(session.current == "leaf0000")
    try await session.press("2")
    #expect(session.current == "leaf0000")
    try await session.press("Gh")
    try await session.press("kl")
    grid = session.state.draw()
    #expect(shows(grid, "leaf0000") && shows(grid, "merge000"))
    #expect(session.current == "other000")
  }

  @Test("} goes to the base that the cursor's line ends in, { to its top, and the same key again goes back")
  func lineEnds() async throws {
    let session = await DrivenSession(MemoryCache(woven))
    try await session.press("2ghhjk")
    #expect(session.current == "leaf0000")
    func followed() -> Set<RecordID> {
      Set(session.state.graph.related?.line.keys.map { session.state.graph.cache.rows[$0].id } ?? [])
    }
    try await session.press("}")
    #expect(session.current == "other000")
    #expect(followed() == ["leaf0000", "other000"], "the line that was left is still followed")
    try await session.press("}")
    #expect(session.current == "leaf0000")
    try await session.press("{")
    #expect(session.current == "leaf0000")
    #expect(session.state.message == "its line begins here")
    // The line of a record in the middle goes up through the merge that it is the first parent of.
    try await session.press("ghhh")
    try await session.press("ghjl")
    #expect(session.current == "chain005")
    try await session.press("{")
    #expect(session.current == "merge000")
    #expect(session.state.message == "the top of its line: { again goes back")
    #expect(followed().count == 8 && followed().contains("base0000"))
    try await session.press("}")
    #expect(session.current == "base0000")
    try await session.press("}")
    #expect(session.current == "chain005")
    // Another key ends it.
    try await session.press("}j")
    #expect(followed().contains("leaf0000"))
  }

  @Test("the cursor's line is bold from its top to its base, the lanes beside it are not, with colours of their own")
  func boldLine() async throws {
    let grid = try await weave("hj")
    // The lanes: merge, diff beside it, the chain, its fold, its base; then the other tree.
    let first = GraphColumns.margin
    for line in 4...8 where line != 5 {
      #expect(grid[first, line].style.isBold, "line \(line): \(grid.line(line))")
    }
    for line in 6...8 {
      for column in stride(from: first + 2, through: first + 4, by: 2) where grid[column, line].character == "║" {
        #expect(!grid[column, line].style.isBold, "line \(line), column \(column)")
        #expect(grid[column, line].style.foreground != nil || grid[column, line].style.isDim || line == 7)
      }
    }
    // One colour all the way down.
    let session = await DrivenSession(MemoryCache(crowd), size: Size(columns: 120, rows: 40))
    try await session.press("2g")
    let drawn = session.state.draw()
    let lane = (8..<20).compactMap { line -> Color? in
      "│║●├╠╟╞".contains(drawn[first, line].character) ? drawn[first, line].style.foreground : nil
    }
    #expect(Set(lane).count == 1)
  }

  @Test("a merge of 300, one of 9, a diff, a folded chain: at every width", arguments: [60, 80, 120, 200])
  func crowded(width: Int) async throws {
    let grid = try await play("2gjjj", on: MemoryCache(crowd), size: Size(columns: width, rows: 30))
    try expectScreen(grid, "graph-\(width)")
    let end = try await play("2G", on: MemoryCache(crowd), size: Size(columns: width, rows: 24))
    try expectScreen(end, "graph-end-\(width)")
  }

  @Test("a name has 30 columns at least, however many lanes there are; the legend drops parts, and cuts none")
  func widths() async throws {
    for lanes in [1, 3, 12, 300] {
      for width in 60...250 {
        let columns = GraphColumns(width: width, id: 8, lanes: lanes)
        let table = RecordTable(columns.offered, width: columns.width - 1, id: 8, amount: 8, traits: nil)
        let name = table.columns.last
        #expect(name?.column == .description && (name?.width ?? 0) >= 30, "\(lanes) lanes in \(width)")
        #expect(columns.start + table.columns.reduce(0) { $0 + $1.width + 2 } - 2 <= width)
        #expect(columns.lanes >= min(lanes, 3))
      }
    }
    let session = await DrivenSession(MemoryCache(crowd), size: Size(columns: 250, rows: 30))
    try await session.press("2ii")
    let parts = [
      "○ base", "● layer │", "◆ merge ║", "◇ diff ┊ ▽ lower △ upper", "• related", "⋮ folded", "bold: its line",
    ]
    for width in 10...250 {
      await session.send(.resize(Size(columns: width, rows: 30)))
      let state = session.state
      let line = state.draw().line(state.layout.list.upperBound - 1)
      let count = (0...parts.count).last { line == (" " + parts.prefix($0).joined(separator: "  ")).trimmedEnd }
      #expect(count != nil, "\(width): \(line)")
      #expect(count != 0)
    }
  }

  @Test("the parents without a lane have a line of their own, which unfolds into lanes, and folds them again")
  func manyParents() async throws {
    let session = await DrivenSession(MemoryCache(crowd), size: Size(columns: 120, rows: 40))
    try await session.press("2g")
    #expect(session.current == "top00000")
    let few = session.state.graph.layout?.laneCount ?? 0
    try await session.press("jj")
    #expect(shows(session.state.draw(), "297 more parents, 297.0 MB   l unfolds"))
    #expect(session.current == "merge300")
    try await session.press("h")
    #expect(session.current == "part003")
    try await session.press("h")
    #expect(session.current == "part004", "again: the next of them")
    try await session.press("gjjl")
    #expect(session.state.graph.layout?.laneCount ?? 0 >= 300)
    #expect(shows(session.state.draw(), "300 parents, a lane each   h folds"))
    #expect(session.current == "merge300")
    try await session.press("gjjh")
    #expect(session.state.graph.layout?.laneCount == few)
    try await session.press("/merge300<Enter>n")
    #expect(session.current == "merge300" && session.state.graph.currentFold == nil, "the fold below it is no match")
  }
}

extension String {
  /// Without the blanks at its end.
  fileprivate var trimmedEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
