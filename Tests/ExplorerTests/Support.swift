@testable import BuildCache
import CacheReport
import Synchronization
import SystemPackage
import Terminal
import TestSupport
import Testing

@testable import Explorer

/// A cache in memory that carries plans out on its rows, and tells what it was asked to do.
final class MemoryCache: CacheSource, CachePruner, CacheInsight {
  private let rows: Mutex<CacheState>
  let pruned = Mutex<[[RecordID]]>([])
  let held = Mutex<[(id: RecordID, isHeld: Bool)]>([])
  /// What a prune throws when its first victim is gone; absent: it comes to its end.
  let pruneError = Mutex<(any Error)?>(nil)
  /// Why it may not be pruned.
  let refusal: Mutex<String?>
  let noInsightReason: String?
  private let told: [String]
  private let planRefusal: String?
  private let rules: [PrunePolicy]?
  private let behavior: PruneBehavior

  init(
    _ state: CacheState, readOnlyReason: String? = nil, noInsightReason: String? = nil, notes: [String] = [],
    planRefusal: String? = nil, rules: [PrunePolicy]? = nil,
    behavior: PruneBehavior = .embedded, promises: PrunePromises = .all
  ) {
    self.promises = promises
    self.behavior = behavior
    told = notes
    self.planRefusal = planRefusal
    self.rules = rules
    rows = Mutex(state)
    refusal = Mutex(readOnlyReason)
    self.noInsightReason = noInsightReason
  }

  let identity = SourceIdentity(kind: .list, words: "memory", key: "memory")
  private let promises: PrunePromises
  func promises(ofChosen isChosen: Bool) -> PrunePromises { promises }
  func glimpse(of count: Int) -> CacheState? { nil }
  func read() -> Reading {
    var reading = Reading(
      state: rows.withLock { $0 }, space: CacheSpace(capacity: 500_000_000_000, free: 42_000_000_000),
      overhead: CacheOverhead(unowned: 0), moment: now.now(), behavior: behavior, notes: told, planRefusal: planRefusal)
    reading.rules = rules
    return reading
  }
  func replace(with state: CacheState) { rows.withLock { $0 = state } }
  func pruning() -> Permission<any CachePruner> { refusal.withLock { $0 }.map { .refused(why: $0) } ?? .allowed(self) }
  func insight() -> Permission<any CacheInsight> { noInsightReason.map { .refused(why: $0) } ?? .allowed(self) }
  func details(of id: RecordID) throws -> RecordDetails {
    guard let number = rows.withLock({ $0.index(of: id) }) else { throw CacheError(.notFound, "no record \(id)") }
    let row = rows.withLock { $0.rows[number] }
    return RecordDetails(
      metadata: RecordMetadata(
        id: id, parents: .none, isCommitted: true, snapshot: SnapshotID(of: id), createdAt: row.createdAt),
      refCount: row.outsideRefs, isHeld: row.outsideRefs > 0, isLazy: false, equalHalf: nil, folder: nil, leases: [],
      tags: [])
  }
  func checkMayBegin() {}
  func carryOut(_ plan: PrunePlan, progress: @escaping @Sendable (CacheState.Row) -> Void) throws -> PruneReport {
    var planned = plan.victims.map { plan.state.rows[$0.row] }
    if Task.isCancelled { return PruneReport(stoppedBefore: plan) }
    let error = pruneError.withLock { $0 }
    if error != nil { planned = Array(planned.prefix(1)) }
    let victims = rows.withLock { state in planned.filter { state.index(of: $0.id) != nil } }
    let ids = Set(victims.map(\.id))
    pruned.withLock { $0.append(victims.map(\.id)) }
    rows.withLock { state in state = state.keeping { row, _ in !ids.contains(row.id) } }
    for victim in victims { progress(victim) }
    if let error { throw error }
    var report = PruneReport()
    report.gone = victims.map(\.id)
    report.freed = victims.reduce(0) { $0.addingSaturating($1.size) }
    report.changed = planned.map(\.id).filter { !ids.contains($0) }
    return report
  }

