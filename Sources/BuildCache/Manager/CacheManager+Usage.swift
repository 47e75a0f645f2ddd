import Logging
import Synchronization

/// Disk usage: rows, and the sizes that are measured for them (C, B11).
extension CacheManager {
  /// What the cache holds now, with sizes measured (C).
  ///
  /// Looking is not using (G1): nothing is committed, and no use is counted. Sizes that were unknown are stored,
  /// those of mutable records aside.
  ///
  /// - Parameters:
  ///   - filter: rows that don't match are left out and not measured (C3, C6); what is in use and shared is
  ///     worked out before.
  ///   - ageLimit: leaves out rows that were used within this span before now (F5); absent: none.
  /// - Throws: ``CacheError`` where a tree can't be measured.
  /// - Complexity: O(records and parents), and a walk of each tree whose size is unknown.
  public func usage(matching filter: Filter = .all, ageLimit: TimeSpan? = nil) async throws -> CacheState {
    let (all, unmeasured) = try rows()
    var usage = all.keeping(matching: filter, now: dependencies.clock.now())
    if let ageLimit {
      let youngest = dependencies.clock.now().advanced(by: TimeSpan(nanoseconds: -ageLimit.nanoseconds))
      usage = usage.keeping { row, _ in row.lastUsedAt.map { $0 <= youngest } ?? true }
    }
    let wanted = unmeasured.filter { usage.index(of: $0.id) != nil }
    let sizes = try await measure(wanted)
    for (record, size) in zip(wanted, sizes) {
      guard let row = usage.index(of: record.id) else { continue }
      usage.rows[row].size = size ?? 0
      usage.rows[row].hasKnownSize = true
    }
    return usage
  }

  /// What the cache holds, at once: sizes that are not known count 0, and nothing is walked or stored.
  ///
  /// - Throws: ``CacheError`` where the checker of references fails.
  public func listing() throws -> CacheState {
    try rows().0
  }

  /// The rows as they stand, for a plan that needs no sizes, and the records whose sizes are unknown.
  func rows() throws -> (CacheState, [Record]) {
    try state.withLock { state in
      let isReferenced = try dependencies.references?.look { state.records[$0]?.digestChain }
      return rows(state) { record in isReferenced?(record.id) { record.digestChain } ?? false }
    }
  }

  /// The rows as they stand, sizes not known counted 0, and the records that are to be measured.
  func rows(_ state: State, isReferenced: (Record) -> Bool) -> (CacheState, [Record]) {
    var rowOfSlot = [Int32](repeating: -1, count: state.slots.count)
    var fromRows = [Int](repeating: 0, count: state.slots.count)  // refs that rows hold on parents
    var shown: [Record] = []
    for case let record? in state.slots where !record.isHiddenHalf && !record.isDead {
      rowOfSlot[record.slot] = Int32(shown.count)
      shown.append(record)
      for parent in record.parents { fromRows[parent.slot] += record.equalImmutable == nil ? 1 : 2 }  // C2
    }
    var parents = EdgeList()
    var absent: [RecordID] = []
    var unmeasured: [Record] = []
    let rows = shown.map { record in
      let metadata = record.metadata
      var held = record.parents[...]
      metadata.parents.forEach { id in
        let parent = held.popFirst()
        let row = (parent?.id == id ? parent : state.records[id]).map { rowOfSlot[$0.slot] } ?? -1
        if row < 0 { absent.append(id) }
        parents.add(row < 0 ? Int32(shown.count + absent.count - 1) : row)
      }
      parents.endNode()
      let size = knownSize(record)
      if size == nil { unmeasured.append(record) }
      var row = CacheState.Row(
        metadata, kind: record.kind, size: size ?? 0, outsideRefs: max(0, record.refCount - fromRows[record.slot]),
        isReferenced: isReferenced(record))
      row.hasKnownSize = size != nil
      row.isLazy = (try? isLazy(record)) == true
      return row
    }
    return (CacheState(rows: rows, parents: parents, absentParents: absent), unmeasured)
  }

  /// A size that needs no measuring: a mutable in use counts 0 (C3), a pair's is kept by its immutable half.
  private func knownSize(_ record: Record) -> Int64? {
    if record.isMutable && record.refCount > 0 { return 0 }
    return record.metadata.size ?? record.equalImmutable?.metadata.size
  }

  func size(of record: Record) async throws -> Int64 {
    if let known = state.withLock({ _ in record.metadata.size }) { return known }
    return try await measure([record]).first?.flatMap(\.self) ?? 0
  }

  /// Measures records side by side, one computation at a time for each, and stores what may be stored.
  ///
  /// - Returns: their sizes; absent for one whose tree was never made.
  func measure(_ records: [Record]) async throws -> [Int64?] {
    let sizes = try await sizes(of: records)
    try state.withLock { state in
      var known: [(record: Record, metadata: RecordMetadata)] = []
      for (record, size) in zip(records, sizes) {
        guard !record.isMutable, state.records[record.id] === record, record.metadata.size == nil else { continue }
        known.append((record, record.metadata))
        known[known.count - 1].metadata.size = size ?? 0  // B11: a snapshot that does not exist counts 0
      }
      if !dependencies.isReadOnly && !known.isEmpty { try store.apply(known.map { .updateRecord($0.metadata) }) }
      for (record, metadata) in known { record.metadata = metadata }
    }
    return sizes
  }

  /// Measures records side by side, one computation at a time for each; nothing is stored.
  ///
  /// - Parameter leavingOut: whether a tree that can't be measured has no size, instead of failing the call.
  /// - Returns: their sizes; absent for one whose tree was never made.
  func sizes(of records: [Record], leavingOut: Bool = false) async throws -> [Int64?] {
    try await sideBySide(records.count) { number in
      let record = records[number]
      do {
        return try await self.measurings.run(record.id.text) { try await self.measured(record) }
      } catch let failure as TreeMeasure.Unmeasurable {
        guard leavingOut, !(failure.cause is CancellationError) else { throw failure.cause }
        try Task.checkCancellation()
        self.dependencies.logger.info("record \(record.id) can't be measured: \(failure.cause)")
        return nil
      }
    }
  }

  private func measured(_ record: Record) async throws -> Int64? {
    do {
      return try await TreeMeasure(snapshotter: snapshotter, content: content).bytes(of: subject(record))
    } catch {
      // C3: a record that went away meanwhile has size 0.
      let isGone = state.withLock { $0.records[record.id] !== record }
      if isGone { return 0 }
      throw error
    }
  }

  /// What there is to measure of a record.
  private func subject(_ record: Record) throws -> TreeMeasure.Subject {
    let (metadata, id, isNamed) = state.withLock { _ in
      // One that came back without a stored name counts nothing, as in the original (scenario random-0300).
      (record.metadata, record.treeSnapshot, !(record.equalMutable?.record ?? record).metadata.snapshot.isEmpty)
    }
    let snapshot = isNamed && !metadata.isBlobOnly ? try store.snapshot(id) : nil
    let tree = try snapshot.map { snapshot in
      let parent = snapshot.usage == nil ? try snapshot.parent.flatMap { try store.snapshot($0) } : nil
      return StoredTree(id: snapshot.tree, parent: parent?.tree, usage: snapshot.usage)
    }
    return TreeMeasure.Subject(
      blobs: try metadata.blob?.digest.map { [$0] + (try store.variants(of: $0)) } ?? [], tree: tree,
      isMutable: !metadata.isCommitted)
  }
}
