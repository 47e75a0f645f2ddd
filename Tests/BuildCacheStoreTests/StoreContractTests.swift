import BuildCache
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import BuildCacheStore

/// Each promise of ``MetadataStore``, for every implementation.
@Suite("Contract of metadata stores") struct MetadataStoreContract {
  enum Implementation: CaseIterable {
    case memory
    case sqlite
  }

  private let scratch: ScratchFolder
  private let digests = (0..<4).map { Digest(of: "\($0)".utf8) }

  init() throws { scratch = try ScratchFolder() }

  private func store(_ implementation: Implementation) throws -> any MetadataStore {
    switch implementation {
    case .memory: MemoryMetadataStore()
    case .sqlite: try SQLiteMetadataStore(scratch.path.appending("cache.db"))
    }
  }

  private func record(_ id: RecordID, _ parents: ParentIDs = .none) -> RecordMetadata {
    RecordMetadata(
      id: id, parents: parents, isCommitted: true, snapshot: SnapshotID(of: id),
      createdAt: Timestamp(nanoseconds: 1_234_567_890_123))
  }

  @Test("what is put is loaded again, every field of it", arguments: Implementation.allCases)
  func everyField(_ implementation: Implementation) throws {
    let store = try store(implementation)
    var full = record("full", .diff(lower: nil, upper: "b"))
    full.isDeleted = true
    full.equalMutable = "m"
    full.isRetained = true
    full.recordType = .internal
    full.description = "a \u{1b} 'quoted' text"
    full.imageRefs = ["one", "two"]
    full.lastUsedAt = Timestamp(nanoseconds: -1)
    full.usageCount = 7
    full.size = .max
    full.blob = RecordBlob(digest: digests[0], diffID: digests[1], mediaType: "m", size: 3, urls: ["u"])
    full.isBlobOnly = true
    full.chainID = digests[2]
    full.blobChainID = digests[3]
    let others = [
      record("a"), record("b", .layer("a")), record("c", .merge(["a", "b", "a"])),
      record("d", .diff(lower: "a", upper: nil)),
    ]
    try store.apply(([full] + others).map { .putRecord($0) })
    let loaded = try store.load()
    #expect(
      Dictionary(uniqueKeysWithValues: loaded.records.map { ($0.metadata.id, $0.metadata) })
        == Dictionary(uniqueKeysWithValues: ([full] + others).map { ($0.id, $0) }))
    #expect(loaded.unreadable.isEmpty)
  }

  @Test("a record that can't live without a snapshot is told where it has none", arguments: Implementation.allCases)
  func lackingSnapshot(_ implementation: Implementation) throws {
    let store = try store(implementation)
    var (mutable, half, unnamed) = (record("mutable"), record("half"), record("unnamed"))
    mutable.isCommitted = false
    half.equalMutable = "mutable"
    (unnamed.isCommitted, unnamed.snapshot) = (false, "")
    func lacking() throws -> Set<RecordID> {
      Set(try store.load().records.filter(\.lacksSnapshot).map(\.metadata.id))
    }
    try store.apply([record("a"), mutable, half, unnamed].map { .putRecord($0) })
    #expect(try lacking() == ["mutable", "half", "unnamed"])
    try store.apply(
      ["mutable", "unnamed"].map { .putSnapshot(Snapshot(id: $0, parent: nil, kind: .active, tree: 1)) })
    #expect(try lacking() == ["half"])
  }

  @Test("an inspection is all there is at one moment, seals too", arguments: Implementation.allCases)
  func inspection(_ implementation: Implementation) throws {
    let store = try store(implementation)
    let seal = TreeSeal(entries: 3, bytes: .max, listing: digests[0], times: digests[1], contents: digests[2])
    let snapshots = [
      Snapshot(id: "s", parent: nil, kind: .committed, tree: 1, usage: 5, seal: seal),
      Snapshot(id: "t", parent: "s", kind: .active, tree: 2),
    ]
    try store.apply(
      snapshots.map { .putSnapshot($0) } + [
        .putLease("a", isTemporary: false), .leaseSnapshot("s", lease: "a"), .leaseBlob(digests[3], lease: "a"),
        .putRecord(record("a")),
      ])
    let found = try store.inspect()
    #expect(found.snapshots == Dictionary(uniqueKeysWithValues: snapshots.map { ($0.id, $0) }))
    #expect(found.leases == ["a": Lease(id: "a", isTemporary: false, snapshots: ["s"], blobs: [digests[3]])])
    #expect(found.contents.records.map(\.metadata.id) == ["a"])
    #expect(found.damage.isEmpty)
  }

  @Test("a step is made whole or not at all", arguments: Implementation.allCases)
  func whole(_ implementation: Implementation) throws {
    let store = try store(implementation)
    let bad: [[StoreChange]] = [
      [.putRecord(record("a")), .putTag(Tag(name: "t", record: "nosuch"))],
      [.putRecord(record("a")), .leaseSnapshot("s", lease: "nosuch")],
      [.putRecord(record("a")), .leaseBlob(digests[0], lease: "nosuch")],
      [.putRecord(record("a")), .putValue(record: "nosuch", key: "k", value: "v", index: nil)],
      [.putRecord(record("a")), .putHold(Hold(record: "nosuch", reason: "", since: Timestamp(nanoseconds: 0)))],
    ]
    for changes in bad {
      #expect(throws: CacheError.self) { try store.apply(changes) }
      #expect(try store.load().records.isEmpty)
    }
  }

  @Test("removing and updating what isn't there does nothing", arguments: Implementation.allCases)
  func nothingThere(_ implementation: Implementation) throws {
    let store = try store(implementation)
    try store.apply([
      .updateRecord(record("a")), .removeRecord("a"), .removeLease("a"), .removeSnapshot("a"), .removeTag("a"),
      .removeHold("a"), .forgetBlob(digests[0]),
    ])
    #expect(try store.load().records.isEmpty)
  }

  @Test("an update keeps the parents; a removal takes tags, hold and values along", arguments: Implementation.allCases)
  func alongWithRecord(_ implementation: Implementation) throws {
    let store = try store(implementation)
    try store.apply([
      .putRecord(record("a", .layer("p"))), .putTag(Tag(name: "t", record: "a")),
      .putHold(Hold(record: "a", reason: "r", since: Timestamp(nanoseconds: 5))),
      .putValue(record: "a", key: "k", value: "v", index: "i"),
    ])
    try store.apply([.updateRecord(record("a"))])
    #expect(try store.load().records.first?.metadata.parents == .layer("p"))
    #expect(try store.load().holds == [Hold(record: "a", reason: "r", since: Timestamp(nanoseconds: 5))])
    #expect(try store.records(withIndex: "i") == ["a"])
    try store.apply([.removeRecord("a")])
    #expect(try store.tags().isEmpty)
    #expect(try store.load().holds.isEmpty)
    #expect(try store.value("k", of: "a") == nil)
    #expect(try store.records(withIndex: "i").isEmpty)
  }

  @Test(
    "leases hold snapshots with all beneath, and blobs; temporary ones go together", arguments: Implementation.allCases)
  func leases(_ implementation: Implementation) throws {
    let store = try store(implementation)
    let snapshots = [
      Snapshot(id: "base", parent: nil, kind: .committed, tree: 1),
      Snapshot(id: "top", parent: "base", kind: .active, tree: 2),
      Snapshot(id: "stray", parent: "base", kind: .view, tree: 3, usage: 9),
    ]
    try store.apply(
      snapshots.map { .putSnapshot($0) } + [
        .putLease("l", isTemporary: false), .putLease("t", isTemporary: true), .leaseSnapshot("top", lease: "l"),
        .leaseSnapshot("later", lease: "l"), .leaseBlob(digests[0], lease: "l"), .leaseSnapshot("stray", lease: "t"),
        .leaseBlob(digests[1], lease: "t"), .putLease("l", isTemporary: true),
      ])
    #expect(try store.unleasedSnapshots().isEmpty)
    #expect(try store.leasedBlobs() == [digests[0], digests[1]])
    #expect(try store.snapshot("stray") == snapshots[2])
    try store.apply([.removeTemporaryLeases])
    #expect(try store.unleasedSnapshots().map(\.id) == ["stray"])
    #expect(
      try store.leases() == [Lease(id: "l", isTemporary: false, snapshots: ["top", "later"], blobs: [digests[0]])])
    #expect(try store.leases(holding: "later", or: nil) == ["l"])
    #expect(try store.leases(holding: "nothing", or: digests[0]) == ["l"])
    #expect(try store.leases(holding: "nothing", or: digests[1]).isEmpty)
    try store.apply([.removeLease("l")])
    #expect(Set(try store.unleasedSnapshots().map(\.id)) == ["base", "top", "stray"])
    #expect(try store.leasedBlobs().isEmpty)
  }

  @Test("variants name each other, at any remove, until one is forgotten", arguments: Implementation.allCases)
  func variants(_ implementation: Implementation) throws {
    let store = try store(implementation)
    try store.apply([.linkVariants(digests[0], digests[1]), .linkVariants(digests[1], digests[2])])
    #expect(try store.variants(of: digests[2]) == [digests[0], digests[1]])
    #expect(try store.variants(of: digests[3]).isEmpty)
    try store.apply([.forgetBlob(digests[1])])
    #expect(try store.variants(of: digests[0]).isEmpty)
  }
}

