import ArgumentParser
import BuildCache
import Foundation
import SystemPackage

/// Measures what Strata is fast at, on a stated workload.
@main
struct StrataBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "strata-bench",
    abstract: "Measure what the README says of speed (build with -c release).",
    discussion: """
      The cache: chains of ten layers; in every fifty records one merge of two and one diff of two; sizes known, \
      uniform below 10 MB; 0 to 19 uses; last used within 60 days; no trees. The policy: all, keep-bytes half of all \
      bytes. The same records as BuildKit's databases of a worker, and as a list. Prints the median and the spread of \
      the runs, and how often that of a program or method that does the same, run beside it: the sqlite3 shell, ncdu, \
      jq, skopeo and umoci, reading all pages one by one. Those that aren't installed are left out.
      """)

  /// What can be measured.
  enum Benchmark: String, CaseIterable, ExpressibleByArgument {
    case open
    case diskUsage = "disk-usage"
    case plan
    case prune
    case stateFolder = "state-folder"
    case list
    case firstFrame = "first-frame"
    case keys
    case images
  }

  @Option(help: "How many records; may be repeated.") var records: [Int] = [1_000, 10_000, 100_000]
  @Option(help: "How often each is run.") var runs = 5
  @Option(help: "What is measured: \(Benchmark.allCases.map(\.rawValue).joined(separator: ", ")); may be repeated.")
  var only: [Benchmark] = Benchmark.allCases
  @Option(help: ArgumentHelp("Only write the cache, to look at it with other tools.", valueName: "dir")) var make:
    String?
  @Option(help: ArgumentHelp("How large the image is whose import and export are measured.", valueName: "bytes"))
  var imageSize = "1GB"
  @Flag(help: "Print JSON, one object a line.") var json = false

  func validate() throws {
    guard runs > 0, records.allSatisfy({ $0 > 0 }) else { throw ValidationError("counts start at 1") }
    guard make == nil || records.count == 1 else {
      throw ValidationError("--make makes one cache: give --records once")
    }
  }

  func run() async throws {
    if let make { return try Workload(records: records[0]).write(to: FilePath(make)) }
    if only.contains(.images) { try await measureImages() }
    for count in records where only != [.images] {
      let folder = FileManager.default.temporaryDirectory.appending(path: "strata-bench-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      try await measure(Workload(records: count), in: FilePath(folder.path))
    }
  }

  private func measure(_ workload: Workload, in root: FilePath) async throws {
    try workload.write(to: root)
    let cache = CacheBenchmarks(workload: workload, root: root, runs: runs)
    let screen = ScreenBenchmarks(
      workload: workload, root: root, runs: runs, strata: strata)
    let lists = ListBenchmarks(workload: workload, root: root, runs: runs, screen: screen)
    for benchmark in only {
      let measurements: [Measurement] =
        switch benchmark {
        case .open: try await cache.open()
        case .diskUsage: try await cache.diskUsage()
        case .plan: try await cache.plan()
        case .prune: try await cache.prune()
        case .stateFolder: try await FolderBenchmarks(workload: workload, runs: runs).read()
        case .list: try await lists.all()
        case .firstFrame: try await screen.firstFrame()
        case .keys: try await screen.keys()
        case .images: []  // they have no records
        }
      try tell(measurements)
    }
  }

  private func measureImages() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "strata-bench-\(UUID().uuidString)")
    let size = try ByteCount(parsing: imageSize, of: "--image-size", takesBare: true).bytes
    try tell(
      try await ImageBenchmarks(size: Int(size), runs: runs, strata: strata, place: FilePath(folder.path)).all())
  }

  private var strata: String {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "strata").path
  }

  private func tell(_ measurements: [Measurement]) throws {
    for measurement in measurements { print(json ? try measurement.json : measurement.text) }
    fflush(nil)
  }
}
