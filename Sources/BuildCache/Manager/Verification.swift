import Synchronization
import SystemPackage

/// Something about a store that is not as it should be.
public struct Finding: Sendable, Equatable, CustomStringConvertible {
  /// How bad it is.
  public enum Severity: Sendable {
    /// An invariant is broken.
    case broken
    /// Work that was cut off: the next open, or garbage collection, ends it.
    case unfinished
  }

  /// How bad it is.
  public var severity: Severity
  /// What it is, naming the record, snapshot, lease or blob.
  public var description: String

  /// Makes a finding.
  public init(_ severity: Severity, _ description: String) {
    self.severity = severity
    self.description = description
  }
}

extension CacheManager {
  /// Checks every invariant of what is stored against what is on the disk.
  ///
  /// - Returns: what is not as it should be; of a cache that was closed in peace, nothing.
  /// - Throws: ``CacheError`` where the store can't be read at all.
  /// - Complexity: O(records, snapshots, leases), and a read of every blob.
  public func verify() async throws -> [Finding] {
    let checker = try StoreChecker(store, snapshotter)
    var findings = checker.findings
    let inUse = state.withLock { $0.records.values.filter { $0.refCount < 0 || $0.useCount > $0.refCount }.map(\.id) }
    findings += inUse.map { Finding(.broken, "record \($0) has lost count of its refs") }
    let leased = try store.leasedBlobs()
    for digest in try content.digests().sorted() {
      if !leased.contains(digest) { findings.append(Finding(.unfinished, "blob \(digest) belongs to no lease")) }
      guard try await !content.isWhole(digest) else { continue }
      findings.append(Finding(.broken, "blob \(digest) has other bytes than its name says"))
    }
    return findings
  }

  /// Mends what ``verify()`` finds, as far as that is possible: leases without a record are dropped,
  /// records whose tree is gone are removed with all that stands on them, damaged blobs go, garbage is collected.
  ///
  /// - Returns: what is still not as it should be.
  /// - Throws: ``CacheError`` where the store can't be written.
  public func repair() async throws -> [Finding] {
    let checker = try StoreChecker(store, snapshotter)
    try store.apply(checker.repairs)
    for digest in try content.digests() where try await !content.isWhole(digest) { try content.remove(digest) }
    let usage = try listing()
    let doomed = checker.treeless.compactMap { usage.index(of: $0) }
    if !doomed.isEmpty { _ = try await carryOut(PrunePlan(usage, removing: doomed)) { _ in } }
    try await collectGarbage()
    return try await verify()
  }
}

extension ContentStore {
  /// Whether a blob has the bytes that its digest names, as far as that can be told: only SHA-256 is worked out here.
  fileprivate func isWhole(_ digest: Digest) async throws -> Bool {
    guard digest.algorithm == "sha256" else { return true }
    let file = try FileDescriptor.open(file(of: digest), .readOnly, options: [.closeOnExec])
    return try file.closeAfter {
      var hasher = DigestHasher()
      var chunk = [UInt8](repeating: 0, count: 1 << 18)
      while true {
        try Task.checkCancellation()
        let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
        if count == 0 { return hasher.finish() == digest }
        hasher.update(Array(chunk[..<count]))
      }
    }
  }
}

/// Compares what a store says of records, snapshots and leases with each other and with the trees on the disk.
private struct StoreChecker {
  private(set) var findings: [Finding] = []
  /// Changes that mend what can be mended in the store.
  private(set) var repairs: [StoreChange] = []
  /// Records whose tree is gone.
  private(set) var treeless: [RecordID] = []

  private let records: [RecordID: RecordMetadata]
  private let snapshots: [SnapshotID: Snapshot]
  private let leases: [String: Lease]
  private let trees: Set<TreeID>

