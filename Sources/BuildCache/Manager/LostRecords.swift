/// What of a store goes to the lost area with the records that were cleared away: their trees, and leases on their blobs.
struct LostRecords {
  private var records: [LostRecord]
  private var changes: [StoreChange] = []

  /// Finds the trees that no living record has, or stands on.
  init(_ cleared: [LostRecord], besides living: [Record], _ store: any MetadataStore) throws {
    records = cleared
    guard !cleared.isEmpty else { return }
    var snapshots: [SnapshotID: Snapshot] = [:]
    try store.forEachSnapshot { snapshots[$0.id] = $0 }
    var used: Set<SnapshotID> = []
    for record in living {
      var next: SnapshotID? = record.treeSnapshot
      while let id = next, used.insert(id).inserted { next = snapshots[id]?.parent }
    }
    let usedTrees = Set(used.compactMap { snapshots[$0]?.tree })
    for (number, record) in cleared.enumerated() {
      let stored = record.stored["snapshot"] ?? ""
      if let snapshot = snapshots[SnapshotID(stored.isEmpty ? record.id.text : stored)],
        !usedTrees.contains(snapshot.tree),
        !used.contains(snapshot.id)
      {
        records[number].tree = snapshot.tree
        changes.append(.removeSnapshot(snapshot.id))
      }
      guard let blob = record.stored["blob"].flatMap({ try? Digest(parsing: $0) }) else { continue }
      let lease = Lease.lostPrefix + record.id.text
      changes += [.putLease(lease, isTemporary: false), .leaseBlob(blob, lease: lease)]
    }
  }

  /// Hands them to the area.
  ///
  /// - Returns: where they are now, and what is to be stored in the step that clears the records.
  func keep(in area: any LostArea) throws -> (place: String?, changes: [StoreChange]) {
    (records.isEmpty ? nil : try area.keep(records), changes)
  }
}

extension RecordMetadata {
  /// What is stored of it as text, for those who want to know what was lost.
  package var stored: [String: String] {
    var stored = [
      "id": id.text, "parents": parents.all.map(\.text).joined(separator: ";"), "snapshot": ownSnapshot.text,
      "type": recordType.rawValue,
      "description": description, "created_at": createdAt.text, "usage_count": "\(usageCount)",
    ]
    stored["last_used_at"] = lastUsedAt?.text
    stored["size"] = size.map { "\($0)" }
    stored["blob"] = blob?.digest?.description
    stored["diff_id"] = blob?.diffID.description
    stored["image_refs"] = imageRefs.isEmpty ? nil : imageRefs.joined(separator: " ")
    return stored
  }
}