  func setHeld(_ isHeld: Bool, _ id: RecordID, reason: String) throws {
    held.withLock { $0.append((id, isHeld)) }
    rows.withLock { state in
      var builder = CacheState.Builder()
      for number in state.rows.indices {
        var row = state.rows[number]
        if row.id == id { row.outsideRefs += isHeld ? 1 : -1 }
        builder.add(row, parents: state.parentIDs(of: number))
      }
      state = builder.finish()
    }
  }

  /// Every record holds the same small tree.
  func files(of id: RecordID, at path: FilePath) throws -> [TreeFile] {
    _ = try details(of: id)
    return switch path {
    case "/":
      [
        TreeFile(name: "usr", isFolder: true, bytes: 9_000_000),
        TreeFile(name: "data", isFolder: false, bytes: 1_000_000),
        TreeFile(name: "bad\u{1b}[31m\u{202e}name", isFolder: false, bytes: 0, target: "to\u{7}where"),
      ]
    case "/usr": [TreeFile(name: "lib", isFolder: true, bytes: 8_000_000)]
    case "/usr/lib": []
    default: throw CacheError(.notFound, "record \(id) has no \(path)")
    }
  }
}

let now = TestClock()

/// A reading of a state.
func reading(_ state: CacheState) -> Reading {
  Reading(state: state, moment: now.now(), behavior: .embedded)
}

func row(
  _ id: RecordID, _ size: Int64, minutesAgo: Int64? = 60, uses: Int = 1,
  _ change: (inout CacheState.Row) -> Void = { _ in }
) -> CacheState.Row {
  var row = CacheState.Row(
    id: id, kind: .base, size: size, createdAt: now.now().advanced(by: .seconds(-86_400)),
    lastUsedAt: minutesAgo.map { now.now().advanced(by: .seconds(-60 * $0)) }, usageCount: uses,
    description: "what \(id) is")
  change(&row)
  return row
}

/// A base with a chain of two over it, a held one, a tagged one, a cache mount, an internal one.
var sample: CacheState {
  var builder = CacheState.Builder()
  builder.add(row("base0000", 500_000_000, minutesAgo: 3000, uses: 3), parents: [])
  builder.add(row("layer111", 300_000_000, minutesAgo: 600) { $0.kind = .layer }, parents: ["base0000"])
  builder.add(row("layer222", 200_000_000, minutesAgo: 20, uses: 9) { $0.kind = .layer }, parents: ["layer111"])
  builder.add(row("held3333", 100_000_000) { $0.outsideRefs = 1 }, parents: [])
  builder.add(row("tagged44", 50_000_000) { $0.isReferenced = true }, parents: [])
  builder.add(
    row("mount555", 40_000_000, minutesAgo: 1, uses: 40) {
      $0.isMutable = true
      $0.recordType = .execCacheMount
      $0.description = "cached mount \u{1b}[31m/root/.cache"
    }, parents: [])
  builder.add(row("intern66", 30_000_000, minutesAgo: nil, uses: 0) { $0.recordType = .internal }, parents: [])
  return builder.finish()
}

