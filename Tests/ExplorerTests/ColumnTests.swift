import BuildCache
import Terminal
import TestSupport
import Testing

@testable import Explorer

@Suite("Columns") struct ColumnTests {
  /// Records of several types, kinds, uses and ages.
  private var mixed: ListTraits { ListTraits(sample.rows) }
  /// Records of which all is alike.
  private var plain: ListTraits { ListTraits((0..<9).map { row(RecordID("plain\($0)000"), 1_000_000) }) }

  private static let all: [RecordColumn] = [
    .id, .kind, .size, .frees, .flags, .type, .uses, .used, .created, .description,
  ]
  private static let graph: [RecordColumn] = [.id, .kind, .size, .flags, .uses, .used, .description]

  @Test("at every width the description has 30 columns while another can shrink or go, in one order, and all adds up")
  func recordTable() {
    for width in 60...250 {
      for offered in [Self.all, Self.graph, [.id, .size, .description]] {
        for traits in [nil, mixed, plain] {
          for sorted in [nil, RecordColumn.used, .type] as [RecordColumn?] {
            for id in [8, 12, 25] {
              let table = RecordTable(offered, width: width, id: id, amount: 9, traits: traits, sorted: sorted)
              check(
                table, width, offered, RecordTable.steps(sortedBy: sorted), RecordTable.leastDescription, .description)
            }
          }
        }
      }
    }
  }

  @Test("the same holds for what a prune takes: a name has 20 columns while ranks and others can go") func pruneTable()
  {
    for width in 60...250 {
      for (candidates, id) in [(1, 8), (900, 8), (320_000, 12)] {
        let table = PruneTable(width: width, id: id, amount: 9, candidates: candidates, victims: candidates)
        let offered: [PruneColumn] = [
          .place, .id, .size, .used, .usedRank, .uses, .usesRank, .score, .freed, .remains, .name,
        ]
        check(table, width, offered, PruneTable.steps, PruneTable.leastName, .name)
      }
    }
  }

  private func check<Column>(
    _ table: ColumnTable<Column>, _ width: Int, _ offered: [Column], _ steps: [Narrowing<Column>], _ least: Int,
    _ last: Column
  ) {
    let shown = table.columns.map(\.column)
    let all = table.columns.reduce(-ColumnTable<Column>.gap) { $0 + $1.width + ColumnTable<Column>.gap }
    #expect(all == width, "the widths add up at \(width)")
    #expect(shown.last == last)
    #expect(shown == offered.filter { shown.contains($0) }, "the order stays at \(width)")
    #expect(Set(shown).count == shown.count)
    let name = table.columns.last?.width ?? 0
    #expect(name >= least || table.stepsTaken == steps.count, "at \(width) something could still go: \(table.columns)")
    // Just the steps taken, from the first on, and the last of them was needed.
    let dropped = steps.prefix(table.stepsTaken).compactMap { if case .drop(let column) = $0 { column } else { nil } }
    #expect(Set(offered).subtracting(shown) == Set(dropped).intersection(offered), "at \(width)")
    for case .shrink(let column, let most) in steps.prefix(table.stepsTaken) {
      #expect(table.width(of: column).map { $0 <= most } ?? true)
    }
    for (column, cells) in table.columns where column != last {
      #expect(cells >= displayWidth(column.shortTitle), "\(column) at \(width) has no room for its heading")
    }
  }

