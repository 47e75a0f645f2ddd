import Synchronization

extension CacheManager {
  /// All that is known of a record.
  ///
  /// - Throws: ``CacheError`` `notFound`, `storage`.
  public func details(of id: RecordID) throws -> RecordDetails {
    try state.withLock { state in
      let record = try record(id, in: state)
      let snapshot = record.treeSnapshot
      let blob = record.metadata.blob?.digest
      return RecordDetails(
        metadata: record.metadata, refCount: record.refCount, isHeld: record.isHeld, isLazy: try isLazy(record),
        equalHalf: record.equalMutable?.record.id ?? record.equalImmutable?.id,
        folder: try store.snapshot(snapshot).map { snapshotter.folder(of: $0.tree) },
        leases: try store.leases(holding: snapshot, or: blob).sorted(),
        tags: try store.tags().filter { $0.record == id }.map(\.name).sorted())
    }
  }
}
