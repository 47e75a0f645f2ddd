import BuildCache
import Synchronization

/// Has a daemon carry plans out.
///
/// Rules go to the daemon whole, in its own options, where it is known to do just what the plan foresees and still holds what
/// the plan was made of. All else goes by ids, children before parents: what was chosen, what is left of a plan once
/// something has changed, what a daemon can't be told.
struct DaemonPruner: CachePruner {
  let source: DaemonSource

  /// So many records go in one call, between two of which it can be stopped.
  static let idsPerCall = 100
  /// A look that is older is taken anew before the next call.
  static let freshness = Duration.seconds(5)
  /// A rule is left to the daemon where keep-duration's edge can wander so far, as it does while that prunes, and meets no
  /// record.
  static let leastRoom = TimeSpan.seconds(300)

  func promises(ofChosen isChosen: Bool) -> PrunePromises { isChosen ? [.checksVictims, .canStop] : [] }

  func checkMayBegin() async throws { _ = try await source.client.facts() }

  func carryOut(_ plan: PrunePlan, progress: @escaping @Sendable (CacheState.Row) -> Void) async throws -> PruneReport {
    guard !Task.isCancelled else { return PruneReport(stoppedBefore: plan) }
    let look: DaemonSource.Look
    do { look = try await source.look() } catch is CancellationError { return PruneReport(stoppedBefore: plan) }
    let tally = Tally(plan, now: look.reading.state, progress)
    try await carryOut(plan, from: 0, look, tally)
    return tally.report
  }

  /// Carries out a plan's rules from one on: each by the daemon's own means as far as all that are left would take just
  /// the same now.
  private func carryOut(_ plan: PrunePlan, from first: Int, _ look: DaemonSource.Look, _ tally: Tally) async throws {
    var look = look
    for number in first..<plan.rules.count {
      guard plan.rules[number].cut > 0 else { continue }
      if number > first {
        if Task.isCancelled { return tally.stop(before: plan.rules[number...].flatMap { ids(of: $0, in: plan) }) }
        look = try await source.look()
      }
      guard let policy = try policy(ofRule: number, in: plan, look) else {
        return try await carryOutByIDs(plan, from: number, look, tally)
      }
      try await prune(policy, victims: ids(of: plan.rules[number], in: plan), tally)
    }
  }

  private func ids(of rule: PlannedRule, in plan: PrunePlan) -> [RecordID] {
    rule.victims.map { plan.state.rows[$0.row].id }
  }

  /// What to say to the daemon so that it carries out a rule; nothing where it might do anything else.
  private func policy(ofRule number: Int, in plan: PrunePlan, _ look: DaemonSource.Look) throws -> PrunePolicy? {
    let rules = plan.rules[number...]
    guard !plan.isOfChosen, look.facts.isKnownWell, look.isExact, plan.behavior == look.reading.behavior,
      rules.allSatisfy({ source.client.canSay($0.policy, to: look.facts) }),
      let policy = Self.frozen(plan.rules[number], in: plan, at: look.reading.moment)
    else { return nil }
    let now = try PrunePlan(
      look.reading.state, policies: rules.map(\.policy), behavior: plan.behavior, now: plan.now,
      free: look.reading.space?.free ?? plan.free)
    let isStill = zip(rules, now.rules).allSatisfy { before, after in
      let (old, new) = (before.victims.map { plan.state.rows[$0.row] }, after.victims.map { now.state.rows[$0.row] })
      guard old.count == new.count, before.isRanked == after.isRanked else { return false }
      if before.isRanked { return zip(old, new).allSatisfy { $0.isStill($1) } }
      let known = Dictionary(new.map { ($0.id, $0) }) { first, _ in first }
      return old.allSatisfy { row in known[row.id].map { row.isStill($0) } ?? false }
    }
    return isStill && now.rules.count == rules.count ? policy : nil
  }

  /// A rule with keep-duration's edge as far back as the youngest that may go lies, so that nothing grows too old meanwhile
  /// that is to stay; nothing where what is to stay lies too close to that.
  ///
  /// In a ranked rule whoever may go counts, victim or not: all of them are ranked against each other.
  static func frozen(_ rule: PlannedRule, in plan: PrunePlan, at now: Timestamp) -> PrunePolicy? {
    var policy = rule.policy
    guard policy.keepDuration.nanoseconds > 0 else { return policy }
    let rows = plan.state.rows
    let candidates = rule.isRanked ? rule.order[...] : rule.victims
    let edge = plan.now.advanced(by: TimeSpan(nanoseconds: -policy.keepDuration.nanoseconds))
    let youngest = candidates.compactMap { rows[$0.row].lastUsedAt }.max() ?? edge.advanced(by: .seconds(-86_400))
    let oldestKept = rows.indices.lazy.filter { rule.reason(forRow: $0) == .keepDuration }
      .compactMap { rows[$0].lastUsedAt }.min()
    if let oldestKept, oldestKept.since(youngest) < leastRoom { return nil }
    policy.keepDuration = max(policy.keepDuration, now.since(youngest))
    return policy
  }