  @Test("created goes before last used, and the type's column is as wide as its widest cell") func choice() {
    for width in 60...250 {
      let table = RecordTable(Self.all, width: width, id: 8, amount: 9, traits: mixed)
      if table.start(of: .created) != nil { #expect(table.start(of: .used) != nil, "at \(width)") }
      if let type = table.width(of: .type) { #expect(type == "exec.cachemount".count) }
    }
    #expect(RecordTable(Self.all, width: 250, id: 8, amount: 9, traits: plain).width(of: .type) == "regular".count)
    // Whatever is left is the description's.
    #expect((RecordTable(Self.all, width: 250, id: 8, amount: 9, traits: mixed).width(of: .description) ?? 0) > 150)
  }

  @Test("the column that a list is sorted by goes last") func sorted() async throws {
    for width in 60...250 {
      let table = RecordTable(Self.all, width: width, id: 8, amount: 9, traits: mixed, sorted: .created)
      #expect(table.start(of: .created) != nil || table.columns.map(\.column) == [.id, .size, .description])
    }
    #expect(try await play("sk<Esc>", size: Size(columns: 80, rows: 20)).line(3).contains("KIND ↑"))
    #expect(!(try await play("", size: Size(columns: 80, rows: 20)).line(3).contains("KIND")))
  }

  @Test("what all cells say is known, and of one record nothing is") func alike() {
    func words(_ rows: [CacheState.Row]) -> [String] { ListTraits(rows).alike(now: now.now()).map(\.words) }
    func pair(_ change: (inout CacheState.Row) -> Void) -> [CacheState.Row] {
      [row("aaa", 1), row("bbb", 2, minutesAgo: 500, uses: 7) { change(&$0) }]
    }
    #expect(words([]).isEmpty)
    #expect(words([row("aaa", 1)]).isEmpty)
    #expect(words(pair { _ in }) == ["all regular", "all base", "no flags", "all made 1d ago"])
    #expect(words(pair { $0.kind = nil }) == ["all regular", "no flags", "all made 1d ago"])
    #expect(words(pair { $0.isLazy = true }) == ["all regular", "all base", "all made 1d ago"])
    #expect(words(pair { $0.recordType = .execCacheMount }).first == "all base")
    let same = [row("aaa", 1, minutesAgo: nil, uses: 0), row("bbb", 2, minutesAgo: nil, uses: 0)].map { row in
      var row = row
      (row.kind, row.isMutable, row.createdAt) = (nil, true, now.now())
      return row
    }
    #expect(
      words(same) == ["all regular", "kind unknown", "all mutable", "no uses", "never used", "all made now"])
    let used = [row("aaa", 1, minutesAgo: 61), row("bbb", 2, minutesAgo: 119)]
    #expect(words(used).contains("all used 1h ago") && words(used).contains("all with 1 use"))
    #expect(
      !words([row("aaa", 1, minutesAgo: 61), row("bbb", 2, minutesAgo: 121)]).contains { $0.contains("used 1h") })
  }

  @Test("a column that says nothing gives its room away and is told in the head line, also after a filter") func told()
    async throws
  {
    let size = Size(columns: 140, rows: 20)
    let all = try await play("", size: size)
    #expect(all.line(3).contains("KIND") && all.line(3).contains("TYPE") && all.line(3).contains("FLAGS"))
    #expect(all.line(3).hasSuffix("all made 1d ago"))
    let layers = try await play("/kind==layer<Enter>", size: size)
    // The filter has no kinds: words are looked for, and nothing of the sample matches.
    #expect(!layers.line(3).contains("all layer"))
    let filtered = try await play("/what layer<Enter>", size: size)
    #expect(filtered.line(3).hasSuffix("all regular · all layer · no flags · all made 1d ago"), "\(filtered.line(3))")
    #expect(!filtered.line(3).contains("KIND") && !filtered.line(3).contains("TYPE"))
    // Taken away again, they are back.
    #expect(try await play("/what layer<Enter><Esc>", size: size).line(3) == all.line(3))
    // Where there is no room for all, the least goes, never half of one.
    let narrow = try await play("/what layer<Enter>", size: Size(columns: 70, rows: 20))
    #expect(narrow.line(3).hasSuffix("all regular · all layer") || narrow.line(3).hasSuffix("all regular"))
  }

  @Test("a refresh that brings other records brings their columns") func refreshed() async throws {
    let cache = MemoryCache(sample)
    let session = await DrivenSession(cache, size: Size(columns: 140, rows: 20))
    #expect(session.state.draw().line(3).contains("FLAGS"))
    var builder = CacheState.Builder()
    builder.add(row("aaaa0000", 5_000_000), parents: [])
    builder.add(row("bbbb0000", 4_000_000), parents: [])
    cache.replace(with: builder.finish())
    try await session.press("r")
    #expect(!session.state.draw().line(3).contains("FLAGS"))
    #expect(session.state.draw().line(3).contains("no flags"))
    cache.replace(with: sample)
    try await session.press("r")
    #expect(session.state.draw().line(3).contains("FLAGS"))
  }

  @Test("neighbours whose names begin alike show the part in which they differ") func cuts() async throws {
    var builder = CacheState.Builder()
    let command = "mount / from exec /bin/sh -c dd if=/dev/urandom of=/var/lib/some/where/far/away/data bs=1000 count="
    for (number, count) in ["150", "300", "450"].enumerated() {
      builder.add(
        row(RecordID("record\(number)0"), Int64(9 - number) * 1_000_000) { $0.description = command + count },
        parents: [])
    }
    let grid = try await play("", on: MemoryCache(builder.finish()), size: Size(columns: 80, rows: 20))
    for (line, count) in zip(4..., ["150", "300", "450"]) {
      #expect(grid.line(line).contains("RUN dd"), "\(grid.line(line))")
      #expect(grid.line(line).hasSuffix("…count=\(count)"), "\(grid.line(line))")
    }
  }
}
