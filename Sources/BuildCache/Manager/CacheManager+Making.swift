import Logging
import Synchronization

/// Getting and making records: A6 to A8, B1 to B3.
extension CacheManager {
  /// A ref on the record of an id; a mutable record without refs answers as its commit (A7).
  ///
  /// - Parameters:
  ///   - id: the whole id.
  ///   - countsAsUse: whether releasing the ref may count a use (A2).
  ///   - providers: whoever can provide blobs that are not in the content store.
  /// - Throws: ``CacheError`` `notFound`, `needsRemoteProvider` (A10), `locked` (A6), `storage`; nothing is changed.
  public func get(_ id: RecordID, countsAsUse: Bool = true, providers: BlobProviders = [:]) throws -> ImmutableRef {
    try state.withLock { state in
      let record = try record(id, providers, in: state)
      guard record.isMutable else {
        return ImmutableRef(Handle(on: record, countsAsUse: countsAsUse), self, providers)
      }
      guard record.refCount == 0 else { throw CacheError(.locked, "record \(id) is being written") }
      if let immutable = record.equalImmutable {
        return ImmutableRef(Handle(on: immutable, countsAsUse: countsAsUse), self, providers)
      }
      let handle = Handle(on: record, countsAsUse: countsAsUse)
      do {
        return try commit(handle, providers, &state)
      } catch {
        handle.isHeld = false
        record.refCount -= 1
        throw error
      }
    }
  }

  /// The one ref on a mutable record; its equal immutable, if nobody holds it, goes (A8).
  ///
  /// - Throws: ``CacheError`` `notFound`, `needsRemoteProvider`, `invalid` for an immutable record, `locked`, `storage`;
  ///   nothing is changed.
  public func getMutable(_ id: RecordID, providers: BlobProviders = [:]) throws -> MutableRef {
    try state.withLock { state in
      let record = try record(id, providers, in: state)
      guard record.isMutable else { throw CacheError(.invalid, "record \(id) is not mutable") }
      guard record.refCount == 0, (record.equalImmutable?.refCount ?? 0) == 0 else {
        throw CacheError(.locked, "record \(id) is held by someone else")
      }
      if let immutable = record.equalImmutable {
        try inOneStep(&state) { state, step in
          step.keep(record)
          remove(immutable, withSnapshot: false, &state, &step)
          record.equalImmutable = nil
        }
      }
      return MutableRef(Handle(on: record, countsAsUse: true), self, providers)
    }
  }

  /// The live record of an id, nothing of which lacks a provider (A10).
  private func record(_ id: RecordID, _ providers: BlobProviders, in state: State) throws -> Record {
    let record = try record(id, in: state)
    let missing = try missingBlobs(of: record, providers)
    guard missing.isEmpty else { throw CacheError.needsProvider(of: missing) }
    return record
  }

  /// Makes a record to write to, with a copy of the parent's tree or an empty one (B1).
  ///
  /// - Parameters:
  ///   - parent: what it stands on; finalized and extracted first, and held by the new record.
  ///   - options: what the record says of itself.
  /// - Throws: ``CacheError``; nothing was made.
  /// - Complexity: a copy of the parent's tree.
  public func new(over parent: ImmutableRef? = nil, _ options: RecordOptions = RecordOptions()) async throws
    -> MutableRef
  {
    let held = parent?.clone()
    defer { try? held?.release() }  // the record holds its parent itself by then
    try await held?.finalize()
    try await held?.extract()
    let below = try held.map { try snapshot(of: $0.handle.record) }
    let id = dependencies.identities.newID()
    return try await withNewTree {
      try await snapshotter.prepare($0, copying: below?.tree)
    } adopt: { state, tree, _ in
      var metadata = RecordMetadata(
        id: id, parents: held.map { .layer($0.id) } ?? .none, isCommitted: false, snapshot: SnapshotID(of: id),
        createdAt: dependencies.clock.now())
      options.apply(to: &metadata)
      metadata.imageRefs = [options.imageRef].compactMap(\.self)
      try store.apply([
        .putLease(id.text, isTemporary: false), .leaseSnapshot(metadata.snapshot, lease: id.text),
        .putSnapshot(Snapshot(id: metadata.snapshot, parent: below?.id, kind: .active, tree: tree)),
        .putRecord(metadata),
      ])
      let record = Record(metadata, parents: [held?.handle.record].compactMap(\.self))
      state.insert(record)
      return MutableRef(Handle(on: record, countsAsUse: true), self, [:])
    }
  }

