import BuildCache
import FileTrees
import Glibc
import Logging
import Synchronization
import SystemPackage

/// The embedded cache of a folder, for as long as somebody sits before it.
///
/// A reading is one read transaction straight into rows: no manager, no lock, nothing loaded, repaired or stored, so that
/// others may change the cache meanwhile. Acting opens the cache for that one act, and closes it.
public final class EmbeddedSource: CacheSource {
  private let folder: EmbeddedFolder
  private let clock: any CacheClock
  private let steps: DurableSteps
  private let logger: Logger
  /// Sizes that were measured aside: they hold for as long as this is.
  private let measured = Guarded<[Measured: Int64]>([:])

  /// The pairs of the last reading; absent before the first.
  private let halves = Guarded<[RecordID: RecordID]?>(nil)

  /// What acts of this source had to clear away, in sentences: whoever reads on is told.
  private let cleared = Guarded<[String]>([])

  /// What was measured: a tree's number may come again, its folder doesn't.
  private struct Measured: Hashable {
    let subject: TreeMeasure.Subject
    let inode: UInt64
    let changed: [Int]

    /// Nothing where it may be another thing the next time.
    init?(_ subject: TreeMeasure.Subject, in trees: DirectorySnapshotter) {
      guard !subject.isMutable, let tree = subject.tree,
        let status = (try? FileStatus(of: trees.folder(of: tree.id)))??.raw
      else { return nil }
      self.subject = subject
      inode = UInt64(status.st_ino)
      changed = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    }
  }

  /// What it is: its folder.
  public let identity: SourceIdentity

  /// Finds the cache; nothing of it is read yet.
  ///
  /// - Parameters:
  ///   - root: the cache's folder.
  ///   - clock: tells the moment of a reading.
  ///   - steps: what every durable step of an act passes, for tests.
  ///   - logger: where oddities are told.
  /// - Throws: as ``EmbeddedFolder/init(_:_:steps:)``.
  public init(
    _ root: FilePath, clock: any CacheClock = SystemClock(), steps: DurableSteps = .unwatched,
    logger: Logger = Logger(label: "strata.cache")
  ) throws {
    folder = try EmbeddedFolder(root, .read, steps: steps)
    identity = SourceIdentity(kind: .embedded, words: folder.root.string, key: "root:\(folder.root)")
    self.clock = clock
    self.steps = steps
    self.logger = logger
  }

  /// The largest of the records that are sure to be shown.
  ///
  /// - Complexity: one pass over the records' sizes.
  public func glimpse(of count: Int) async throws -> CacheState? {
    try await waiting { try self.folder.store.largest(count) }
  }

  /// Reads all records.
  ///
  /// What a manager would list that opens the cache now, but for one thing: what a live writer has in use in its memory is
  /// unknown here, and that is said.
  ///
  /// - Complexity: O(records and parents), and a walk of each tree whose size isn't known, once.
  public func read() async throws -> Reading {
    try await waiting { try await self.reading() }
  }

  private func reading() async throws -> Reading {
    let moment = clock.now()
    let writer = RootLock.holder(of: folder.root)
    let (trees, blobs) = try (self.trees, self.blobs)
    let usage = try folder.store.state(treesOnDisk: try trees.trees()).usage()
    let pairs = usage.halves
    halves.withLock { $0 = pairs }
    let measure = TreeMeasure(snapshotter: trees, content: blobs)
    let (unmeasured, unownedTrees) = (usage.unmeasured, usage.unownedTrees)
    let sizes = try await sideBySide(unmeasured.count) { number in
      try await self.size(of: unmeasured[number].subject, measure, trees)
    }
    let damage = usage.damage.sorted()
    var problems =
      cleared.withLock { $0 } + usage.unusable.map { EmbeddedCache.note(of: $0.id, $0.reason, movedTo: nil) } + damage
    let state = try (consume usage).state(sizes: sizes.map { try? $0.get() }) { try blobs.size(of: $0) == nil }
    for (unmeasured, size) in zip(unmeasured, sizes) {
      guard case .failure(let failure) = size else { continue }
      problems.append("the size of record \(state.rows[unmeasured.row].id) isn't known: \(failure.cause)")
    }
    if let writer { problems.insert("\(writer) is changing this cache; what it has in use is unknown here", at: 0) }
    let disk = try FileSystemStatus(of: folder.root)
    var unowned: Int64 = 0
    for tree in unownedTrees.sorted() {
      let subject = TreeMeasure.Subject(tree: StoredTree(id: tree, parent: nil, usage: nil))
      unowned = unowned.addingSaturating((try? await size(of: subject, measure, trees).get()) ?? 0)
      try Task.checkCancellation()
    }
    return Reading(
      state: state, space: CacheSpace(capacity: disk.capacity, free: disk.free),
      overhead: CacheOverhead(unowned: unowned), moment: moment,
      behavior: .embedded, notes: problems)
  }

