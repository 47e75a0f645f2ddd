import BuildCacheStore
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import BuildCache

/// A store whose step of a number throws, once or from then on; it also calls back before each step.
private final class FailingStore: MetadataStore {
  private struct Plan {
    var left: Int?
    var isForGood = false
    var fired = false
    var failsToRead = false
    var onStep: (@Sendable ([StoreChange]) -> Void)?
  }
  private let real = MemoryMetadataStore()
  private let plan = Guarded(Plan())

  /// Whether a step has thrown since it was told to.
  var fired: Bool { plan.withLock { $0.fired } }
  /// Makes the step after so many more throw.
  func fail(after count: Int, forGood: Bool) {
    plan.withLock { ($0.left, $0.isForGood, $0.fired) = (count, forGood, false) }
  }
  /// Makes looking for a snapshot throw.
  func failToRead() { plan.withLock { $0.failsToRead = true } }
  /// Works again.
  func recover() { plan.withLock { ($0.left, $0.fired, $0.failsToRead) = (nil, false, false) } }
  func onStep(_ call: (@Sendable ([StoreChange]) -> Void)?) { plan.withLock { $0.onStep = call } }

  func apply(_ changes: [StoreChange]) throws {
    let onStep = try plan.withLock { plan in
      if let left = plan.left {
        guard left > 0 else {
          plan.fired = true
          if !plan.isForGood { plan.left = nil }
          throw CacheError(.storage, "told to fail")
        }
        plan.left = left - 1
      }
      return plan.onStep
    }
    onStep?(changes)
    try real.apply(changes)
  }

  /// A store that holds the same, and works.
  var copied: any MetadataStore {
    get throws {
      let copy = MemoryMetadataStore()
      let contents = try real.inspect()
      try copy.apply(
        contents.contents.records.map { .putRecord($0.metadata) } + contents.snapshots.values.map { .putSnapshot($0) }
          + contents.contents.holds.map { .putHold($0) }
          + contents.leases.values.flatMap { lease in
            [.putLease(lease.id, isTemporary: lease.isTemporary)]
              + lease.snapshots.map { .leaseSnapshot($0, lease: lease.id) }
              + lease.blobs.map { .leaseBlob($0, lease: lease.id) }
          } + real.tags().map { .putTag($0) })
      return copy
    }
  }

  func load() throws -> StoreContents { try real.load() }
  func snapshot(_ id: SnapshotID) throws -> Snapshot? {
    if plan.withLock({ $0.failsToRead }) { throw CacheError(.storage, "told to fail") }
    return try real.snapshot(id)
  }
  func forEachSnapshot(_ body: (Snapshot) -> Void) throws { try real.forEachSnapshot(body) }
  func unleasedSnapshots() throws -> [Snapshot] { try real.unleasedSnapshots() }
  func leases() throws -> [Lease] { try real.leases() }
  func leases(holding snapshot: SnapshotID, or blob: Digest?) throws -> Set<String> {
    try real.leases(holding: snapshot, or: blob)
  }
  func tags() throws -> [BuildCache.Tag] { try real.tags() }
  func leasedBlobs() throws -> Set<Digest> { try real.leasedBlobs() }
  func variants(of blob: Digest) throws -> Set<Digest> { try real.variants(of: blob) }
  func value(_ key: String, of record: RecordID) throws -> String? { try real.value(key, of: record) }
  func records(withIndex index: String) throws -> Set<RecordID> { try real.records(withIndex: index) }
  func inspect() throws -> StoreInspection { try real.inspect() }
}

/// Trees of which some can't be measured, and whose measuring calls back.
private final class DamagedTrees: Snapshotter {
  private let real = EmptyTrees()
  private let state = Guarded<(isDamaged: Bool, onUsage: (@Sendable () -> Void)?)>((false, nil))

  func damage() { state.withLock { $0.isDamaged = true } }
  func onUsage(_ call: @escaping @Sendable () -> Void) { state.withLock { $0.onUsage = call } }

