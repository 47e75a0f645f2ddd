import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import BuildCache
@testable import BuildCacheStore

/// A reading of the embedded cache needs no manager, and says what a manager would.
@Suite("Readings") struct ReadingTests {
  private let scratch: ScratchFolder
  private let root: FilePath
  private let blobs = (0..<4).map { Digest(of: "blob \($0)".utf8) }

  init() throws {
    scratch = try ScratchFolder(in: FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : nil)
    root = scratch.path.appending("root")
  }

  /// What a store may hold, in any order and with anything missing.
  private func changes(_ random: inout SeededGenerator) -> [StoreChange] {
    let ids = (0..<random.pick(1...12)).map { RecordID("r\($0)") }
    func any(_ random: inout SeededGenerator) -> RecordID {
      random.chance(4) ? "missing" : ids[random.pick(0...(ids.count - 1))]
    }
    var changes: [StoreChange] = []
    for (number, id) in ids.enumerated() {
      let parents: ParentIDs =
        switch random.pick(0...9) {
        case 0...2: .layer(number > 0 && random.chance(90) ? ids[random.pick(0...(number - 1))] : any(&random))
        case 3: .merge((0..<random.pick(2...3)).map { _ in any(&random) })
        case 4: .diff(lower: any(&random), upper: random.chance(70) ? any(&random) : nil)
        case 5: .diff(lower: nil, upper: any(&random))
        default: .none
        }
      var record = RecordMetadata(
        id: id, parents: parents, isCommitted: random.chance(80), snapshot: random.chance(90) ? SnapshotID(of: id) : "",
        createdAt: Timestamp(nanoseconds: Int64(random.pick(0...3))))
      record.isDeleted = random.chance(5)
      record.isRetained = random.chance(50)
      record.description = "what \(id) is"
      record.recordType = random.chance(20) ? .internal : .regular
      if random.chance(70) { record.lastUsedAt = Timestamp(nanoseconds: Int64(random.pick(0...9))) }
      record.usageCount = random.pick(0...3)
      if random.chance(60) { record.size = Int64(random.pick(0...100)) }
      if random.chance(15) { record.equalMutable = any(&random) }
      if random.chance(40) {
        record.blob = RecordBlob(
          digest: random.chance(80) ? blobs[random.pick(0...3)] : nil, diffID: blobs[0], mediaType: "m", size: 4)
        record.isBlobOnly = random.chance(50)
      }
      changes.append(.putRecord(record))
      let tree = TreeID(number + 1)
      if random.chance(80) {
        changes.append(
          .putSnapshot(
            Snapshot(
              id: SnapshotID(of: id), parent: number > 0 && random.chance(50) ? SnapshotID(of: ids[number - 1]) : nil,
              kind: random.chance(70) ? .committed : .active, tree: tree,
              usage: random.chance(50) ? Int64(random.pick(0...1000)) : nil)))
      }
      if random.chance(10) { changes.append(.putHold(Hold(record: id, reason: "", since: Timestamp(nanoseconds: 0)))) }
      if random.chance(10) { changes.append(.putTag(Tag(name: "tag \(id)", record: id))) }
    }
    if random.chance(20) { changes.append(.linkVariants(blobs[0], blobs[1])) }
    return changes
  }

  /// Some trees with a file each, and some of the blobs.
  private func makeFiles(_ random: inout SeededGenerator) throws {
    for tree in 1...6 where random.chance(60) {
      let folder = root.appending("trees").appending("\(tree)")
      try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
      try Data(count: random.pick(1...20_000)).write(to: URL(filePath: folder.appending("file").string))
    }
    for blob in blobs where random.chance(50) {
      let file = root.appending("blobs").appending(blob.algorithm).appending(blob.hex)
      try Data(count: 4).write(to: URL(filePath: file.string))
    }
  }

  private struct Shown: Equatable {
    let row: CacheState.Row
    let parents: [RecordID]
  }

  private func shown(_ state: CacheState) -> [RecordID: Shown] {
    Dictionary(
      uniqueKeysWithValues: state.rows.indices.map {
        (state.rows[$0].id, Shown(row: state.rows[$0], parents: state.parentIDs(of: $0)))
      })
  }

