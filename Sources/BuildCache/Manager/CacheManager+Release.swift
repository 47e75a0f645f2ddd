import Synchronization

/// Letting go: what a release counts and what it removes (A3 to A5).
///
/// These run under the lock and collect what has to be stored in a ``Step``, so that a release is one transaction.
extension CacheManager {
  /// Releases a ref that a caller held; does nothing the second time.
  func release(_ handle: Handle) throws {
    try state.withLock { state in
      guard handle.isHeld else { return }
      do {
        try inOneStep(&state) { release(handle, &$0, &$1) }
      } catch {
        letGo(handle)
        throw error
      }
    }
  }

  /// The same as a part of a step, of a ref that is held.
  func release(_ handle: Handle, _ state: inout State, _ step: inout Step) {
    if handle.record.isMutable {
      releaseMutable(handle, &state, &step)
    } else {
      releaseImmutable(handle, &state, &step)
    }
  }

  /// Only counts a ref off, where the store does not take what its release means: no record comes or goes.
  private func letGo(_ handle: Handle) {
    let record = handle.record
    handle.isHeld = false
    record.refCount -= 1
    guard !record.isMutable else { return }
    if handle.countsAsUse { record.useCount -= 1 }
    if record.refCount == 0, let mutable = record.equalMutable, mutable.isHeld { letGo(mutable) }  // A4
  }

  private func releaseImmutable(_ handle: Handle, _ state: inout State, _ step: inout Step) {
    let record = handle.record
    step.keep(handle)
    step.keep(record)
    handle.isHeld = false
    record.refCount -= 1
    if handle.countsAsUse {
      record.useCount -= 1
      if record.useCount == 0 {
        countUse(of: record, state, &step.changes)
        if let mutable = record.equalMutable {
          step.keep(mutable)
          mutable.countsAsUse = true  // A3
        }
      }
    }
    finishRelease(of: record, &state, &step)
  }

  /// Lets go of one ref that a child, or a lasting hold, had: never a use (G6, G8).
  func releaseHold(on record: Record, _ state: inout State, _ step: inout Step) {
    step.keep(record)
    record.refCount -= 1
    finishRelease(of: record, &state, &step)
  }

  private func finishRelease(of record: Record, _ state: inout State, _ step: inout Step) {
    guard record.refCount == 0, !record.isMutable else { return }
    if let mutable = record.equalMutable {
      releaseMutable(mutable, &state, &step)
    } else {
      dropView(of: record, &step)
    }
  }

  private func releaseMutable(_ handle: Handle, _ state: inout State, _ step: inout Step) {
    let record = handle.record
    step.keep(handle)
    step.keep(record)
    if handle.isHeld {
      handle.isHeld = false
      record.refCount -= 1
    }
    let immutable = record.equalImmutable
    // A lasting hold keeps the record, as a retain policy would (G8).
    guard record.metadata.isRetained || immutable?.metadata.isRetained == true || record.isHeld else {
      if let immutable { remove(immutable, withSnapshot: false, &state, &step) }
      remove(record, withSnapshot: true, &state, &step)
      return
    }
    if handle.countsAsUse {
      countUse(of: record, state, &step.changes)
      handle.countsAsUse = false
    }
  }

  private func countUse(of record: Record, _ state: State, _ changes: inout [StoreChange]) {
    record.metadata.usageCount += 1
    record.metadata.lastUsedAt = dependencies.clock.now()
    if state.records[record.id] === record {
      changes.append(.updateRecord(record.metadata))
    } else if !record.isMutable, hasOwnTree(record) {
      changes.append(
        record.rewrite(at: dependencies.clock.now()) {
          ($0.usageCount, $0.lastUsedAt) = (record.metadata.usageCount, record.metadata.lastUsedAt)
        })
    }
  }

  /// Whether a record that was removed while held left a tree under its own id, and a lease on it: without them garbage
  /// collection and the next open would clear whatever is stored of it (E3).
  func hasOwnTree(_ removed: Record) -> Bool {
    guard (try? store.snapshot(SnapshotID(of: removed.id))) ?? nil != nil else { return false }
    return (try? store.leases(holding: SnapshotID(of: removed.id), or: nil).contains(removed.id.text)) == true
  }

  /// Removes a record, and its lease where its snapshot goes with it (B12).
  func remove(_ record: Record, withSnapshot: Bool, _ state: inout State, _ step: inout Step) {
    step.keep(record)
    step.remove(record, &state)
    step.changes.append(.removeRecord(record.id))
    if withSnapshot { step.changes += [.removeLease(record.id.text), .removeLease(record.variantsLease)] }
    dropView(of: record, &step)
    let parents = record.parents
    record.parents = []
    for parent in parents { releaseHold(on: parent, &state, &step) }
  }

  /// Drops the view that was made to mount a record (A4, B13).
  private func dropView(of record: Record, _ step: inout Step) {
    guard record.hasView else { return }
    step.keep(record)
    record.hasView = false
    step.changes += [.removeLease(record.viewLease), .removeSnapshot(record.viewSnapshot)]
  }
}
