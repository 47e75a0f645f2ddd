import Synchronization

/// Records that are made of blobs: found or made (B9), and given a tree when it is asked for (B8, B16).
extension CacheManager {
  /// A record of a layer's blob over a parent: one that exists, or a new one whose tree is made of the blob when it is
  /// asked for (B9).
  ///
  /// - Parameters:
  ///   - blob: the layer; its annotations tell the diff id.
  ///   - parent: what it stands on; its chain ids are known.
  ///   - options: what a new record says of itself; the image reference is added to one that exists, too.
  ///   - countsAsUse: whether releasing the ref may count a use (A2); that of a new record does.
  ///   - providers: whoever can provide blobs that are not in the content store.
  /// - Throws: ``CacheError`` `missingDiffID`, `badDigest`, `needsRemoteProvider` with the digests, `notAddressable`,
  ///   `notFound`, `storage`; no record was made.
  public func getByBlob(
    _ blob: BlobDescriptor, over parent: ImmutableRef? = nil, _ options: RecordOptions = RecordOptions(),
    countsAsUse: Bool = true, providers: BlobProviders = [:]
  ) async throws -> ImmutableRef {
    try await findOrMake(blob, over: parent, options, countsAsUse: countsAsUse, providers: providers).ref
  }

  /// The same, for those who have to know whether the record was made or found.
  package func findOrMake(
    _ blob: BlobDescriptor, over parent: ImmutableRef?, _ options: RecordOptions, countsAsUse: Bool = true,
    providers: BlobProviders = [:]
  ) async throws -> (ref: ImmutableRef, isNew: Bool) {
    let diffID = try blob.diffID()
    if let digest = blob.digest, providers[digest] == nil, try content.size(of: digest) == nil {
      throw CacheError.needsProvider(of: [digest])
    }
    let below = try parent.map { try get($0.id, countsAsUse: false, providers: providers) }
    defer { try? below?.release() }  // a new record holds its parent itself by then
    try await below?.finalize()
    return try state.withLock { state in
      let ids = try ChainIDs(of: blob.digest, diffID, over: below?.handle.record)
      if let found = try first(of: state.index[blobChain: ids.blobChain], providers, state) {
        try add(options.imageRef, to: found)
        return (ImmutableRef(Handle(on: found, countsAsUse: countsAsUse), self, providers), false)
      }
      // Whatever has the same content has the tree, or will have it under the same name.
      let linked = try first(of: state.index[chain: ids.chain], providers, state)
      let made = try inOneStep(&state) { state, step in
        let made = make(blob, diffID, ids, over: below?.handle.record, like: linked, options, &state, &step)
        if let linked {
          // It was got as any other is, and let go: that may be a use (A3).
          step.keep(linked)
          release(Handle(on: linked, countsAsUse: countsAsUse), &state, &step)
        }
        return made
      }
      return (ImmutableRef(Handle(on: made, countsAsUse: true), self, providers), true)
    }
  }

  /// The first of some records that can be had; those gone or lacking providers are passed over (B9).
  private func first(of ids: Set<RecordID>, _ providers: BlobProviders, _ state: State) throws -> Record? {
    for id in ids.sorted() {
      guard let record = state.records[id], !record.isDead, !record.isMutable,
        try missingBlobs(of: record, providers).isEmpty
      else { continue }
      return record
    }
    return nil
  }

  private func make(
    _ blob: BlobDescriptor, _ diffID: Digest, _ ids: ChainIDs, over parent: Record?, like linked: Record?,
    _ options: RecordOptions, _ state: inout State, _ step: inout Step
  ) -> Record {
    let id = dependencies.identities.newID()
    var metadata = RecordMetadata(
      id: id, parents: parent.map { .layer($0.id) } ?? .none, isCommitted: true,
      snapshot: linked?.metadata.snapshot ?? SnapshotID(ids.chain.description), createdAt: dependencies.clock.now())
    options.apply(to: &metadata)
    metadata.imageRefs = [options.imageRef].compactMap(\.self)
    metadata.blob = RecordBlob(
      digest: blob.digest, diffID: diffID, mediaType: blob.mediaType, size: blob.size, urls: blob.urls)
    metadata.isBlobOnly = linked?.metadata.isBlobOnly ?? true
    metadata.chainID = ids.chain
    metadata.blobChainID = ids.blobChain
    step.changes += [
      .putLease(id.text, isTemporary: false), .leaseSnapshot(metadata.snapshot, lease: id.text),
      blob.digest.map { .leaseBlob($0, lease: id.text) }, .putRecord(metadata),
    ].compactMap(\.self)
    return step.insert(metadata, parents: [parent].compactMap(\.self), &state)
  }

  /// Adds the name of an image that a record belongs to, unless it is there (B10).
  private func add(_ imageRef: String?, to record: Record) throws {
    guard let imageRef, !record.metadata.imageRefs.contains(imageRef) else { return }
    var metadata = record.metadata
    metadata.imageRefs.append(imageRef)
    try store.apply([.updateRecord(metadata)])
    record.metadata = metadata
  }

  // MARK: laziness

