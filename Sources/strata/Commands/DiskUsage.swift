import ArgumentParser
import BuildCache
import BuildCacheStore
import CacheReport

extension RecordGrouping.Key: ExpressibleByArgument {}

/// `strata du`: what the cache holds.
struct DiskUsage: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "du", abstract: "Show what the cache holds, largest first.",
    discussion: """
      Filters are BuildKit's: key==value, key!=value, key~=regex or a bare key; a comma is and, several --filter \
      are or. Keys: \(FilterKey.allCases.map(\.rawValue).joined(separator: ", ")). Besides, size, uses and age are \
      compared with <, <=, > and >=: size>100MB, uses<=1, age>7d.

      \(Glossary.terms.map { "\($0.word): \($0.meaning)" }.joined(separator: "\n\n"))
      """)

  @OptionGroup var source: SourceOptions
  @Option(help: ArgumentHelp("Show only what matches; may be repeated.", valueName: "filter")) var filter: [String] = []
  @Flag(help: "Show all that is known of each record.") var verbose = false
  @OptionGroup var sizes: UnitsOptions
  @Option(
    help: ArgumentHelp(
      "Add records up in groups: by type, by stage or image, by age, by holder.", valueName: "type|stage|age|holder"))
  var groupBy: RecordGrouping.Key?
  @Option(help: "How to print it: prometheus as gauges, of the whole cache.") var format = UsageFormat.table

  func validate() throws {
    if format == .prometheus && !filter.isEmpty {
      // Gauges of a part would be taken for those of the whole.
      throw ValidationError("--format prometheus tells of the whole cache: leave --filter out")
    }
    if groupBy != nil && (verbose || format == .prometheus) {
      throw ValidationError("--group-by tells sums: leave \(verbose ? "--verbose" : "--format prometheus") out")
    }
  }

  func run() async throws {
    let typed = try TypedFilters(filter, hasAge: false)
    let filter = try Filter(parsing: typed.strings).checked()
    let source = try await source.source()
    let reading = try await source.told()
    for remark in typed.remarks + TypedFilters.hints(typed.strings, in: reading.state) { printError(remark) }
    if let groupBy { return try printGroups(reading, filter, by: groupBy) }
    let state = reading.state.keeping(matching: filter, now: reading.moment)
    switch format {
    case .json:
      let order = largestFirst(state)
      try printJSON(order.count) { UsageRow(state, order[$0]) }
    case .prometheus: output.lines(Gauges(reading, of: source.identity).lines)
    case .table:
      let order = largestFirst(state)
      if verbose {
        printDetails(state, order, now: reading.moment)
      } else {
        printTable(state, order, now: reading.moment)
      }
      output.totals(UsageTotals(state), in: sizes.units)
      printBesides(reading)
    }
  }

  private func printGroups(_ reading: Reading, _ filter: Filter, by key: RecordGrouping.Key) throws {
    let state = reading.state
    let matching = state.matches(filter, now: reading.moment)
    let groups = RecordGroups(
      state, RecordGrouping(state, by: key, now: reading.moment), order: largestFirst(state).filter { matching[$0] })
    if format == .json { return try printJSON(groups.groups.count) { GroupRow(groups.groups[$0]) } }
    let columns: [TextTable.Column] = [
      .init(title: "RECORDS", isNumber: true), .init(title: "SIZE", isNumber: true),
      .init(title: "FREES", isNumber: true), .init(title: "LAST USED", isNumber: true), .init(title: "GROUP"),
    ]
    output.table(columns, rows: groups.groups.count) { number in
      let group = groups.groups[number]
      return [
        "\(group.count)", sizes.amount(group.bytes), sizes.amount(group.frees),
        group.lastUsedAt.map { reading.moment.since($0).ageText } ?? "never", group.name,
      ]
    }
    output.totals(UsageTotals(state.keeping { _, number in matching[number] }), in: sizes.units)
  }

  private func largestFirst(_ state: CacheState) -> [Int] {
    state.rows.indices.sorted {
      (-state.rows[$0].size, state.rows[$0].id) < (-state.rows[$1].size, state.rows[$1].id)
    }
  }

  private func printTable(_ state: CacheState, _ order: [Int], now: Timestamp) {
    let columns: [TextTable.Column] = [
      .init(title: "ID", least: 12), .init(title: "KIND", dropped: 2), .init(title: "SIZE", isNumber: true),
      .init(title: "STATE", dropped: 5), .init(title: "TYPE", dropped: 1),
      .init(title: "USES", isNumber: true, dropped: 3), .init(title: "LAST USED", isNumber: true, dropped: 4),
      .init(title: "DESCRIPTION", least: 24),
    ]
    output.table(columns, rows: order.count) { number in
      let row = state.rows[order[number]]
      return [
        row.id.text, row.kind?.rawValue ?? "-", sizes.amount(row.size), row.stateWords, row.recordType.rawValue,
        "\(row.usageCount)", row.lastUsedAt.map { now.since($0).ageText } ?? "never",
        RecordName(row.description).text,
      ]
    }
  }

  private func printDetails(_ state: CacheState, _ order: [Int], now: Timestamp) {
    for number in order {
      let row = state.rows[number]
      func words(_ time: Timestamp) -> String { LocalTime.system.words(for: time, at: now) }
      output.facts([
        ("ID", row.id.text), ("Kind", row.kind?.rawValue ?? "-"),
        ("Parents", state.parentIDs(of: number).map(\.text).joined(separator: ";")),
        ("Created at", words(row.createdAt)), ("Mutable", "\(row.isMutable)"), ("In use", "\(row.inUse)"),
        ("Shared", "\(row.isShared)"), ("Internal", "\(row.recordType.isKeptUnlessAll)"),
        ("Reclaimable", "\(row.part == .reclaimable)"), ("Size", ByteCount(row.size).exactText(in: sizes.units)),
        ("Description", row.description), ("Usage count", "\(row.usageCount)"),
        ("Last used", row.lastUsedAt.map(words) ?? "never"), ("Type", row.recordType.rawValue),
      ])
      output.line()
    }
  }

  /// What the cache takes besides its records, where its files are not all of one.
  private func printBesides(_ reading: Reading) {
    guard let overhead = reading.overhead else { return }
    func told(_ name: String, _ bytes: Int64, _ more: String = "") {
      if bytes > 0 { output.line(name.padded(13) + sizes.amount(bytes) + more) }
    }
    told("Unowned:", overhead.unowned)
    told("History:", overhead.history)
    told(
      "Databases:", overhead.databases ?? 0,
      overhead.freePages.map { ", \(sizes.amount($0)) of it free pages, which a daemon keeps" } ?? "")
    if overhead.databases != nil, let space = reading.space {
      told("Disk:", space.capacity, ", \(sizes.amount(space.free)) of it free")
    }
  }
}
