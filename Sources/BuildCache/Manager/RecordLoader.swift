import Logging

/// Builds the records of an opened store, and says what has to be repaired there (E).
///
/// A record is loaded after all that it stands on. What can't be loaded (a parent is missing or was cleared, a
/// circle) is cleared away with its lease; it never stops the open (E1).
struct RecordLoader {
  private let contents: StoreContents
  private let foundation: CacheManager.Foundation
  private var loaded: [RecordID: Record] = [:]
  /// The changes that clean the store up.
  private(set) var repairs: [StoreChange] = []

  init(_ contents: StoreContents, _ foundation: CacheManager.Foundation) {
    self.contents = contents
    self.foundation = foundation
  }

  /// The records that live.
  mutating func load() -> [RecordID: Record] {
    loaded.reserveCapacity(contents.records.count)
    let records = contents.records
    var index: [RecordID: Int] = Dictionary(minimumCapacity: records.count)
    for (number, record) in records.enumerated() { index[record.metadata.id] = number }

    // How many of its parents, and its mutable half, each record still waits for; and who waits for it.
    var open = [Int](repeating: 0, count: records.count)
    var waiting = [[Int]](repeating: [], count: records.count)
    for (number, record) in records.enumerated() {
      for id in record.metadata.parents.all + [record.metadata.equalMutable].compactMap(\.self) {
        guard let dependency = index[id] else { continue }
        open[number] += 1
        waiting[dependency].append(number)
      }
    }
    var ready = records.indices.filter { open[$0] == 0 }
    var isDone = [Bool](repeating: false, count: records.count)
    while let number = ready.popLast() {
      isDone[number] = true
      load(records[number])
      for next in waiting[number] {
        open[next] -= 1
        if open[next] == 0 { ready.append(next) }
      }
    }
    for number in records.indices where !isDone[number] {
      clear(records[number].metadata.id, "it stands on itself")
    }
    for id in contents.unreadable { clear(id, "it can't be read") }
    joinPairs()
    takeHolds()
    return loaded
  }

  private mutating func load(_ stored: StoreContents.Record) {
    var metadata = stored.metadata
    var parents: [Record] = []
    for id in metadata.parents.all {
      guard let parent = self.parent(id) else { break }
      parents.append(parent)
    }
    guard parents.count == metadata.parents.all.count else {
      // As in the original, the parents before the missing one stay held until the next open: conformance
      // scenario open-merge-parent-missing, which goes before E4.
      for parent in parents { parent.refCount += 1 }
      return clear(metadata.id, "a parent is missing")
    }
    if let mutableID = metadata.equalMutable {
      if let mutable = loaded[mutableID], mutable.isMutable {
        let record = Record(metadata, parents: parents)
        record.equalMutable = Handle(naming: mutable)
        loaded[metadata.id] = record
        return
      }
      // E2: the snapshot tells whether finalizing had come to its end but for this entry.
      guard stored.hasSnapshot else { return clear(metadata.id, "its mutable half is missing") }
      metadata.equalMutable = nil
      repairs.append(.updateRecord(metadata))
    }
    if metadata.parents.kind == .merge || metadata.parents.kind == .diff {
      metadata.isCommitted = true  // E5
    }
    if metadata.isDeleted { return clear(metadata.id, "its deletion had begun") }  // E3
    if !metadata.isCommitted && !stored.hasSnapshot { return clear(metadata.id, "its snapshot is missing") }
    loaded[metadata.id] = Record(metadata, parents: parents)
  }

  /// The record that a stored parent's id stands for: of a mutable one a commit, as `get` answers it (A7), if it is free.
  private mutating func parent(_ id: RecordID) -> Record? {
    guard let parent = loaded[id], parent.isMutable else { return loaded[id] }
    guard parent.refCount == 0 else { return nil }
    let metadata = RecordMetadata(
      committing: parent.metadata, as: foundation.identities.newID(), at: foundation.clock.now())
    repairs.append(.putRecord(metadata))
    let commit = Record(metadata, parents: parent.parents)
    commit.equalMutable = Handle(on: parent, countsAsUse: false)
    loaded[metadata.id] = commit
    return commit
  }

  private mutating func clear(_ id: RecordID, _ reason: String) {
    foundation.logger.info("record \(id) is cleared: \(reason)")
    repairs += [.removeRecord(id), .removeLease(id), .removeLease(Record.variantsLease(of: id))]
  }

  /// Of several immutables that name one mutable, the one committed last is its half (B2).
  private func joinPairs() {
    for record in loaded.values {
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
      guard let record = loaded[hold.record] else { continue }
      record.refCount += 1
      record.isHeld = true
    }
  }
}