  func usage(of tree: TreeID, over parent: TreeID?) async throws -> Int64 {
    let (isDamaged, onUsage) = state.withLock { $0 }
    onUsage?()
    if isDamaged { throw CacheError(.storage, "tree \(tree) can't be read") }
    return try await real.usage(of: tree, over: parent)
  }
  func merge(_ tree: TreeID, of differences: [TreeDifference]) async throws -> Int64 {
    try await real.merge(tree, of: differences)
  }
  func newTree() throws -> TreeID { try real.newTree() }
  func prepare(_ tree: TreeID, copying parent: TreeID?) async throws { try await real.prepare(tree, copying: parent) }
  func prepare(_ tree: TreeID, sharing parent: TreeID?) async throws { try await real.prepare(tree, sharing: parent) }
  func keep(_ removals: [LayerRemoval], of tree: TreeID) async throws {}
  func settle(_ tree: TreeID, over parent: TreeID) async throws {}
  func seal(_ tree: TreeID, over parent: TreeID?) async throws -> (seal: TreeSeal, usage: Int64) {
    try await real.seal(tree, over: parent)
  }
  func damage(of tree: TreeID, over parent: TreeID?, _ seal: TreeSeal, deep: Bool) async throws -> String? { nil }
  func folder(of tree: TreeID) -> FilePath { real.folder(of: tree) }
  func remove(_ tree: TreeID) async throws { try await real.remove(tree) }
  func trees() throws -> [TreeID] { try real.trees() }
}

/// A clock that cancels the task that asks it, once, when told to.
private final class CancellingClock: CacheClock {
  private let isArmed = Guarded(false)

  func cancelNext() { isArmed.withLock { $0 = true } }
  func now() -> Timestamp {
    let isArmed = isArmed.withLock { armed in
      defer { armed = false }
      return armed
    }
    if isArmed { withUnsafeCurrentTask { $0?.cancel() } }
    return Timestamp(nanoseconds: 1_800_000_000_000_000_000)
  }
}

/// What is kept where the store fails: what is seen in memory is what the next open finds.
@Suite("A store that fails") struct FailingStoreTests {
  /// One manager over a store that fails when told to, with some records.
  private struct Fixture {
    let scratch: ScratchFolder
    let store = FailingStore()
    let trees = DamagedTrees()
    let clock = TestClock()
    let manager: CacheManager
    let base: RecordID
    let middle: RecordID
    let top: RecordID
    let other: RecordID

    init() async throws {
      scratch = try ScratchFolder()
      manager = try CacheManager(
        .init(
          store: store, snapshotter: trees, content: try BlobFolder(scratch.path.appending("blobs")),
          applier: IdleApplier(), clock: clock))
      base = try await Self.layer(manager, clock)
      middle = try await Self.layer(manager, clock, over: base)
      top = try await Self.layer(manager, clock, over: middle)
      other = try await Self.layer(manager, clock)
    }

    static func layer(_ manager: CacheManager, _ clock: TestClock, over parent: RecordID? = nil) async throws
      -> RecordID
    {
      clock.advance(by: 1_000_000_000)
      let below = try parent.map { try manager.get($0, countsAsUse: false) }
      let ref = try (try await manager.new(over: below, RecordOptions(description: "layer"))).commit()
      try await ref.finalize()
      try ref.release()
      try below?.release()
      return ref.id
    }

    func blob(_ name: String, packed: String, over parent: ImmutableRef? = nil, imageRef: String? = nil) async throws
      -> ImmutableRef
    {
      try await manager.withNewBlobs {
        let stored = try await manager.content.write(expecting: nil) { try $0.write(Array(packed.utf8)) }
        return try await manager.getByBlob(
          BlobDescriptor(mediaType: "m", digest: stored.digest, size: stored.size, diffID: Digest(of: name.utf8)),
          over: parent, RecordOptions(imageRef: imageRef))
      }
    }

    /// What a manager newly opened over the same store shows.
    func reopened() async throws -> CacheState {
      var dependencies = manager.dependencies
      dependencies.store = try store.copied
      return try await CacheManager(dependencies).usage()
    }

    func expectAgreement(_ what: String) async throws {
      store.recover()
      let broken = try await manager.verify().filter { $0.severity == .broken }
      #expect(broken == [], "\(what)")
      // Taken before looking, which stores sizes.
      let stored = try await reopened()
      let seen = try await manager.usage()
      #expect(Self.text(seen) == Self.text(stored), "\(what)")
    }

    /// What is compared: refs on all but held records (G8) are let go by then.
    private static func text(_ state: CacheState) -> [String] {
      state.rows.map { row in
        "\(row.id) \(row.usageCount) \(row.lastUsedAt?.text ?? "never") \(row.size) \(row.inUse) \(row.description)"
      }.sorted()
    }
  }

