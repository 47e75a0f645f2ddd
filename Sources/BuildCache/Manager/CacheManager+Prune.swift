import Logging
import Synchronization

/// Pruning: policies in order (D1), each as a plan that is carried out (D4, D6, D8).
extension CacheManager {
  /// Carries out policies in order, and then collects garbage (D1).
  ///
  /// - Parameters:
  ///   - policies: what may go.
  ///   - behavior: how candidates are ranked; the embedded manager's own rule is `seed`.
  ///   - free: free bytes of the cache's disk, for policies with a min free; absent: none is heeded.
  ///   - progress: called of each removal once it is durable, in order, with the record's usage row.
  /// - Returns: what went. Cancelling the task stops between two removals (D8) and is told in the report.
  /// - Throws: ``CacheError``; no later policy and no garbage collection ran (D9), what was removed was reported.
  @discardableResult
  public func prune(
    _ policies: [PrunePolicy], behavior: PruneBehavior = .embedded, free: Int64? = nil,
    progress: @escaping @Sendable (CacheState.Row) -> Void = { _ in }
  ) async throws -> PruneReport {
    try await pruning.withLock {
      var report = PruneReport()
      unmarkWhatIsLeft()
      for policy in policies where !report.wasStopped {
        guard let plan = try await plan(policy, behavior, free: free) else {
          report.wasStopped = true
          break
        }
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
      unmarkWhatIsLeft()
      try await remove(plan, &report, progress)
      try await collectGarbage()
      return report
    }
  }

  /// What a policy removes now; nothing where the task was cancelled.
  private func plan(_ policy: PrunePolicy, _ behavior: PruneBehavior, free: Int64?) async throws -> PrunePlan? {
    guard !Task.isCancelled else { return nil }
    do {
      // Without a limit no size matters to the choice: only the victims are measured, as they go.
      let usage = policy.limits != .none ? try await usage() : try listing()
      return try PrunePlan(usage, policies: [policy], behavior: behavior, now: dependencies.clock.now(), free: free)
    } catch is CancellationError where Task.isCancelled { return nil }
  }

  /// Victims that are marked, and removed, together: two transactions a batch.
  private static let batchSize = 100

  /// Removes the victims of a plan, batch by batch. They are measured before they are marked: so nothing is marked that
  /// a cancelled task or a store that can't be read would leave so.
  private func remove(_ plan: PrunePlan, _ report: inout PruneReport, _ progress: (CacheState.Row) -> Void) async throws
  {
    var victims = plan.victims[...]
    while !victims.isEmpty && !report.wasStopped {
      guard let batch = try await measured(victims.prefix(Self.batchSize).map { plan.state.rows[$0.row] }) else {
        report.wasStopped = true
        break
      }
      victims = victims.dropFirst(Self.batchSize)
      for row in try remove(mark(batch, &report), &report) {
        report.gone.append(row.id)
        report.freed = report.freed.addingSaturating(row.size)
        progress(row)
      }
    }
    report.notReached += victims.map { plan.state.rows[$0.row].id }
  }

  /// Works out the sizes that were not known when a batch was planned; nothing where the task was cancelled.
  ///
  /// A tree that can't be measured goes as one of unknown size (G4): that it is damaged is no reason to keep it.
  private func measured(_ batch: [CacheState.Row]) async throws -> [CacheState.Row]? {
    guard !Task.isCancelled else { return nil }
    var batch = batch
    let unknown = state.withLock { state in
      batch.indices.compactMap { number in
        batch[number].hasKnownSize ? nil : state.records[batch[number].id].map { (number, $0) }
      }
    }
    guard !unknown.isEmpty else { return batch }
    do {
      for ((number, _), size) in zip(unknown, try await sizes(of: unknown.map(\.1), leavingOut: true)) {
        batch[number].size = size ?? 0
        batch[number].hasKnownSize = size != nil
      }
    } catch is CancellationError where Task.isCancelled { return nil }
    return batch
  }

  /// Marks a batch deleted (D6): those whose only refs are of children marked before them.
  ///
  /// Marked records are dead and have no refs but from each other, so that nobody can come to use one any more.
  private func mark(_ batch: [CacheState.Row], _ report: inout PruneReport) throws -> [(Record, CacheState.Row)] {
    try state.withLock { state in
      var marked: [(Record, CacheState.Row)] = []
      var changed: [RecordID] = []
      var freed: [RecordID: Int] = [:]
      for row in batch {
        guard let record = state.records[row.id], !record.isDead, !record.isHiddenHalf,
          record.refCount == freed[row.id, default: 0], record.metadata.usageCount == row.usageCount,
          record.metadata.lastUsedAt == row.lastUsedAt
        else {
          changed.append(row.id)
          continue
        }
        for parent in record.parents + (record.equalImmutable?.parents ?? []) {
          freed[parent.id, default: 0] += 1
        }
        marked.append((record, row))
      }
      if !marked.isEmpty { try mark(marked.map(\.0), true) }
      report.changed += changed
      return marked
    }
  }

  /// Marks records and their halves deleted, or takes their marks back, under the lock.
  ///
  /// The half is marked too, or an open that finds it alone would take it for lost (E2).
  private func mark(_ records: [Record], _ isDeleted: Bool) throws {
    try store.apply(
      records.flatMap { [$0, $0.equalImmutable].compactMap(\.self) }.map { record in
        var metadata = record.metadata
        metadata.isDeleted = isDeleted
        return .updateRecord(metadata)
      })
    for record in records {
      record.isMarkedDead = isDeleted
      record.metadata.isDeleted = isDeleted
      record.equalImmutable?.metadata.isDeleted = isDeleted
    }
  }

  /// Removes marked records in one transaction, as far as the task is not cancelled; the rest is as before.
  ///
  /// - Returns: the rows of those that are gone, durably.
  private func remove(_ marked: [(Record, CacheState.Row)], _ report: inout PruneReport) throws -> [CacheState.Row] {
    try state.withLock { state in
      do {
        let (gone, kept) = try inOneStep(&state) { state, step in
          var (gone, kept): ([CacheState.Row], [RecordID]) = ([], [])
          for (record, row) in marked {
            // D8, G9. One that went with what stood on it (A5) is gone, whatever the task wants by now.
            if !kept.isEmpty || Task.isCancelled, state.records[record.id] === record {
              unmark(record, &step)
              kept.append(row.id)
              continue
            }
            if let immutable = record.equalImmutable { remove(immutable, withSnapshot: false, &state, &step) }
            remove(record, withSnapshot: true, &state, &step)
            gone.append(row)
          }
          return (gone, kept)
        }
        if !kept.isEmpty { report.wasStopped = true }
        report.notReached += kept
        return gone
      } catch {
        let records = marked.map(\.0)
        do { try mark(records, false) } catch { state.leftMarked += records }
        throw error
      }
    }
  }

  /// Takes the mark of a record that is not removed back.
  private func unmark(_ record: Record, _ step: inout Step) {
    for half in [record, record.equalImmutable].compactMap(\.self) {
      step.keep(half)
      half.isMarkedDead = false
      half.metadata.isDeleted = false
      step.changes.append(.updateRecord(half.metadata))
    }
  }

  /// Tries once more to unmark what an earlier prune left marked (D9). What the store still doesn't take stays dead; the
  /// next open removes it.
  private func unmarkWhatIsLeft() {
    state.withLock { state in
      guard !state.leftMarked.isEmpty, !dependencies.isReadOnly else { return }
      do {
        try mark(state.leftMarked, false)
        state.leftMarked = []
      } catch { dependencies.logger.info("\(state.leftMarked.count) records stay marked deleted: \(error)") }
    }
  }
}
