import BuildCache
import CacheReport
import Terminal

/// A key of the footer.
struct KeyHint {
  /// The key to press.
  let label: String
  /// The key of the tables that it stands for: what a click on it does.
  let meant: Key
  /// What it does, in few words.
  let words: String
  /// Whether it does nothing at the moment.
  let isOff: Bool
}

/// A line of the help.
func helpLine(_ keys: [Key], _ words: String, whyOff: String?) -> String {
  let labels = keys.map(\.label).joined(separator: " ")
  return fitted(labels, to: max(12, displayWidth(labels) + 1)) + words + (whyOff.map { " (now off: \($0))" } ?? "")
}

/// The likely keys, as many as fit; the way to all the others stays the longest.
func footerLine(_ hints: [KeyHint]) -> LineParts {
  LineParts(
    hints.enumerated().map { place, hint in
      LineParts.Part(
        "\(hint.label) \(hint.words)", rank: hint.meant == .character("?") ? 1 : place + 2, gap: "  ",
        style: Style(dim: hint.isOff))
    })
}

/// Parts of the frame that all screens have.
extension Grid {
  /// What is open, with what holds of it, and its totals at the right edge: the bytes and the end of the name stay in any
  /// window.
  ///
  /// - Parameters:
  ///   - name: what is open.
  ///   - badges: what holds of it, what matters most first.
  ///   - facts: its totals, in order.
  mutating func drawTitle(_ name: String, badges: [String], facts: [LineParts.Part]) {
    fill(column: 0, row: 0, columns: size.columns, style: Style(reverse: true))
    let bold = Style(bold: true, reverse: true)
    let line = LineParts(
      [
        LineParts.Part("strata", rank: 20, style: bold),
        .path(name, rank: 7, cutSign: cutSign, gap: "  ", style: bold),
      ]
        + badges.enumerated().map { LineParts.Part("[\($1)]", rank: 2 + $0, gap: " ", style: bold) },
      right: facts)
    draw(line, row: 0, style: Style(reverse: true))
  }