  /// The bytes of a record; those that hold for good are measured once.
  private func size(of subject: TreeMeasure.Subject, _ measure: TreeMeasure, _ trees: DirectorySnapshotter)
    async throws -> Result<Int64, TreeMeasure.Unmeasurable>
  {
    let key = Measured(subject, in: trees)
    if let key, let known = measured.withLock({ $0[key] }) { return .success(known) }
    do {
      let size = try await measure.bytes(of: subject) ?? 0  // B11: a snapshot that does not exist counts 0
      if let key { measured.withLock { $0[key] = size } }
      return .success(size)
    } catch let failure as TreeMeasure.Unmeasurable {
      if failure.cause is CancellationError { throw failure.cause }
      return .failure(failure)
    }
  }

  private var trees: DirectorySnapshotter {
    get throws { try DirectorySnapshotter(folder.root.appending(CacheRoot.Name.trees), .read) }
  }

  private var blobs: BlobFolder {
    get throws { try BlobFolder(folder.root.appending(CacheRoot.Name.blobs), .read) }
  }

  /// Allowed where this user may write to the folder, as it is now; another process may still hold the lock when it comes
  /// to the act.
  public func pruning() async -> Permission<any CachePruner> {
    if access(folder.root.string, W_OK) != 0 {
      return .refused(why: "\(folder.root) may not be written by this user")
    }
    do {
      try CacheRoot(at: folder.root).checkIsOwn()
    } catch {
      return .refused(why: (error as? CacheError)?.message ?? "\(error)")
    }
    return .allowed(EmbeddedPruner(source: self))
  }

  /// Nothing is missing here.
  public func insight() async -> Permission<any CacheInsight> {
    .allowed(EmbeddedInsight(source: self))
  }

  /// Opens the cache, acts, and closes it.
  private func acting<T: Sendable>(
    _ access: EmbeddedFolder.Access, _ act: @Sendable (EmbeddedCache) async throws -> T
  ) async throws -> T {
    try await waiting {
      let cache = try EmbeddedCache(self.folder.root, access, steps: self.steps, logger: self.logger)
      self.cleared.withLock { $0 += cache.notes }
      do {
        let result = try await act(cache)
        try cache.close()
        return result
      } catch {
        try? cache.close()
        throw error
      }
    }
  }

  private struct EmbeddedPruner: CachePruner {
    let source: EmbeddedSource

    func promises(ofChosen isChosen: Bool) -> PrunePromises { .all }

    func checkMayBegin() async throws { try RootLock.checkIsFree(source.folder.root) }

    func carryOut(_ plan: PrunePlan, progress: @escaping @Sendable (CacheState.Row) -> Void) async throws -> PruneReport
    {
      do {
        return try await source.acting(.reclaim) { cache in
          var report = try await cache.manager.carryOut(plan, progress: progress)
          report.notes = cache.notes
          return report
        }
      } catch is CancellationError {
        return PruneReport(stoppedBefore: plan)  // while it was being opened: a manager tells it in its report (D8)
      }
    }
  }

  private struct EmbeddedInsight: CacheInsight {
    let source: EmbeddedSource

    func details(of id: RecordID) async throws -> RecordDetails {
      if source.halves.withLock({ $0 == nil }) { _ = try await source.read() }
      let half = source.halves.withLock { $0?[id] }
      return try await waiting {
        guard let stored = try source.folder.store.stored(id, half: half) else {
          throw CacheError(.notFound, "no record \(id)")
        }
        let blobs = try source.blobs
        return try RecordDetails(stored, folder: stored.tree.map { try source.trees.folder(of: $0) }) {
          try blobs.size(of: $0) == nil
        }
      }
    }

    func files(of id: RecordID, at path: FilePath) async throws -> [TreeFile] {
      let details = try await details(of: id)
      return try await waiting {
        if let folder = details.folder { return try TreeFile.list(in: folder, of: id, at: path) }
        // One that was never made is made aside.
        return try await EmbeddedCache.looking(at: source.folder.root, logger: source.logger) { cache in
          try await cache.files(of: cache.manager.get(id, countsAsUse: false), at: path)
        }
      }
    }

    func setHeld(_ isHeld: Bool, _ id: RecordID, reason: String) async throws {
      try await source.acting(.write) { cache in
        if isHeld { try cache.manager.hold(id, reason: reason) } else { try cache.manager.unhold(id) }
      }
    }
  }
}

extension RecordDetails {
  fileprivate init(_ stored: RecordSurroundings, folder: FilePath?, isMissing: (Digest) throws -> Bool) rethrows {
    self.init(
      metadata: stored.metadata, refCount: stored.refs + (stored.isHeld ? 1 : 0), isHeld: stored.isHeld,
      isLazy: try stored.metadata.isBlobOnly && stored.metadata.blob?.digest.map(isMissing) ?? false,
      equalHalf: stored.equalHalf, folder: folder, leases: stored.leases.sorted(), tags: stored.tags.sorted())
  }
}
