import BuildCache
import CacheReport
import Terminal

/// A plan in words and columns.
struct PlanText: Sendable {
  /// The units of sizes.
  let units: ByteUnits
  /// The columns of the window that it is printed in; absent: there is none.
  var width = output.width

  private func amount(_ bytes: Int64) -> String { ByteCount(bytes).text(in: units) }

  /// Asks whether to remove, no being the default.
  ///
  /// - Throws: ``Failure`` 1 where the answer is not yes.
  static func confirm(_ question: String) throws {
    writeError(question + " It can't be undone. [y/N]")
    let answer = readLine()?.lowercased()
    guard answer == "y" || answer == "yes" else { throw Failure.failed("nothing was removed") }
  }

  /// Tells what would go, by name, and asks whether to remove it.
  ///
  /// - Parameters:
  ///   - plan: what would go.
  ///   - others: what of it nobody named, in words.
  ///   - now: from when ages are counted.
  /// - Throws: as ``confirm(_:)``.
  func confirm(_ plan: PrunePlan, _ others: String = "", now: Timestamp) throws {
    for line in PruneQuestion(plan, now: now).lines(in: units, naming: { $0.named() }) { writeError(line) }
    try Self.confirm("Remove \(counted(plan.count))\(others), freeing \(amount(plan.freed))?")
  }

  /// A record that went.
  @Sendable func tellRemoved(_ row: CacheState.Row) {
    output.line("removed \(row.named())  \(amount(row.size))")
  }

  /// What went in all.
  func tell(_ report: PruneReport) {
    output.line("Removed \(counted(report.removed)), freed \(amount(report.freed)).")
  }

  /// What was left alone.
  static func tellChanged(_ report: PruneReport) {
    if !report.changed.isEmpty {
      output.line("Left alone, as they changed meanwhile: \(report.changed.map(\.text).joined(separator: ", "))")
    }
  }

  /// Ends a prune of which all was printed: tells what came to light on the way.
  ///
  /// - Throws: ``Failure`` 1 where it was stopped, or its output was lost; then it says what went.
  func end(_ report: PruneReport) throws {
    for note in report.notes { printError(note) }
    var problems = report.wasStopped ? ["stopped: what was not removed is as it was"] : []
    if let loss = output.flush() {
      problems.append("removed \(counted(report.removed)), freed \(amount(report.freed)), but \(loss)")
    }
    if !problems.isEmpty { throw Failure.failed(problems.joined(separator: "; ")) }
  }

  /// Rule by rule the victims in order, then the sums, and how many stay for which reason.
  ///
  /// - Parameter namesRules: whether the rules are told: they come from a policy.
  func lines(_ plan: PrunePlan, now: Timestamp, namesRules: Bool) -> [String] {
    victims(plan, now: now, namesRules: namesRules) + (sums(plan) + [Self.stays(plan)]).flatMap(wrapped)
  }

  private func victims(_ plan: PrunePlan, now: Timestamp, namesRules: Bool) -> [String] {
    var lines: [String] = []
    var before: (count: Int, freed: Int64) = (0, 0)
    for (number, rule) in plan.rules.enumerated() {
      if namesRules { lines += wrapped(heading(rule, number)) }
      if rule.cut > 0 { lines += table(rule, in: plan.state, now, after: before).lines }
      if namesRules { lines.append("") }
      before = (before.count + rule.cut, before.freed.addingSaturating(rule.freed))
    }
    return lines
  }

  /// A plan as a ticket has it: plain text that says what, when and by which rules, what would go by name, and what stays.
  func ticket(_ export: PlanExport) throws -> [String] {
    let plan = export.plan
    let second = Timestamp(nanoseconds: plan.now.nanoseconds / 1_000_000_000 * 1_000_000_000)
    var lines = [
      "Prune plan for \(export.name)",
      "Made at \(second.text), of \(counted(plan.state.rows.count)); nothing was removed.",
    ]
    if !export.namesRules { lines += plan.rules.map { "Policy: \($0.policy.words(in: units))" } }
    lines += [""] + victims(plan, now: plan.now, namesRules: export.namesRules) + [""] + sums(plan)
    if let growth = export.growth { lines.append(sentence(growth.words(in: units))) }
    let rows = plan.state.rows
    for reason in KeptReason.allCases {
      let kept = plan.kept.filter { $0.reason == reason }
      guard let largest = kept.max(by: { rows[$0.row].size < rows[$1.row].size }) else { continue }
      let bytes = amount(kept.reduce(0) { $0.addingSaturating(rows[$1.row].size) })
      lines.append(
        "Stays, \(reason.words): \(counted(kept.count)), \(bytes); the largest is \(rows[largest.row].named()).")
    }
    if let assumptions = try export.assumptions(), !plan.rules.isEmpty {
      lines += ["This takes for granted:"] + assumptions.lines.map { "- \($0)" }
    }
    return (lines + export.notes.map { "Note: \($0)" }).map { safeText($0) }
  }