/// What the outlets were asked for.
let copied = Mutex<[String]>([])
let exported = Mutex<[[RecordID]]>([])
/// The names of files and of builders that were to be written.
let exportedNames = Mutex<[[String]]>([])
let exportedPlans = Mutex<[PlanExport]>([])
let outlets = ExplorerSession.Outlets(
  copy: { text in copied.withLock { $0.append(text) } },
  export: { what in
    switch what {
    case .records(let cache, let rows): exported.withLock { $0.append(rows.map { cache.rows[$0].id }) }
    case .files(_, let folder, let files):
      exportedNames.withLock { $0.append(files.map { folder.appending($0.name).string }) }
    case .builders(let lines): exportedNames.withLock { $0.append(lines.map(\.builder.name)) }
    case .plan(let export, let form, _):
      exportedPlans.withLock { $0.append(export) }
      return "plan.\(form == .json ? "json" : "txt")"
    }
    return "export.json"
  },
  policies: PolicyFiles(
    read: { request in
      guard request.file == "b.toml" else { throw CacheError(.storage, "can't read \(request.file)") }
      if request.worker == "containerd" { return ([PrunePolicy(all: true)], ["planned is containerd's rule"]) }
      let policies = [
        PrunePolicy(filter: try Filter(parsing: ["type==exec.cachemount"])),
        PrunePolicy(keepDuration: .seconds(3600), limits: SpaceLimits(reserved: 600_000_000)),
        PrunePolicy(all: true, keepBytes: request.diskSize == 2000 ? 200_000_000 : 100_000_000),
      ]
      return (policies, ["planned are its own rules"])
    },
    write: { policies, request in
      guard request.file != "there.toml" else { throw CacheError(.badInput, "there.toml is there already") }
      return "wrote \(policies.map { $0.words(in: .si) }.joined(separator: "; ")) to \(request.file)"
    },
    complete: { typed in
      PathCompletion(typed, home: "/home/me") { folder in
        guard ["/home/me/", "."].contains(folder) else { throw CacheError(.storage, "can't list \(folder)") }
        return [("b.toml", false), ("builds", true), ("bad\u{1b}[31m", false), ("solo.json", false), (".hidden", true)]
          .map { PathCompletion.Entry(name: $0.0, isFolder: $0.1) }
      }
    }))

/// The last screen after keys; the window is so high that the list is whole, and narrower than the Detail pane wants.
func play(
  _ script: String, on cache: MemoryCache = MemoryCache(sample), size: Size = Size(columns: 110, rows: 20),
  isASCII: Bool = false
) async throws -> Grid {
  await ExplorerSession.play(
    try Key.keys(in: script), on: cache, size: size, isASCII: isASCII, clock: now, outlets: outlets)
}

/// Whether a line of the screen says something.
func shows(_ grid: Grid, _ text: String) -> Bool {
  (0..<grid.size.rows).contains { grid.line($0).contains(text) }
}

/// A session that is driven event by event.
struct DrivenSession {
  let session: ExplorerSession
  private let wakes: AsyncStream<Void>

  init(_ cache: MemoryCache, size: Size = Size(columns: 110, rows: 20)) async {
    let (wakes, waker) = AsyncStream.makeStream(of: Void.self)
    self.wakes = wakes
    session = ExplorerSession(cache, isASCII: false, size: size, clock: now, outlets: outlets) { waker.yield() }
    await settle()
  }

  var state: ExplorerState { session.state }
  /// The id of the record under the cursor.
  var current: RecordID? { state.current.map { state.cache.rows[$0].id } }

  func press(_ script: String) async throws {
    for key in try Key.keys(in: script) { await send(.key(key)) }
  }

  func send(_ event: ExplorerEvent) async {
    session.send(event)
    await settle()
  }

  /// Waits until nothing is under way.
  private func settle() async {
    var waits = wakes.makeAsyncIterator()
    while !session.isIdle {
      session.receive()
      if !session.isIdle { await waits.next() }
    }
  }
}

/// The end of a prune that took all of a plan; without one, of one that took nothing.
func pruned(_ plan: PrunePlan? = nil) -> ExplorerEvent {
  var report = PruneReport()
  guard let plan = plan ?? (try? PrunePlan(CacheState.Builder().finish(), policies: [], now: now.now())) else {
    return .nothing
  }
  report.gone = plan.victims.map { plan.state.rows[$0.row].id }
  return .pruned(report, PruneOutcome(plan, report), differences: [])
}

/// What `b.toml` is read by.
let bToml = PolicyFiles.Request(file: "b.toml", worker: nil, ranking: .seed, diskSize: nil)
