import BuildCache
import CacheReport
import Terminal

/// The columns of the Prune table, as many as a window has room for: a narrow one drops ranks first, then uses, then
/// the last use.
private struct PruneColumns {
  let id: Int
  /// As wide as two ranks may get: there are no more distinct times than candidates.
  let timeRank: Int
  var hasRanks = true
  var hasUses = true
  var hasLastUsed = true

  init(width: Int, id: Int, candidates: Int) {
    self.id = id
    timeRank = max(8, 2 * "\(candidates)".count + 2)
    if self.width > width { hasRanks = false }
    if self.width > width { hasUses = false }
    if self.width > width { hasLastUsed = false }
  }

  private var width: Int {
    7 + 2 + id + 10 + (hasLastUsed ? 11 : 0) + (hasUses ? 6 : 0) + (hasRanks ? timeRank + 7 : 0) + 7 + 14 + 10
  }
}

extension ExplorerState {
  func drawPrune(on grid: inout Grid, _ layout: Layout) {
    guard let plan = prune.plan, let rule = prune.rule else {
      let words = planRefusal.map { folded($0, to: max(1, size.columns - 2)) } ?? ["planning\(signs.ellipsis)"]
      for (row, line) in zip(layout.body, words) { grid.draw(" " + line, at: Point(column: 0, row: row)) }
      return
    }
    let columns = PruneColumns(
      width: size.columns, id: idWidth, candidates: plan.rules.map(\.order.count).max() ?? 0)
    let top = layout.body.lowerBound
    let shown = layout.pruneLines.lowerBound - top
    // A low window keeps the policy and the sums.
    for (offset, head) in [policyLine(rule), factsLine(plan), staysLine(plan)].prefix(shown).enumerated() {
      grid.draw(head, row: top + offset)
    }
    if shown == 5 {
      drawGauge(rule, on: &grid, top + 3)
      grid.draw(cell(heading(columns), size.columns), at: Point(column: 0, row: top + 4), style: Style(dim: true))
    }
    for (offset, row) in layout.pruneLines.enumerated() {
      let number = prune.position.top + offset
      guard let line = prune.line(number) else { break }
      draw(line, plan, columns, on: &grid, row)
      guard number == prune.position.cursor else { continue }
      grid.restyle(column: 0, row: row, columns: size.columns) { $0.isReverse = true }
      grid.draw(signs.cursor, at: Point(column: 0, row: row), style: Style(reverse: true))
    }
  }

  // MARK: heads

  /// The rule under the cursor: its limit stays the longest.
  private func policyLine(_ rule: PlannedRule) -> LineParts {
    let policy = rule.policy
    let limits = policy.limits
    let limit = rule.isRanked ? ByteCount(rule.keepBytes).text : "none"
    var parts: [LineParts.Part] = []
    if prune.policies.count > 1 {
      let place = "\(prune.ruleNumber + 1)/\(prune.policies.count)"
      parts.append(.init([.init(text: "rule \(place)", rank: 9), .init(text: place, rank: 1)]))
    }
    parts.append(
      .init([
        .init(text: "keep-bytes \(limit) of \(ByteCount(rule.before).text)", rank: 8),
        .init(text: "keep-bytes \(limit)", rank: 1), .init(text: limit, rank: 0),
      ]))
    for (name, bytes) in [("reserved", limits.reserved), ("min free", limits.minFree)] where bytes > 0 {
      parts.append(.init("\(name) \(ByteCount(bytes).text)", rank: 3))
    }
    let duration = "keep-duration \(durationText(policy))"
    parts.append(.init(duration, rank: policy.keepDuration.nanoseconds > 0 ? 3 : 10))
    parts.append(.init("all \(policy.all ? "yes" : "no")", rank: policy.all ? 2 : 11))
    if let filter = policy.filterWords {
      parts.append(.words("filter \(filter)", rank: 4, to: [30, 16], cutSign: signs.ellipsis))
    }
    parts.append(.init("ranking \(behavior.ranking.rawValue)", rank: 7))
    if let restart = behavior.restart, restart != .never {
      parts.append(.init("restarted" + (restart == .before ? "" : " \(restart.words)"), rank: 6))
    }
    return LineParts(parts)
  }

