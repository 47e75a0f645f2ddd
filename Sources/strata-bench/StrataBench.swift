import ArgumentParser
import BuildCache
import BuildCacheStore
import Foundation
import SystemPackage

/// Measures what Strata is fast at, on a stated workload.
@main
struct StrataBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "strata-bench",
    abstract: "Measure opening, disk usage and planning (build with -c release).",
    discussion: """
      The cache: chains of ten layers; in every fifty records one merge of two and one diff of two; sizes known, \
      uniform below 10 MB; 0 to 19 uses; last used within 60 days. The policy: all, keep-bytes half of all bytes. \
      Prints the median and the spread of the runs; each is a new one, in one process.
      """)

  @Option(help: "How many records; may be repeated.") var records: [Int] = [10_000, 100_000]
  @Option(help: "How often each is run.") var runs = 5
  @Flag(help: "Print JSON, one object a line.") var json = false

  func validate() throws {
    guard runs > 0, records.allSatisfy({ $0 > 0 }) else { throw ValidationError("counts start at 1") }
  }

  func run() async throws {
    for count in records {
      let folder = FileManager.default.temporaryDirectory.appending(path: "strata-bench-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      try await measure(Workload(records: count), in: FilePath(folder.path))
    }
  }

  private func measure(_ workload: Workload, in root: FilePath) async throws {
    let count = workload.records.count
    try workload.write(to: root)
    try report(
      await Measurement(of: "open", records: count, runs: runs) {
        try EmbeddedCache(root, .read).close()
      })
    let cache = try EmbeddedCache(root, .read)
    try report(
      await Measurement(of: "disk usage", records: count, runs: runs) { _ = try await cache.usage(matching: .all) })
    let state = try await cache.usage(matching: .all)
    try cache.close()
    let policy = PrunePolicy(all: true, keepBytes: state.total / 2)
    var plan = PrunePlan(state, policies: [policy], now: Workload.now)
    try report(
      await Measurement(of: "plan half", records: count, runs: runs) {
        plan = PrunePlan(state, policies: [policy], now: Workload.now)
      })
    var limit = policy.limits.maxUsed
    try report(
      await Measurement(of: "move the limit", records: count, runs: runs) {
        limit += 1_000_000
        plan = plan.limited(rule: 0, to: SpaceLimits(maxUsed: limit))
      })
  }

  private func report(_ measurement: Measurement) throws {
    print(json ? try measurement.json : measurement.text)
  }
}
