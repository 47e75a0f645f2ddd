import BuildCache
import CacheReport
import Terminal

/// A key of the footer.
struct KeyHint {
  /// The key.
  let key: Key
  /// What it does, in few words.
  let words: String
  /// Whether it does nothing at the moment.
  let isOff: Bool
}

/// A line of the help.
func helpLine(_ keys: [Key], _ words: String, whyOff: String?) -> String {
  fitted(keys.map(\.label).joined(separator: " "), to: 12) + words + (whyOff.map { " (now off: \($0))" } ?? "")
}

/// Parts of the frame that all screens have.
extension Grid {
  /// What is open, with what holds of it, and its totals at the right edge.
  mutating func drawTitle(_ name: String, _ badges: String, right: String, _ signs: Signs) {
    let room = max(0, size.columns - displayWidth(right) - displayWidth(badges) - 1)
    let title = " strata  \(name)"
    let left = fitted(title, to: min(room, displayWidth(title)), cutSign: signs.ellipsis)
    fill(column: 0, row: 0, columns: size.columns, style: Style(reverse: true))
    draw(left + badges, at: Point(column: 0, row: 0), style: Style(bold: true, reverse: true))
    let column = size.columns - displayWidth(right)
    if column > displayWidth(left + badges) {
      draw(right, at: Point(column: column, row: 0), style: Style(reverse: true))
    }
  }

  /// Totals as one bar, and in words with the sign that stands for each.
  mutating func drawBar(_ totals: UsageTotals, besides: String, row: Int, _ signs: Signs, _ units: ByteUnits) {
    let all = totals.all.bytes
    let parts: [(sign: Character, words: String, bytes: Int64, color: Color)] = [
      (signs.inUse, "in use", totals[.inUse].bytes, .red),
      (signs.shared, "shared", totals[.sharedUnused].bytes, .yellow),
      (signs.internal, "internal", totals[.internal].bytes, .magenta),
      (signs.reclaimable, "reclaimable", totals[.reclaimable].bytes, .green),
    ].filter { $0.bytes > 0 || $0.words != "internal" }
    var column = 1
    let width = min(40, size.columns / 4)
    var drawn: Int64 = 0
    for part in parts where all > 0 {
      // The ends are rounded, not the parts, so that they always add up to the whole bar.
      drawn = min(all, drawn.addingSaturating(part.bytes))
      let end = 1 + Int((Double(drawn) / Double(all) * Double(width)).rounded())
      fill(column: column, row: row, columns: end - column, with: part.sign, style: Style(foreground: part.color))
      column = max(column, end)
    }
    column = width + 3
    for part in parts {
      column += draw(String(part.sign), at: Point(column: column, row: row), style: Style(foreground: part.color))
      column += draw(" \(part.words) \(ByteCount(part.bytes).text(in: units))   ", at: Point(column: column, row: row))
    }
    draw(besides, at: Point(column: column, row: row))
  }

  /// The likely keys, as many as fit.
  mutating func drawFooter(_ hints: some Sequence<KeyHint>, row: Int) {
    var column = 1
    for hint in hints {
      guard column + displayWidth(hint.key.label) + displayWidth(hint.words) + 1 < size.columns else { break }
      column += draw(
        hint.key.label, at: Point(column: column, row: row), style: Style(bold: !hint.isOff, dim: hint.isOff))
      column += draw(" \(hint.words)  ", at: Point(column: column, row: row), style: Style(dim: hint.isOff))
    }
  }

  /// A box in the middle, with its lines folded to fit.
  mutating func drawBox(_ title: String, _ lines: [String], from top: Int = 0, _ signs: Signs) {
    let room = max(0, min(size.columns - 6, 76))
    let all = lines.flatMap { folded($0, to: room) }
    let most = max(0, size.rows - (size.rows < 12 ? 2 : 4))
    let first = min(top, max(0, all.count - most))
    let shown = all[first...].prefix(most)
    let inner = min(room, max(displayWidth(title) + 2, shown.map { displayWidth($0) }.max() ?? 0))
    let width = inner + 4
    let left = max(0, (size.columns - width) / 2)
    let upper = max(0, (size.rows - shown.count - 2) / 2)
    let side = String(repeating: signs.line, count: inner + 2)
    let corners = signs.box.corners
    draw(corners[0] + side + corners[1], at: Point(column: left, row: upper))
    draw(" \(title) ", at: Point(column: left + 2, row: upper), width: inner, style: Style(bold: true))
    for (offset, line) in shown.enumerated() {
      let text = fitted(line, to: inner, cutSign: signs.ellipsis)
      draw("\(signs.box.side) \(text) \(signs.box.side)", at: Point(column: left, row: upper + 1 + offset))
    }
    draw(corners[2] + side + corners[3], at: Point(column: left, row: upper + 1 + shown.count))
  }
}