  /// Parts of a sentence, the first of which stay the longest.
  private func facts(_ texts: [String], shorter: String = "") -> LineParts {
    let dot = " \(signs.dot) "
    return LineParts(
      texts.enumerated().map { place, text in
        place > 0 || shorter.isEmpty
          ? .init(text, rank: place, gap: dot) : .init([.init(text: text, rank: 1), .init(text: shorter, rank: 0)])
      })
  }

  private func factsLine(_ plan: PrunePlan) -> LineParts {
    var texts = [
      "removes \(counted(plan.count)), frees \(ByteCount(plan.freed).text)", "\(ByteCount(plan.after).text) left",
    ]
    if plan.rules.contains(where: { !$0.isRanked && $0.cut > 0 }) {
      texts.append("no limit: everything that can go goes, \(behavior.isDaemon ? "in any order" : "unranked")")
    }
    if let measured = prune.preview?.measuredFirst, measured > 0 { texts.append("\(measured) measured first, so used") }
    if plan.tied > 0 { texts.append("\(plan.tied) tied: any may go first") }
    if let pinned = prune.preview?.pinned { texts.append(words(for: pinned)) }
    return facts(texts, shorter: "frees \(ByteCount(plan.freed).text)")
  }

  private func words(for pinned: PrunePreview.Pinned) -> String {
    let why = pinned.usedSince.map { "used in the last \(age($0))" } ?? "that \(pinned.pinners == 1 ? "stays" : "stay")"
    return "\(ByteCount(pinned.bytes).text) more is pinned by \(counted(pinned.pinners)) \(why)"
  }

  private func staysLine(_ plan: PrunePlan) -> LineParts {
    var groups = (prune.preview?.groups ?? []).map { "\($0.records) \($0.reason.words)" }
    if let last = plan.rules.last, last.cut < last.order.count {
      groups.append("\(last.order.count - last.cut) \(KeptReason.withinLimit.words)")
    }
    guard let first = groups.first else { return facts(["nothing stays"]) }
    return facts(["stays: \(first)"] + groups.dropFirst(), shorter: first)
  }

  /// All bytes as a line, the limit as a knob on it; with several limits each by its letter.
  private func drawGauge(_ rule: PlannedRule, on grid: inout Grid, _ row: Int) {
    let width = max(0, size.columns - 2)
    guard width > 2 else { return }
    grid.fill(column: 1, row: row, columns: width, with: signs.line, style: Style(dim: true))
    func place(_ bytes: Int64) -> Int {
      let share = rule.before > 0 ? Double(min(bytes, rule.before)) / Double(rule.before) : 0
      return min(max(1, 1 + Int((share * Double(width - 1)).rounded())), width)
    }
    let limits = rule.policy.limits
    if limits.reserved > 0 || limits.minFree > 0 {
      for (letter, bytes) in [("r", limits.reserved), ("b", limits.maxUsed)] where bytes > 0 {
        grid.draw(letter, at: Point(column: place(bytes), row: row))
      }
    }
    grid.draw(signs.knob, at: Point(column: place(rule.keepBytes), row: row), style: Style(bold: true))
  }

  private func heading(_ columns: PruneColumns) -> String {
    var parts = [cell("#", 7, .right), "  " + cell("ID", columns.id), cell("SIZE", 10, .right)]
    if columns.hasLastUsed { parts.append(cell("LAST USED", 11, .right)) }
    if columns.hasRanks { parts.append(cell("(RANK)", columns.timeRank, .right)) }
    if columns.hasUses { parts.append(cell("USES", 6, .right)) }
    if columns.hasRanks { parts.append(cell("(RANK)", 7, .right)) }
    parts += [cell("SCORE", 7, .right), cell("FREED SO FAR", 14, .right), cell("REMAINS", 10, .right)]
    return parts.joined()
  }

  // MARK: lines

