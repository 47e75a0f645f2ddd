import Synchronization

/// Garbage collection, which alone deletes snapshots and blobs (B12).
extension CacheManager {
  /// Deletes the snapshots and blobs that no lease holds, and trees that no snapshot names.
  ///
  /// It goes on when the caller is cancelled (F7): half-collected is no better than not.
  ///
  /// - Returns: how many trees and blobs went.
  /// - Throws: ``CacheError`` `storage`; what is left is collected the next time.
  @discardableResult
  public func collectGarbage() async throws -> Int {
    let blobs = try state.withLock { try collectBlobs($0) }
    let doomed = try state.withLock { state in
      // The names go first: a tree without a name is garbage, a name without a tree would be damage.
      let unleased = try store.unleasedSnapshots()
      if !unleased.isEmpty { try store.apply(unleased.map { .removeSnapshot($0.id) }) }
      return try trees(state) { _ in true }
    }
    for tree in doomed { try await snapshotter.remove(tree) }
    return doomed.count + blobs
  }

  /// The trees on disk that are not being made, but those of the snapshots that `isKept` picks.
  private func trees(_ state: State, but isKept: (Snapshot) -> Bool) throws -> [TreeID] {
    var trees = Set(try snapshotter.trees()).subtracting(state.treesInMaking)
    guard !trees.isEmpty else { return [] }
    try store.forEachSnapshot { if isKept($0) { trees.remove($0.tree) } }
    return Array(trees)
  }

  /// Under the lock, so that nobody comes to store or lease one of them meanwhile.
  private func collectBlobs(_ state: State) throws -> Int {
    guard state.blobWriters == 0 else { return 0 }
    let leased = try store.leasedBlobs()
    let doomed = try content.digests().filter { !leased.contains($0) }
    if !doomed.isEmpty { try store.apply(doomed.map { .forgetBlob($0) }) }
    for digest in doomed { try content.remove(digest) }
    return doomed.count
  }
}

extension CacheManager {
  /// The bytes of trees that belong to no record: what a crash or a removal left for garbage collection.
  ///
  /// - Complexity: O(records and trees), and a walk of each such tree.
  public func unownedBytes() async throws -> Int64 {
    let orphans = try state.withLock { state in
      let owned = Set(state.records.values.lazy.map(\.treeSnapshot))
      return try trees(state) { owned.contains($0.id) }
    }
    var bytes: Int64 = 0
    for tree in orphans { bytes = bytes.addingSaturating(try await snapshotter.usage(of: tree, over: nil)) }
    return bytes
  }
}