  /// Runs one public write with each of its steps failing in turn, until none fails.
  ///
  /// - Parameters:
  ///   - count: how many steps it has at most.
  ///   - prepare: what it needs, with a store that works.
  ///   - write: the write; refs that it gets it lets go.
  ///   - release: lets go of what was prepared, with a store that works again.
  private func sweep<Prepared>(
    _ name: String, atMost count: Int = 12, prepare: (Fixture) async throws -> Prepared,
    write: (Fixture, Prepared) async throws -> Void, release: (Fixture, Prepared) throws -> Void = { _, _ in }
  ) async throws {
    for forGood in [false, true] {
      var number = 0
      var fired = true
      while fired, number <= count {
        let fixture = try await Fixture()
        let prepared = try await prepare(fixture)
        fixture.store.fail(after: number, forGood: forGood)
        var thrown: (any Error)?
        do { try await write(fixture, prepared) } catch { thrown = error }
        fired = fixture.store.fired
        fixture.store.recover()
        if !fired { #expect(thrown == nil, "\(name), step \(number)") }
        try release(fixture, prepared)
        try await fixture.expectAgreement("\(name), step \(number), \(forGood ? "for good" : "once")")
        number += 1
      }
      #expect(!fired, "\(name) has more steps than \(count)")
      #expect(number > 1, "\(name) stores nothing")
    }
  }

  @Test("new") func new() async throws {
    try await sweep("new") {
      try $0.manager.get($0.base, countsAsUse: false)
    } write: { fixture, parent in
      try await fixture.manager.new(over: parent).release()
    } release: { _, parent in
      try parent.release()
    }
    try await sweep("new over a pair") { fixture in
      try (try await fixture.manager.new(RecordOptions(retain: true))).commit()
    } write: { fixture, pair in
      _ = try await fixture.manager.new(over: pair, RecordOptions(retain: true)).release()
    } release: { _, pair in
      try pair.release()
    }
  }

  @Test("commit") func commit() async throws {
    try await sweep("commit") {
      try await $0.manager.new(RecordOptions(retain: true))
    } write: { _, mutable in
      try mutable.commit().release()
    } release: { _, mutable in
      try mutable.release()
    }
    try await sweep("get of a mutable") { fixture in
      let mutable = try await fixture.manager.new(RecordOptions(retain: true))
      try mutable.release()
      return mutable.id
    } write: { fixture, id in
      try fixture.manager.get(id).release()
    }
    try await sweep("getMutable") { fixture in
      let mutable = try await fixture.manager.new(RecordOptions(retain: true))
      try mutable.commit().release()
      return mutable.id
    } write: { fixture, id in
      try fixture.manager.getMutable(id).release()
    }
  }

  @Test("finalize") func finalize() async throws {
    try await sweep("finalize") { fixture in
      let base = try fixture.manager.get(fixture.base, countsAsUse: false)
      defer { try? base.release() }
      return try (try await fixture.manager.new(over: base)).commit()
    } write: { _, pair in
      try await pair.finalize()
    } release: { _, pair in
      try pair.release()
    }
  }

  @Test("release: the ref goes all the same; what the store keeps stays in memory, too") func release() async throws {
    try await sweep("release") {
      try $0.manager.get($0.top)
    } write: { _, ref in
      try ref.release()
    }
    try await sweep("release of a mutable") {
      try await $0.manager.new()
    } write: { _, mutable in
      try mutable.release()
    }
    try await sweep("release of a retained mutable") {
      try await $0.manager.new(RecordOptions(retain: true))
    } write: { _, mutable in
      try mutable.release()
    }
    try await sweep("release of a pair") { fixture in
      let base = try fixture.manager.get(fixture.base, countsAsUse: false)
      defer { try? base.release() }
      return try (try await fixture.manager.new(over: base)).commit()
    } write: { _, pair in
      try pair.release()
    }
    try await sweep("release of a mounted record") { fixture in
      let ref = try fixture.manager.get(fixture.top)
      _ = try await ref.mount()
      return ref
    } write: { _, ref in
      try ref.release()
    }
  }

  @Test("A5: a record that the store could not remove is pruned later") func prunedLater() async throws {
    let fixture = try await Fixture()
    let pair = try (try await fixture.manager.new()).commit()
    fixture.store.fail(after: 0, forGood: false)
    #expect(throws: CacheError.self) { try pair.release() }
    try pair.release()  // it is released, and this does nothing
    #expect(try fixture.manager.listing().rows.count == 5)
    #expect(try fixture.manager.listing().rows.allSatisfy { !$0.inUse })
    #expect(try await fixture.manager.prune([PrunePolicy(all: true)]).removed == 5)
    #expect(try fixture.store.load().records.isEmpty)
    #expect(try await fixture.manager.verify() == [])
  }

  @Test("merge and diff") func mergeAndDiff() async throws {
    func two(_ fixture: Fixture) throws -> [ImmutableRef] {
      try [fixture.base, fixture.top].map { try fixture.manager.get($0, countsAsUse: false) }
    }
    func done(_: Fixture, _ refs: [ImmutableRef]) throws { for ref in refs { try ref.release() } }
    try await sweep("merge", prepare: two) { fixture, refs in
      try await fixture.manager.merge(refs)?.release()
    } release: {
      try done($0, $1)
    }
    try await sweep("diff", prepare: two) { fixture, refs in
      try await fixture.manager.diff(lower: refs[1], upper: refs[0]).release()
    } release: {
      try done($0, $1)
    }
    try await sweep("diff over several layers", prepare: two) { fixture, refs in
      try await fixture.manager.diff(lower: refs[0], upper: refs[1]).release()
    } release: {
      try done($0, $1)
    }
    try await sweep("extract") { fixture in
      let refs = try two(fixture)
      defer { try? done(fixture, refs) }
      return try #require(try await fixture.manager.merge(refs))
    } write: { _, merge in
      try await merge.extract()
    } release: { _, merge in
      try merge.release()
    }
  }

  @Test("getByBlob, found, linked and made; and extracted") func getByBlob() async throws {
    try await sweep("getByBlob") { _ in
    } write: { fixture, _ in
      try await fixture.blob("one", packed: "one").release()
    }
    try await sweep("getByBlob of one that is found") { fixture in
      try await fixture.blob("one", packed: "one").release()
    } write: { fixture, _ in
      try await fixture.blob("one", packed: "one", imageRef: "image").release()
    }
    try await sweep("getByBlob of the same content") { fixture in
      try await fixture.blob("one", packed: "one").release()
    } write: { fixture, _ in
      try await fixture.blob("one", packed: "otherwise").release()
    }
    try await sweep("extract of a blob") {
      try await $0.blob("one", packed: "one", imageRef: "image")
    } write: {
      try await $1.extract()
    } release: { _, ref in
      try ref.release()
    }
    try await sweep("blobs") { fixture in
      let base = try await fixture.blob("one", packed: "one")
      defer { try? base.release() }
      let top = try await fixture.blob("two", packed: "two", over: base)
      defer { try? top.release() }
      return try #require(try await fixture.manager.merge([base, top]))
    } write: { _, merge in
      _ = try await merge.blobs(making: false)
    } release: { _, merge in
      try merge.release()
    }
  }

  @Test("tag, hold, unhold, setValue, update") func names() async throws {
    try await sweep("tag") { _ in
    } write: { fixture, _ in
      try fixture.manager.tag("name", fixture.top)
    }
    try await sweep("untag") {
      try $0.manager.tag("name", $0.top)
    } write: { fixture, _ in
      try fixture.manager.untag("name")
    }
    try await sweep("hold") { _ in
    } write: { fixture, _ in
      try fixture.manager.hold(fixture.top, reason: "test")
    }
    try await sweep("unhold") {
      try $0.manager.hold($0.top, reason: "test")
    } write: { fixture, _ in
      try fixture.manager.unhold(fixture.top)
    }
    try await sweep("setValue") { _ in
    } write: { fixture, _ in
      try fixture.manager.setValue("key", of: fixture.top, to: "value", index: "index")
    }
    try await sweep("update") {
      try $0.manager.get($0.top, countsAsUse: false)
    } write: { _, ref in
      try ref.update { $0.description = "changed" }
    } release: { _, ref in
      try ref.release()
    }
  }

  @Test("prune and collectGarbage; what was told is gone, what was not is there") func prune() async throws {
    for policy in [PrunePolicy(all: true), PrunePolicy(all: true, keepBytes: 1)] {
      let told = Guarded<[RecordID]>([])
      try await sweep("prune") { _ in
        told.withLock { $0 = [] }
      } write: { fixture, _ in
        try await fixture.manager.prune([policy]) { row in told.withLock { $0.append(row.id) } }
      } release: { fixture, _ in
        let told = Set(told.withLock { $0 })
        let all = [fixture.base, fixture.middle, fixture.top, fixture.other]
        let left = Set(try fixture.store.load().records.map(\.metadata.id))
        #expect(left == Set(all).subtracting(told))
      }
    }
    try await sweep("collectGarbage") { fixture in
      try await fixture.blob("one", packed: "one").release()
      try (try await fixture.manager.new()).release()
    } write: { fixture, _ in
      try await fixture.manager.collectGarbage()
    }
  }

  // MARK: prune

  @Test("D8: a prune that is cancelled while it measures leaves nothing marked, and says so") func cancelled()
    async throws
  {
    let fixture = try await Fixture()
    try (try await fixture.manager.new(RecordOptions(retain: true))).release()
    fixture.trees.onUsage { withUnsafeCurrentTask { $0?.cancel() } }
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await fixture.manager.prune([PrunePolicy(all: true)])
    }
    #expect(try await task.value.wasStopped)
    let plan = try PrunePlan(
      try fixture.manager.listing(), policies: [PrunePolicy(all: true)], now: fixture.clock.now())
    let running = Guarded<Task<PruneReport, any Error>?>(nil)
    fixture.trees.onUsage { running.withLock { $0 }?.cancel() }
    let gate = AsyncLock()
    let report = try await gate.withLock {
      let task = Task { try await gate.withLock { try await fixture.manager.carryOut(plan) { _ in } } }
      running.withLock { $0 = task }
      return task
    }.value
    #expect(report.wasStopped && report.removed == 0)
    #expect(report.notReached.count == 5)
    #expect(try fixture.store.load().records.allSatisfy { !$0.metadata.isDeleted })
    try await fixture.expectAgreement("cancelled")
  }