  private func draw(
    _ line: PruneState.PruneLine, _ plan: PrunePlan, _ columns: PruneColumns, on grid: inout Grid, _ row: Int
  ) {
    let place = Point(column: 0, row: row)
    switch line {
    case .heading(let number):
      let rule = plan.rules[number]
      let what = rule.cut == 0 ? "removes nothing" : "removes \(rule.cut), \(ByteCount(rule.freed).text)"
      grid.draw(
        joined([" rule \(number + 1): \(rule.policy.words)", what]), at: place, style: Style(bold: true))
    case .cut(let number):
      let rule = plan.rules[number]
      let name = plan.rules.count > 1 ? "rule \(number + 1) keeps" : "keep-bytes"
      let words =
        " \(name) \(rule.isRanked ? ByteCount(rule.keepBytes).text : plan.rules.count > 1 ? "no more" : "none") "
      grid.fill(column: 0, row: row, columns: size.columns, with: signs.line, style: Style(bold: true))
      grid.draw(
        words, at: Point(column: max(0, (size.columns - displayWidth(words)) / 2), row: row), style: Style(bold: true))
    case .victim(let number, let victim):
      let isNext = victim >= plan.rules[number].cut
      grid.draw(text(of: victim, plan, number, columns), at: place, style: Style(dim: isNext))
    case .group(let group):
      grid.draw(
        joined(["  stays: \(group.reason.words)", counted(group.records), ByteCount(group.bytes).text]), at: place,
        style: Style(dim: true, underline: true))
    case .kept(let kept): grid.draw(text(of: kept, plan, columns), at: place, style: Style(dim: true))
    }
  }

  private func text(of place: Int, _ plan: PrunePlan, _ number: Int, _ columns: PruneColumns) -> String {
    let rule = plan.rules[number]
    let victim = rule.order[place]
    let record = plan.state.rows[victim.row]
    let before = plan.rules[..<number].reduce((count: 0, freed: Int64(0))) {
      ($0.count + $1.cut, $0.freed.addingSaturating($1.freed))
    }
    func ranked(_ text: String, _ width: Int) -> String { cell(rule.isRanked ? text : "-", width, .right) }
    var parts = [
      cell("\(before.count + place + 1)", 7, .right), "  " + cell(shortID(record.id), columns.id),
      cell(ByteCount(record.size).text, 10, .right),
    ]
    if columns.hasLastUsed { parts.append(cell(age(record.lastUsedAt), 11, .right)) }
    if columns.hasRanks {
      parts.append(ranked("\(victim.lastUsedRank.number)/\(victim.lastUsedRank.highest)", columns.timeRank))
    }
    if columns.hasUses { parts.append(cell("\(record.usageCount)", 6, .right)) }
    if columns.hasRanks { parts.append(ranked("\(victim.usageRank.number)/\(victim.usageRank.highest)", 7)) }
    parts += [
      ranked(scoreText(victim.score), 7),
      cell(ByteCount(before.freed.addingSaturating(rule.freed(after: place + 1))).text, 14, .right),
      cell(ByteCount(rule.remaining(after: place + 1)).text, 10, .right),
    ]
    let note = place == rule.cut ? "  (next)" : victim.tied > 0 && rule.isRanked ? "  tied \(victim.tied)" : ""
    return parts.joined() + note
  }

  private func text(of kept: PrunePlan.Kept, _ plan: PrunePlan, _ columns: PruneColumns) -> String {
    let record = plan.state.rows[kept.row]
    let by = kept.by.prefix(3).map { shortID(plan.state.rows[$0].id) }.joined(separator: ", ")
    let more = kept.by.count > 3 ? " and \(kept.by.count - 3) more" : ""
    var parts = [
      cell("", 7), "  " + cell(shortID(record.id), columns.id), cell(ByteCount(record.size).text, 10, .right),
    ]
    if columns.hasLastUsed { parts.append(cell(age(record.lastUsedAt), 11, .right)) }
    parts.append("  " + (by.isEmpty ? record.description : "by \(by)\(more)"))
    return parts.joined()
  }
}
