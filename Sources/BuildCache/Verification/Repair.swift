import Synchronization

/// What a repair would do, to be looked at before it is done.
public struct RepairPlan: Sendable {
  /// What is put right, in sentences that name record, lease or blob.
  public var mended: [String] = []
  /// What goes for good.
  public var dropped: [String] = []
  /// Whether there is nothing to do.
  public var isEmpty: Bool { mended.isEmpty && dropped.isEmpty }

  fileprivate var changes: [StoreChange] = []
  fileprivate var blobs: [Digest] = []
  fileprivate var unpacked: [RecordID] = []
  fileprivate var doomed: Set<RecordID> = []
}

extension CacheManager {
  /// Works out what ``repair(_:)`` would do, changing nothing.
  ///
  /// A record without a whole tree gets a new one where its blob is whole, or where it is a merge or diff, and is dropped
  /// with all that stands on it where not. What was kept aside as lost is dropped.
  ///
  /// - Throws: ``CacheError`` where the store can't be read, `CancellationError`.
  /// - Complexity: as ``verify(deep:progress:)``, deep: nobody mends by what may be damaged.
  public func repairPlan(progress: @escaping @Sendable (VerifyProgress) -> Void = { _ in }) async throws -> RepairPlan {
    let found = try await examine(deep: true, progress)
    var plan = RepairPlan()
    // First: a record whose lease is damaged gets it back after that.
    if !found.inspection.unreadableBlobs.isEmpty {
      plan.mended += found.inspection.unreadableBlobs.map { "\($0): that is dropped" }
      plan.changes.append(.forgetUnreadableBlobs)
    }
    for (record, change) in found.checker.leaseless {
      plan.mended.append("record \(record) gets its lease back")
      plan.changes += [.putLease(record.text, isTemporary: false), change]
    }
    for lease in found.checker.ownerless {
      plan.mended.append("lease \(lease), which belongs to no record, is let go")
      plan.changes.append(.removeLease(lease))
    }
    for blob in found.damagedBlobs.sorted() {
      plan.dropped.append("blob \(blob), which is damaged")
      plan.blobs.append(blob)
    }
    let records = found.inspection.contents.records.map(\.metadata).sorted { $0.id < $1.id }
    for record in records { plan.mend(record, found, try content.digests()) }
    let usage = try listing()
    let rows = plan.doomed.compactMap { usage.index(of: $0) }
    for row in try PrunePlan(usage, removing: rows).victims where !plan.doomed.contains(usage.rows[row.row].id) {
      plan.dropped.append("record \(usage.rows[row.row].id), which stands on one that goes")
    }
    for lost in try dependencies.lost?.records() ?? [] {
      plan.dropped.append("record \(lost.id), which was kept aside as lost: \(lost.reason)")
    }
    if found.findings.contains(where: { $0.severity == .unfinished }), plan.isEmpty {
      plan.mended.append("what was cut off is ended, and what no lease holds is collected")
    }
    return plan
  }

  /// Carries a repair out, and then collects garbage.
  ///
  /// - Returns: what is still not as it should be.
  /// - Throws: ``CacheError`` where the store can't be written; what was mended until then stays so.
  public func repair(_ plan: RepairPlan) async throws -> [Finding] {
    try state.withLock { state in
      try store.apply(plan.changes)
      // The store was changed behind the records in memory.
      for change in plan.changes {
        if case .updateRecord(let metadata) = change { state.records[metadata.id]?.metadata = metadata }
      }
    }
    for digest in plan.blobs { try content.remove(digest) }
    let usage = try listing()
    let rows = plan.doomed.compactMap { usage.index(of: $0) }
    if !rows.isEmpty { _ = try await carryOut(PrunePlan(usage, removing: rows)) { _ in } }
    for id in plan.unpacked {
      let ref = try get(id, countsAsUse: false)
      defer { try? ref.release() }
      try await ref.extract()
    }
    if let lost = dependencies.lost {
      try lost.clear()
      try store.apply(store.leases().filter { $0.id.hasPrefix(Lease.lostPrefix) }.map { .removeLease($0.id) })
    }
    try await collectGarbage()
    return try await verify(deep: true)
  }
}

extension RepairPlan {
  /// Decides about one record.
  fileprivate mutating func mend(_ record: RecordMetadata, _ found: CacheManager.Examination, _ blobs: [Digest]) {
    let digest = record.blob?.digest
    let hasBlob = digest.map { blobs.contains($0) && !found.damagedBlobs.contains($0) } ?? false
    let isTreeless = found.checker.treeless.contains(record.id)
    let isTreeDamaged = isTreeless || found.damagedTrees.contains(record.ownSnapshot)
    let isRemade = record.parents.kind == .merge || record.parents.kind == .diff
    var metadata = record
    switch (isTreeDamaged, hasBlob) {
    case (true, true):
      mended.append("the tree of record \(record.id) is unpacked again from its blob")
      metadata.isBlobOnly = !isRemade
      changes += [.removeSnapshot(record.ownSnapshot), .updateRecord(metadata)]
      unpacked.append(record.id)
    case (true, false) where isRemade:
      mended.append("the tree of record \(record.id) is made again from what it stands on")
      changes.append(.removeSnapshot(record.ownSnapshot))
      unpacked.append(record.id)
    case (true, false):
      dropped.append("record \(record.id), whose tree is \(isTreeless ? "gone" : "damaged") and which has no blob")
      doomed.insert(record.id)
    case (false, false) where digest != nil && !record.isBlobOnly:
      mended.append("record \(record.id) forgets its blob, which is missing or damaged; its tree stays")
      (metadata.blob, metadata.chainID, metadata.blobChainID) = (nil, nil, nil)
      changes.append(.updateRecord(metadata))
    default: break
    }
  }
}
