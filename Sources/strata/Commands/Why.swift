import ArgumentParser
import BuildCache
import CacheReport

/// `strata why`: why a record is prunable, or is not.
struct Why: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell why a record would be pruned or not, with the chain of records that hold it.",
    discussion: "Takes the options of prune; without any, the question is whether it can be pruned at all.")

  @OptionGroup var source: SourceOptions
  @Argument(help: "The record.") var id: String
  @OptionGroup var policy: PolicyOptions
  @OptionGroup var sizes: UnitsOptions

  func run() async throws {
    let parsed = try policy.parsed(worker: source.policyWorker)
    let plan = try parsed.plan(try await source.source(for: policy).told())
    let row = try plan.state.resolve(id)
    output.sentences(plan.explanation(ofRow: row, now: plan.now, in: sizes.units, naming: { $0.named() }))
  }
}
