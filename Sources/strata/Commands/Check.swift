import ArgumentParser
import BuildCache
import CacheReport

/// `strata check`: whether a cache keeps its limits.
struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hold a cache against limits; exit code 1 where one is passed, with the reason.",
    discussion: """
      Every limit that is passed is told on standard output in a sentence, with what was found. Exit code 1 with nothing \
      on standard output means that the cache could not be read, and standard error says why. That holds for every \
      format: --format json is one object, --format prometheus gauges, which need no limit. What a saved list lacks, \
      and the like, is told on standard error besides.

      Used is the total that a daemon's limits count: the bytes of all records, in use or not, that are not shared. A \
      record is unused since its last use, or since it was made where there was none; those that are in use, shared \
      or internal are passed over. Sizes: 500MB is 500 million bytes, 500MiB is 524,288,000. Durations: 90s, 45m, 48h, 7d.
      """)

  @OptionGroup var source: SourceOptions
  @Option(help: ArgumentHelp("No more than this is used by records that are not shared.", valueName: "bytes"))
  var maxUsed: String?
  @Option(help: ArgumentHelp("No less than this of the disk is free.", valueName: "bytes")) var minFree: String?
  @Option(help: ArgumentHelp("No reclaimable record was last used longer ago.", valueName: "time"))
  var maxUnusedFor: String?
  @Option(help: ArgumentHelp("There are no more records.", valueName: "count")) var maxRecords: Int?
  @Option(
    help: ArgumentHelp(
      "For --min-free: so much of the disk is free, where the disk is elsewhere.", valueName: "bytes"))
  var freeSpace: String?
  @OptionGroup var sizes: UnitsOptions
  @Option(help: "How to print it.") var format = UsageFormat.table

  func validate() throws {
    if maxUsed == nil && minFree == nil && maxUnusedFor == nil && maxRecords == nil && format != .prometheus {
      throw ValidationError(
        "there is no limit to hold it against: give --max-used, --min-free, --max-unused-for or --max-records")
    }
    if let maxRecords, maxRecords < 0 { throw ValidationError("--max-records: \(maxRecords) is no count of records") }
    if freeSpace != nil && minFree == nil { throw ValidationError("--free-space is for --min-free: give that, too") }
  }

  func run() async throws {
    let limits = try limits()
    let free = try freeSpace.map { try ByteCount(parsing: $0, of: "--free-space").bytes }
    let source = try await source.source()
    let reading = try await source.told()
    let report = try CheckReport(reading, of: source.identity, against: limits, free: free)
    switch format {
    case .json: try printJSON(report)
    case .prometheus: output.lines(Gauges(reading, of: source.identity, findings: report.findings).lines)
    case .table:
      output.lines(
        report.isKept ? ["Within all limits."] : report.findings.filter { !$0.isKept }.map { $0.words(in: sizes.units) }
      )
    }
    if !report.isKept { throw Failure.failed() }
  }

  /// The limits that were given: all that can be wrong about them is told before the cache is read.
  private func limits() throws -> [Threshold] {
    try [
      maxUsed.map { .maxUsed(try ByteCount(parsing: $0, of: "--max-used")) },
      minFree.map { .minFree(try ByteCount(parsing: $0, of: "--min-free")) },
      maxUnusedFor.map { .maxUnusedFor(try TimeSpan(parsing: $0, of: "--max-unused-for")) },
      maxRecords.map { .maxRecords($0) },
    ].compactMap(\.self)
  }
}
