import BuildCache
import CacheReport
import Terminal

extension ExplorerState {
  func drawPrune(on grid: inout Grid, _ layout: Layout) {
    guard let plan = prune.plan, let rule = prune.rule else {
      let words = planRefusal.map { folded($0, to: max(1, size.columns - 2)) } ?? ["planning\(signs.ellipsis)"]
      for (row, line) in zip(layout.body, words) { grid.draw(" " + line, at: Point(column: 0, row: row)) }
      return
    }
    let table = PruneTable(
      width: size.columns - Self.pruneMargin - 1, id: idWidth, amount: amountWidth,
      candidates: plan.rules.map(\.order.count).max() ?? 0,
      victims: plan.rules.reduce(0) { $0 + $1.order.count }, isRanked: plan.rules.contains(where: \.isRanked))
    let headings = String(repeating: " ", count: Self.pruneMargin) + table.headings(cutSign: signs.ellipsis)
    let top = layout.body.lowerBound
    let shown = layout.pruneLines.lowerBound - top
    // A low window keeps the policy and the sums.
    for (offset, head) in [policyLine(rule), factsLine(plan), staysLine(plan)].prefix(shown).enumerated() {
      grid.draw(head, row: top + offset)
    }
    if shown == 5 {
      drawGauge(rule, on: &grid, top + 3)
      grid.draw(cell(headings, size.columns), at: Point(column: 0, row: top + 4), style: Style(dim: true))
    }
    for (offset, row) in layout.pruneLines.enumerated() {
      let number = prune.position.top + offset
      guard let line = prune.line(number) else { break }
      draw(line, number, plan, table, on: &grid, row)
      guard number == prune.position.cursor else { continue }
      grid.restyle(column: 0, row: row, columns: size.columns) { $0.setUnderCursor() }
      grid.draw(signs.cursor, at: Point(column: 0, row: row), style: Style(reverse: true))
    }
  }

  /// Before the table: the cursor.
  private static let pruneMargin = 1

  // MARK: heads

  /// The rule under the cursor: its limit stays the longest.
  private func policyLine(_ rule: PlannedRule) -> LineParts {
    let policy = rule.policy
    let limits = policy.limits
    let limit = rule.isRanked ? amount(rule.keepBytes) : "none"
    var parts: [LineParts.Part] = []
    if prune.policies.count > 1 {
      let place = "\(prune.ruleNumber + 1)/\(prune.policies.count)"
      parts.append(.init([.init(text: "rule \(place)", rank: 9), .init(text: place, rank: 1)]))
    }
    parts.append(
      .init([
        .init(text: "keep-bytes \(limit) of \(amount(rule.before))", rank: 8),
        .init(text: "keep-bytes \(limit)", rank: 1), .init(text: limit, rank: 0),
      ]))
    for (name, bytes) in [("reserved", limits.reserved), ("min free", limits.minFree)] where bytes > 0 {
      parts.append(.init("\(name) \(amount(bytes))", rank: 3))
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
      "removes \(counted(plan.count)), frees \(amount(plan.freed))", "\(amount(plan.after)) left",
    ]
    if plan.rules.contains(where: { !$0.isRanked && $0.cut > 0 }) {
      texts.append("no limit: everything that can go goes, \(behavior.isDaemon ? "in any order" : "unranked")")
    }
    if let measured = prune.preview?.measuredFirst, measured > 0 { texts.append("\(measured) measured first, so used") }
    if plan.tied > 0 { texts.append("\(plan.tied) tied: any may go first") }
    if let pinned = prune.preview?.pinned { texts.append(words(for: pinned)) }
    let leavingOut = " without what is shared"
    if inventory.totals.shared.records > 0, displayWidth(joined(texts) + leavingOut) < size.columns {
      texts[1] += leavingOut
    }
    return facts(texts, shorter: "frees \(amount(plan.freed))")
  }