  private func wrapped(_ sentence: String) -> [String] { width.map { folded(sentence, to: $0) } ?? [sentence] }

  private func heading(_ rule: PlannedRule, _ number: Int) -> String {
    let limit =
      rule.isRanked
      ? "keeps \(amount(rule.keepBytes)) of \(amount(rule.before))"
      : "no limit, of \(amount(rule.before))"
    return "Rule \(number + 1) (\(rule.policy.words(in: units))): \(limit), removes \(counted(rule.cut))"
      + (rule.cut > 0 ? ", \(amount(rule.freed))" : "")
  }

  private func table(
    _ rule: PlannedRule, in state: CacheState, _ now: Timestamp, after before: (count: Int, freed: Int64)
  )
    -> TextTable
  {
    var table = TextTable([
      .init(title: "#", isNumber: true), .init(title: "ID", least: 12), .init(title: "SIZE", isNumber: true),
      .init(title: "LAST USED", isNumber: true, dropped: 6), .init(title: "(RANK)", isNumber: true, dropped: 1),
      .init(title: "USES", isNumber: true, dropped: 5), .init(title: "(RANK)", isNumber: true, dropped: 2),
      .init(title: "SCORE", isNumber: true, dropped: 4), .init(title: "TIED", isNumber: true, dropped: 3),
      .init(title: "FREED SO FAR", isNumber: true, dropped: 7), .init(title: "REMAINS", isNumber: true, dropped: 8),
      .init(title: "DESCRIPTION", least: 20),
    ])
    for (number, victim) in rule.victims.enumerated() {
      let row = state.rows[victim.row]
      func ranked(_ text: String) -> String { rule.isRanked ? text : "-" }
      table.add([
        "\(before.count + number + 1)", row.id.text, amount(row.size),
        row.lastUsedAt.map { now.since($0).ageText } ?? "never",
        ranked("\(victim.lastUsedRank.number)/\(victim.lastUsedRank.highest)"), "\(row.usageCount)",
        ranked("\(victim.usageRank.number)/\(victim.usageRank.highest)"), ranked(scoreText(victim.score)),
        ranked("\(victim.tied)"), amount(before.freed.addingSaturating(rule.freed(after: number + 1))),
        amount(rule.remaining(after: number + 1)), RecordName(row.description).text,
      ])
    }
    table.fit(to: width)
    return table
  }

  private func sums(_ plan: PrunePlan) -> [String] {
    var lines = [
      "Would remove \(counted(plan.count)), freeing \(amount(plan.freed)): "
        + "\(amount(plan.before)) before, \(amount(plan.after)) after, without what is shared."
    ]
    if plan.tied > 0 {
      lines.append("\(counted(plan.tied)) had the same score as others: a daemon's choice among them is accidental.")
    }
    for rule in plan.rules where plan.behavior.isDaemon && rule.isMetByDaemon {
      lines.append(
        "Enough is free for \(rule.policy.words(in: units)), and still a daemon removes until one record of some size has gone."
      )
    }
    for rule in plan.rules where !rule.isRanked && rule.policy.limits != .none {
      lines.append(
        "The limits come to 0, which is no cap: all that \(rule.policy.words(in: units)) allows goes, unranked.")
    }
    return lines
  }

  private static func stays(_ plan: PrunePlan) -> String {
    var kept: [KeptReason: Int] = [:]
    for record in plan.kept { kept[record.reason, default: 0] += 1 }
    let stays = KeptReason.allCases.compactMap { reason in kept[reason].map { "\($0) \(reason.words)" } }
    return stays.isEmpty ? "Nothing stays." : "Stays: " + stays.joined(separator: " · ") + "."
  }
}

/// Words as a sentence of their own.
func sentence(_ words: String) -> String { words.prefix(1).uppercased() + words.dropFirst() + "." }