  init(_ store: any MetadataStore, _ snapshotter: any Snapshotter) throws {
    let contents = try store.load()
    records = Dictionary(uniqueKeysWithValues: contents.records.map { ($0.metadata.id, $0.metadata) })
    snapshots = Dictionary(uniqueKeysWithValues: try store.snapshots().map { ($0.id, $0) })
    leases = Dictionary(uniqueKeysWithValues: try store.leases().map { ($0.id, $0) })
    trees = Set(try snapshotter.trees())
    findings += try store.check().map { Finding(.broken, $0) }
    for id in contents.unreadable.sorted() { findings.append(Finding(.broken, "record \(id) can't be read")) }
    for record in records.values.sorted(by: { $0.id < $1.id }) { check(record) }
    for lease in leases.values.sorted(by: { $0.id < $1.id }) { check(lease) }
    for snapshot in snapshots.values.sorted(by: { $0.id < $1.id }) { check(snapshot) }
    let named = Set(snapshots.values.map(\.tree))
    for tree in trees.subtracting(named).sorted() {
      findings.append(Finding(.unfinished, "tree \(tree) belongs to no snapshot"))
    }
  }

  private mutating func check(_ record: RecordMetadata) {
    if record.isDeleted { return findings.append(Finding(.unfinished, "record \(record.id) is being removed")) }
    for parent in record.parents.all where records[parent] == nil {
      findings.append(Finding(.broken, "record \(record.id) stands on \(parent), which does not exist"))
    }
    if standsOnItself(record) { findings.append(Finding(.broken, "record \(record.id) stands on itself")) }
    if let size = record.size, size < 0 {
      findings.append(Finding(.broken, "record \(record.id) has a size below zero"))
    }
    var tree = record.ownSnapshot
    if let half = record.equalMutable {
      guard let mutable = records[half] else {
        return findings.append(Finding(.unfinished, "record \(record.id) has lost its mutable half \(half)"))
      }
      tree = mutable.ownSnapshot
    } else if leases[record.id]?.snapshots.contains(tree) != true {
      findings.append(Finding(.broken, "record \(record.id) has no lease on its snapshot"))
      repairs += [.putLease(record.id, isTemporary: false), .leaseSnapshot(tree, lease: record.id)]
    }
    if let blob = record.blob?.digest, leases[record.id]?.blobs.contains(blob) != true {
      findings.append(Finding(.broken, "record \(record.id) has no lease on its blob"))
      repairs += [.putLease(record.id, isTemporary: false), .leaseBlob(blob, lease: record.id)]
    }
    let isMadeLater = record.isBlobOnly || record.parents.kind == .merge || record.parents.kind == .diff
    if !isMadeLater && snapshots[tree] == nil {
      findings.append(Finding(.broken, "record \(record.id) has no tree: snapshot \(tree) is gone"))
      treeless.append(record.id)
    }
  }

  /// Whether a record is among its own parents, at any remove; only its nearest layers are looked at each time.
  private func standsOnItself(_ record: RecordMetadata) -> Bool {
    var seen: Set<RecordID> = []
    var open = record.parents.all
    while let id = open.popLast() {
      if id == record.id { return true }
      guard seen.insert(id).inserted, seen.count <= 10_000 else { continue }
      open += records[id]?.parents.all ?? []
    }
    return false
  }

  private mutating func check(_ lease: Lease) {
    guard !lease.isTemporary else { return }
    let owner = lease.id.hasSuffix("-variants") ? String(lease.id.dropLast(9)) : lease.id
    guard records[owner] == nil else { return }
    findings.append(Finding(.broken, "lease \(lease.id) belongs to no record"))
    repairs.append(.removeLease(lease.id))
  }

  private mutating func check(_ snapshot: Snapshot) {
    if !trees.contains(snapshot.tree) {
      findings.append(Finding(.broken, "snapshot \(snapshot.id) has no folder (tree \(snapshot.tree))"))
      treeless += records.values.filter { $0.ownSnapshot == snapshot.id }.map(\.id)
    }
    if let parent = snapshot.parent, snapshots[parent] == nil {
      findings.append(Finding(.broken, "snapshot \(snapshot.id) stands on \(parent), which does not exist"))
    }
  }
}
