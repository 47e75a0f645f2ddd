import BuildCache
import Logging
import SystemPackage

/// The cache of a folder whose records are being read, and then that cache.
///
/// Its largest records can be seen at once; all else waits until the records are read, and throws where that fails.
public final class OpeningCache: CacheController {
  private let folder: EmbeddedFolder
  private let opening: Task<EmbeddedCache, any Error>

  /// Begins to read the records of a folder, which is this cache's to close.
  public init(_ folder: EmbeddedFolder, logger: Logger = Logger(label: "strata.cache")) {
    self.folder = folder
    opening = Task.detached { try EmbeddedCache(folder, logger: logger) }
  }

  /// The folder's path.
  public var name: String { folder.root.string }
  /// Why nothing can be changed, where that is so.
  public var readOnlyReason: String? { folder.readOnlyReason }
  /// As of ``EmbeddedCache``.
  public var behavior: PruneBehavior { .embedded }
  /// As of ``EmbeddedCache``.
  public var noInsightReason: String? { nil }

  /// The largest records, without waiting.
  public func glimpse(of count: Int) async throws -> CacheState? { try folder.largest(count) }

  /// As of ``EmbeddedCache``.
  public func usage(matching filter: Filter) async throws -> CacheState {
    try await opening.value.usage(matching: filter)
  }

  /// As of ``EmbeddedCache``.
  public func space() async throws -> CacheSpace? { try await opening.value.space() }

  /// As of ``EmbeddedCache``.
  public func carryOut(_ plan: PrunePlan, progress: @escaping @Sendable (CacheState.Row) -> Void) async throws
    -> PruneReport
  {
    try await opening.value.carryOut(plan, progress: progress)
  }

  /// As of ``EmbeddedCache``.
  public func details(of id: RecordID) async throws -> RecordDetails? { try await opening.value.details(of: id) }

  /// As of ``EmbeddedCache``.
  public func files(of id: RecordID, at path: FilePath) async throws -> [TreeFile] {
    try await opening.value.files(of: id, at: path)
  }

  /// As of ``EmbeddedCache``.
  public func setHeld(_ isHeld: Bool, _ id: RecordID, reason: String) async throws {
    try await opening.value.setHeld(isHeld, id, reason: reason)
  }

  /// Closes the cache; records that are still being read are read no further.
  ///
  /// - Throws: why it could not be opened, too; it is closed then.
  public func close() async throws {
    opening.cancel()
    let cache: EmbeddedCache
    do { cache = try await opening.value } catch is CancellationError { return }
    try cache.close()
  }
}
