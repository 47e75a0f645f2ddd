import BuildCache
import BuildCacheStore
import Foundation
import SystemPackage
import Synchronization

/// What the library does, in this process.
struct CacheBenchmarks {
  let workload: Workload
  let root: FilePath
  let runs: Int

  private var count: Int { workload.records.count }
  private func usage() async throws -> CacheState {
    try await EmbeddedSource(root).read().state
  }

  /// A reading, opening for a writer, and what the sqlite3 shell needs to read the same rows, from exec to end.
  func open() async throws -> [Measurement] {
    var shell: [Double] = []
    let rows = "SELECT * FROM record; SELECT * FROM parent ORDER BY record, position"
    for _ in 0..<runs {
      guard let time = try await TerminalProgram.time(["sqlite3", root.appending("cache.db").string, rows]) else {
        break
      }
      shell.append(time)
    }
    let reference = shell.isEmpty ? nil : Measurement(of: "sqlite3 shell", records: count, values: shell)
    let read = try await Measurement(of: "read", records: count, runs: runs) { _ = try await usage() }
    let open = try await Measurement(of: "open", records: count, runs: runs) { try EmbeddedCache(root, .read).close() }
    return [read.compared(with: reference), open.compared(with: reference)] + [reference].compactMap(\.self)
  }

  func diskUsage() async throws -> [Measurement] {
    let cache = try EmbeddedCache(root, .read)
    defer { try? cache.close() }
    return [
      try await Measurement(of: "disk usage", records: count, runs: runs) { _ = try await cache.manager.usage() }
    ]
  }

  /// The whole order of a policy, beside that of half as many records, and where it is cut.
  func plan() async throws -> [Measurement] {
    let state = try await usage()
    let policy = PrunePolicy(all: true, keepBytes: state.total / 2)
    var plan = try PrunePlan(state, policies: [policy], now: Workload.now)
    let incremental = try await Measurement(of: "plan half", records: count, runs: runs) {
      plan = try PrunePlan(state, policies: [policy], now: Workload.now)
    }
    var limit = policy.limits.maxUsed
    let moving = await Measurement(of: "move the limit", records: count, runs: runs) {
      limit += 1_000_000
      plan = plan.limited(to: SpaceLimits(maxUsed: limit))
    }
    let part = state.keeping { _, number in number < count / 2 }
    let half = try await Measurement(of: "plan of half as many", records: count / 2, runs: runs) {
      _ = try PrunePlan(part, policies: [PrunePolicy(all: true, keepBytes: part.total / 2)], now: Workload.now)
    }
    return [incremental.compared(with: half), moving, half]
  }

  /// A prune of 10,000 records, or half of a small cache, carried out; and its durable transactions.
  func prune() async throws -> [Measurement] {
    let victims = min(10_000, count / 2)
    guard victims > 0 else { return [] }
    var (times, transactions) = ([Double](), [Double]())
    for run in 0..<runs {
      let folder = root.appending("prune-\(run)")
      try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: root.appending("cache.db").string, toPath: folder.appending("cache.db").string)
      let steps = Mutex(0)
      let cache = try EmbeddedCache(
        folder, .write,
        steps: DurableSteps { _, name, moment in
          if name == "transaction", moment == .after { steps.withLock { $0 += 1 } }
        })
      let state = try await cache.manager.usage()
      let all = try PrunePlan(state, policies: [PrunePolicy(all: true, keepBytes: 1)], now: Workload.now)
      let freed = all.victims.prefix(victims - 1).reduce(0) { $0 + state.rows[$1.row].size }
      let plan = all.limited(to: SpaceLimits(maxUsed: all.before - freed))
      let before = steps.withLock { $0 }
      times.append(try await milliseconds { _ = try await cache.manager.carryOut(plan) { _ in } })
      transactions.append(Double(steps.withLock { $0 } - before))
      try cache.close()
    }
    var counted = Measurement(of: "transactions of that", records: count, values: transactions)
    counted.unit = ""
    return [Measurement(of: "prune \(victims)", records: count, values: times), counted]
  }
}
