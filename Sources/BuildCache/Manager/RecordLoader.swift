import Logging

/// Builds the records of an opened store, and says what has to be repaired there (E).
///
/// A record is loaded after all that it stands on. What can't be loaded (a parent is missing or was cleared, a
/// circle) is cleared away with its lease; it never stops the open (E1).
struct RecordLoader {
  private let contents: StoreContents
  private let foundation: CacheManager.Foundation
  /// By their numbers in the store's contents.
  private var loaded: [Record?]
  /// Commits of mutable records that others stand on.
  private var commits: [Record] = []
  /// The records that can't be loaded; those whose removal had begun are not among them.
  private(set) var cleared: [LostRecord] = []
  /// The changes that clean the store up.
  private(set) var repairs: [StoreChange] = []

  init(_ contents: StoreContents, _ foundation: CacheManager.Foundation) {
    self.contents = contents
    self.foundation = foundation
    loaded = Array(repeating: nil, count: contents.records.count)
  }

  /// The records that live, in no order.
  mutating func load() -> [Record] {
    let count = contents.records.count
    let needs = needs()
    let dependents = needs.reversed(count: count)
    // How many that it needs each record still waits for.
    var open = (0..<count).map { number in needs[number].count { $0 < count } }
    var ready = (0..<count).reversed().filter { open[$0] == 0 }
    var isDone = [Bool](repeating: false, count: count)
    while let number = ready.popLast() {
      isDone[number] = true
      load(number, parents: needs[number])
      for next in dependents[number] {
        open[Int(next)] -= 1
        if open[Int(next)] == 0 { ready.append(Int(next)) }
      }
    }
    for number in 0..<count where !isDone[number] {
      clear(contents.records[number].metadata, "it stands on itself")
    }
    for record in contents.unreadable { clear(record.id, record.problem, record.stored) }
    let records = loaded.compactMap(\.self) + commits
    joinPairs(records)
    takeHolds()
    return records
  }

  /// For each record its parents, and then its mutable half; one that is missing has the number after the last.
  private func needs() -> EdgeList {
    var needs = EdgeList()
    let missing = Int32(contents.records.count)
    for record in contents.records {
      record.metadata.parents.forEach { needs.add(contents.numbers[$0] ?? missing) }
      if let mutable = record.metadata.equalMutable { needs.add(contents.numbers[mutable] ?? missing) }
      needs.endNode()
    }
    return needs
  }

  private mutating func load(_ number: Int, parents needed: ArraySlice<Int32>) {
    let stored = contents.records[number]
    var metadata = stored.metadata
    let numbers = metadata.equalMutable == nil ? needed : needed.dropLast()
    var parents: [Record] = []
    parents.reserveCapacity(numbers.count)
    for number in numbers {
      guard let parent = self.parent(Int(number)) else { break }
      parents.append(parent)
    }
    guard parents.count == numbers.count else {
      // As in the original, the parents before the missing one stay held until the next open: conformance
      // scenario open-merge-parent-missing, which goes before E4.
      for parent in parents { parent.refCount += 1 }
      return clear(metadata, "a parent is missing")
    }
    if metadata.equalMutable != nil {
      if let mutable = needed.last.flatMap({ self.record(Int($0)) }), mutable.isMutable {
        let record = Record(metadata, parents: parents)
        record.equalMutable = Handle(naming: mutable)
        loaded[number] = record
        return
      }
      // E2: the snapshot tells whether finalizing had come to its end but for this entry.
      if stored.lacksSnapshot { return clear(metadata, "its mutable half is missing") }
      metadata.equalMutable = nil
      repairs.append(.updateRecord(metadata))
    }
    if metadata.parents.kind == .merge || metadata.parents.kind == .diff {
      metadata.isCommitted = true  // E5
    }
    if metadata.isDeleted { return remove(metadata.id) }  // E3
    if !metadata.isCommitted && stored.lacksSnapshot { return clear(metadata, "its snapshot is missing") }
    loaded[number] = Record(metadata, parents: parents)
  }

  private func record(_ number: Int) -> Record? {
    number < loaded.count ? loaded[number] : nil
  }

  /// The record that a stored parent stands for: of a mutable one a commit, as `get` answers it (A7), if it is free.
  private mutating func parent(_ number: Int) -> Record? {
    guard let parent = record(number), parent.isMutable else { return record(number) }
    guard parent.refCount == 0 else { return nil }
    let metadata = RecordMetadata(
      committing: parent.metadata, as: foundation.identities.newID(), at: foundation.clock.now())
    repairs.append(.putRecord(metadata))
    let commit = Record(metadata, parents: parent.parents)
    commit.equalMutable = Handle(on: parent, countsAsUse: false)
    commits.append(commit)
    return commit
  }

  private mutating func clear(_ record: RecordMetadata, _ reason: String) {
    if record.isDeleted { return remove(record.id) }  // somebody wanted it to go anyway
    clear(record.id, reason, record.stored)
  }

  private mutating func clear(_ id: RecordID, _ reason: String, _ stored: [String: String]) {
    foundation.logger.info("record \(id) is cleared: \(reason)")
    cleared.append(LostRecord(id: id, reason: reason, stored: stored))
    remove(id)
  }

  private mutating func remove(_ id: RecordID) {
    repairs += [.removeRecord(id), .removeLease(id), .removeLease(Record.variantsLease(of: id))]
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
