import BuildCache
import CacheReport
import FileTrees
import Synchronization
import SystemPackage

/// The caches of a daemon as they lie on the disk, running or not: BuildKit's, or those of Docker's engine.
///
/// Only read, without a lock. What a running daemon has in its memory alone, as what is in use, isn't known here.
public final class StateFolderSource: CacheSource {
  private let path: FilePath
  private let worker: String?
  private let clock: any CacheClock
  /// What was read last: what details are told of.
  private let last = Guarded<[WorkerReading]?>(nil)

  /// What it is: its folder.
  public let identity: SourceIdentity

  /// Finds the caches; nothing of them is read yet.
  ///
  /// - Parameters:
  ///   - path: `buildkitd`'s root, a worker's folder, a Docker engine's data root or its `buildkit` folder, or a copy.
  ///   - worker: the cache to look at, by its folder's name; absent: all.
  ///   - clock: tells the moment of a reading.
  /// - Throws: ``CacheError``: `storage` where the folder can't be read, `badInput` where it is none of these, or there
  ///   is no such worker.
  public init(_ path: FilePath, worker: String? = nil, clock: any CacheClock = SystemClock()) throws {
    (self.path, self.worker, self.clock) = (path, worker, clock)
    identity = SourceIdentity(
      kind: .stateFolder, words: path.string + (worker.map { " (\($0))" } ?? ""),
      key: "folder:\(path)" + (worker.map { ":\($0)" } ?? ""))
    _ = try chosen(of: StateFolder(path))
  }

  /// The names of the caches in a folder; none where it can't be read or holds none.
  public static func workers(in path: FilePath) -> [String] { (try? StateFolder(path).workers.map(\.name)) ?? [] }

  /// The workers that are looked at.
  private func chosen(of folder: StateFolder) throws -> [WorkerFolder] {
    guard let worker else { return folder.workers }
    let chosen = folder.workers.filter { $0.name == worker }
    guard chosen.isEmpty else { return chosen }
    throw CacheError(
      .badInput, "--worker: \(path) has no \(worker), but \(folder.workers.map(\.name).joined(separator: ", "))")
  }

  /// The largest of the records that come first and are sure to be shown: to find the largest of all takes as long as
  /// reading all.
  public func glimpse(of count: Int) async throws -> CacheState? {
    try await waiting {
      guard let worker = try self.chosen(of: StateFolder(self.path)).first else { return nil }
      let sure = try worker.metadata.first(Self.glimpsed).distinct.map(\.metadata).filter { record in
        record.isCommitted && record.equalMutable == nil && !record.isDeleted && record.size != nil
      }
      var builder = CacheState.Builder()
      for record in sure.sorted(by: { ($1.size ?? 0, $0.id) < ($0.size ?? 0, $1.id) }).prefix(count) {
        builder.add(CacheState.Row(record, kind: record.parents.kind, size: record.size ?? 0), parents: [])
      }
      return builder.finish()
    }
  }

  /// So many records are read in a few milliseconds.
  private static let glimpsed = 2_000

  /// Reads the records as their daemon would list them, in whose words sizes that it hasn't measured yet are measured.
  ///
  /// - Complexity: the pages of the databases, and a walk of each tree that the daemon hasn't measured.
  public func read() async throws -> Reading {
    try await waiting { try await self.reading() }
  }

  private func reading() async throws -> Reading {
    let moment = clock.now()
    var workers: [WorkerReading] = []
    let folder = try StateFolder(path)
    for folder in try chosen(of: folder) { workers.append(try await WorkerReading(folder)) }
    last.withLock { [workers] in $0 = workers }
    var reading = Reading(
      state: Self.joined(workers.map(\.state)), space: try space(workers),
      overhead: overhead(workers, StateFolder.databases(of: workers.map(\.folder))), moment: moment,
      behavior: Self.behavior(workers),
      notes: workers.flatMap(\.notes) + folder.notes, planRefusal: workers.count > 1 ? severalCaches(workers) : nil)
    reading.tellsUnmeasured = true
    return reading
  }

  /// Several caches as one: they have no records in common, but copies of one.
  private static func joined(_ states: [CacheState]) -> CacheState {
    if states.count == 1 { return states[0] }
    var builder = CacheState.Builder()
    var seen: Set<RecordID> = []
    for state in states {
      for (number, row) in state.rows.enumerated() where seen.insert(row.id).inserted {
        builder.add(row, parents: state.parentIDs(of: number))
      }
    }
    return builder.finish()
  }

  private func severalCaches(_ workers: [WorkerReading]) -> String {
    "\(path) holds \(workers.count) caches, and a daemon prunes each by itself: choose one with --worker "
      + workers.map(\.folder.name).joined(separator: " or --worker ")
  }

  /// The disk, where the trees are on it: under a copy of the databases there is another.
  private func space(_ workers: [WorkerReading]) throws -> CacheSpace? {
    guard workers.contains(where: { $0.store?.hasTrees == true }) else { return nil }
    let disk = try FileSystemStatus(of: path)
    return CacheSpace(capacity: disk.capacity, free: disk.free)
  }

  /// What the caches take besides their records.
  private func overhead(_ workers: [WorkerReading], _ databases: BoltFile.Extent) -> CacheOverhead {
    func sum(_ bytes: (WorkerReading) -> Int64) -> Int64 { workers.reduce(0) { $0.addingSaturating(bytes($1)) } }
    return CacheOverhead(
      unowned: sum(\.unowned), history: sum { $0.store?.history ?? 0 }, databases: databases.bytes,
      freePages: databases.free)
  }

  /// A daemon that runs counts as a use of a parent what it didn't make itself, one that is started all (G6).
  private static func behavior(_ workers: [WorkerReading]) -> PruneBehavior {
    let era = workers.first?.era ?? .current
    let started = workers.lazy.compactMap(\.holder?.started).max()
    return era.behavior(started.map { .at($0) } ?? .before)
  }

  /// Refused.
  public func pruning() -> Permission<any CachePruner> {
    .refused(why: "a daemon's folder is only read: its daemon prunes it")
  }

  /// What the folder knows.
  public func insight() -> Permission<any CacheInsight> { .allowed(Insight(source: self)) }

  private struct Insight: CacheInsight {
    let source: StateFolderSource

    /// The worker that has a record, as it was read last.
    private func worker(of id: RecordID) async throws -> WorkerReading {
      if source.last.withLock({ $0 == nil }) { _ = try await source.read() }
      let workers = source.last.withLock { $0 } ?? []
      guard let worker = workers.first(where: { $0.state.index(of: id) != nil }) else {
        throw CacheError(.notFound, "no record \(id)")
      }
      return worker
    }

    func details(of id: RecordID) async throws -> RecordDetails {
      let worker = try await worker(of: id)
      return try await waiting { try worker.details(of: id) }
    }

    func files(of id: RecordID, at path: FilePath) async throws -> [TreeFile] {
      let worker = try await worker(of: id)
      return try await waiting { try worker.files(of: id, at: path) }
    }

    func setHeld(_ isHeld: Bool, _ id: RecordID, reason: String) async throws {
      throw CacheError(.readOnly, "a daemon's folder is only read: nothing in it can be held")
    }
  }
}
