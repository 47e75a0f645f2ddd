import Logging
import Synchronization

/// A cache of file trees: makes records, counts refs on them, tells what they take, and prunes.
///
/// Short changes happen under one lock, each as one transaction of the store; slow work (copying and walking trees)
/// happens outside it. All calls may come from any task. Looking is not using (G1).
///
/// One order of store and memory: the store first, then memory. Where the store throws, memory is as it was before the
/// call, so that what is seen here is what the next open finds. A ``Step`` that has to change memory in order to find
/// out what is stored takes that back before it lets go of the lock. Exceptions:
/// - `release` lets go of the ref all the same, its use uncounted; a record that would have gone with it (A5) stays in
///   both, without refs, until it is pruned.
/// - What a read only manager measures is kept in memory alone.
///
/// Comments and tests cite <doc:Rules> by number: `D4`.
public final class CacheManager: Sendable {
  /// What a manager stands on.
  public struct Dependencies: Sendable {
    /// What is kept durably.
    public var store: any MetadataStore
    /// The trees on disk.
    public var snapshotter: any Snapshotter
    /// The blobs on disk.
    public var content: any ContentStore
    /// Unpacks layers; absent: records that are blobs have no tree.
    public var applier: (any LayerApplier)?
    /// Packs layers; absent: no blobs are made.
    public var differ: (any LayerDiffer)?
    /// Where what is damaged is kept; absent: it is not.
    public var lost: (any LostArea)?
    /// What outside uses records; absent: nothing does.
    public var references: (any ExternalReferenceChecker)?
    /// Tells the time.
    public var clock: any CacheClock
    /// Makes ids.
    public var identities: any IdentitySource
    /// Where oddities are told that don't stop the work.
    public var logger: Logger
    /// Whether nothing may be changed: opening repairs nothing, and what was measured is not stored.
    public var isReadOnly: Bool

    /// Puts a dependencies together.
    public init(
      store: any MetadataStore, snapshotter: any Snapshotter, content: any ContentStore,
      applier: (any LayerApplier)? = nil, differ: (any LayerDiffer)? = nil,
      lost: (any LostArea)? = nil, references: (any ExternalReferenceChecker)? = nil,
      clock: any CacheClock = SystemClock(), identities: any IdentitySource = RandomIdentities(),
      logger: Logger = Logger(label: "strata.cache"), isReadOnly: Bool = false
    ) {
      self.store = store
      self.snapshotter = snapshotter
      self.content = content
      self.applier = applier
      self.differ = differ
      self.lost = lost
      self.references = references
      self.clock = clock
      self.identities = identities
      self.logger = logger
      self.isReadOnly = isReadOnly
    }
  }

  /// The records that could not be loaded, and why: a writer has cleared them away, others leave them as they are.
  public let cleared: [LostRecord]
  /// Where cleared records were moved to.
  public let lostPlace: String?

  let dependencies: Dependencies
  let state: Guarded<State>
  /// Extractions, finalizings, blobs under way: one a record; fetches: one a digest.
  let flights = SingleFlights<Void>()
  /// Measurings under way: one a record (B11).
  let measurings = SingleFlights<Int64?>()
  /// One prune at a time (D1).
  let pruning = AsyncLock()

  var store: any MetadataStore { dependencies.store }
  var snapshotter: any Snapshotter { dependencies.snapshotter }
  var content: any ContentStore { dependencies.content }

  /// Opens a cache: loads every record, finishes what a crash left undone, and clears what can't be loaded (E).
  ///
  /// What is damaged is moved into the lost area before it is cleared from the store; see ``cleared``.
  ///
  /// - Throws: ``CacheError`` (`storage`) where the store fails; a record that can't be loaded is no reason.
  /// - Complexity: O(records and their parents).
  public init(_ dependencies: Dependencies) throws {
    self.dependencies = dependencies
    var loader = RecordLoader(try dependencies.store.load(), dependencies)
    let records = loader.load()
    cleared = loader.cleared
    if !dependencies.isReadOnly {
      let lost = try LostRecords(loader.cleared, besides: records, dependencies.store)
      let kept = try dependencies.lost.map { try lost.keep(in: $0) }
      lostPlace = kept?.place
      try dependencies.store.apply(loader.repairs + (kept?.changes ?? []) + [.removeTemporaryLeases])
    } else {
      lostPlace = nil
    }
    state = Guarded(State(records))
  }

  /// The live record of an id (A6, A9).
  func record(_ id: RecordID, in state: State) throws(CacheError) -> Record {
    guard let record = state.records[id], !record.isDead else {
      throw CacheError(.notFound, "no record \(id)")
    }
    return record
  }

  /// The id of the one record that begins with `prefix`; see ``CacheState/resolve(_:)``.
  public func resolve(_ prefix: String) throws -> RecordID {
    try state.withLock { state in
      if let record = state.records[RecordID(prefix)], !record.isDead { return record.id }
      return try CacheState.resolve(
        prefix, among: state.records.values.lazy.filter { !$0.isDead && !$0.isHiddenHalf }.map(\.id))
    }
  }
}
