import BuildCache
import CacheReport
import Synchronization
import Terminal
import TestSupport
import Testing

@testable import Explorer

/// Two projects on one base, with a cache mount of the one, and something that belongs to none.
private var projects: CacheState {
  var builder = CacheState.Builder()
  builder.add(row("node0000", 400_000_000) { $0.description = "pulled from docker.io/library/node:20" }, parents: [])
  builder.add(row("web00001", 200_000_000) { $0.description = "[web 2/3] RUN npm ci" }, parents: ["node0000"])
  builder.add(row("web00002", 30_000_000) { $0.description = "[web 3/3] COPY . ." }, parents: ["web00001"])
  builder.add(row("api00001", 90_000_000) { $0.description = "[api 2/2] COPY . ." }, parents: ["node0000"])
  builder.add(
    row("mount001", 250_000_000) {
      $0.description = "cached mount /root/.npm from exec /bin/sh -c npm ci"
      $0.recordType = .execCacheMount
    }, parents: [])
  builder.add(row("ctx00001", 5_000_000) { $0.description = "local source for context" }, parents: [])
  return builder.finish()
}

@Suite("Groups of the Records screen") struct GroupTests {
  private func lines(_ keys: String, columns: Int = 110) async throws -> [String] {
    let grid = try await play(keys, on: MemoryCache(projects), size: Size(columns: columns, rows: 20))
    return (0..<20).map { grid.line($0) }
  }

  @Test("projects with their sums, and what pruning one frees", arguments: [60, 80, 110, 140, 200])
  func screen(_ columns: Int) async throws {
    try expectScreen(
      try await play("zsjl", on: MemoryCache(projects), size: Size(columns: columns, rows: 20)), "groups-\(columns)")
  }

  @Test("groups stand as the list is sorted") func sorted() async throws {
    func names(_ keys: String) async throws -> [String] {
      try await lines(keys).filter { $0.contains("▸") }.map { line in
        ["stage web", "shared by api, web", "stage api", "no stage"].first { line.contains($0) } ?? line
      }
    }
    #expect(try await names("zs") == ["stage web", "shared by api, web", "stage api", "no stage"])
    #expect(try await names("zsS") == ["no stage", "stage api", "shared by api, web", "stage web"])
    // The base takes both projects with it, but not the cache mount.
    #expect(try await names("zssf") == ["shared by api, web", "stage web", "stage api", "no stage"])
    #expect(try await names("zssd") == ["no stage", "shared by api, web", "stage api", "stage web"])
  }

  @Test("Space marks all of a group, or none of it; d prunes it with what hangs on it, after the question") func acts()
    async throws
  {
    let cache = MemoryCache(projects)
    let session = await DrivenSession(cache)
    try await session.press("zsg ")
    #expect(session.state.marks.ids == ["web00001", "web00002", "mount001"])
    #expect(session.state.records.marked == [0: 3])
    try await session.press("kljjj ")
    #expect(session.state.marks.count == 2 && session.state.records.marked == [0: 2])
    try await session.press("gh ")
    #expect(session.state.marks.count == 3)
    try await session.press("k ")
    #expect(session.state.marks.isEmpty && session.state.records.marked.isEmpty)
    #expect(shows(try await play("zsgjd", on: cache), "Prune 4 records?"))
    #expect(shows(try await play("zsgd", on: cache), "Prune 3 records?"))
    #expect(shows(try await play("zsgdn", on: cache), "nothing was removed"))
    #expect(cache.pruned.withLock { $0 }.isEmpty)
    let grid = try await play("zsgdy", on: cache)
    #expect(shows(grid, "removed 3 records"))
    #expect(Set(cache.pruned.withLock { $0 }.joined()) == ["web00001", "web00002", "mount001"])
    // The base is the other project's alone by now.
    #expect(shows(grid, "stage api") && !shows(grid, "shared by"))
  }

