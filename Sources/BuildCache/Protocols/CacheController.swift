import SystemPackage

/// What the explorer and the commands ask of a cache, whichever it is: look, and prune (the seed's `Controller`).
///
/// Implementations: the embedded ``CacheManager``, and a saved list, which can only be looked at. What only the embedded
/// manager can tell and do (details, files, holds) is off elsewhere, unless an implementation offers it.
public protocol CacheController: Sendable {
  /// What is open, in a few words for the screen: a root, a file.
  var name: String { get }

  /// Why nothing can be changed here, in a few words; nothing where it can.
  var readOnlyReason: String? { get }

  /// How this cache carries a prune out, which a plan has to foresee.
  var behavior: PruneBehavior { get }

  /// Some of the largest records, largest first and without parents, use and what is shared: something to look at while
  /// ``usage(matching:)`` takes its time; nothing where that is no longer than this.
  func glimpse(of count: Int) async throws -> CacheState?

  /// What the cache holds now, with sizes measured (C). Looking is not using (G1).
  ///
  /// - Parameter filter: rows that don't match are left out, and not measured (C3).
  /// - Throws: ``CacheError``; the cache is as it was.
  func usage(matching filter: Filter) async throws -> CacheState

  /// The disk under the cache, and what no record owns; nothing where it isn't on this machine.
  func space() async throws -> CacheSpace?

  /// What has to be known of the last usage: who else is changing the cache, what in it can't be read. In sentences.
  func notes() async -> [String]

  /// Carries out a plan: removes its victims in their order, as far as each is still free to go.
  ///
  /// Nothing is ever added to a plan. A victim that changed meanwhile (used, held, gone, built upon) is left
  /// alone and stands in the report. Cancelling the task stops between two removals (D8): what was removed was
  /// reported, what was not is whole.
  ///
  /// - Parameters:
  ///   - plan: what to remove; made from this controller's ``usage()``.
  ///   - progress: called of each removal once it is durable, in order, with the record's usage row.
  /// - Returns: what went and what was left alone.
  /// - Throws: ``CacheError`` where storage failed, or the cache is read only; what was removed was reported.
  func carryOut(_ plan: PrunePlan, progress: @escaping @Sendable (CacheState.Row) -> Void) async throws -> PruneReport

  /// Why there are no details, files and holds here, in a few words; nothing where there are.
  var noInsightReason: String? { get }

  /// All that is known of a record beside its row; nothing where the source knows no more.
  ///
  /// - Throws: ``CacheError`` `notFound`, `storage`.
  func details(of id: RecordID) async throws -> RecordDetails?

  /// What a record's tree holds at a path: names with the bytes of all beneath, the largest first. No use of it (G1).
  ///
  /// - Throws: ``CacheError`` `notFound` where there is no such record or path, `invalid` where the source has no trees,
  ///   `storage`; `CancellationError` where the task was cancelled.
  /// - Complexity: a walk of all beneath the path.
  func files(of id: RecordID, at path: FilePath) async throws -> [TreeFile]

  /// Keeps a record in use until it is let go (G8), or lets go of it.
  ///
  /// - Throws: ``CacheError`` `notFound` where there is no such record, or no hold to let go of, `readOnly`, `invalid`
  ///   where the source has no holds, `storage`; nothing is changed then.
  func setHeld(_ isHeld: Bool, _ id: RecordID, reason: String) async throws

  /// Ends the work: lets go of locks and files. The controller is not used afterwards.
  func close() async throws
}

extension CacheController {
  /// None.
  public func notes() async -> [String] { [] }

  /// Nothing.
  public func glimpse(of count: Int) async throws -> CacheState? { nil }

  /// Only the embedded manager has them.
  public var noInsightReason: String? { "only Strata's own cache has files and holds" }

  /// Nothing.
  public func details(of id: RecordID) async throws -> RecordDetails? { nil }

  /// Refuses.
  public func files(of id: RecordID, at path: FilePath) async throws -> [TreeFile] {
    throw CacheError(.invalid, "\(name) has no files to look at: \(noInsightReason ?? "")")
  }

  /// Refuses.
  public func setHeld(_ isHeld: Bool, _ id: RecordID, reason: String) async throws {
    throw CacheError(.invalid, "\(name) has no holds: \(noInsightReason ?? "")")
  }

  /// All that the cache holds now.
  public func usage() async throws -> CacheState {
    try await usage(matching: .all)
  }
}

/// What a prune did.
public struct PruneReport: Sendable, Equatable {
  /// How many records went.
  public var removed = 0
  /// The sum of their sizes.
  public var freed: Int64 = 0
  /// Ids of victims that were left alone as they changed since the plan was made.
  public var changed: [RecordID] = []
  /// Whether it was stopped before its end.
  public var wasStopped = false
  /// Ids of victims that it did not come to, as it was stopped.
  public var notReached: [RecordID] = []

  /// Makes an empty report.
  public init() {}
}

/// The disk under a cache.
public struct CacheSpace: Sendable, Equatable {
  /// All bytes of the file system.
  public var capacity: Int64
  /// Free bytes of the file system, those kept for root included, as BuildKit counts them.
  public var free: Int64
  /// Bytes in the cache's root that no record owns.
  public var unowned: Int64

  /// Makes a space.
  public init(capacity: Int64, free: Int64, unowned: Int64) {
    self.capacity = capacity
    self.free = free
    self.unowned = unowned
  }
}