/// Each promise of ``ContentStore``, for every implementation.
@Suite("Contract of content stores") struct ContentStoreContract {
  enum Implementation: CaseIterable {
    case folder
    case keeping
  }

  private let scratch: ScratchFolder
  private struct Broken: Error {}

  init() throws { scratch = try ScratchFolder() }

  private func store(_ implementation: Implementation) throws -> any ContentStore {
    let folder = try BlobFolder(scratch.path.appending("blobs"))
    return implementation == .folder ? folder : KeepingContent(folder)
  }

  @Test("a blob is there, whole, under its digest; writing it again is no error", arguments: Implementation.allCases)
  func writing(_ implementation: Implementation) async throws {
    let store = try store(implementation)
    let digest = Digest(of: "hello".utf8)
    #expect(try store.size(of: digest) == nil)
    #expect { try store.file(of: digest) } throws: { ($0 as? CacheError)?.code == .notFound }
    for expected in [nil, digest] {
      let stored = try await store.write(expecting: expected) { sink in
        try sink.write(Array("hel".utf8))
        try sink.write(Array("lo".utf8))
        return 5
      }
      #expect(stored == (digest, 5, 5))
    }
    #expect(try String(contentsOfFile: store.file(of: digest).string, encoding: .utf8) == "hello")
    #expect(try store.digests() == [digest])
    try store.remove(digest)
    try store.remove(digest)
    #expect(try store.digests().isEmpty)
  }

