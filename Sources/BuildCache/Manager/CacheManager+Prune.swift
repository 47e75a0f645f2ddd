import Synchronization

/// Pruning: policies in order (D1), each as a plan that is carried out (D4, D6, D8).
extension CacheManager {
  /// Carries out policies in order, and then collects garbage (D1).
  ///
  /// - Parameters:
  ///   - policies: what may go.
  ///   - behavior: how candidates are ranked; the embedded manager's own rule is `seed`.
  ///   - free: free bytes of the cache's disk, for policies with a min free; absent: none is heeded.
  ///   - progress: called after each removal, in order, with the record's usage row.
  /// - Returns: what went. Cancelling the task stops between two removals (D8) and is told in the report.
  /// - Throws: ``CacheError``; no later policy and no garbage collection ran (D9), what was removed was reported.
  @discardableResult
  public func prune(
    _ policies: [PrunePolicy], behavior: PruneBehavior = .embedded, free: Int64? = nil,
    progress: @escaping @Sendable (CacheState.Row) -> Void = { _ in }
  ) async throws -> PruneReport {
    try await pruning.withLock {
      var report = PruneReport()
      for policy in policies where !report.wasStopped {
        // Without a limit no size matters to the choice: only the victims are measured, as they go.
        let usage = policy.limits != .none ? try await usage() : try listing()
        let plan = PrunePlan(
          usage, policies: [policy], behavior: behavior, now: foundation.clock.now(), free: free)
        try await remove(plan, &report, progress)
      }
      try await collectGarbage()
      return report
    }
  }

  /// Carries out one plan, and then collects garbage; see ``CacheController/carryOut(_:progress:)``.
  public func carryOut(_ plan: PrunePlan, progress: @escaping @Sendable (CacheState.Row) -> Void) async throws
    -> PruneReport
  {
    try await pruning.withLock {
      var report = PruneReport()
      try await remove(plan, &report, progress)
      try await collectGarbage()
      return report
    }
  }

  /// Victims that are marked, and removed, together: two transactions a batch.
  private static let batchSize = 100

  private func remove(_ plan: PrunePlan, _ report: inout PruneReport, _ progress: (CacheState.Row) -> Void) async throws
  {
    var victims = plan.victims[...]
    while !victims.isEmpty && !report.wasStopped {
      let batch = victims.prefix(Self.batchSize).map { plan.state.rows[$0.row] }
      victims = victims.dropFirst(Self.batchSize)
      let marked = try await measured(mark(batch, &report))
      try remove(marked, &report, progress)
    }
    report.notReached += victims.map { plan.state.rows[$0.row].id }
  }

  /// Works out the sizes of marked records that were not known when they were planned.
  private func measured(_ marked: [(Record, CacheState.Row)]) async throws -> [(Record, CacheState.Row)] {
    let unknown = marked.indices.filter { !marked[$0].1.hasKnownSize }
    guard !unknown.isEmpty else { return marked }
    var marked = marked
    for (number, size) in zip(unknown, try await measure(unknown.map { marked[$0].0 })) {
      marked[number].1.size = size ?? 0
      marked[number].1.hasKnownSize = size != nil
    }
    return marked
  }

  /// Marks a batch deleted (D6): those whose only refs are of children marked before them.
  ///
  /// Marked records are dead and have no refs but from each other, so that nobody can come to use one any more.
  private func mark(_ batch: [CacheState.Row], _ report: inout PruneReport) throws -> [(Record, CacheState.Row)] {
    try state.withLock { state in
      var marked: [(Record, CacheState.Row)] = []
      var freed: [RecordID: Int] = [:]
      for row in batch {
        guard let record = state.records[row.id], !record.isDead, !record.isHiddenHalf,
          record.refCount == freed[row.id, default: 0], record.metadata.usageCount == row.usageCount,
          record.metadata.lastUsedAt == row.lastUsedAt
        else {
          report.changed.append(row.id)
          continue
        }
        for parent in record.parents + (record.equalImmutable?.parents ?? []) {
          freed[parent.id, default: 0] += 1
        }
        marked.append((record, row))
      }
      try store.apply(marked.map { .updateRecord(Self.marking($0.0.metadata, deleted: true)) })
      for (record, _) in marked { record.isMarkedDead = true }
      return marked
    }
  }

  private static func marking(_ metadata: RecordMetadata, deleted: Bool) -> RecordMetadata {
    var metadata = metadata
    metadata.isDeleted = deleted
    return metadata
  }

  /// Removes marked records one by one, as far as the task is not cancelled; the rest is as before.
  private func remove(
    _ marked: [(Record, CacheState.Row)], _ report: inout PruneReport, _ progress: (CacheState.Row) -> Void
  ) throws {
    var changes: [StoreChange] = []
    for (record, row) in marked {
      if Task.isCancelled { report.wasStopped = true }
      if report.wasStopped {
        state.withLock { _ in record.isMarkedDead = false }
        report.notReached.append(row.id)
        changes.append(.updateRecord(Self.marking(record.metadata, deleted: false)))
        continue
      }
      state.withLock { state in
        if let immutable = record.equalImmutable { remove(immutable, withSnapshot: false, &state, &changes) }
        remove(record, withSnapshot: true, &state, &changes)
      }
      report.removed += 1
      report.freed = report.freed.addingSaturating(row.size)
      progress(row)
    }
    if !changes.isEmpty { try store.apply(changes) }
  }
}
