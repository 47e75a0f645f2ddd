import BuildCache
import SystemPackage

extension EmbeddedCache {
  /// Whether the cache's own root lies in a folder, so that ``store(_:over:_:progress:)`` passes over it.
  public func lies(in folder: FilePath) throws -> Bool {
    try root.lies(in: folder)
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
    do {
      try DirectorySnapshotter.copyContents(
        of: folder, to: try await mutable.mount(), leavingOut: root, progress: progress)
      let record = try mutable.commit()
      do {
        try await record.finalize()
        _ = try await record.size()  // so that those who only look need not measure it
      } catch {
        try? record.release()
        throw error
      }
      try record.update { $0 = options }
      return record
    } catch {
      try? mutable.release()
      _ = try? await manager.collectGarbage()
      throw error
    }
  }
}
