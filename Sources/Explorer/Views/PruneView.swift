import BuildCache
import Terminal

extension ExplorerState {
  func drawPrune(on grid: inout Grid, _ layout: Layout) {
    guard let plan = prune.rule else {
      grid.draw(" planning\(signs.ellipsis)", at: Point(column: 0, row: layout.body.lowerBound))
      return
    }
    let heads = [policyLine(plan), factsLine(plan), staysLine(plan), "", heading]
    let shown = layout.pruneLines.lowerBound - layout.body.lowerBound
    // A low window keeps the policy and the sums.
    for (offset, head) in heads.prefix(shown).enumerated() {
      grid.draw(
        cell(head, size.columns), at: Point(column: 0, row: layout.body.lowerBound + offset),
        style: Style(dim: offset == 4))
    }
    if shown == 5 { drawSlider(plan, on: &grid, layout.body.lowerBound + 3) }
    for (offset, row) in layout.pruneLines.enumerated() {
      let number = prune.position.top + offset
      guard let line = prune.line(number) else { break }
      draw(line, isCurrent: number == prune.position.cursor, plan, on: &grid, row)
    }
  }

  private func policyLine(_ plan: PlannedRule) -> String {
    let policy = plan.policy
    let limit = plan.keepBytes > 0 ? ByteCount(plan.keepBytes).text : "none"
    let age = policy.keepDuration.nanoseconds > 0 ? policy.keepDuration.ageText : "off"
    return " keep-bytes \(limit) of \(ByteCount(plan.before).text)   keep-duration \(age)"
      + "   all \(policy.all ? "yes" : "no")   ranking \(options.behavior.ranking.rawValue)"
  }

  private func factsLine(_ plan: PlannedRule) -> String {
    let records = plan.cut == 1 ? "1 record" : "\(plan.cut) records"
    let tied = plan.victims.count { $0.tied > 0 }
    var facts = ["removes \(records), frees \(ByteCount(plan.freed).text)", "\(ByteCount(plan.after).text) left"]
    if !plan.isRanked {
      facts.append("no limit: everything that can go goes, unranked")
    } else if tied > 0 {
      facts.append("\(tied) tied: any may go first")
    }
    if let pinned = prune.groups[.pinned] {
      facts.append("\(ByteCount(pinned.bytes).text) pinned in \(pinned.records)")
    }
    return " " + joined(facts)
  }

  private func staysLine(_ plan: PlannedRule) -> String {
    var groups = KeptReason.allCases.compactMap { reason in
      prune.groups[reason].map { "\($0.records) \(reason.words)" }
    }
    if plan.cut < plan.order.count { groups.append("\(plan.order.count - plan.cut) \(KeptReason.withinLimit.words)") }
    return groups.isEmpty ? " nothing stays" : " stays: " + joined(groups)
  }

  private func drawSlider(_ plan: PlannedRule, on grid: inout Grid, _ row: Int) {
    let width = max(0, size.columns - 2)
    guard width > 2 else { return }
    grid.fill(column: 1, row: row, columns: width, with: signs.line, style: Style(dim: true))
    let share = plan.before > 0 ? Double(plan.keepBytes) / Double(plan.before) : 0
    let place = 1 + Int((share * Double(width - 1)).rounded())
    grid.draw(signs.knob, at: Point(column: min(max(1, place), width), row: row), style: Style(bold: true))
  }

  /// As wide as two ranks may get: there are no more distinct times than candidates.
  private var timeRankWidth: Int { max(8, 2 * "\(prune.rule?.order.count ?? 0)".count + 2) }

  private var heading: String {
    [
      cell("#", 7, .right), "  " + cell("ID", idWidth), cell("SIZE", 10, .right), cell("LAST USED", 11, .right),
      cell("(RANK)", timeRankWidth, .right), cell("USES", 6, .right), cell("(RANK)", 7, .right),
      cell("SCORE", 7, .right), cell("FREED SO FAR", 14, .right), cell("REMAINS", 10, .right),
    ].joined()
  }

  private func draw(
    _ line: PruneState.Line, isCurrent: Bool, _ plan: PlannedRule, on grid: inout Grid, _ row: Int
  ) {
    var style = Style.plain
    switch line {
    case .cut:
      let words = " keep-bytes \(plan.isRanked ? ByteCount(plan.keepBytes).text : "none") "
      grid.fill(column: 0, row: row, columns: size.columns, with: signs.line, style: Style(bold: true))
      grid.draw(
        words, at: Point(column: max(0, (size.columns - displayWidth(words)) / 2), row: row), style: Style(bold: true))
    case .victim(let number):
      style.isDim = number >= plan.cut
      grid.draw(text(of: plan.order[number], number, plan), at: Point(column: 0, row: row), style: style)
    case .kept(let kept):
      style.isDim = true
      let record = cache.rows[kept.row]
      let by = kept.by.prefix(3).map { shortID(cache.rows[$0].id) }.joined(separator: ", ")
      let more = kept.by.count > 3 ? " and \(kept.by.count - 3) more" : ""
      let text =
        cell("stays", 7, .right) + "  " + cell(shortID(record.id), idWidth)
        + cell(ByteCount(record.size).text, 10, .right)
        + cell(age(record.lastUsedAt), 11, .right) + "  \(kept.reason.words)" + (by.isEmpty ? "" : ": \(by)\(more)")
      grid.draw(text, at: Point(column: 0, row: row), style: style)
    }
    if isCurrent {
      grid.restyle(column: 0, row: row, columns: size.columns) { $0.isReverse = true }
      grid.draw(signs.cursor, at: Point(column: 0, row: row), style: Style(reverse: true))
    }
  }

  private func text(of victim: PrunePlan.Victim, _ number: Int, _ plan: PlannedRule) -> String {
    let record = cache.rows[victim.row]
    func ranked(_ text: String, _ width: Int) -> String { cell(plan.isRanked ? text : "-", width, .right) }
    let text = [
      cell("\(number + 1)", 7, .right), "  " + cell(shortID(record.id), idWidth),
      cell(ByteCount(record.size).text, 10, .right),
      cell(age(record.lastUsedAt), 11, .right),
      ranked("\(victim.lastUsedRank.number)/\(victim.lastUsedRank.highest)", timeRankWidth),
      cell("\(record.usageCount)", 6, .right),
      ranked("\(victim.usageRank.number)/\(victim.usageRank.highest)", 7), ranked(scoreText(victim.score), 7),
      cell(ByteCount(plan.freed(after: number + 1)).text, 14, .right),
      cell(ByteCount(plan.remaining(after: number + 1)).text, 10, .right),
    ].joined()
    let note =
      number == plan.cut ? "(next)" : victim.tied > 0 && plan.isRanked ? "tied \(victim.tied)" : ""
    return note.isEmpty ? text : text + "  " + note
  }
}

/// A score with three decimals; what the lists show, not what is compared.
public func scoreText(_ score: Double) -> String {
  let thousandths = Int((score * 1000).rounded())
  return "\(thousandths / 1000)." + String(String(1000 + thousandths % 1000).dropFirst())
}