  @Test("C1-C5, E1-E5, G7, G8: a reading is a manager's own disk usage, row by row, over random stores")
  func equality() async throws {
    var compared = 0
    for seed in 1...UInt64(long(150)) {
      try? FileManager.default.removeItem(atPath: root.string)
      var random = SeededGenerator(seed)
      try EmbeddedCache(root, .write).close()
      let store = try SQLiteMetadataStore(root.appending("cache.db"))
      try store.apply(changes(&random))
      let stored = try store.state(treesOnDisk: [])
      try store.close()
      try makeFiles(&random)
      // Where opening would commit a mutable record, a reading shows that one (A7).
      if !RecordFates(stored.records).committed.isEmpty { continue }
      compared += 1
      let reading = try await EmbeddedSource(root).read()
      let cache = try EmbeddedCache(root, .read)
      let usage = try await cache.manager.usage()
      let (read, listed) = (shown(reading.state), shown(usage))
      for id in Set(read.keys).union(listed.keys) { #expect(read[id] == listed[id], "seed \(seed), \(id)") }
      #expect(reading.overhead?.unowned == (try await cache.manager.unownedBytes()), "seed \(seed)")
      #expect(Set(reading.notes) == Set(cache.notes), "seed \(seed)")
      for id in usage.rows.map(\.id) {
        let details = try await EmbeddedSource(root).insight().means(to: "look").details(of: id)
        var expected = try cache.manager.details(of: id)
        expected.metadata.size = details.metadata.size  // the manager keeps in memory what it measured
        #expect(details.metadata == expected.metadata, "seed \(seed), \(id)")
        #expect(details.isLazy == expected.isLazy && details.isHeld == expected.isHeld, "seed \(seed), \(id)")
        #expect(details.leases == expected.leases && details.tags == expected.tags, "seed \(seed), \(id)")
        #expect(details.folder == expected.folder, "seed \(seed), \(id)")
        #expect(details.equalHalf == expected.equalHalf, "seed \(seed), \(id)")
      }
    }
    #expect(compared > long(150) / 2)
  }

  @Test("what is measured aside is measured once, and a tree that can't be measured is said, not counted as nothing")
  func measuredOnce() async throws {
    try EmbeddedCache(root, .write).close()
    let store = try SQLiteMetadataStore(root.appending("cache.db"))
    let record = RecordMetadata(
      id: "a", parents: .none, isCommitted: true, snapshot: "a", createdAt: Timestamp(nanoseconds: 0))
    try store.apply([.putRecord(record), .putSnapshot(Snapshot(id: "a", parent: nil, kind: .committed, tree: 1))])
    try store.close()
    let file = root.appending("trees").appending("1").appending("file")
    try FileManager.default.createDirectory(
      atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
    try Data(count: 5_000).write(to: URL(filePath: file.string))
    let source = try EmbeddedSource(root)
    let first = try await source.read().state.rows.map(\.size)
    #expect(first.allSatisfy { $0 >= 5_000 })
    // What is done never changes; that it was not walked again shows where it is changed all the same.
    try FileHandle(forWritingTo: URL(filePath: file.string)).truncate(atOffset: 0)
    #expect(try await source.read().state.rows.map(\.size) == first)
    #expect(try await EmbeddedSource(root).read().state.rows.map(\.size) != first)
    // Another folder of its number is another tree.
    try FileManager.default.removeItem(atPath: file.removingLastComponent().string)
    try FileManager.default.createDirectory(
      atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
    #expect(try await source.read().state.rows.map(\.size) != first)
  }

  @Test("a cache of the format before is looked at as it is, and brought up to date by the first who changes it")
  func olderFormat() async throws {
    try FileManager.default.createDirectory(atPath: root.string, withIntermediateDirectories: true)
    let path = root.appending("cache.db")
    try SQLiteMetadataStore.make(path, upTo: "2: seals of trees")
    #expect(try await EmbeddedSource(root).read().state.rows.isEmpty)
    // A prune is such a one; what can't be looked at any more says what to do.
    let source = try EmbeddedSource(root)
    let plan = try PrunePlan(try await source.read().state, policies: [PrunePolicy()], now: Timestamp(nanoseconds: 0))
    #expect(try await source.pruning().means(to: "prune").carryOut(plan) { _ in }.removed == 0)
    let oldest = scratch.path.appending("oldest")
    try FileManager.default.createDirectory(atPath: oldest.string, withIntermediateDirectories: true)
    try SQLiteMetadataStore.make(
      oldest.appending("cache.db"), upTo: "1: records, snapshots, blobs, leases, tags, holds, values")
    #expect { try EmbeddedSource(oldest) } throws: { "\($0)".contains("`strata gc` brings it up to date") }
    try EmbeddedCache(oldest, .reclaim).close()
    #expect(try await EmbeddedSource(oldest).read().state.rows.isEmpty)
    let store = try SQLiteMetadataStore(path, .read)
    #expect(try store.leases(holding: "a", or: nil).isEmpty)
    #expect(try store.inspect().damage.isEmpty)
  }
}
