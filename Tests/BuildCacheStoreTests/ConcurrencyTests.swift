import BuildCacheStore
import Foundation
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import BuildCache

@Suite("Many tasks over one manager") struct ConcurrencyTests {
  /// What the operations of one task may throw, as others work on the same records.
  private static let expected: Set<CacheError.Code> = [.notFound, .locked, .invalid, .noBlobs]

  private static func work(_ manager: CacheManager, seed: UInt64, count: Int) async throws {
    var random = SeededGenerator(seed)
    var immutables: [ImmutableRef] = []
    var mutables: [MutableRef] = []
    func anyID() throws -> RecordID? {
      let rows = try manager.listing().rows
      return rows.isEmpty ? nil : rows[random.pick(0...(rows.count - 1))].id
    }
    for _ in 0..<count {
      do {
        switch random.pick(0...13) {
        case 0, 1:
          let parent = immutables.isEmpty ? nil : immutables[random.pick(0...(immutables.count - 1))]
          mutables.append(try await manager.new(over: parent, RecordOptions(retain: random.chance(50))))
        case 2, 3: if let ref = mutables.popLast() { immutables.append(try ref.commit()) }
        case 4: if let id = try anyID() { immutables.append(try manager.get(id, countsAsUse: random.chance(50))) }
        case 5: if let id = try anyID() { mutables.append(try manager.getMutable(id)) }
        case 6: try await immutables.last?.finalize()
        case 7:
          if let ref = try await manager.merge(Array(immutables.suffix(3)), RecordOptions()) { immutables.append(ref) }
        case 8:
          if immutables.count > 1 {
            immutables.append(try await manager.diff(lower: immutables[0], upper: immutables[immutables.count - 1]))
          }
        case 9: try await immutables.last?.extract()
        case 10: if !immutables.isEmpty { try immutables.remove(at: random.pick(0...(immutables.count - 1))).release() }
        case 11: if random.chance(20) { try mutables.popLast()?.release() }
        case 12: _ = try await manager.usage()
        default:
          if random.chance(10) {
            try await manager.prune([PrunePolicy(all: true, keepBytes: Int64(random.pick(0...200)))])
          }
        }
        while immutables.count > 12 { try immutables.removeFirst().release() }
        while mutables.count > 4 { try mutables.removeFirst().release() }
      } catch let error as CacheError where expected.contains(error.code) || error.message.contains("is gone") {
        // A5: who holds a commit whose mutable was let go may find its snapshot collected.
        continue
      }
    }
    for ref in immutables { try ref.release() }
    for ref in mutables { try ref.release() }
  }

  @Test("A1, B12: no deadlock, no lost record, no leak of a ref") func manyTasks() async throws {
    for round in 0..<UInt64(long(1)) { try await manyTasks(round: round) }
  }

  private func manyTasks(round: UInt64) async throws {
    let scratch = try ScratchFolder()
    let store = MemoryMetadataStore()
    let manager = try CacheManager(
      .init(store: store, snapshotter: EmptyTrees(), content: try BlobFolder(scratch.path.appending("blobs"))))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 1...UInt64(8) { group.addTask { try await Self.work(manager, seed: 8 * round + task, count: 600) } }
      try await group.waitForAll()
    }
    try await manager.collectGarbage()
    #expect(try await manager.verify().filter { $0.severity == .broken } == [])
    // Every ref that is left is one that a record holds.
    manager.state.withLock { state in
      var held: [RecordID: Int] = [:]
      for record in state.records.values {
        for parent in record.parents { held[parent.id, default: 0] += 1 }
        if let half = record.equalMutable, half.isHeld { held[half.record.id, default: 0] += 1 }
      }
      for record in state.records.values {
        #expect(record.refCount == held[record.id, default: 0], "record \(record.id)")
        #expect(record.useCount <= record.refCount)
      }
    }
    #expect(Set(try store.load().records.map(\.metadata.id)) == manager.state.withLock { Set($0.records.keys) })
    // And all of it can go.
    try await manager.prune([PrunePolicy(all: true)])
    #expect(try await manager.usage().rows.isEmpty)
    #expect(try store.load().records.isEmpty)
    #expect(try await manager.verify() == [])
  }
}