  /// Whether only the description of a record's blob is here.
  func isLazy(_ record: Record) throws -> Bool {
    guard record.metadata.isBlobOnly, let digest = record.metadata.blob?.digest else { return false }
    return try content.size(of: digest) == nil
  }

  /// The blobs of a record and all that it stands on that are neither here nor can they be had (A10).
  ///
  /// - Complexity: O(ancestors).
  func missingBlobs(of record: Record, _ providers: BlobProviders) throws -> [Digest] {
    var missing: [Digest] = []
    var seen: Set<ObjectIdentifier> = [ObjectIdentifier(record)]
    var open = [record]
    while let record = open.popLast() {
      if try isLazy(record), let digest = record.metadata.blob?.digest, providers[digest] == nil {
        missing.append(digest)
      }
      for parent in record.parents where seen.insert(ObjectIdentifier(parent)).inserted { open.append(parent) }
    }
    return missing
  }

  /// Brings a record's blob into the content store, whoever asks and however many; one run a digest (B16).
  func fetch(_ record: Record, _ providers: BlobProviders) async throws {
    guard let blob = state.withLock({ _ in record.metadata.blob }), let digest = blob.digest else { return }
    try await flights.run("fetch \(digest)") {
      guard try self.content.size(of: digest) == nil else { return }
      guard let provider = providers[digest] else { throw CacheError.needsProvider(of: [digest]) }
      // Nothing collects it meanwhile: the record's lease names it.
      _ = try await self.content.write(expecting: digest) { try await provider.provide(blob.descriptor, to: $0) }
      try self.state.withLock { state in
        guard record.metadata.description.isEmpty, let image = record.metadata.imageRefs.first else { return }
        var metadata = record.metadata
        metadata.description = "pulled from \(image)"
        if state.records[record.id] === record { try self.store.apply([.updateRecord(metadata)]) }
        record.metadata = metadata
      }
    }
  }

  /// Makes the tree of a layer of its blob (B8); the caller knows that there is none.
  func unpack(_ record: Record, _ providers: BlobProviders) async throws {
    let (metadata, parent) = state.withLock { _ in (record.metadata, record.parents.first) }
    guard metadata.isBlobOnly, let blob = metadata.blob else { return }
    guard let applier = dependencies.applier else {
      throw CacheError(.invalid, "record \(record.id) is a blob, and nothing here can unpack one")
    }
    if let parent { try await extract(parent, providers) }
    try await fetch(record, providers)
    let below = try parent.map { try snapshot(of: $0) }
    try await withNewTree { tree in
      try await self.snapshotter.prepare(tree, sharing: below?.tree)
      if let digest = blob.digest {
        let removals = try await applier.apply(
          blob.descriptor, from: try self.content.file(of: digest), onto: self.snapshotter.folder(of: tree))
        try await self.snapshotter.keep(removals, of: tree)
      }
      return try await self.snapshotter.seal(tree, over: below?.tree)
    } adopt: { state, tree, sealed in
      var metadata = record.metadata
      metadata.isBlobOnly = false
      metadata.size = nil  // B11
      var changes: [StoreChange] = [.updateRecord(metadata)]
      // Another record of the same content may have been quicker; its tree is as good, and this one is garbage.
      if try store.snapshot(metadata.snapshot) == nil {
        changes.append(
          .putSnapshot(
            Snapshot(
              id: metadata.snapshot, parent: below?.id, kind: .committed, tree: tree, usage: sealed.usage,
              seal: sealed.seal)))
      }
      try store.apply(changes)
      record.metadata = metadata
    }
  }
}

/// What a layer's content, and its blob, are called together with all beneath (B9).
struct ChainIDs {
  var chain: Digest
  var blobChain: Digest

  /// Works them out for a blob over a parent.
  ///
  /// - Throws: ``CacheError`` `notAddressable` where the parent has none.
  init(of blob: Digest?, _ diffID: Digest, over parent: Record?) throws {
    guard let parent else {
      self.init(of: blob, diffID, over: nil as ChainIDs?)
      return
    }
    guard let below = ChainIDs(parent) else {
      throw CacheError(.notAddressable, "record \(parent.id) has no chain ids: it has no blobs")
    }
    self.init(of: blob, diffID, over: below)
  }

  /// Works them out for a blob over others.
  init(of blob: Digest?, _ diffID: Digest, over below: ChainIDs?) {
    let own = Digest(of: "\(blob?.description ?? "") \(diffID)".utf8)
    chain = Digest.chain(diffID, over: below?.chain)
    blobChain = Digest.chain(own, over: below?.blobChain)
  }

  /// Those of a record that has both.
  init?(_ record: Record) {
    guard let chain = record.metadata.chainID, let blobChain = record.metadata.blobChainID else { return nil }
    self.chain = chain
    self.blobChain = blobChain
  }
}

extension CacheError {
  /// What A10 throws.
  static func needsProvider(of digests: [Digest]) -> CacheError {
    var error = CacheError(
      .needsRemoteProvider, "not here, and nobody was named who has it: \(digests.map(\.hex).joined(separator: ", "))")
    error.digests = digests
    return error
  }
}