  @Test("D8: what is cancelled once victims are marked is unmarked in the step that removes the others")
  func cancelledOnceMarked() async throws {
    let fixture = try await Fixture()
    fixture.store.onStep { changes in
      let isMarking = changes.contains {
        if case .updateRecord(let metadata) = $0 { metadata.isDeleted } else { false }
      }
      if isMarking { withUnsafeCurrentTask { $0?.cancel() } }
    }
    let manager = fixture.manager
    let report = try await Task { try await manager.prune([PrunePolicy(all: true)]) }.value
    #expect(report.wasStopped && report.removed == 0 && report.notReached.count == 4)
    #expect(try fixture.store.load().records.allSatisfy { !$0.metadata.isDeleted })
    fixture.store.onStep(nil)
    try await fixture.expectAgreement("cancelled once marked")
  }

  @Test("G9: what is cancelled between two removals of a batch: one is gone, the others are unmarked in that step")
  func cancelledBetween() async throws {
    let fixture = try await Fixture()
    // A commit that holds its mutable's use: removing what stands on it counts that, and so asks the clock (A3, A5).
    let mutable = try await fixture.manager.new(RecordOptions(retain: true))
    try mutable.release()
    let child = RecordMetadata(
      id: "child", parents: .layer(mutable.id), isCommitted: true, snapshot: "child", createdAt: fixture.clock.now())
    let tree = try #require(try fixture.store.snapshot(SnapshotID(of: fixture.top))).tree
    try fixture.store.apply([
      .putRecord(child), .putLease("child", isTemporary: false), .leaseSnapshot("child", lease: "child"),
      .putSnapshot(Snapshot(id: "child", parent: nil, kind: .committed, tree: tree, usage: 1)),
    ])
    let clock = CancellingClock()
    var dependencies = fixture.manager.dependencies
    dependencies.clock = clock
    let manager = try CacheManager(dependencies)
    let commit = try #require(manager.state.withLock { $0.records["child"]?.parents.first?.id })
    try manager.get(commit).release()
    let steps = Guarded<[[StoreChange]]>([])
    fixture.store.onStep { changes in
      steps.withLock { $0.append(changes) }
      if changes.contains(where: { if case .updateRecord(let metadata) = $0 { metadata.isDeleted } else { false } }) {
        clock.cancelNext()
      }
    }
    let told = Guarded<[RecordID]>([])
    let report = try await Task {
      try await manager.prune([PrunePolicy(all: true, keepBytes: 1)]) { row in told.withLock { $0.append(row.id) } }
    }.value
    #expect(report.wasStopped && report.removed == 1)
    #expect(told.withLock { $0 } == ["child"])
    #expect(report.notReached.count >= 4)
    let removing = try #require(steps.withLock { $0.first { $0.contains(.removeRecord("child")) } })
    let unmarked = Set(removing.compactMap { if case .updateRecord(let metadata) = $0 { metadata.id } else { nil } })
    #expect(unmarked.isSuperset(of: report.notReached))
    #expect(try fixture.store.load().records.allSatisfy { !$0.metadata.isDeleted })
    // Without the child the pair is shown as its mutable half (C1).
    let left = Set(try manager.listing().rows.map(\.id))
    #expect(left == Set(report.notReached).subtracting([commit]).union([mutable.id]))
  }

