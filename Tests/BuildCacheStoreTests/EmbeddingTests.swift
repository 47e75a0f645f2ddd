import BuildCache
import BuildCacheStore
import Foundation
import SystemPackage
import TestSupport
import Testing

// What stands between the two lines is the program of the page "Embedding a cache".
// begin
func useCache(in folder: FilePath) async throws -> PruneReport {
  // One process at a time may change a cache; `.read` looks at one that another process changes.
  let cache = try EmbeddedCache(folder, .write)
  let manager = cache.manager

  // A base: write into a mutable record's folder, then commit it.
  let writable = try await manager.new(RecordOptions(description: "base", retain: true))
  try Data("hello".utf8).write(to: URL(filePath: try await writable.mount().appending("greeting").string))
  let base = try writable.commit()
  try await base.finalize()

  // A layer over it holds what it adds; a merge is layers applied in order.
  let next = try await manager.new(over: base, RecordOptions(description: "tools"))
  try Data("#!/bin/sh".utf8).write(to: URL(filePath: try await next.mount().appending("tool").string))
  let layer = try next.commit()
  try await layer.finalize()
  let merge = try await manager.merge([base, layer], RecordOptions(description: "both"))

  // What it takes, and what a prune to one byte would remove, in order.
  let usage = try await manager.usage()
  for row in usage.rows { print(row.id, row.size, row.inUse) }
  for ref in [base, layer, merge].compactMap({ $0 }) { try ref.release() }
  let policy = PrunePolicy(keepBytes: 1)
  let plan = try PrunePlan(try await manager.usage(), policies: [policy], now: SystemClock().now())
  for victim in plan.victims { print("would remove", plan.state.rows[victim.row].description) }

  // Carrying the plan out removes just that; what changed meanwhile is left alone and reported.
  let report = try await manager.carryOut(plan) { print("removed", $0.description) }
  try cache.close()
  return report
}
// end

@Suite("The page on embedding") struct EmbeddingTests {
  @Test("its program does what it says") func runs() async throws {
    let scratch = try ScratchFolder()
    let report = try await useCache(in: scratch.path.appending("cache"))
    #expect(report.removed == 3)
    #expect(report.changed.isEmpty)
    let again = try EmbeddedCache(scratch.path.appending("cache"), .read)
    #expect(try await again.manager.usage().rows.isEmpty)
  }

  @Test("its program is the one above") func isTrue() throws {
    let file = URL(filePath: #filePath)
    let source = try String(contentsOf: file, encoding: .utf8)
    let page = try String(
      contentsOf: file.deletingLastPathComponent().appending(
        path: "../../Sources/BuildCache/BuildCache.docc/Embedding.md"), encoding: .utf8)
    let program = try #require(source.firstMatch(of: /(?s)\n\/\/ begin\n(.*)\/\/ end\n/)).1
    #expect(page.contains(program))
  }
}