  @Test("cursor, marks and folds stick to ids over regrouping, filter, sort and refresh") func sticks() async throws {
    let cache = MemoryCache(projects)
    let session = await DrivenSession(cache)
    // From the list to groups and back the cursor is where it was.
    try await session.press("jjjj")
    #expect(session.current == "web00002" || session.current == "api00001")
    let id = session.current
    for key in ["t", "s", "a", "h"] {
      try await session.press("z" + key)
      #expect(session.current == nil && session.state.records.group != nil)
    }
    try await session.press("zn")
    #expect(session.current == id)
    // On a record of an unfolded group.
    try await session.press("zsgljj ")
    let marked = session.state.marks.ids
    try await session.press("k")
    let inGroup = session.current
    #expect(inGroup != nil)
    try await session.press("S/COPY<Enter>")
    #expect(session.state.records.order.count == 2)
    try await session.press("<Esc>")
    #expect(session.state.marks.ids == marked)
    try await session.press("r")
    #expect(session.state.records.lines.unfolded == ["stage web"])
    // On the line of a group: it stays on the group, also where the group is another then.
    try await session.press("Gkk")
    try await session.press("h")
    let group = session.state.currentGroup?.id
    #expect(group != nil)
    cache.replace(with: projects.keeping { row, _ in row.id != "ctx00001" })
    try await session.press("r")
    #expect(session.state.currentGroup?.id == group)
    // Who goes to a marked record sees it.
    try await session.press("ztzsm<Enter>")
    #expect(session.current.map(session.state.marks.contains) == true)
    // From another screen to a record that is folded away: to its group.
    try await session.press("zs2")
    try await session.press("1")
    #expect(session.state.screen == .records && session.state.records.anchor == session.state.graph.current)
  }

  @Test("a group is no record: keys of one say so, and Enter folds") func keys() async throws {
    for key in ["w", "y", "f", "H"] {
      #expect(try await lines("zs" + key)[18].contains("this line is a group"), "\(key)")
    }
    #expect(try await lines("zs<Enter>").contains { $0.contains("▾") })
    #expect(try await lines("zs<Enter><Enter>").allSatisfy { !$0.contains("▾") })
    #expect(try await lines("zsh")[18].contains("it is folded"))
    #expect(try await lines("h")[18].contains("z puts records together"))
    #expect(try await lines("zsi").contains { $0.contains("Freed if pruned") })
    #expect(try await lines("zx").contains { $0.contains("web00001") })
    #expect(try await lines("zsA").contains { $0.contains("6 marked") })
    #expect(try await lines("zszn").contains { $0.contains("▌  node0000") })
  }

  @Test("lines of groups, whatever is folded: each row once, and found again") func recordLines() {
    for seed in 1...UInt64(long(20)) {
      var random = SeededGenerator(seed)
      let state = randomState(rows: random.pick(0...50), &random)
      var choice = ListChoice()
      choice.grouping = RecordGrouping.Key.allCases[random.pick(0...3)]
      choice.sort = SortKey.allCases[random.pick(0...(SortKey.allCases.count - 1))]
      var lines = RecordLines(Arrangement(state, choice, now: now.now()))
      guard let groups = lines.groups else { continue }
      for _ in 0..<8 where !groups.groups.isEmpty {
        let group = random.pick(0...(groups.groups.count - 1))
        lines.setUnfolded(group, random.chance(50))
        var shown: [Int] = []
        for number in 0..<lines.count {
          switch lines.line(number) {
          case .record(let row):
            shown.append(row)
            #expect(lines.line(of: row) == number)
          case .group(let group): #expect(lines.line(ofGroup: group) == number)
          case nil: Issue.record("no line \(number) of \(lines.count)")
          }
        }
        #expect(lines.line(lines.count) == nil && lines.line(-1) == nil)
        let wanted = groups.groups.indices.filter(lines.isUnfolded).flatMap { Array(groups.rows(of: $0)) }
        #expect(shown == wanted)
      }
    }
  }

  @Test("signs are plain where only ASCII may be shown") func ascii() async throws {
    let grid = try await play("zsjl", on: MemoryCache(projects), isASCII: true)
    let isPlain = (0..<20).allSatisfy { grid.line($0).allSatisfy(\.isASCII) }
    #expect(isPlain && shows(grid, "+3 ") && shows(grid, "-1 "))
  }
}