  func commit(_ handle: Handle, _ providers: BlobProviders) throws -> ImmutableRef {
    try state.withLock { try commit(handle, providers, &$0) }
  }

  private func commit(_ handle: Handle, _ providers: BlobProviders, _ state: inout State) throws -> ImmutableRef {
    let mutable = handle.record
    guard mutable.isMutable, mutable.refCount > 0 else {
      throw CacheError(.invalid, "record \(mutable.id) has no ref to commit")
    }
    let metadata = RecordMetadata(
      committing: mutable.metadata, as: dependencies.identities.newID(), at: dependencies.clock.now())
    try store.apply([.putRecord(metadata)])
    let record = Record(metadata, parents: mutable.parents)
    record.equalMutable = handle
    mutable.equalImmutable = record
    state.insert(record)
    return ImmutableRef(Handle(on: record, countsAsUse: true), self, providers)
  }

  /// Parts an immutable record from its mutable half (B3); one run at a time for a record.
  func finalize(_ record: Record) async throws {
    guard state.withLock({ _ in record.equalMutable != nil }) else { return }
    try await flights.run("finalize \(record.id)") {
      guard let written = try self.tree(ofHalf: record) else { return }
      let sealed = try await self.snapshotter.seal(written.tree, over: written.parent)
      try self.takeOver(record, sealed)
      // What is the same as in the parent need not be stored twice. The record is whole without this.
      guard let parent = written.parent else { return }
      do { try await self.snapshotter.settle(written.tree, over: parent) } catch {
        self.dependencies.logger.info("tree \(written.tree) shares less than it could: \(error)")
      }
    }
  }

  /// The tree that an immutable record shares with its mutable half, and what it stands on; nothing once they are parted.
  private func tree(ofHalf record: Record) throws -> (tree: TreeID, parent: TreeID?)? {
    try state.withLock { _ in
      guard let mutable = record.equalMutable?.record else { return nil }
      guard let snapshot = try store.snapshot(mutable.metadata.ownSnapshot) else {
        throw CacheError(.storage, "snapshot \(mutable.metadata.ownSnapshot) of record \(record.id) is gone")
      }
      return (snapshot.tree, try snapshot.parent.flatMap { try store.snapshot($0) }?.tree)
    }
  }

  /// Gives an immutable record its mutable half's snapshot and removes that half, in one step.
  private func takeOver(_ record: Record, _ sealed: (seal: TreeSeal, usage: Int64)) throws {
    try state.withLock { state in
      guard let mutable = record.equalMutable?.record else { return }
      guard var snapshot = try store.snapshot(mutable.metadata.ownSnapshot) else {
        throw CacheError(.storage, "snapshot \(mutable.metadata.ownSnapshot) of record \(record.id) is gone")
      }
      snapshot.id = record.metadata.ownSnapshot
      snapshot.kind = .committed
      (snapshot.seal, snapshot.usage) = sealed
      var metadata = record.metadata
      metadata.equalMutable = nil
      let isKnown = state.records[record.id] === record
      try inOneStep(&state) { state, step in
        step.keep(record)
        step.changes = [
          .putLease(record.id.text, isTemporary: false), .leaseSnapshot(snapshot.id, lease: record.id.text),
          .putSnapshot(snapshot), .removeSnapshot(mutable.metadata.ownSnapshot),
          // A tree needs an owner, or it would stay for ever.
          isKnown ? .updateRecord(metadata) : record.rewrite(at: dependencies.clock.now()),
        ]
        step.keep(mutable)
        record.metadata = metadata
        record.equalMutable = nil
        mutable.isMarkedDead = true
        remove(mutable, withSnapshot: true, &state, &step)
      }
    }
  }
}
