import BuildCache
import FileTrees
import Foundation
import Logging
import SystemPackage

extension EmbeddedCache {
  /// Looks at a cache where looking may have to make something, a merge's tree for instance: what is made goes into a
  /// folder of its own, which is gone afterwards, and the cache is not changed.
  ///
  /// - Parameters:
  ///   - root: the cache's folder.
  ///   - place: where that folder is made, as `.strata-<id>`; absent: where the system keeps what is temporary.
  ///   - maxUnpacked: as of ``init(_:_:clock:identities:maxUnpacked:progress:steps:logger:)``, as are the others.
  ///   - body: is given the cache, for as long as it runs.
  /// - Throws: ``CacheError``, and what `body` throws.
  public static func looking<T: Sendable>(
    at root: FilePath, makingIn place: FilePath? = nil, maxUnpacked: Int64? = nil,
    progress: @escaping @Sendable (Int64) -> Void = { _ in }, steps: DurableSteps = .unwatched,
    logger: Logger = Logger(label: "strata.cache"),
    _ body: (EmbeddedCache) async throws -> T
  ) async throws -> T {
    let folder = try EmbeddedFolder(root, .read, steps: steps)
    let aside = (place ?? FilePath(FileManager.default.temporaryDirectory.path)).whole
      .appending(".strata-\(RandomIdentities().newID())")
    defer { try? removeTree(at: aside) }
    try makeFolder(aside)
    return try await body(
      EmbeddedCache(folder, makingIn: aside, maxUnpacked: maxUnpacked, progress: progress, logger: logger))
  }
}
