extension CacheManager {
  /// What the manager's lock guards.
  struct State {
    /// The records by their ids.
    private(set) var records: [RecordID: Record] = [:]
    /// The same by ``Record/slot``: in about the order of their making, in which going through all is quick.
    ///
    /// The first is nobody's: that of records which are in none.
    private(set) var slots: [Record?] = [nil]
    private var freeSlots: [Int] = []
    var index = RecordIndex()
    /// Trees that are being made: on disk, but without a snapshot so far.
    var treesInMaking: Set<TreeID> = []
    /// What a prune could neither remove nor unmark, as the store failed: dead in both, like what a crash leaves.
    var leftMarked: [Record] = []
    /// How many are storing blobs that no lease holds so far.
    var blobWriters = 0

    init(_ loaded: [Record]) {
      records.reserveCapacity(loaded.count)
      slots.reserveCapacity(loaded.count + 1)
      for record in loaded { insert(record) }
    }

    /// Adds a record.
    mutating func insert(_ record: Record) {
      record.slot = freeSlots.popLast() ?? slots.count
      if record.slot == slots.count { slots.append(record) } else { slots[record.slot] = record }
      records[record.id] = record
      index.insert(record.metadata)
    }

    /// Takes a record out, if it is the one of its id.
    mutating func remove(_ record: Record) {
      guard records[record.id] === record else { return }
      records[record.id] = nil
      slots[record.slot] = nil
      freeSlots.append(record.slot)
      record.slot = 0  // others may go on to hold it
      index.remove(record.metadata)
    }
  }
}