  @Test("what fails, lies or is cancelled leaves nothing, and what was there", arguments: Implementation.allCases)
  func failing(_ implementation: Implementation) async throws {
    let store = try store(implementation)
    let digest = Digest(of: "hello".utf8)
    _ = try await store.write(expecting: nil) { try $0.write(Array("hello".utf8)) }
    await #expect { try await store.write(expecting: digest) { try $0.write(Array("other".utf8)) } } throws: {
      ($0 as? CacheError)?.code == .badDigest
    }
    await #expect(throws: Broken.self) {
      try await store.write(expecting: nil) { sink in
        try sink.write(Array("half".utf8))
        throw Broken()
      }
    }
    let task = Task {
      try await store.write(expecting: nil) { sink in
        try sink.write(Array("cancelled".utf8))
        withUnsafeCurrentTask { $0?.cancel() }
      }
    }
    await #expect(throws: CancellationError.self) { _ = try await task.value }
    #expect(try store.digests() == [digest])
    #expect(try store.size(of: digest) == 5)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path.appending("blobs/staging").string) == [])
  }
}

/// Each promise of ``Snapshotter``, for every implementation.
@Suite("Contract of snapshotters") struct SnapshotterContract {
  enum Implementation: CaseIterable {
    case directory
    case sized
    case empty
  }

