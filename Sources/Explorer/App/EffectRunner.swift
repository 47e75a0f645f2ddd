import BuildCache
import CacheReport

/// Does what effects ask for.
struct EffectRunner: Sendable {
  let source: any CacheSource
  /// A reading that has just been made.
  let known: Reading?
  let clock: any CacheClock
  let outlets: ExplorerSession.Outlets
  /// Told each record that a prune removed.
  let removed: @Sendable (CacheState.Row) -> Void

  func run(_ effect: Effect) async -> ExplorerEvent {
    // A prune that was begun always tells its end: somebody waits for that and for nothing else.
    if case .carryOut(let plan) = effect { return await carryOut(plan) }
    guard !Task.isCancelled else { return .nothing }
    do {
      return try await result(of: effect)
    } catch is CancellationError {
      return .nothing
    } catch {
      return .failed("\(error)")
    }
  }

  private func result(of effect: Effect) async throws -> ExplorerEvent {
    switch effect {
    case .glimpse(let count):
      guard let cache = try? await source.glimpse(of: count) else { return .nothing }
      let reading = Reading(state: cache, moment: clock.now(), behavior: .embedded)
      return .glimpsed(Inventory(reading), Arrangement(cache, ListChoice(), now: reading.moment))
    case .load(let choice, let last):
      do {
        let reading = if let known { known } else { try await source.read() }
        let rights = await Rights(of: source)
        if reading.state == last { return .unchanged(reading, rights) }
        // Cursors and marks are looked for by id: that is made ready here, and not while a key waits.
        if last != nil { _ = reading.state.index(of: "") }
        async let inventory = Inventory(reading)
        let arrangement = Arrangement(reading.state, choice, now: reading.moment)
        return .loaded(await inventory, arrangement, rights)
      } catch {
        return .notRead("\(error)", clock.now())
      }
    case .arrange(let cache, let choice, let earlier, let now):
      return .arranged(Arrangement(cache, choice, from: earlier, now: now))
    case .plan(let cache, let policies, let behavior, let free, let now):
      return .planned(
        PrunePreview(try PrunePlan(cache, policies: policies, behavior: behavior, now: now, free: free)))
    case .readPolicy(let request):
      let read = try await waiting { try outlets.policies.read(request) }
      return .policyRead(read.policies, remarks: read.remarks, request)
    case .writePolicy(let policies, let request):
      return .told(try await waiting { try outlets.policies.write(policies, request) })
    case .complete(let text): return .completed(text, await waiting { outlets.policies.complete(text) })
    case .measure(let cache, let rows):
      return .freed(
        try Dictionary(
          uniqueKeysWithValues: rows.map { row in
            try Task.checkCancellation()
            return (row, cache.sizeWithDescendants(of: row))
          }))
    case .match(let cache, let arrangement, let filter, let isMarking, let now):
      let isMatch = cache.matches(filter, now: now)
      return .matched(
        (isMarking ? arrangement.order : Array(cache.rows.indices)).filter { isMatch[$0] }, isMarking: isMarking)
    case .layOut(let cache, let arrangement, let folds):
      return .laidOut(try GraphPicture(cache, arrangement, folds))
    case .relate(let picture, let row, let origin): return .related(Related(picture, row, along: origin))
    case .describe(let cache, let row):
      var details: RecordDetails?
      if case .allowed(let insight) = await source.insight() {
        details = try await insight.details(of: cache.rows[row].id)
      }
      return .described(RecordDescription(cache, row, details: details))
    case .stand(let cache, let behavior, let now):
      return .stood(try PrunePlan(cache, policies: [PrunePolicy()], behavior: behavior, now: now))
    case .choose(let cache, let rows): return .chosen(try PrunePlan(cache, removing: rows))
    case .weigh(let plan, let marks, let now): return .weighed(PendingPrune(plan, marks: marks, now: now))
    case .list(let id, let path):
      do {
        return .listed(id, path, try await source.insight().means(to: "look into a record").files(of: id, at: path))
      } catch let error as CacheError {
        return .notListed(id, path, error.description)
      }
    case .setHeld(let isHeld, let id):
      do {
        try await source.insight().means(to: "hold a record").setHeld(isHeld, id, reason: "held in the explorer")
        return .changed(isHeld ? "held: no prune takes it until it is let go" : "let go")
      } catch {
        return .notChanged("\(error)")
      }
    case .export(let exported):
      return .told("wrote \(exported.words) to \(try await waiting { try outlets.export(exported) })")
    case .carryOut, .copy, .stop, .stopListing: return .nothing
    }
  }

  private func carryOut(_ plan: PrunePlan) async -> ExplorerEvent {
    do {
      let report = try await source.pruning().means(to: "prune").carryOut(plan, progress: removed)
      let outcome = PruneOutcome(plan, report)
      if outcome.isAsForeseen { return .pruned(report, outcome, differences: []) }
      let after = try? await source.read().state
      return .pruned(report, outcome, differences: outcome.differences(from: plan, after: after))
    } catch {
      return .notPruned(error is CancellationError ? "stopped" : "\(error)")
    }
  }
}