  @Test("D8: whenever a prune is cancelled, what was told is gone and the rest is whole") func cancelledAnyTime()
    async throws
  {
    for round in 0..<long(20) {
      let fixture = try await Fixture()
      for _ in 0..<110 { _ = try await Fixture.layer(fixture.manager, fixture.clock) }
      let all = Set(try fixture.manager.listing().rows.map(\.id))
      let plan = try PrunePlan(
        try fixture.manager.listing(), policies: [PrunePolicy(all: true)], now: fixture.clock.now())
      let told = Guarded<Set<RecordID>>([])
      let task = Task {
        try await fixture.manager.carryOut(plan) { row in told.withLock { _ = $0.insert(row.id) } }
      }
      for _ in 0..<(round * 3) { await Task.yield() }
      task.cancel()
      let report = try await task.value
      let left = Set(try fixture.store.load().records.map(\.metadata.id))
      #expect(left == all.subtracting(told.withLock { $0 }), "round \(round)")
      #expect(left == Set(report.notReached) && left.isEmpty == !report.wasStopped)
      #expect(try fixture.store.load().records.allSatisfy { !$0.metadata.isDeleted })
      try await fixture.expectAgreement("cancelled, round \(round)")
    }
  }

  @Test("D9: a prune whose victims can't be measured as the store can't be read throws, and leaves nothing marked")
  func unreadable() async throws {
    let fixture = try await Fixture()
    fixture.store.failToRead()
    await #expect(throws: CacheError.self) { try await fixture.manager.prune([PrunePolicy(all: true)]) }
    #expect(try fixture.store.load().records.allSatisfy { !$0.metadata.isDeleted })
    try await fixture.expectAgreement("unreadable")
  }

