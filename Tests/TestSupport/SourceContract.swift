import BuildCache
import Synchronization
import SystemPackage
import Testing

/// What every ``CacheSource`` promises, whichever it is; each implementation's tests call it.
///
/// - Parameters:
///   - source: the source; something has to be in it.
///   - refusesPruning, refusesInsight: what is to be refused there.
///   - isHeld: whether another process is changing the cache.
///   - trace: what is left of a look at it, as a value that changes where anything does.
package func checkContract<Trace: Equatable>(
  of source: any CacheSource, refusesPruning: Bool = false, refusesInsight: Bool = false, isHeld: Bool = false,
  trace: () throws -> Trace, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let before = try trace()
  #expect(!source.identity.words.isEmpty && !source.identity.key.isEmpty, sourceLocation: sourceLocation)

  let reading = try await source.read()
  #expect(!reading.state.rows.isEmpty, sourceLocation: sourceLocation)
  #expect(try await source.read().state == reading.state, "two readings", sourceLocation: sourceLocation)
  if let glimpse = try await source.glimpse(of: 2) {
    #expect(glimpse.rows.count <= 2, sourceLocation: sourceLocation)
    #expect(glimpse.rows.allSatisfy { reading.state.index(of: $0.id) != nil }, sourceLocation: sourceLocation)
    #expect(glimpse.rows.map(\.size) == glimpse.rows.map(\.size).sorted(by: >), sourceLocation: sourceLocation)
  }
  let readings = try await withThrowingTaskGroup(of: CacheState.self) { group in
    for _ in 0..<4 { group.addTask { try await source.read().state } }
    return try await group.reduce(into: []) { $0.append($1) }
  }
  #expect(readings.allSatisfy { $0 == reading.state }, "side by side", sourceLocation: sourceLocation)

  let insight = await source.insight()
  #expect((insight.refusal != nil) == refusesInsight, sourceLocation: sourceLocation)
  if case .allowed(let insight) = insight {
    for row in reading.state.rows {
      #expect(try await insight.details(of: row.id).metadata.id == row.id, sourceLocation: sourceLocation)
    }
    await expectNotFound(sourceLocation) { _ = try await insight.details(of: "no such record") }
    await expectNotFound(sourceLocation) { _ = try await insight.files(of: "no such record", at: "/") }
  }
  #expect(try trace() == before, "looking leaves no trace", sourceLocation: sourceLocation)

  let pruning = await source.pruning()
  #expect((pruning.refusal != nil) == refusesPruning, sourceLocation: sourceLocation)
  #expect(pruning.refusal?.isEmpty != true, sourceLocation: sourceLocation)
  guard case .allowed(let pruner) = pruning else { return }
  let plan = try PrunePlan(
    reading.state, policies: [PrunePolicy(all: true)], behavior: reading.behavior, now: reading.moment)
  let told = Guarded<[RecordID]>([])
  guard !isHeld else {
    await #expect(sourceLocation: sourceLocation) {
      _ = try await pruner.carryOut(plan) { row in told.withLock { $0.append(row.id) } }
    } throws: {
      ($0 as? CacheError)?.code == .heldByOther
    }
    #expect(told.withLock { $0.isEmpty }, sourceLocation: sourceLocation)
    await #expect("before anybody is asked", sourceLocation: sourceLocation) {
      try await pruner.checkMayBegin()
    } throws: {
      ($0 as? CacheError)?.code == .heldByOther
    }
    #expect(try await source.read().state == reading.state, sourceLocation: sourceLocation)
    return
  }
  try await pruner.checkMayBegin()
  let promises = pruner.promises(ofChosen: plan.isOfChosen)
  if promises.contains(.canStop) {
    let stopped = try await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await pruner.carryOut(plan) { row in told.withLock { $0.append(row.id) } }
    }.value
    #expect(stopped.wasStopped && stopped.removed == 0, sourceLocation: sourceLocation)
    #expect(stopped.notReached.count == plan.count, sourceLocation: sourceLocation)
    #expect(told.withLock { $0.isEmpty }, sourceLocation: sourceLocation)
  }
  let report = try await pruner.carryOut(plan) { row in told.withLock { $0.append(row.id) } }
  #expect(report.removed == plan.count && report.changed.isEmpty, sourceLocation: sourceLocation)
  if promises.contains(.keepsOrder) {
    let order = plan.victims.map { reading.state.rows[$0.row].id }
    #expect(told.withLock { $0 } == order, sourceLocation: sourceLocation)
  }
  let after = try await source.read().state
  let gone = Set(told.withLock { $0 })
  #expect(
    Set(after.rows.map(\.id)) == Set(reading.state.rows.map(\.id)).subtracting(gone), sourceLocation: sourceLocation)
  if promises.contains(.checksVictims) {
    // All of them have changed meanwhile: they are gone.
    let again = try await pruner.carryOut(plan) { _ in Issue.record("nothing is left to remove") }
    #expect(again.removed == 0 && again.changed.count == plan.count, sourceLocation: sourceLocation)
  }
}

private func expectNotFound(_ sourceLocation: SourceLocation, _ work: () async throws -> Void) async {
  do {
    try await work()
    Issue.record("what isn't there was found", sourceLocation: sourceLocation)
  } catch {
    #expect((error as? CacheError)?.code == .notFound, "\(error)", sourceLocation: sourceLocation)
  }
}
