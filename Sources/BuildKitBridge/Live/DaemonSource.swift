import BuildCache
import CacheReport
import Synchronization

/// The cache of a daemon that runs: it is asked each time, and nothing of it is held.
///
/// To list records is to use those that the daemon has to measure for that (G13), while the list still shows them as they
/// were: where there may be such ones it is asked twice, and the second answer counts.
public final class DaemonSource: CacheSource {
  /// What it is: how the daemon is reached.
  public let identity: SourceIdentity
  let client: any DaemonClient
  private let clock: any CacheClock
  private let state = Guarded(State())

  private struct State {
    /// A list that is on its way: a glimpse and a reading that begin together share it.
    var begun: Asking?
    /// Whether anybody has read: then there is no first look any more.
    var wasRead = false
    /// Uses of the records that measuring may use, as they were told last.
    var known: [RecordID: Use] = [:]
  }

  private struct Use: Equatable {
    let last: Timestamp?
    let count: Int
    let size: Int64

    init(_ row: CacheState.Row) { (last, count, size) = (row.lastUsedAt, row.usageCount, row.size) }
  }

  /// A list that a daemon was asked for.
  private struct Asking {
    let list: PipedList
    let task: Task<Void, Never>
  }

  /// Says how a daemon of BuildKit's is reached; it is not asked yet.
  public convenience init(
    _ endpoint: BuildctlEndpoint, patience: DaemonPatience = .usual, clock: any CacheClock = SystemClock()
  ) {
    self.init(
      BuildctlClient(endpoint, patience: patience),
      SourceIdentity(kind: .daemon, words: endpoint.words, key: "buildctl:\(endpoint)"), clock: clock)
  }

  /// Says how a Docker Engine is reached; it is not asked yet.
  public convenience init(
    _ endpoint: EngineEndpoint, patience: DaemonPatience = .usual, clock: any CacheClock = SystemClock()
  ) {
    self.init(
      EngineClient(endpoint: endpoint, patience: patience),
      SourceIdentity(kind: .daemon, words: endpoint.words, key: "engine:\(endpoint)"), clock: clock)
  }

  init(_ client: any DaemonClient, _ identity: SourceIdentity, clock: any CacheClock) {
    (self.client, self.identity, self.clock) = (client, identity, clock)
  }

  // MARK: Looking

  /// The largest of the rows that come first of a list that is on its way; nothing once it was read.
  public func glimpse(of count: Int) async throws -> CacheState? {
    let asking = state.withLock { state in
      if state.begun == nil && !state.wasRead { state.begun = ask() }
      return state.begun
    }
    return try await waiting { try asking?.list.beginning().flatMap { SavedDiskUsage.largest(count, of: $0, []) } }
  }

  /// What one look at a daemon told.
  struct Look: Sendable {
    let reading: Reading
    let facts: DaemonFacts
    /// Whether sizes are exact.
    let isExact: Bool
  }

  /// Asks for the list, twice where it may be of use (G13), and beside it for what the daemon says of itself.
  ///
  /// - Throws: ``CacheError``: `unreachable` where the daemon can't be asked, `badList` where its answer can't be read.
  public func read() async throws -> Reading { try await look().reading }

  /// As ``read()``.
  func look() async throws -> Look {
    async let asked = Result { [client] in try await client.facts() }
    let usage = try await usage()
    var facts = DaemonFacts()
    var notes: [String] = []
    switch await asked {
    case .success(let told):
      facts = told
      notes = facts.notes
    case .failure(let error):
      try Task.checkCancellation()
      notes = ["what the daemon says of itself can't be asked: \(error)"] + facts.notes
    }
    var reading = Reading(
      state: usage.state, space: facts.space, moment: moment(facts), behavior: facts.behavior,
      notes: usage.notes + notes, planRefusal: usage.planRefusal)
    reading.rules = facts.workers == 1 ? facts.rules : nil
    reading.version = facts.version
    reading.tellsUnmeasured = true
    return Look(reading: reading, facts: facts, isExact: usage.isExact)
  }

  /// Ages are counted by the daemon's clock, which its times are of.
  private func moment(_ facts: DaemonFacts) -> Timestamp {
    let now = clock.now()
    guard let ahead = facts.clockAhead, abs(ahead.nanoseconds) > DaemonFacts.noticed else { return now }
    return now.advanced(by: ahead)
  }

  /// The list, after which nothing is left to measure.
  private func usage() async throws -> SavedDiskUsage {
    let first = try await list(firstAsking())
    guard isUsedByMeasuring(first) else { return first }
    let second = try await list(ask())
    _ = isUsedByMeasuring(second)
    return second
  }

  /// The list that a glimpse asked for, where nobody has read yet: it has only just begun. Else a new one, which a glimpse
  /// may look at.
  private func firstAsking() -> Asking {
    state.withLock { state in
      defer { state.wasRead = true }
      if !state.wasRead, let begun = state.begun { return begun }
      let asking = ask()
      if !state.wasRead { state.begun = asking }
      return asking
    }
  }

  private func list(_ asking: Asking) async throws -> SavedDiskUsage {
    defer { state.withLock { if $0.begun?.list === asking.list { $0.begun = nil } } }
    return try await withTaskCancellationHandler {
      try await waiting { try asking.list.read() }
    } onCancel: {
      asking.task.cancel()
    }
  }

  /// Begins to ask for the list.
  private func ask() -> Asking {
    let channel = ByteChannel()
    let list = PipedList("the list of \(identity.words)", clock: clock) { channel }
    let task = Task { [client] in
      do {
        try await client.list(into: channel)
        channel.end(.success(()))
      } catch {
        channel.end(.failure(error))
      }
    }
    return Asking(list: list, task: task)
  }

  /// Whether the list may show a record as it was before this very list had it measured; notes what it shows.
  private func isUsedByMeasuring(_ usage: SavedDiskUsage) -> Bool {
    let maybe = usage.state.rows.filter { row in
      row.outsideRefs == 0 && !row.inUse && (row.isMutable || !usage.tellsMutable)
    }
    let uses = Dictionary(maybe.map { ($0.id, Use($0)) }) { first, _ in first }
    return state.withLock { state in
      defer { state.known = uses }
      return uses.contains { state.known[$0.key] != $0.value }
    }
  }

  // MARK: Acting

  /// Allowed: whether the daemon lets it comes out when it is asked.
  public func pruning() -> Permission<any CachePruner> { .allowed(DaemonPruner(source: self)) }

  /// Refused.
  public func insight() -> Permission<any CacheInsight> {
    .refused(why: "a daemon tells no more of a record than its row: --buildkit-root looks into its folder")
  }
}

extension Result where Failure == any Error {
  /// The result of what may be waited for.
  fileprivate init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