  private func words(for pinned: PrunePreview.Pinned) -> String {
    let why = pinned.usedSince.map { "used in the last \(age($0))" } ?? "that \(pinned.pinners == 1 ? "stays" : "stay")"
    return "\(amount(pinned.bytes)) more is pinned by \(counted(pinned.pinners)) \(why)"
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

  // MARK: lines

  private func draw(
    _ line: PruneState.PruneLine, _ number: Int, _ plan: PrunePlan, _ table: PruneTable, on grid: inout Grid, _ row: Int
  ) {
    let place = Point(column: 0, row: row)
    let start = Point(column: Self.pruneMargin, row: row)
    switch line {
    case .heading(let number):
      let rule = plan.rules[number]
      let what = rule.cut == 0 ? "removes nothing" : "removes \(rule.cut), \(amount(rule.freed))"
      grid.draw(
        joined([" rule \(number + 1): \(rule.policy.words(in: units))", what]), at: place, style: Style(bold: true))
    case .cut(let number):
      let rule = plan.rules[number]
      let name = plan.rules.count > 1 ? "rule \(number + 1) keeps" : "keep-bytes"
      let limit = rule.isRanked ? amount(rule.keepBytes) : plan.rules.count > 1 ? "no more" : "none"
      let ahead =
        number == plan.rules.count - 1 ? GrowthForecast(plan, prune.preview?.growth)?.shortWords(in: units) : nil
      let words = " " + joined(["\(name) \(limit)"] + [ahead].compactMap(\.self)) + " "
      grid.fill(column: 0, row: row, columns: size.columns, with: signs.line, style: Style(bold: true))
      grid.draw(
        words, at: Point(column: max(0, (size.columns - displayWidth(words)) / 2), row: row), style: Style(bold: true))
    case .victim(let rule, let victim):
      let isNext = victim >= plan.rules[rule].cut
      let name = RecordName(plan.state.rows[plan.rules[rule].order[victim].row].description)
      let neighbours = neighbours(ofLine: number, plan)
      grid.draw(
        text(of: victim, called: name, plan, rule, table, besides: neighbours), at: start, style: Style(dim: isNext))
      if let names = table.start(of: .name), !isNext {
        dimContext(of: name, from: start.column + names, at: row, size.columns, on: &grid)
      }
    case .group(let group):
      grid.draw(
        joined(["  stays: \(group.reason.words)", counted(group.records), amount(group.bytes)]), at: place,
        style: Style(dim: true, underline: true))
    case .kept(let kept):
      grid.draw(
        text(of: kept, plan, table, besides: neighbours(ofLine: number, plan)), at: start, style: Style(dim: true))
    }
  }

  /// The records above and beneath a line.
  private func neighbours(ofLine number: Int, _ plan: PrunePlan) -> [CacheState.Row] {
    [number - 1, number + 1].compactMap { prune.row($0) }.map { plan.state.rows[$0] }
  }

  private func text(
    of place: Int, called name: RecordName, _ plan: PrunePlan, _ number: Int, _ table: PruneTable,
    besides neighbours: [CacheState.Row]
  ) -> String {
    let rule = plan.rules[number]
    let victim = rule.order[place]
    let record = plan.state.rows[victim.row]
    let before = plan.rules[..<number].reduce((count: 0, freed: Int64(0))) {
      ($0.count + $1.cut, $0.freed.addingSaturating($1.freed))
    }
    func ranked(_ text: String) -> String { rule.isRanked ? text : "-" }
    let note = place == rule.cut ? "(next)" : victim.tied > 0 && rule.isRanked ? "tied \(victim.tied)" : ""
    return table.line { column, width, alignment in
      let text =
        switch column {
        case .place: "\(before.count + place + 1)"
        case .id: shortID(record.id)
        case .size: amount(record.size)
        case .used: age(record.lastUsedAt)
        case .usedRank: ranked("\(victim.lastUsedRank.number)/\(victim.lastUsedRank.highest)")
        case .uses: "\(record.usageCount)"
        case .usesRank: ranked("\(victim.usageRank.number)/\(victim.usageRank.highest)")
        case .score: ranked(scoreText(victim.score))
        case .freed: amount(before.freed.addingSaturating(rule.freed(after: place + 1)))
        case .remains: amount(rule.remaining(after: place + 1))
        case .name: nameText(name, besides: neighbours, noting: note, width)
        }
      return cell(text, width, alignment)
    }
  }

  /// A name, and something about the record at the right edge, where there is room for both.
  private func nameText(
    _ name: RecordName, besides neighbours: [CacheState.Row], noting note: String, _ width: Int
  ) -> String {
    let room = width - displayWidth(note) - 2
    guard !note.isEmpty, room >= PruneTable.leastName else { return nameText(name, besides: neighbours, width) }
    return nameText(name, besides: neighbours, room) + "  " + note
  }

  private func text(
    of kept: PrunePlan.Kept, _ plan: PrunePlan, _ table: PruneTable, besides neighbours: [CacheState.Row]
  ) -> String {
    let record = plan.state.rows[kept.row]
    // The columns that tell of going have nothing to say here: their room is the name's.
    let told: [PruneColumn] = [.place, .id, .size, .used]
    var cells: [String] = []
    var room = table.columns.reduce(-PruneTable.gap) { $0 + $1.width + PruneTable.gap }
    for (column, width) in table.columns where told.contains(column) {
      let text =
        switch column {
        case .id: shortID(record.id)
        case .size: amount(record.size)
        case .used: age(record.lastUsedAt)
        default: ""
        }
      cells.append(cell(text, width, column.alignment))
      room -= width + PruneTable.gap
    }
    // One is named where that leaves the record's own name its room, several are told by their ids.
    let pinners = kept.by.prefix(3).map { plan.state.rows[$0] }
    let more = kept.by.count > 3 ? " and \(kept.by.count - 3) more" : ""
    func by(_ names: [String]) -> String { names.isEmpty ? "" : "by \(names.joined(separator: ", "))\(more)" }
    let named = by(kept.by.count == 1 ? pinners.map { self.named($0) } : [])
    let hasRoom = !named.isEmpty && room - displayWidth(named) - 2 >= PruneTable.leastName
    let reason = hasRoom ? named : by(pinners.map { shortID($0.id) })
    let name = nameText(RecordName(record.description), besides: neighbours, noting: reason, max(0, room))
    return (cells + [name]).joined(separator: String(repeating: " ", count: PruneTable.gap))
  }
}
