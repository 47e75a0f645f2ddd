import BuildCache
import Synchronization

/// Has a daemon carry plans out.
///
/// Rules go to the daemon whole, in its own options, where it still holds what the plan was made of; what was chosen, and
/// what is left of a plan once something has changed, goes by ids, children before parents.
struct DaemonPruner: CachePruner {
  let source: DaemonSource

  /// So many records go in one call, between two of which it can be stopped.
  static let idsPerCall = 100

  func promises(ofChosen isChosen: Bool) -> PrunePromises { isChosen ? [.checksVictims, .canStop] : [] }

  func checkMayBegin() async throws { _ = try await source.client.facts() }

  func carryOut(_ plan: PrunePlan, progress: @escaping @Sendable (CacheState.Row) -> Void) async throws -> PruneReport {
    guard !Task.isCancelled else { return PruneReport(stoppedBefore: plan) }
    let reading: Reading
    do { reading = try await source.read() } catch is CancellationError { return PruneReport(stoppedBefore: plan) }
    let tally = Tally(plan, now: reading.state, progress)
    if !plan.isOfChosen, try isStill(plan, in: reading) {
      try await carryOut(rulesOf: plan, at: reading.moment, tally)
    } else {
      try await carryOut(rows: unchanged(plan, in: reading.state, tally), tally)
    }
    return tally.report
  }

  /// Whether the rules would take just the same now, and in the same order where there is one.
  private func isStill(_ plan: PrunePlan, in reading: Reading) throws -> Bool {
    guard plan.rules.allSatisfy({ source.client.refusal(of: $0.policy) == nil }) else { return false }
    let now = try PrunePlan(
      reading.state, policies: plan.rules.map(\.policy), behavior: plan.behavior, now: plan.now,
      free: reading.space?.free ?? plan.free)
    guard now.rules.count == plan.rules.count else { return false }
    return zip(plan.rules, now.rules).allSatisfy { before, after in
      let (old, new) = (before.victims.map { plan.state.rows[$0.row] }, after.victims.map { now.state.rows[$0.row] })
      guard old.count == new.count else { return false }
      if before.isRanked { return zip(old, new).allSatisfy { $0.isStill($1) } }
      let known = Dictionary(new.map { ($0.id, $0) }) { first, _ in first }
      return old.allSatisfy { row in known[row.id].map { row.isStill($0) } ?? false }
    }
  }

  private func carryOut(rulesOf plan: PrunePlan, at now: Timestamp, _ tally: Tally) async throws {
    for (number, rule) in plan.rules.enumerated() {
      if number > 0, Task.isCancelled {
        tally.stop(before: plan.rules[number...].flatMap { $0.victims.map { plan.state.rows[$0.row].id } })
        return
      }
      // A rule that takes nothing may still have the daemon measure, or remove what is new.
      guard rule.cut > 0 else { continue }
      try await prune(Self.policy(of: rule, in: plan, at: now), tally)
    }
  }

  /// A rule with keep-duration's edge where the plan had it: else what grew too old since then would go, too.
  static func policy(of rule: PlannedRule, in plan: PrunePlan, at now: Timestamp) -> PrunePolicy {
    var policy = rule.policy
    guard policy.keepDuration.nanoseconds > 0 else { return policy }
    let edge = plan.now.advanced(by: TimeSpan(nanoseconds: -policy.keepDuration.nanoseconds))
    let youngest = rule.victims.compactMap { plan.state.rows[$0.row].lastUsedAt }.max()
    // As far as no victim is in the way it may lie before that, for the time until the daemon looks at its clock.
    let room = youngest.map { max(0, edge.since($0).nanoseconds) } ?? .max
    policy.keepDuration.nanoseconds = policy.keepDuration.nanoseconds
      .addingSaturating(max(0, now.since(plan.now).nanoseconds)).addingSaturating(min(room, mostRoom))
    return policy
  }

  /// A call takes less until the daemon looks at its clock.
  private static let mostRoom: Int64 = 10_000_000_000

  /// Once it was begun a call is waited for, whatever the task wants by now: what it removes is to be told.
  private func prune(_ rule: PrunePolicy, _ tally: Tally) async throws {
    try await Task { [client = source.client] in try await client.prune(rule) { tally.removed($0, $1) } }.value
  }

  /// The victims that are as they were, with nothing new on them, children before parents.
  private func unchanged(_ plan: PrunePlan, in state: CacheState, _ tally: Tally) -> [RecordID] {
    var going: Set<RecordID> = []
    var rows: [RecordID] = []
    for victim in plan.victims {
      let row = plan.state.rows[victim.row]
      guard let number = state.index(of: row.id), row.isStill(state.rows[number]), !state.rows[number].inUse,
        state.children(of: number).allSatisfy({ going.contains(state.rows[$0].id) })
      else {
        tally.leave(row.id)
        continue
      }
      going.insert(row.id)
      rows.append(row.id)
    }
    return rows
  }

  private func carryOut(rows ids: [RecordID], _ tally: Tally) async throws {
    var left = ids[...]
    while !left.isEmpty {
      if Task.isCancelled { return tally.stop(before: Array(left)) }
      let call = Array(left.prefix(Self.idsPerCall))
      left = left.dropFirst(Self.idsPerCall)
      try await prune(source.client.rule(for: call), tally)
    }
  }

  /// What went so far.
  private final class Tally: Sendable {
    private let state = Guarded(PruneReport())
    private let plan: PrunePlan
    private let now: CacheState
    private let progress: @Sendable (CacheState.Row) -> Void

    init(_ plan: PrunePlan, now: CacheState, _ progress: @escaping @Sendable (CacheState.Row) -> Void) {
      (self.plan, self.now, self.progress) = (plan, now, progress)
    }

    var report: PruneReport { state.withLock { $0 } }

    /// A record went, and with it so many bytes, where the daemon tells them.
    func removed(_ id: RecordID, _ bytes: Int64?) {
      var row =
        now.index(of: id).map { now.rows[$0] }
        ?? CacheState.Row(
          id: id, kind: nil, size: 0, createdAt: Timestamp(nanoseconds: 0))
      if let bytes { row.size = bytes }
      state.withLock { report in
        report.gone.append(id)
        report.freed = report.freed.addingSaturating(row.size)
      }
      progress(row)
    }

    func leave(_ id: RecordID) { state.withLock { $0.changed.append(id) } }

    func stop(before ids: [RecordID]) {
      state.withLock { report in
        report.wasStopped = true
        report.notReached += ids
      }
    }
  }
}

extension CacheState.Row {
  /// Whether nothing happened to the record since: it was not used, and has the size that it had.
  fileprivate func isStill(_ now: CacheState.Row) -> Bool {
    id == now.id && lastUsedAt == now.lastUsedAt && usageCount == now.usageCount && size == now.size
      && isReferenced == now.isReferenced && (outsideRefs > 0) == (now.outsideRefs > 0)
  }
}
