import BuildCache
import SystemPackage

extension EmbeddedCache {
  /// Whether the cache's own root lies in a folder, so that ``store(_:over:_:progress:)`` passes over it.
  public func lies(in folder: FilePath) throws -> Bool {
    try root.lies(in: folder) && !folder.lies(in: root)
  }

  /// Stores a folder's content as a new, finalized record.
  ///
  /// - Parameters:
  ///   - folder: the folder; the cache's own root is passed over where it lies in it.
  ///   - parent: the record over which the content is laid.
  ///   - options: what the record says of itself.
  ///   - progress: told how many more bytes were copied.
  /// - Returns: a ref on the record.
  /// - Throws: ``CacheError`` `invalid` where the folder is in the cache, `storage` naming the file that can't be read or written, and `CancellationError`; nothing
  ///   of the record is left.
  /// - Complexity: a copy of the parent's tree and of the folder.
  public func store(
    _ folder: FilePath, over parent: ImmutableRef? = nil, _ options: RecordOptions,
    progress: @escaping @Sendable (Int64) -> Void = { _ in }
  ) async throws -> ImmutableRef {
    guard try !folder.lies(in: root) else {
      throw CacheError(.invalid, "\(folder) is in the cache \(root), which can't be stored in itself")
    }
    var unfinished = options
    unfinished.retain = false  // so that what fails goes with its refs
    let mutable = try await manager.new(over: parent, unfinished)
    var committed: ImmutableRef?
    var isParted = false
    do {
      try DirectorySnapshotter.copyContents(
        of: folder, to: try await mutable.mount(), leavingOut: root, progress: progress, steps: self.folder.steps)
      let record = try mutable.commit()
      committed = record
      try await record.finalize()
      isParted = true
      _ = try await record.size()  // so that those who only look need not measure it
      try record.update { $0 = options }
      return record
    } catch {
      await takeBack([mutable.id, committed?.id].compactMap(\.self)) {
        try? committed?.release()
        // Once they are parted it would take the record along, and leave its lease (A5).
        if !isParted { try? mutable.release() }
      }
      throw error
    }
  }
}

extension EmbeddedCache {
  /// Takes records back that a call which failed has made, as far as they are there still; a cancelled caller's too
  /// (F7).
  ///
  /// - Parameter letGo: releases the refs on them.
  func takeBack(_ made: [RecordID], _ letGo: () -> Void = {}) async {
    // On a full disk even that needs room to be written down.
    folder.giveBackReserve()
    letGo()
    await Task {
      if let usage = try? manager.listing() {
        let rows = made.compactMap { usage.index(of: $0) }
        if !rows.isEmpty { _ = try? await manager.carryOut(PrunePlan(usage, removing: rows)) { _ in } }
      }
      _ = try? await manager.collectGarbage()
    }.value
  }
}