  /// Totals as one bar, and in words with the sign that stands for each.
  ///
  /// - Parameter besides: what is told besides; it goes first.
  mutating func drawBar(_ totals: UsageTotals, besides: String, row: Int, _ signs: Signs, _ units: ByteUnits) {
    let all = totals.all.bytes
    let parts: [(sign: Character, words: String, bytes: Int64, color: Color, rank: Int)] = [
      (signs.inUse, "in use", totals[.inUse].bytes, Palette.inUse, 2),
      (signs.shared, "shared", totals[.sharedUnused].bytes, Palette.shared, 3),
      (signs.internal, "internal", totals[.internal].bytes, Palette.internal, 4),
      (signs.reclaimable, "reclaimable", totals[.reclaimable].bytes, Palette.reclaimable, 1),
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
    let words = parts.map { part in
      let bytes = ByteCount(part.bytes).text(in: units)
      let short = part.rank == 1 ? [LineParts.Part.Form(text: "\(part.sign) \(bytes)", rank: 0)] : []
      return LineParts.Part([.init(text: "\(part.sign) \(part.words) \(bytes)", rank: part.rank)] + short, gap: "  ")
    }
    for placed in draw(LineParts(words + [LineParts.Part(besides, rank: 5, gap: "  ")]), row: row, from: width + 2)
    where placed.part < parts.count {
      restyle(column: placed.column, row: row, columns: 1) { $0.foreground = parts[placed.part].color }
    }
  }

  /// The likely keys.
  mutating func drawFooter(_ hints: [KeyHint], row: Int) {
    for placed in draw(footerLine(hints), row: row) where !hints[placed.part].isOff {
      restyle(column: placed.column, row: row, columns: displayWidth(hints[placed.part].label)) { $0.isBold = true }
    }
  }

  /// What was said last; where a line has no room for it, on two where there may be two, and else as far as whole words
  /// fit, with the key that shows all of it.
  ///
  /// - Parameters:
  ///   - row: the message's row.
  ///   - mayRise: whether the row above may be taken, too.
  ///   - more: the key that shows all.
  mutating func drawMessage(_ message: String, row: Int, mayRise: Bool, more: String) {
    let width = size.columns - 2
    guard width > 0, !message.isEmpty else { return }
    var lines = folded(message, to: width)
    let most = mayRise ? 2 : 1
    var hint = ""
    if lines.count > most {
      hint = width < 30 ? more : "\(more) all"
      let room = width - displayWidth(hint) - 3
      lines = Array(lines.prefix(most - 1)) + [wholeWords(lines.dropFirst(most - 1).joined(separator: " "), to: room)]
    }
    for (place, line) in lines.enumerated() {
      let row = row - lines.count + 1 + place
      fill(column: 0, row: row, columns: size.columns)
      draw(line, at: Point(column: 1, row: row), width: width, style: Style(bold: true))
    }
    if width > displayWidth(hint) + 3 {
      draw(hint, at: Point(column: 1 + width - displayWidth(hint), row: row), style: Style(dim: true))
    }
  }

  /// As many whole words as fit, with the sign of a cut where some are missing.
  func wholeWords(_ text: String, to width: Int) -> String {
    guard displayWidth(text) > width, width > 2 else { return width > 0 ? text : "" }
    let first = folded(text, to: width - 2).first ?? ""
    return first + (first.last == " " ? "" : " ") + String(cutSign)
  }

  /// A box in the middle, with its lines folded to fit.
  ///
  /// - Parameters:
  ///   - top: the first line that is seen, as far as there are more than fit.
  ///   - scrolling: the keys that scroll; absent: it doesn't, and lines before the last ones go instead.
  ///   - last: so many of the lines stand at its foot whatever there is room for.
  mutating func drawBox(_ title: String, _ lines: [String], from top: Int = 0, scrolling: String? = nil, last: Int = 0)
  {
    let box = Box(lines, in: size, last: last)
    let shown = box.shown(from: top, cutSign: cutSign, isScrolling: scrolling != nil)
    var foot = ""
    if let scrolling, box.most > 0 {
      let first = min(top, box.most)
      let seen = "\(first + 1)-\(first + box.height)"
      foot = " \(scrolling) scroll, \(seen) of \(box.lines.count) "
      if displayWidth(foot) > box.room { foot = " \(scrolling) \(seen)/\(box.lines.count) " }
    }
    let inner = min(
      box.room, max(displayWidth(title) + 2, displayWidth(foot), shown.map { displayWidth($0) }.max() ?? 0))
    let width = inner + 4
    let left = max(0, (size.columns - width) / 2)
    let upper = max(0, (size.rows - shown.count - 2) / 2)
    let signs = Signs.signs(isASCII: cutSign.isASCII)
    let side = String(repeating: signs.line, count: inner + 2)
    let corners = signs.box.corners
    draw(corners[0] + side + corners[1], at: Point(column: left, row: upper))
    draw(" \(title) ", at: Point(column: left + 2, row: upper), width: inner, style: Style(bold: true))
    for (offset, line) in shown.enumerated() {
      let text = fitted(line, to: inner, cutSign: cutSign)
      draw("\(signs.box.side) \(text) \(signs.box.side)", at: Point(column: left, row: upper + 1 + offset))
    }
    let lower = upper + 1 + shown.count
    draw(corners[2] + side + corners[3], at: Point(column: left, row: lower))
    draw(foot, at: Point(column: left + 2 + max(0, inner - displayWidth(foot)), row: lower), width: inner)
  }
}

/// The lines of a box in the middle of the window, folded to its width.
struct Box {
  /// All of them.
  let lines: [String]
  /// The columns for text.
  let room: Int
  /// The lines that are seen at once.
  let height: Int
  /// How many lines at the end stand at the foot of the box.
  private let last: Int

  init(_ lines: [String], in size: Size, last: Int = 0) {
    room = max(0, min(size.columns - (size.columns < 30 ? 4 : 6), 76))
    let foot = lines.suffix(last).flatMap { [room] in folded($0, to: room) }
    self.lines = lines.dropLast(last).flatMap { [room] in folded($0, to: room) } + foot
    height = max(0, size.rows - (size.rows < 12 ? 2 : 4))
    self.last = foot.count
  }

  /// The highest first line.
  var most: Int { max(0, lines.count - height) }

  /// The first line that is seen after a key; nothing where the key is none that scrolls, or there is nothing to scroll.
  func scrolled(_ top: Int, by key: Key) -> Int? {
    guard most > 0 else { return nil }
    let motion = Binding.moves.first { $0.keys.contains(key) }?.keys.first
    let steps: [Key: Int] = [
      .down: 1, .up: -1, .pageDown: height, .pageUp: -height, .control("d"): height / 2, .control("u"): -height / 2,
      .character("g"): -most, .character("G"): most,
    ]
    return motion.flatMap { steps[$0] }.map { max(0, min(most, min(top, most) + $0)) }
  }

  /// The lines that are seen.
  fileprivate func shown(from top: Int, cutSign: Character, isScrolling: Bool) -> [String] {
    guard lines.count > height else { return lines }
    if isScrolling { return Array(lines[min(top, most)...].prefix(height)) }
    let foot = lines.suffix(min(last, height))
    let head = lines.prefix(max(0, height - foot.count))
    // What is missing in the middle is told by a sign, where a line can be spared for it.
    return (head.count > 1 ? head.dropLast() + [String(cutSign)] : Array(head)) + foot
  }
}