  /// Once it was begun a call is waited for, whatever the task wants by now: what it removes is to be told.
  private func prune(_ rule: PrunePolicy, victims: [RecordID], _ tally: Tally) async throws {
    do {
      try await Task { [client = source.client] in try await client.prune(rule) { tally.removed($0, $1) } }.value
    } catch {
      // A daemon that broke off may have told nothing of what it removed.
      if let state = try? await source.look().reading.state { tally.findGone(victims, state) }
      throw error
    }
  }

  // MARK: By ids

  private func carryOutByIDs(_ plan: PrunePlan, from first: Int, _ look: DaemonSource.Look, _ tally: Tally) async throws
  {
    tally.goByIDs()
    var look = look
    var looked = ContinuousClock.now
    var calls = plan.rules[first...].flatMap { rule in
      let ids = ids(of: rule, in: plan)
      // What a rule leaves alone for its own sake the daemon is to leave alone as well.
      return stride(from: 0, to: ids.count, by: Self.idsPerCall).map {
        (ids: Array(ids[$0..<min(ids.count, $0 + Self.idsPerCall)]), all: plan.isOfChosen || rule.policy.all)
      }
    }[...]
    while let call = calls.popFirst() {
      if Task.isCancelled { return tally.stop(before: call.ids + calls.flatMap(\.ids)) }
      if ContinuousClock.now - looked > Self.freshness {
        do { look = try await source.look() } catch is CancellationError {
          return tally.stop(before: call.ids + calls.flatMap(\.ids))
        }
        looked = .now
      }
      let ids = unchanged(call.ids, of: plan, in: look.reading.state, tally)
      guard !ids.isEmpty else { continue }
      try await prune(source.client.rule(for: ids, all: call.all), victims: ids, tally)
    }
  }

  /// The victims that are as they were, with nothing on them that stays.
  private func unchanged(_ ids: [RecordID], of plan: PrunePlan, in state: CacheState, _ tally: Tally) -> [RecordID] {
    var going = tally.gone
    return ids.filter { id in
      guard let before = plan.state.index(of: id), let number = state.index(of: id),
        plan.state.rows[before].isStill(state.rows[number]), state.rows[number].outsideRefs == 0,
        state.children(of: number).allSatisfy({ going.contains(state.rows[$0].id) })
      else {
        tally.leave(id)
        return false
      }
      going.insert(id)
      return true
    }
  }

  /// What went so far.
  private final class Tally: Sendable {
    private let state = Guarded((report: PruneReport(), gone: Set<RecordID>()))
    private let plan: PrunePlan
    private let now: CacheState
    private let progress: @Sendable (CacheState.Row) -> Void

    init(_ plan: PrunePlan, now: CacheState, _ progress: @escaping @Sendable (CacheState.Row) -> Void) {
      (self.plan, self.now, self.progress) = (plan, now, progress)
    }

    var report: PruneReport { state.withLock { $0.report } }
    var gone: Set<RecordID> { state.withLock { $0.gone } }

    /// A record went, and with it so many bytes, where the daemon tells them.
    func removed(_ id: RecordID, _ bytes: Int64?) {
      var row =
        now.index(of: id).map { now.rows[$0] }
        ?? CacheState.Row(
          id: id, kind: nil, size: 0, createdAt: Timestamp(nanoseconds: 0))
      if let bytes { row.size = bytes }
      let isNew = state.withLock { state in
        guard state.gone.insert(id).inserted else { return false }
        state.report.gone.append(id)
        state.report.freed = state.report.freed.addingSaturating(row.size)
        return true
      }
      if isNew { progress(row) }
    }

    /// Those of the ids that aren't there any more went.
    func findGone(_ ids: [RecordID], _ after: CacheState) {
      for id in ids where now.index(of: id) != nil && after.index(of: id) == nil { removed(id, nil) }
    }

    func leave(_ id: RecordID) { state.withLock { $0.report.changed.append(id) } }
    func goByIDs() { state.withLock { $0.report.wasByIDs = true } }

    func stop(before ids: [RecordID]) {
      state.withLock { state in
        state.report.wasStopped = true
        state.report.notReached += ids
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
