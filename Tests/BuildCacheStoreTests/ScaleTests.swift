import BuildCache
import BuildCacheStore
import Foundation
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// What has to stay cheap where a cache is large, told by counts.
@Suite("Large caches") struct ScaleTests {
  private let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  /// A cache of so many records in chains of ten, each with a snapshot under its lease.
  private func write(_ count: Int, also changes: [StoreChange] = []) throws {
    try EmbeddedCache(scratch.path, .write).close()
    let store = try SQLiteMetadataStore(scratch.path.appending("cache.db"))
    try store.apply(
      (0..<count).flatMap { number -> [StoreChange] in
        var record = RecordMetadata(
          id: "r\(number)", parents: number % 10 == 0 ? .none : .layer("r\(number - 1)"), isCommitted: true,
          snapshot: "r\(number)", createdAt: Timestamp(nanoseconds: 0))
        record.size = Int64(number % 97)
        record.usageCount = number % 7
        record.isRetained = true
        return [
          .putRecord(record), .putLease(record.id.text, isTemporary: false),
          .leaseSnapshot(record.snapshot, lease: record.id.text),
          .putSnapshot(Snapshot(id: record.snapshot, parent: nil, kind: .committed, tree: TreeID(number + 1))),
        ]
      } + changes)
    try store.close()
  }

  @Test("a prune takes at most 3 transactions a hundred victims, garbage collection included, and tells each of them")
  func transactions() async throws {
    let count = long(1_000)
    try write(count * 2)
    let transactions = Mutex(0)
    let cache = try EmbeddedCache(
      scratch.path, .write,
      steps: DurableSteps { _, name, moment in
        if name == "transaction", moment == .after { transactions.withLock { $0 += 1 } }
      })
    let usage = try await cache.manager.usage()
    let plan = try PrunePlan(
      usage, policies: [PrunePolicy(all: true, keepBytes: usage.total / 2)], now: SystemClock().now())
    let before = transactions.withLock { $0 }
    let told = Mutex<[RecordID]>([])
    let report = try await cache.manager.carryOut(plan) { row in told.withLock { $0.append(row.id) } }
    #expect(report.removed == plan.count)
    #expect(plan.count > count / 2)
    #expect(told.withLock { $0 } == plan.victims.map { usage.rows[$0.row].id })
    #expect((transactions.withLock { $0 } - before) * 100 <= 3 * plan.count)
    try cache.close()
  }

  @Test("the largest records are there before any is read: those that are sure to be shown")
  func largest() async throws {
    var (mutable, half, unknown) = (record("mutable"), record("half"), record("unknown"))
    mutable.isCommitted = false
    half.equalMutable = "mutable"
    unknown.size = nil
    try write(300, also: [mutable, half, unknown].map { .putRecord($0) })
    let source = try EmbeddedSource(scratch.path)
    let rows = try #require(try await source.glimpse(of: 7)).rows
    #expect(rows.map(\.id) == ["r193", "r290", "r96", "r192", "r289", "r95", "r191"])
    #expect(rows.map(\.size) == [96, 96, 96, 95, 95, 95, 94])
    #expect(rows.first?.kind == .layer)
  }

  @Test("a cache that is being watched holds nothing: others change it, and the next look shows that")
  func watched() async throws {
    try write(long(2_000))
    let watched = try EmbeddedSource(scratch.path)
    #expect(await watched.pruning().refusal == nil)
    let insight = try await watched.insight().means(to: "hold")
    #expect(try await watched.glimpse(of: 1)?.rows.count == 1)
    #expect(try await watched.read().state.rows.count == long(2_000))
    let writer = try EmbeddedCache(scratch.path, .write)
    try writer.manager.hold("r29", reason: "another process")
    #expect(try await watched.read().state.rows.contains { $0.id == "r29" && $0.inUse })
    #expect(try await watched.read().notes.contains { $0.contains("process \(getpid()), since 20") })
    await #expect(throws: CacheError.self) { try await insight.setHeld(false, "r29", reason: "") }
    try writer.close()
    try await insight.setHeld(false, "r29", reason: "")
    #expect(try await watched.read().state.rows.allSatisfy { !$0.inUse })
    #expect(try await watched.read().notes.isEmpty)
  }

  private func record(_ id: RecordID) -> RecordMetadata {
    var record = RecordMetadata(
      id: id, parents: .none, isCommitted: true, snapshot: SnapshotID(of: id), createdAt: Timestamp(nanoseconds: 0))
    record.size = 1_000
    return record
  }
}
