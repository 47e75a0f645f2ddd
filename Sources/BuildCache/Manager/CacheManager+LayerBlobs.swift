import Synchronization

/// Blobs that are made for records (B15).
extension CacheManager {
  /// The blobs of a record's layers, lowest first (B15); see ``ImmutableRef/blobs(making:)``.
  func blobs(of record: Record, making: Bool) async throws -> [BlobDescriptor] {
    let layers = state.withLock { _ in record.layerChain }
    let hasAll = state.withLock { _ in layers.allSatisfy { $0.metadata.blob != nil } }
    if !hasAll {
      guard making else { throw CacheError(.noBlobs, "record \(record.id) has layers without a blob") }
      try await finalize(record)
      for layer in layers { try await makeBlob(of: layer) }
    }
    return try state.withLock { state in
      try inOneStep(&state) { address(record, &$0, &$1) }
      return layers.compactMap { $0.metadata.blob?.descriptor }
    }
  }

  /// Makes the blob of one layer, unless it has one; one run a record.
  private func makeBlob(of layer: Record) async throws {
    try await flights.run("blob \(layer.id)") {
      guard self.state.withLock({ _ in layer.metadata.blob == nil }) else { return }
      guard let differ = self.dependencies.differ else {
        throw CacheError(.noBlobs, "record \(layer.id) has no blob, and nothing here can make one")
      }
      let difference = try await self.difference(of: layer)
      try await self.withNewBlobs {
        let (digest, size, made) = try await self.content.write(expecting: nil) {
          try await differ.compare(
            lower: difference.lower.map(self.snapshotter.folder), upper: difference.upper.map(self.snapshotter.folder),
            to: $0)
        }
        let blob = RecordBlob(digest: digest, diffID: made.diffID, mediaType: made.mediaType, size: size)
        try self.state.withLock { state in
          var metadata = layer.metadata
          metadata.blob = blob
          metadata.size = nil  // B11
          guard state.records[layer.id] === layer else {
            layer.metadata = metadata
            return
          }
          try self.store.apply([
            .putLease(layer.id.text, isTemporary: false), .leaseBlob(digest, lease: layer.id.text),
            .updateRecord(metadata),
          ])
          layer.metadata = metadata
        }
      }
    }
  }

  /// Works out the chain ids of a record, and of those that it stands on, as far as they have blobs.
  private func address(_ record: Record, _ state: inout State, _ step: inout Step) {
    guard ChainIDs(record) == nil else { return }
    for parent in record.parents { address(parent, &state, &step) }
    guard let ids = chainIDs(of: record) else { return }
    var metadata = record.metadata
    metadata.chainID = ids.chain
    metadata.blobChainID = ids.blobChain
    if state.records[record.id] === record {
      step.changes.append(.updateRecord(metadata))
      state.index.insert(metadata)
      step.undo { [metadata] in $0.index.remove(metadata) }
    }
    step.keep(record)
    record.metadata = metadata
  }

  private func chainIDs(of record: Record) -> ChainIDs? {
    func own(over below: ChainIDs?) -> ChainIDs? {
      record.metadata.blob.map { ChainIDs(of: $0.digest, $0.diffID, over: below) }
    }
    switch record.metadata.parents {
    case .none: return own(over: nil)
    case .layer: return record.parents.first.flatMap { ChainIDs($0) }.flatMap { own(over: $0) }
    case .diff:
      return record.metadata.blob == nil ? record.parents.last.flatMap { ChainIDs($0) } : own(over: nil)
    case .merge:
      guard let first = record.parents.first, var ids = ChainIDs(first) else { return nil }
      for layer in record.parents.dropFirst().flatMap(\.layerChain) {
        guard let blob = layer.metadata.blob else { return nil }
        ids = ChainIDs(of: blob.digest, blob.diffID, over: ids)
      }
      return ids
    }
  }

  /// Links a blob that is in the content store to a record, as its own blob compressed otherwise (B15).
  func addVariant(_ variant: Digest, to record: Record) throws {
    guard try content.size(of: variant) != nil else { throw CacheError.needsProvider(of: [variant]) }
    try state.withLock { state in
      guard let own = record.metadata.blob?.digest else {
        throw CacheError(.noBlobs, "record \(record.id) has no blob to have variants of")
      }
      guard state.records[record.id] === record else { throw CacheError(.notFound, "no record \(record.id)") }
      var metadata = record.metadata
      metadata.size = nil  // B11
      try store.apply([
        .putLease(record.variantsLease, isTemporary: false), .leaseBlob(variant, lease: record.variantsLease),
        .linkVariants(own, variant), .updateRecord(metadata),
      ])
      record.metadata = metadata
    }
  }

  /// Runs what stores blobs and then gives them to a lease: meanwhile no blob is collected as garbage.
  public func withNewBlobs<T>(_ body: () async throws -> T) async rethrows -> T {
    state.withLock { $0.blobWriters += 1 }
    defer { state.withLock { $0.blobWriters -= 1 } }
    return try await body()
  }
}
