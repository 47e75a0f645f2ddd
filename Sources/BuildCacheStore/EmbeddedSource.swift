import BuildCache
import Glibc
import Logging
import Synchronization
import SystemPackage

/// An embedded cache for as long as somebody sits before it: looking reads it anew, acting opens it for that one act, and
/// nothing is held in between, so that other processes may change it.
public final class EmbeddedSource: CacheController {
  private let folder: EmbeddedFolder
  private let steps: DurableSteps
  private let logger: Logger
  /// The reading that was asked for last; what is asked besides is answered from it.
  private let reading = Guarded<Task<EmbeddedCache, any Error>?>(nil)

  /// Finds the cache; nothing of it is read yet.
  ///
  /// - Throws: as ``EmbeddedFolder/init(_:_:steps:)``.
  public init(_ root: FilePath, steps: DurableSteps = .unwatched, logger: Logger = Logger(label: "strata.cache")) throws
  {
    folder = try EmbeddedFolder(root, .read)
    self.steps = steps
    self.logger = logger
  }

  /// The folder's path.
  public var name: String { folder.root.string }
  /// As of ``EmbeddedCache``.
  public var behavior: PruneBehavior { .embedded }
  /// Nothing is missing here.
  public var noInsightReason: String? { nil }
  /// Whether this user may write to the folder, as it is now.
  public var readOnlyReason: String? {
    access(folder.root.string, W_OK) == 0 ? nil : "\(folder.root) may not be written by this user"
  }

  /// The largest records, without waiting.
  public func glimpse(of count: Int) async throws -> CacheState? { try folder.largest(count) }

  /// Reads all records anew.
  public func usage(matching filter: Filter) async throws -> CacheState {
    try await read(anew: true).usage(matching: filter)
  }

  /// The room of the disk, and what no record owns by the last reading.
  public func space() async throws -> CacheSpace? { try await read().space() }

  /// All that the last reading knows of a record.
  public func details(of id: RecordID) async throws -> RecordDetails? { try await read().details(of: id) }

  /// As of ``CacheManager/resolve(_:)``, of the last reading.
  public func resolve(_ prefix: String) async throws -> RecordID { try await read().manager.resolve(prefix) }

  /// As of ``EmbeddedCache``, of the last reading.
  public func notes() async -> [String] { (try? await read().notes()) ?? [] }

  /// What a record's tree holds; one that was never made is made aside.
  public func files(of id: RecordID, at path: FilePath) async throws -> [TreeFile] {
    let cache = try await read()
    if try cache.manager.details(of: id).folder != nil { return try await cache.files(of: id, at: path) }
    return try await EmbeddedCache.looking(at: folder.root, logger: logger) { cache in
      try await cache.files(of: id, at: path)
    }
  }

  /// Opens the cache to make room in it, carries the plan out, and closes it.
  public func carryOut(_ plan: PrunePlan, progress: @escaping @Sendable (CacheState.Row) -> Void) async throws
    -> PruneReport
  {
    try await acting(.reclaim) { try await $0.carryOut(plan, progress: progress) }
  }

  /// Opens the cache, holds the record or lets go of it, and closes it.
  public func setHeld(_ isHeld: Bool, _ id: RecordID, reason: String) async throws {
    try await acting(.write) { try await $0.setHeld(isHeld, id, reason: reason) }
  }

  /// Ends a reading that is under way.
  public func close() async throws {
    reading.withLock { $0?.cancel() }
  }

  private func read(anew: Bool = false) async throws -> EmbeddedCache {
    let task = reading.withLock { reading in
      if let reading, !anew { return reading }
      let task = Task.detached { [folder, logger] in try EmbeddedCache(folder, logger: logger) }
      reading = task
      return task
    }
    return try await task.value
  }

  private func acting<T: Sendable>(_ access: EmbeddedFolder.Access, _ act: (EmbeddedCache) async throws -> T)
    async throws -> T
  {
    let cache = try EmbeddedCache(folder.root, access, steps: steps, logger: logger)
    do {
      let result = try await act(cache)
      try cache.close()
      return result
    } catch {
      try? cache.close()
      throw error
    }
  }
}