  private let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private func snapshotter(_ implementation: Implementation) throws -> any Snapshotter {
    switch implementation {
    case .directory: try DirectorySnapshotter(scratch.path.appending("trees"))
    case .sized: SizedSnapshotter(try DirectorySnapshotter(scratch.path.appending("trees")))
    case .empty: EmptyTrees()
    }
  }

  @Test("numbers are new, trees are there until they are removed", arguments: Implementation.allCases)
  func lifetimes(_ implementation: Implementation) async throws {
    let trees = try snapshotter(implementation)
    let (one, two, three) = (try trees.newTree(), try trees.newTree(), try trees.newTree())
    #expect(Set([one, two, three]).count == 3)
    #expect(try trees.trees().isEmpty)
    try await trees.prepare(one, copying: nil)
    try await trees.prepare(two, copying: one)
    try await trees.prepare(three, sharing: two)
    try await trees.settle(two, over: one)
    #expect(Set(try trees.trees()) == [one, two, three])
    #expect(try await trees.usage(of: one, over: nil) >= 0)
    try await trees.remove(three)
    try await trees.remove(three)
    #expect(Set(try trees.trees()) == [one, two])
    #expect(try !Set([one, two, three]).contains(trees.newTree()))
  }

  @Test("a sealed tree is as it was until something of it changes", arguments: Implementation.allCases)
  func sealing(_ implementation: Implementation) async throws {
    let trees = try snapshotter(implementation)
    let (lower, upper) = (try trees.newTree(), try trees.newTree())
    try await trees.prepare(lower, copying: nil)
    try await trees.prepare(upper, copying: lower)
    let below = try await trees.seal(lower, over: nil).seal
    let (seal, usage) = try await trees.seal(upper, over: lower)
    #expect(usage == (try await trees.usage(of: upper, over: lower)))
    try await trees.settle(upper, over: lower)
    for deep in [false, true] {
      #expect(try await trees.damage(of: lower, over: nil, below, deep: deep) == nil)
      #expect(try await trees.damage(of: upper, over: lower, seal, deep: deep) == nil)
    }
    try await trees.remove(upper)
    #expect(try await trees.damage(of: upper, over: lower, seal, deep: false) != nil)
  }

  @Test("a call that throws leaves nothing of its tree", arguments: Implementation.allCases)
  func throwing(_ implementation: Implementation) async throws {
    let trees = try snapshotter(implementation)
    let tree = try trees.newTree()
    await #expect(throws: (any Error).self) {
      _ = try await trees.merge(tree, of: [TreeDifference(lower: nil, upper: 12345)])
    }
    #expect(try trees.trees().isEmpty)
  }
}

/// Each promise of ``LostArea``.
@Suite("Contract of lost areas") struct LostAreaContract {
  @Test("what is kept stays, with its tree, until it is cleared") func keeping() throws {
    let scratch = try ScratchFolder()
    for tree in ["3", "4"] {
      try FileManager.default.createDirectory(
        atPath: scratch.path.appending("trees").appending(tree).string, withIntermediateDirectories: true)
    }
    let area = LostFolder(in: scratch.path, steps: .unwatched)
    #expect(try area.records().isEmpty)
    let one = LostRecord(id: "a/../b", reason: "torn", stored: ["size": "-1"], tree: 3)
    let two = LostRecord(id: "c", reason: "its parent is missing", stored: [:])
    let place = try area.keep([one])
    _ = try area.keep([two])
    #expect(FileManager.default.fileExists(atPath: place + "/3"))
    #expect(!FileManager.default.fileExists(atPath: scratch.path.pushing("trees/3").string))
    #expect(FileManager.default.fileExists(atPath: scratch.path.pushing("trees/4").string))
    #expect(try LostFolder(in: scratch.path, steps: .unwatched).records() == [one, two])
    try area.clear()
    #expect(try area.records().isEmpty)
  }
}
