import ArgumentParser
import BuildCache
import BuildCacheStore
import Explorer
import Glibc

/// `strata prune`: removes records, or tells which it would.
struct Prune: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Remove what is not needed; with --dry-run tell what would go, in which order, and why the rest stays.",
    discussion: """
      With --keep-storage the records that were used least and longest ago go first, until less than the limit is \
      left. Sizes: 500MB is 500 million bytes, 500MiB is 524,288,000. Durations: 90s, 45m, 48h, 7d.
      """)

  @OptionGroup var source: SourceOptions
  @OptionGroup var policy: PolicyOptions
  @Flag(help: "Change nothing: only tell what would go.") var dryRun = false
  @Flag(help: "Don't ask.") var yes = false
  @Option(help: "How to print it.") var format = OutputFormat.table

  func run() async throws {
    let filter = try policy.policy().filter
    guard source.from == nil || dryRun else {
      throw Failure.wrongUse("a saved list can't be pruned: add --dry-run, or leave --from out")
    }
    guard dryRun || yes || isatty(STDIN_FILENO) == 1 else {
      throw Failure.wrongUse("there is no terminal to ask on: add --yes, or --dry-run to only look")
    }
    if let unseen = filter.keys.first(where: Filter.keysUnseenByPrune.contains) {
      printError("a prune's filter does not see \(unseen): nothing matches, as in BuildKit")
    }
    try await source.withSource(dryRun ? .read : .write) { source in
      let plan = try await policy.plan(source)
      if dryRun { return try show(plan) }
      if !yes { try ask(plan) }
      try await carryOut(plan, on: source)
    }
  }

  private func show(_ plan: PrunePlan) throws {
    switch format {
    case .json: try printJSON(PlanJSON(plan))
    case .table: for line in PlanText.lines(plan) { print(line) }
    }
  }

  private func ask(_ plan: PrunePlan) throws {
    guard plan.cut > 0 else { return }
    try PlanText.confirm("Remove \(PlanText.count(plan.cut)), freeing \(ByteCount(plan.freed).text)?")
  }

  private func carryOut(_ plan: PrunePlan, on source: any CacheController) async throws {
    let isTable = format == .table
    let report = try await interruptible {
      try await source.carryOut(plan) { row in
        if isTable { PlanText.tellRemoved(row) }
      }
    }
    switch format {
    case .json: try printJSON(PlanJSON(plan, leaving: Set(report.changed + report.notReached)))
    case .table:
      PlanText.tell(report)
      if !report.changed.isEmpty {
        print("Left alone, as they changed meanwhile: \(report.changed.joined(separator: ", "))")
      }
    }
    if report.wasStopped { throw Failure.failed("stopped: what was not removed is as it was") }
  }
}

/// A plan in words and columns.
enum PlanText {
  static func count(_ records: Int) -> String {
    records == 1 ? "1 record" : "\(records) records"
  }

  /// Asks whether to remove, no being the default.
  ///
  /// - Throws: ``Failure`` 1 where the answer is not yes.
  static func confirm(_ question: String) throws {
    writeError(question + " It can't be undone. [y/N]")
    let answer = readLine()?.lowercased()
    guard answer == "y" || answer == "yes" else { throw Failure.failed("nothing was removed") }
  }

  /// A record that went.
  @Sendable static func tellRemoved(_ row: CacheState.Row) {
    print("removed \(row.id)  \(ByteCount(row.size).text)")
  }

  /// What went in all.
  static func tell(_ report: PruneReport) {
    print("Removed \(count(report.removed)), freed \(ByteCount(report.freed).text).")
  }

  /// The victims in order, the sums, and how many stay for which reason.
  static func lines(_ plan: PrunePlan) -> [String] {
    let rows = plan.state.rows
    let now = SystemClock().now()
    var table = TextTable([
      .init(title: "#", isNumber: true), .init(title: "ID"), .init(title: "SIZE", isNumber: true),
      .init(title: "LAST USED", isNumber: true), .init(title: "(RANK)", isNumber: true),
      .init(title: "USES", isNumber: true), .init(title: "(RANK)", isNumber: true),
      .init(title: "SCORE", isNumber: true), .init(title: "TIED", isNumber: true),
      .init(title: "FREED SO FAR", isNumber: true), .init(title: "REMAINS", isNumber: true),
    ])
    for (number, victim) in plan.victims.enumerated() {
      let row = rows[victim.row]
      func ranked(_ text: String) -> String { plan.isRanked ? text : "-" }
      table.add([
        "\(number + 1)", row.id, ByteCount(row.size).text, row.lastUsedAt.map { now.since($0).ageText } ?? "never",
        ranked("\(victim.lastUsedRank.number)/\(victim.lastUsedRank.highest)"), "\(row.usageCount)",
        ranked("\(victim.usageRank.number)/\(victim.usageRank.highest)"), ranked(scoreText(victim.score)),
        ranked("\(victim.tied)"), ByteCount(plan.freed(after: number + 1)).text,
        ByteCount(plan.remaining(after: number + 1)).text,
      ])
    }
    var kept: [KeptReason: Int] = [:]
    for record in plan.kept { kept[record.reason, default: 0] += 1 }
    let stays = KeptReason.allCases.compactMap { reason in kept[reason].map { "\($0) \(reason.words)" } }
    return (plan.cut > 0 ? table.lines : []) + [
      "Would remove \(count(plan.cut)), freeing \(ByteCount(plan.freed).text): "
        + "\(ByteCount(plan.before).text) before, \(ByteCount(plan.after).text) after (shared records not counted).",
      stays.isEmpty ? "Nothing stays." : "Stays: " + stays.joined(separator: " · ") + ".",
    ]
  }
}
