import Synchronization

/// Letting go: what a release counts and what it removes (A3 to A5).
///
/// These run under the lock and collect what has to be stored, so that a release is one transaction.
extension CacheManager {
  /// Releases a ref that a caller held; does nothing the second time.
  func release(_ handle: Handle) throws {
    try state.withLock { try release(handle, &$0) }
  }

  /// The same under the lock.
  func release(_ handle: Handle, _ state: inout State) throws {
    guard handle.isHeld else { return }
    var changes: [StoreChange] = []
    if handle.record.isMutable {
      releaseMutable(handle, &state, &changes)
    } else {
      releaseImmutable(handle, &state, &changes)
    }
    if !changes.isEmpty { try store.apply(changes) }
  }

  private func releaseImmutable(_ handle: Handle, _ state: inout State, _ changes: inout [StoreChange]) {
    let record = handle.record
    handle.isHeld = false
    record.refCount -= 1
    if handle.countsAsUse {
      record.useCount -= 1
      if record.useCount == 0 {
        countUse(of: record, state, &changes)
        record.equalMutable?.countsAsUse = true  // A3
      }
    }
    finishRelease(of: record, &state, &changes)
  }

  /// Lets go of one ref that a child, or a lasting hold, had: never a use (G6, G8).
  func releaseHold(on record: Record, _ state: inout State, _ changes: inout [StoreChange]) {
    record.refCount -= 1
    finishRelease(of: record, &state, &changes)
  }

  private func finishRelease(of record: Record, _ state: inout State, _ changes: inout [StoreChange]) {
    guard record.refCount == 0, !record.isMutable else { return }
    if let mutable = record.equalMutable {
      releaseMutable(mutable, &state, &changes)
    } else {
      dropView(of: record, &changes)
    }
  }

  private func releaseMutable(_ handle: Handle, _ state: inout State, _ changes: inout [StoreChange]) {
    let record = handle.record
    if handle.isHeld {
      handle.isHeld = false
      record.refCount -= 1
    }
    let immutable = record.equalImmutable
    // A lasting hold keeps the record, as a retain policy would (G8).
    guard record.metadata.isRetained || immutable?.metadata.isRetained == true || record.isHeld else {
      if let immutable { remove(immutable, withSnapshot: false, &state, &changes) }
      remove(record, withSnapshot: true, &state, &changes)
      return
    }
    if handle.countsAsUse {
      countUse(of: record, state, &changes)
      handle.countsAsUse = false
    }
  }

  private func countUse(of record: Record, _ state: State, _ changes: inout [StoreChange]) {
    record.metadata.usageCount += 1
    record.metadata.lastUsedAt = foundation.clock.now()
    if state.records[record.id] === record { changes.append(.updateRecord(record.metadata)) }
  }

  /// Removes a record, and its lease where its snapshot goes with it (B12).
  func remove(_ record: Record, withSnapshot: Bool, _ state: inout State, _ changes: inout [StoreChange]) {
    state.remove(record)
    changes.append(.removeRecord(record.id))
    if withSnapshot { changes += [.removeLease(record.id), .removeLease(record.variantsLease)] }
    dropView(of: record, &changes)
    let parents = record.parents
    record.parents = []
    for parent in parents { releaseHold(on: parent, &state, &changes) }
  }

  /// Drops the view that was made to mount a record (A4, B13).
  private func dropView(of record: Record, _ changes: inout [StoreChange]) {
    guard record.hasView else { return }
    record.hasView = false
    changes += [.removeLease(record.viewLease), .removeSnapshot(record.viewSnapshot)]
  }
}
