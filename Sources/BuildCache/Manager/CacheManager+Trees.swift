import Synchronization
import SystemPackage

/// Trees on disk: making one, mounting, extracting (B8, B13).
extension CacheManager {
  /// Makes a tree and hands it to a step that names it; where either fails nothing of it is left.
  ///
  /// - Parameters:
  ///   - fill: makes the tree, outside the lock.
  ///   - adopt: stores what names the tree, under the lock, with what `fill` answered.
  func withNewTree<Filled: Sendable, Result: Sendable>(
    fill: (TreeID) async throws -> Filled, adopt: (inout State, TreeID, Filled) throws -> Result
  ) async throws -> Result {
    let tree = try snapshotter.newTree()
    state.withLock { _ = $0.treesInMaking.insert(tree) }
    defer { state.withLock { _ = $0.treesInMaking.remove(tree) } }
    do {
      let filled = try await fill(tree)
      return try state.withLock { try adopt(&$0, tree, filled) }
    } catch {
      try? await snapshotter.remove(tree)
      throw error
    }
  }

  /// The snapshot that has a record's tree now.
  func snapshot(of record: Record) throws -> Snapshot {
    let id = state.withLock { _ in record.treeSnapshot }
    guard let snapshot = try store.snapshot(id) else {
      throw CacheError(.storage, "snapshot \(id) of record \(record.id) is gone")
    }
    return snapshot
  }

  /// Makes the snapshot of a record exist (B8). One run at a time for a record, whoever asks.
  func extract(_ record: Record, _ providers: BlobProviders) async throws {
    let (isMade, isBlobOnly) = state.withLock { _ in
      (record.kind == .merge || record.kind == .diff, record.metadata.isBlobOnly)
    }
    guard isMade || isBlobOnly else { return }
    try await flights.run("extract \(record.id)") {
      let id = self.state.withLock { _ in record.metadata.ownSnapshot }
      guard try self.store.snapshot(id) == nil else { return }
      guard isMade else { return try await self.unpack(record, providers) }
      let layers = self.state.withLock { _ in record.layerChain }
      var differences: [TreeDifference] = []
      for layer in layers { differences.append(try await self.difference(of: layer, providers)) }
      try await self.withNewTree {
        let usage = try await self.snapshotter.merge($0, of: differences)
        return (usage, try await self.snapshotter.seal($0, over: nil).seal)
      } adopt: { state, tree, filled in
        // A run that all callers had left may have come to its end even so; this tree is then garbage.
        guard try self.store.snapshot(id) == nil else { return }
        var metadata = record.metadata
        metadata.size = nil  // G10
        try self.store.apply([
          .putSnapshot(Snapshot(id: id, parent: nil, kind: .committed, tree: tree, usage: filled.0, seal: filled.1)),
          .updateRecord(metadata),
        ])
        record.metadata = metadata
      }
    }
  }

  /// What a layer of a chain adds, as two trees: its own over its parent's, or the sides of a diff.
  func difference(of layer: Record, _ providers: BlobProviders = [:]) async throws -> TreeDifference {
    let (lower, upper, isLayer): (Record?, Record?, Bool) = state.withLock { _ in
      switch layer.metadata.parents {
      case .none, .merge: (nil, layer, true)
      case .layer: (layer.parents.first, layer, true)
      case .diff(let lower, let upper):
        (lower == nil ? nil : layer.parents.first, upper == nil ? nil : layer.parents.last, false)
      }
    }
    for side in [lower, upper] {
      if let side { try await extract(side, providers) }
    }
    return TreeDifference(
      lower: try lower.map { try snapshot(of: $0).tree }, upper: try upper.map { try snapshot(of: $0).tree },
      isLayer: isLayer)
  }

  /// The folder of a record's tree (B13).
  func mount(_ record: Record, readOnly: Bool, _ providers: BlobProviders) async throws -> FilePath {
    let isHalf = state.withLock { _ in record.equalMutable != nil }
    if record.isMutable || (isHalf && readOnly) {
      let snapshot = try snapshot(of: record)
      // One that came back after its removal (A5) names a tree that is done, and that shares files with others.
      guard readOnly || snapshot.kind == .active else {
        throw CacheError(.invalid, "record \(record.id) can't be written: its tree is done")
      }
      return snapshotter.folder(of: snapshot.tree)
    }
    try await finalize(record)
    try await extract(record, providers)
    return try state.withLock { _ in
      guard let snapshot = try store.snapshot(record.metadata.ownSnapshot) else {
        throw CacheError(.storage, "snapshot \(record.metadata.ownSnapshot) of record \(record.id) is gone")
      }
      if !record.hasView {
        try store.apply([
          .putLease(record.viewLease, isTemporary: true),
          .leaseSnapshot(record.viewSnapshot, lease: record.viewLease),
          .putSnapshot(
            Snapshot(id: record.viewSnapshot, parent: snapshot.id, kind: .view, tree: snapshot.tree, usage: 0)),
        ])
        record.hasView = true
      }
      return snapshotter.folder(of: snapshot.tree)
    }
  }
}
