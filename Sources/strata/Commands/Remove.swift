import ArgumentParser
import BuildCache
import BuildCacheStore
import CacheReport
import Glibc

/// `strata rm`: prunes just these.
struct Remove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove records with all that stands on them, after asking.")

  @OptionGroup var source: SourceOptions
  @Argument(help: ArgumentHelp("Records.", valueName: "id")) var ids: [String]
  @OptionGroup var sizes: UnitsOptions
  @Flag(help: "Don't ask.") var yes = false

  func run() async throws {
    guard yes || isatty(STDIN_FILENO) == 1 else {
      throw Failure.wrongUse("there is no terminal to ask on: add --yes")
    }
    if let option = source.lookedAt {
      throw Failure.wrongUse("\(option) is only looked at, never pruned: leave it out")
    }
    let source = try await source.source()
    let pruner = try await source.pruning().means(to: "remove records")
    try await pruner.checkMayBegin()  // nobody is asked in vain
    let reading = try await source.told()
    let state = reading.state
    let wanted = try ids.map { try state.resolve($0) }
    let plan = try PrunePlan(state, removing: wanted)
    for row in wanted {
      guard let reason = plan.reason(forRow: row) else { continue }
      throw Failure.failed("\(state.rows[row].id) can't go: \(reason.words)")
    }
    let others = plan.count - Set(wanted).count
    let text = PlanText(units: sizes.units)
    if !yes {
      try text.confirm(plan, ", \(others) of them as they stand on what you named", now: reading.moment)
    }
    output.keepGoing()
    let report = try await interruptible { try await pruner.carryOut(plan, progress: text.tellRemoved) }
    text.tell(report)
    PlanText.tellChanged(report)
    let outcome = PruneOutcome(plan, report)
    if !outcome.isAsForeseen {
      output.lines(outcome.differences(from: plan, after: try? await source.read().state).map { "- \($0)" })
    }
    try text.end(report)
    if !outcome.isAsForeseen { throw Failure.failed(outcome.words) }
  }
}
