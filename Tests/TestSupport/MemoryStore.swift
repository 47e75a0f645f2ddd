import BuildCache
import Synchronization

/// A ``MetadataStore`` that forgets all when it goes.
package final class MemoryMetadataStore: MetadataStore {
  private struct State {
    var records: [RecordID: RecordMetadata] = [:]
    var snapshots: [SnapshotID: Snapshot] = [:]
    var leases: [String: Lease] = [:]
    var tags: [String: Tag] = [:]
    var holds: [RecordID: Hold] = [:]
    var variants: [Digest: Set<Digest>] = [:]
    var values: [RecordID: [String: (value: String, index: String?)]] = [:]
  }
  private let state = Guarded(State())

  package init() {}

  package func apply(_ changes: [StoreChange]) throws {
    try state.withLock { state in
      // All is looked at before anything is changed: a copy to go back to would be one of all records.
      var (records, leases) = (Set<RecordID>(), Set<String>())
      for change in changes {
        switch change {
        case .putRecord(let metadata): records.insert(metadata.id)
        case .putLease(let id, _): leases.insert(id)
        case .leaseSnapshot(_, let lease), .leaseBlob(_, let lease):
          guard leases.contains(lease) || state.leases[lease] != nil else {
            throw CacheError(.storage, "no lease \(lease)")
          }
        case .putTag(let tag): try Self.check(tag.record, records, state)
        case .putHold(let hold): try Self.check(hold.record, records, state)
        case .putValue(let record, _, _, _): try Self.check(record, records, state)
        default: break
        }
      }
      for change in changes { Self.apply(change, &state) }
    }
  }

  private static func check(_ record: RecordID, _ new: Set<RecordID>, _ state: State) throws {
    guard new.contains(record) || state.records[record] != nil else {
      throw CacheError(.storage, "no record \(record)")
    }
  }

  private static func apply(_ change: StoreChange, _ state: inout State) {
    switch change {
    case .putRecord(let metadata): state.records[metadata.id] = metadata
    case .updateRecord(var metadata):
      guard let old = state.records[metadata.id] else { return }
      metadata.parents = old.parents
      state.records[metadata.id] = metadata
    case .removeRecord(let id):
      state.records[id] = nil
      state.holds[id] = nil
      state.values[id] = nil
      state.tags = state.tags.filter { $0.value.record != id }
    case .putLease(let id, let isTemporary):
      if state.leases[id] == nil { state.leases[id] = Lease(id: id, isTemporary: isTemporary) }
    case .leaseSnapshot(let snapshot, let lease): state.leases[lease]?.snapshots.insert(snapshot)
    case .leaseBlob(let blob, let lease): state.leases[lease]?.blobs.insert(blob)
    case .linkVariants(let one, let other):
      state.variants[one, default: []].insert(other)
      state.variants[other, default: []].insert(one)
    case .forgetBlob(let blob):
      state.variants[blob] = nil
      for key in state.variants.keys { state.variants[key]?.remove(blob) }
    case .forgetUnreadableBlobs: break  // nothing is damaged here
    case .putValue(let record, let key, let value, let index):
      state.values[record, default: [:]][key] = value.map { ($0, index) }
    case .removeLease(let id): state.leases[id] = nil
    case .removeTemporaryLeases: state.leases = state.leases.filter { !$0.value.isTemporary }
    case .putSnapshot(let snapshot): state.snapshots[snapshot.id] = snapshot
    case .removeSnapshot(let id): state.snapshots[id] = nil
    case .putTag(let tag):
      state.tags[tag.name] = tag
    case .removeTag(let name): state.tags[name] = nil
    case .putHold(let hold):
      state.holds[hold.record] = hold
    case .removeHold(let id): state.holds[id] = nil
    }
  }

  package func load() throws -> StoreContents {
    state.withLock { state in
      StoreContents(
        records: state.records.values.map {
          let needsSnapshot = !$0.isCommitted || $0.equalMutable != nil
          return .init(metadata: $0, lacksSnapshot: needsSnapshot && state.snapshots[$0.ownSnapshot] == nil)
        }, holds: Array(state.holds.values))
    }
  }

  package func unleasedSnapshots() throws -> [Snapshot] {
    state.withLock { state in
      var held: Set<SnapshotID> = []
      var open = state.leases.values.flatMap(\.snapshots)
      while let id = open.popLast() {
        if held.insert(id).inserted, let parent = state.snapshots[id]?.parent { open.append(parent) }
      }
      return state.snapshots.values.filter { !held.contains($0.id) }
    }
  }

  package func variants(of blob: Digest) throws -> Set<Digest> {
    state.withLock { state in
      var found: Set<Digest> = []
      var open = [blob]
      while let next = open.popLast() {
        for other in state.variants[next] ?? [] where found.insert(other).inserted { open.append(other) }
      }
      return found.subtracting([blob])
    }
  }

  package func snapshot(_ id: SnapshotID) throws -> Snapshot? { state.withLock { $0.snapshots[id] } }
  package func forEachSnapshot(_ body: (Snapshot) -> Void) throws {
    state.withLock { $0.snapshots.values.forEach(body) }
  }
  package func leases() throws -> [Lease] { state.withLock { Array($0.leases.values) } }
  package func leases(holding snapshot: SnapshotID, or blob: Digest?) throws -> Set<String> {
    state.withLock { state in
      Set(
        state.leases.values.filter { $0.snapshots.contains(snapshot) || blob.map($0.blobs.contains) == true }.map(\.id))
    }
  }
  package func tags() throws -> [Tag] { state.withLock { Array($0.tags.values) } }
  package func leasedBlobs() throws -> Set<Digest> {
    state.withLock { $0.leases.values.reduce(into: []) { $0.formUnion($1.blobs) } }
  }
  package func value(_ key: String, of record: RecordID) throws -> String? {
    state.withLock { $0.values[record]?[key]?.value }
  }
  package func records(withIndex index: String) throws -> Set<RecordID> {
    state.withLock { state in
      Set(state.values.filter { $0.value.values.contains { $0.index == index } }.keys)
    }
  }
  package func inspect() throws -> StoreInspection {
    let contents = try load()
    return state.withLock { state in
      StoreInspection(
        contents: contents, snapshots: Array(state.snapshots.values), leases: Array(state.leases.values))
    }
  }
}