  @Test("D6: a prune of any length takes two steps a hundred victims, sizes that it works out included") func twoSteps()
    async throws
  {
    let fixture = try await Fixture()
    for _ in 0..<246 { _ = try await Fixture.layer(fixture.manager, fixture.clock) }
    let steps = Guarded(0)
    fixture.store.onStep { changes in
      let isCollecting = changes.allSatisfy { if case .removeSnapshot = $0 { true } else { false } }
      if !isCollecting { steps.withLock { $0 += 1 } }
    }
    #expect(try await fixture.manager.prune([PrunePolicy(all: true)]).removed == 250)
    #expect(steps.withLock { $0 } == 6)
  }

  @Test("a victim is told once it is gone from the store") func toldOnceGone() async throws {
    let fixture = try await Fixture()
    let store = fixture.store
    let early = Guarded<[RecordID]>([])
    let report = try await fixture.manager.prune([PrunePolicy(all: true)]) { row in
      let isThere = (try? store.load().numbers[row.id]) != nil
      if isThere { early.withLock { $0.append(row.id) } }
    }
    #expect(report.removed == 4)
    #expect(early.withLock { $0 } == [])
  }

  @Test("G4: a victim whose tree can't be measured goes all the same, as one of unknown size") func unmeasurable()
    async throws
  {
    let fixture = try await Fixture()
    try (try await fixture.manager.new(RecordOptions(retain: true))).release()
    fixture.trees.damage()
    let unknown = Guarded(0)
    let report = try await fixture.manager.prune([PrunePolicy(all: true)]) { row in
      if !row.hasKnownSize { unknown.withLock { $0 += 1 } }
    }
    #expect(report.removed == 5)
    #expect(unknown.withLock { $0 } == 1)
  }

  @Test("D9: where the store fails for good victims stay dead, and are free again once it works") func failsForGood()
    async throws
  {
    let fixture = try await Fixture()
    fixture.store.fail(after: 1, forGood: true)
    await #expect(throws: CacheError.self) { try await fixture.manager.prune([PrunePolicy(all: true)]) }
    #expect(try fixture.manager.listing().rows.isEmpty)
    #expect(try fixture.store.load().records.count == 4)
    fixture.store.recover()
    // As the next open does.
    #expect(try await fixture.reopened().rows.isEmpty)
    #expect(try await fixture.manager.prune([PrunePolicy(all: true)]).removed == 4)
    #expect(try fixture.store.load().records.isEmpty)
  }
}
