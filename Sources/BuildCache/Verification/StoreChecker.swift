/// Compares what a store says of records, snapshots and leases with each other, and with the names of trees and blobs on
/// the disk. It reads nothing itself.
struct StoreChecker {
  private(set) var findings: [Finding] = []
  /// Records without a lease on what is theirs, and what they lack.
  private(set) var leaseless: [(record: RecordID, change: StoreChange)] = []
  /// Leases of nobody.
  private(set) var ownerless: [String] = []
  /// Records whose tree is gone, snapshot, folder or both.
  private(set) var treeless: Set<RecordID> = []
  /// Records whose blob is gone while their tree is here.
  private(set) var blobless: Set<RecordID> = []

  private let inspection: StoreInspection
  private let records: [RecordID: RecordMetadata]
  private let trees: Set<TreeID>
  private let blobs: Set<Digest>

  /// Checks.
  ///
  /// - Complexity: O(records, parents, snapshots and leases), and sorting them.
  init(_ inspection: StoreInspection, trees: Set<TreeID>, blobs: Set<Digest>) {
    self.inspection = inspection
    self.trees = trees
    self.blobs = blobs
    records = Dictionary(inspection.contents.records.map { ($0.metadata.id, $0.metadata) }) { first, _ in first }
    findings += (inspection.damage + inspection.unreadableBlobs).map { Finding(.broken, $0) }
    for record in inspection.contents.unreadable.sorted(by: { $0.id < $1.id }) {
      findings.append(Finding(.broken, "record \(record.id) can't be read: \(record.problem)"))
    }
    for record in records.values.sorted(by: { $0.id < $1.id }) { check(record) }
    for id in circular().sorted() { findings.append(Finding(.broken, "record \(id) stands on itself")) }
    for lease in inspection.leases.values.sorted(by: { $0.id < $1.id }) { check(lease) }
    checkSnapshots()
    checkBlobs()
  }

  private mutating func check(_ record: RecordMetadata) {
    if record.isDeleted { return findings.append(Finding(.unfinished, "record \(record.id) is being removed")) }
    for parent in record.parents.all where records[parent] == nil {
      findings.append(Finding(.broken, "record \(record.id) stands on \(parent), which does not exist"))
    }
    let lease = inspection.leases[record.id.text]
    var tree = record.ownSnapshot
    if let half = record.equalMutable {
      guard let mutable = records[half] else {
        return findings.append(Finding(.unfinished, "record \(record.id) has lost its mutable half \(half)"))
      }
      tree = mutable.ownSnapshot
    } else if lease?.snapshots.contains(tree) != true {
      findings.append(Finding(.broken, "record \(record.id) has no lease on its snapshot"))
      leaseless.append((record.id, .leaseSnapshot(tree, lease: record.id.text)))
    }
    if let blob = record.blob?.digest {
      if lease?.blobs.contains(blob) != true {
        findings.append(Finding(.broken, "record \(record.id) has no lease on its blob"))
        leaseless.append((record.id, .leaseBlob(blob, lease: record.id.text)))
      }
      if !record.isBlobOnly && !blobs.contains(blob) {
        findings.append(Finding(.broken, "record \(record.id) has no blob: \(blob) is missing"))
        blobless.insert(record.id)
      }
    }
    let isMadeLater = record.isBlobOnly || record.parents.kind == .merge || record.parents.kind == .diff
    if !isMadeLater && inspection.snapshots[tree] == nil {
      findings.append(Finding(.broken, "record \(record.id) has no tree: snapshot \(tree) is gone"))
      treeless.insert(record.id)
    }
  }

  /// The records that are among their own parents, at any remove, and those that stand on such.
  private func circular() -> [RecordID] {
    let all = inspection.contents.records
    var needs = EdgeList()
    for record in all {
      for parent in record.metadata.parents.all {
        if let number = inspection.contents.numbers[parent] { needs.add(number) }
      }
      needs.endNode()
    }
    let dependents = needs.reversed(count: all.count)
    var open = all.indices.map { needs[$0].count }
    var ready = all.indices.filter { open[$0] == 0 }
    while let number = ready.popLast() {
      for next in dependents[number] {
        open[Int(next)] -= 1
        if open[Int(next)] == 0 { ready.append(Int(next)) }
      }
    }
    return all.indices.filter { open[$0] > 0 }.map { all[$0].metadata.id }
  }

  private mutating func check(_ lease: Lease) {
    guard !lease.isTemporary, !lease.id.hasPrefix(Lease.lostPrefix) else { return }
    let owner = RecordID(lease.id.hasSuffix("-variants") ? String(lease.id.dropLast(9)) : lease.id)
    guard records[owner] == nil, !inspection.contents.unreadable.contains(where: { $0.id == owner }) else { return }
    findings.append(Finding(.broken, "lease \(lease.id) belongs to no record"))
    ownerless.append(lease.id)
  }

  private mutating func checkSnapshots() {
    var users: [SnapshotID: [RecordID]] = [:]
    for record in records.values { users[record.ownSnapshot, default: []].append(record.id) }
    for snapshot in inspection.snapshots.values.sorted(by: { $0.id < $1.id }) {
      if !trees.contains(snapshot.tree) {
        findings.append(Finding(.broken, "snapshot \(snapshot.id) has no folder (tree \(snapshot.tree))"))
        treeless.formUnion(users[snapshot.id] ?? [])
      }
      if let parent = snapshot.parent, inspection.snapshots[parent] == nil {
        findings.append(Finding(.broken, "snapshot \(snapshot.id) stands on \(parent), which does not exist"))
      }
    }
    for tree in trees.subtracting(inspection.snapshots.values.map(\.tree)).sorted() {
      findings.append(Finding(.unfinished, "tree \(tree) belongs to no snapshot"))
    }
  }

  private mutating func checkBlobs() {
    let leased = inspection.leases.values.reduce(into: Set<Digest>()) { $0.formUnion($1.blobs) }
    for digest in blobs.subtracting(leased).sorted() {
      findings.append(Finding(.unfinished, "blob \(digest) belongs to no lease"))
    }
  }
}
