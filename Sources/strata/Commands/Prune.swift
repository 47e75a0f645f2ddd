import ArgumentParser
import BuildCache
import BuildCacheStore
import CacheReport
import Glibc
import Synchronization

/// `strata prune`: removes records, or tells which it would.
struct Prune: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Remove what is not needed; with --dry-run tell what would go, in which order, and why the rest stays.",
    discussion: """
      With --keep-storage the records that were used least and longest ago go first, until less than the limit is \
      left. --policy does what a daemon with that buildkitd.toml would do by itself, rule by rule. Sizes: 500MB is \
      500 million bytes, 500MiB is 524,288,000. Durations: 90s, 45m, 48h, 7d.
      """)

  @OptionGroup var source: SourceOptions
  @OptionGroup var policy: PolicyOptions
  @Flag(help: "Change nothing: only tell what would go.") var dryRun = false
  @Flag(help: "Don't ask.") var yes = false
  @Flag(help: "Fail where a daemon removed something that the plan doesn't name.") var expect = false
  @OptionGroup var sizes: UnitsOptions
  @Option(help: "How to print it.") var format = OutputFormat.table

  func run() async throws {
    let parsed = try policy.parsed(worker: source.policyWorker)
    if let option = source.lookedAt, !dryRun {
      throw Failure.wrongUse("\(option) is only looked at, never pruned: add --dry-run, or leave it out")
    }
    guard dryRun || yes || isatty(STDIN_FILENO) == 1 else {
      throw Failure.wrongUse("there is no terminal to ask on: add --yes, or --dry-run to only look")
    }
    if !dryRun, let option = policy.pretending {
      throw Failure.wrongUse("\(option) only plans what would be: add --dry-run")
    }
    let source = try await source.source(makingRoot: !dryRun, for: policy)
    let pruner = dryRun ? nil : try await source.pruning().means(to: "prune")
    try await pruner?.checkMayBegin()  // nobody is asked in vain
    let reading = try await source.told()
    let plan = try parsed.plan(reading)
    guard let pruner else { return try show(plan, reading, parsed, of: source.identity) }
    if !yes { try ask(plan) }
    try await carryOut(plan, reading.notes, by: pruner, of: source)
  }

  private var text: PlanText { PlanText(units: sizes.units) }

  private func show(_ plan: PrunePlan, _ reading: Reading, _ parsed: ParsedPolicy, of source: SourceIdentity) throws {
    let export = PlanExport(
      plan, name: source.words, notes: reading.notes + (try parsed.remarks(for: reading)),
      tellsUnmeasured: reading.tellsUnmeasured, namesRules: policy.namesRules)
    switch format {
    case .json: try printJSON(export.report())
    case .table:
      output.lines(text.lines(plan, now: plan.now, namesRules: policy.namesRules))
      if let growth = export.growth { output.sentences([sentence(growth.words(in: sizes.units))]) }
      if let assumptions = try export.assumptions(), !plan.rules.isEmpty {
        output.line("This takes for granted:")
        output.sentences(assumptions.lines.map { "- \($0)" })
      }
    }
  }

  private func ask(_ plan: PrunePlan) throws {
    guard plan.count > 0 else { return }
    try text.confirm(plan, now: plan.now)
  }

  private func carryOut(
    _ plan: PrunePlan, _ notes: [String], by pruner: any CachePruner, of source: any CacheSource
  ) async throws {
    output.keepGoing()
    let (isTable, text) = (format == .table, text)
    let gone = Guarded<[RecordID]>([])
    let report: PruneReport
    do {
      report = try await interruptible {
        try await pruner.carryOut(plan) { row in
          gone.withLock { $0.append(row.id) }
          if isTable { text.tellRemoved(row) }
        }
      }
    } catch {
      // What was removed by then is gone, whatever form was asked for.
      let ids = gone.withLock { $0 }
      if !isTable, !ids.isEmpty { printError("removed by then: \(ids.map(\.text).joined(separator: ", "))") }
      throw error
    }
    let outcome = PruneOutcome(plan, report)
    // Whoever promised nothing is looked after.
    let isDaemons = source.identity.kind == .daemon
    let differences =
      outcome.isAsForeseen ? [] : outcome.differences(from: plan, after: try? await source.read().state)
    switch format {
    case .json:
      var left = PlanReport(
        plan, leaving: Set(report.changed + report.notReached + outcome.less), namesRules: policy.namesRules,
        notes: notes)
      if isDaemons { left.outcome = PlanReport.OutcomeRow(outcome, report, differences: differences) }
      try printJSON(left)
    case .table:
      text.tell(report)
      PlanText.tellChanged(report)
      if isDaemons { output.line(sentence(outcome.words)) }
      output.lines(differences.map { "- \($0)" })
    }
    try text.end(report)
    if expect, !outcome.more.isEmpty {
      throw Failure.failed("\(counted(outcome.more.count)) went that the plan doesn't name")
    }
  }
}
