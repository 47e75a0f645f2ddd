/// All that one look at a cache told: whatever a screen, a plan or a report says comes from one of these.
public struct Reading: Sendable {
  /// The records, and the graph between them.
  public var state: CacheState
  /// The disk under the cache; absent where that isn't known here.
  public var space: CacheSpace?
  /// What the cache takes besides its records; absent where that isn't known here.
  public var overhead: CacheOverhead?
  /// When it was taken: ages are counted from then.
  public var moment: Timestamp
  /// How this cache carries a prune out, as far as can be known.
  public var behavior: PruneBehavior
  /// Whether its rows tell which of them a daemon has to measure before it prunes (G13): a folder's do, and those of a
  /// daemon that was asked until none was left; a saved list's can't.
  public var tellsUnmeasured = false
  /// Whose it is, where a daemon tells: its version, in words.
  public var version: String?
  /// The rules by which a daemon collects garbage by itself, where it tells them; empty where it collects none.
  public var rules: [PrunePolicy]?
  /// What has to be known of it, in sentences: what can't be known here, what can't be read.
  public var notes: [String]
  /// Why no prune can be planned of it, and what to do, in a sentence; absent where one can.
  public var planRefusal: String?

  /// Puts a reading together.
  public init(
    state: CacheState, space: CacheSpace? = nil, overhead: CacheOverhead? = nil, moment: Timestamp,
    behavior: PruneBehavior, notes: [String] = [], planRefusal: String? = nil
  ) {
    self.state = state
    self.space = space
    self.overhead = overhead
    self.moment = moment
    self.behavior = behavior
    self.notes = notes
    self.planRefusal = planRefusal
  }

  /// Free bytes of the cache's disk, for a min free that it is held against.
  ///
  /// - Parameter given: how many somebody tells; absent: as it was read.
  /// - Throws: ``CacheError`` `badInput` where neither is known.
  public func freeSpace(given: Int64?) throws(CacheError) -> Int64 {
    guard let free = given ?? space?.free else {
      throw CacheError(
        .badInput, "min free needs the free space of the cache's disk, which isn't here: give --free-space")
    }
    return free
  }
}

/// The disk under a cache.
public struct CacheSpace: Sendable, Equatable {
  /// All bytes of the file system.
  public var capacity: Int64
  /// Free bytes of the file system, those kept for root included, as BuildKit counts them.
  public var free: Int64

  /// Makes a space.
  public init(capacity: Int64, free: Int64) {
    self.capacity = capacity
    self.free = free
  }
}

/// What a cache takes on the disk besides its records, in bytes.
public struct CacheOverhead: Sendable, Equatable {
  /// Trees and blobs that no record owns.
  public var unowned: Int64
  /// Blobs of the build history alone.
  public var history: Int64
  /// Files of databases; absent where they are of no account.
  public var databases: Int64?
  /// Of those the pages that hold nothing, which a daemon never gives back; absent where it isn't known.
  public var freePages: Int64?

  /// Makes an overhead.
  public init(unowned: Int64, history: Int64 = 0, databases: Int64? = nil, freePages: Int64? = nil) {
    self.unowned = unowned
    self.history = history
    self.databases = databases
    self.freePages = freePages
  }
}
