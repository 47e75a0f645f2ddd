import Logging

/// Makes the records of an opened store, and says what has to be repaired there (E).
///
/// What can't live (``RecordFates``) is cleared away with its lease; it never stops the open (E1).
struct RecordLoader {
  private let contents: StoreContents
  private let dependencies: CacheManager.Dependencies
  /// By their numbers in the store's contents.
  private var loaded: [Record?]
  /// Commits of mutable records that others stand on, by the number of the mutable one.
  private var commits: [Int: Record] = [:]
  /// The records that can't be loaded; those whose removal had begun are not among them.
  private(set) var cleared: [LostRecord] = []
  /// The changes that clean the store up.
  private(set) var repairs: [StoreChange] = []

  init(_ contents: StoreContents, _ dependencies: CacheManager.Dependencies) {
    self.contents = contents
    self.dependencies = dependencies
    loaded = Array(repeating: nil, count: contents.records.count)
  }

  /// The records that live, in no order.
  mutating func load() -> [Record] {
    let stored = contents.graph
    let fates = RecordFates(stored)
    for number in fates.order.lazy.map({ Int($0) }) where fates.lives(number) { load(number, stored, fates) }
    for number in contents.records.indices where !fates.lives(number) {
      let metadata = contents.records[number].metadata
      switch fates.fates[number] {
      case .isCleared(let reason): clear(metadata.id, reason, metadata.stored)
      case .isRemoved, .lives, .livesParted: remove(metadata.id)
      }
    }
    for record in contents.unreadable { clear(record.id, record.problem, record.stored) }
    for (parent, refs) in fates.strayRefs { (commits[parent] ?? loaded[parent])?.refCount += refs }
    let records = loaded.compactMap(\.self) + commits.values
    joinPairs(records)
    takeHolds()
    return records
  }

  private mutating func load(_ number: Int, _ stored: StoredRecords, _ fates: RecordFates) {
    var metadata = contents.records[number].metadata
    let needed = stored.needs[number]
    let parents = (metadata.equalMutable == nil ? needed : needed.dropLast()).compactMap { number in
      commits[Int(number)] ?? loaded[Int(number)]
    }
    if case .livesParted = fates.fates[number] {
      metadata.equalMutable = nil
      repairs.append(.updateRecord(metadata))
    }
    metadata.isCommitted = !stored.isMutable(number)  // E5
    let record = Record(metadata, parents: parents)
    if metadata.equalMutable != nil, let mutable = needed.last.flatMap({ loaded[Int($0)] }) {
      record.equalMutable = Handle(naming: mutable)
    }
    loaded[number] = record
    if fates.committed.contains(number) { commits[number] = commit(of: record) }
  }

  /// What others stand on that name a mutable record as their parent, as `get` would answer it (A7).
  private mutating func commit(of mutable: Record) -> Record {
    let metadata = RecordMetadata(
      committing: mutable.metadata, as: dependencies.identities.newID(), at: dependencies.clock.now())
    repairs.append(.putRecord(metadata))
    let commit = Record(metadata, parents: mutable.parents)
    commit.equalMutable = Handle(on: mutable, countsAsUse: false)
    return commit
  }

  private mutating func clear(_ id: RecordID, _ reason: String, _ stored: [String: String]) {
    dependencies.logger.info("record \(id) is cleared: \(reason)")
    cleared.append(LostRecord(id: id, reason: reason, stored: stored))
    remove(id)
  }

  private mutating func remove(_ id: RecordID) {
    repairs += [.removeRecord(id), .removeLease(id.text), .removeLease(Record.variantsLease(of: id))]
  }

  /// Of several immutables that name one mutable, the one committed last is its half (B2).
  private func joinPairs(_ records: [Record]) {
    for record in records {
      guard let mutable = record.equalMutable?.record else { continue }
      if let other = mutable.equalImmutable,
        (other.metadata.createdAt, other.id) > (record.metadata.createdAt, record.id)
      {
        continue
      }
      mutable.equalImmutable = record
    }
  }

  private func takeHolds() {
    for hold in contents.holds {
      guard let record = contents.numbers[hold.record].flatMap({ loaded[Int($0)] }) else { continue }
      record.refCount += 1
      record.isHeld = true
    }
  }
}

extension StoreContents {
  /// The records by number, with what decides their fates.
  fileprivate var graph: StoredRecords {
    var graph = StoredRecords()
    graph.facts.reserveCapacity(records.count)
    graph.needs.reserve(records.count)
    let missing = Int32(records.count)
    for record in records {
      let metadata = record.metadata
      graph.facts.append(StoredRecords.Facts(metadata, lacksSnapshot: record.lacksSnapshot))
      metadata.parents.forEach { graph.needs.add(numbers[$0] ?? missing) }
      if let mutable = metadata.equalMutable { graph.needs.add(numbers[mutable] ?? missing) }
      graph.needs.endNode()
    }
    return graph
  }
}

extension StoredRecords.Facts {
  fileprivate init(_ metadata: RecordMetadata, lacksSnapshot: Bool) {
    self = []
    if metadata.isCommitted { insert(.isCommitted) }
    if metadata.isDeleted { insert(.isDeleted) }
    if lacksSnapshot { insert(.lacksSnapshot) }
    if metadata.equalMutable != nil { insert(.namesMutable) }
    if metadata.parents.kind == .merge || metadata.parents.kind == .diff { insert(.isJoined) }
  }
}
