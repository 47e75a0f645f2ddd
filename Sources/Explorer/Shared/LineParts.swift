import Terminal

/// A line made of parts: where it has no room for all, what matters least is said shorter, or goes; the end of the line
/// is nobody's to lose.
struct LineParts {
  /// A thing that the line says.
  struct Part {
    /// A way to say it.
    struct Form {
      let text: String
      /// What gives way first: the highest; at 0 the last that is left of it stays, whatever there is room for.
      let rank: Int
    }

    /// How it can be said, the longest first.
    let forms: [Form]
    let style: Style
    /// What stands between it and what stands before it.
    let gap: String

    /// Makes a part that is said, or isn't.
    init(_ text: String, rank: Int, gap: String = LineParts.gap, style: Style = .plain) {
      self.init([Form(text: text, rank: rank)], gap: gap, style: style)
    }

    /// Makes a part that can be said shorter.
    init(_ forms: [Form], gap: String = LineParts.gap, style: Style = .plain) {
      self.forms = forms.filter { !$0.text.isEmpty }
      self.gap = gap
      self.style = style
    }
  }

  /// A part that there is room for.
  struct Placed: Equatable {
    /// Which of the parts it is.
    let part: Int
    /// Where it begins.
    let column: Int
    /// How it is said.
    let text: String
    /// What stands before it.
    let gap: String

    /// The columns that it takes.
    var columns: Range<Int> { column..<(column + displayWidth(text)) }
  }

  /// What stands between parts, where nothing else is said.
  static let gap = "   "

  /// The parts, in order.
  let parts: [Part]
  /// So many of them stand at the right edge.
  let atRight: Int

  /// Makes a line.
  ///
  /// - Parameters:
  ///   - left: what stands at the left edge.
  ///   - right: what stands at the right edge.
  init(_ left: [Part], right: [Part] = []) {
    parts = left + right
    atRight = right.count
  }

  /// Chooses what is said.
  ///
  /// - Parameters:
  ///   - width: the columns that the line has.
  ///   - sign: what shows that even the last part had to be cut.
  /// - Returns: the parts that fit, none overlapping another, all of them within the width.
  /// - Complexity: O(forms² of all parts): there are few.
  func placed(in width: Int, cutSign sign: Character = "…") -> [Placed] {
    guard width > 0 else { return [] }
    // For each part the form that it is said in; after the last it is gone.
    var chosen = parts.map { _ in 0 }
    func form(_ part: Int) -> Part.Form? {
      parts[part].forms.indices.contains(chosen[part]) ? parts[part].forms[chosen[part]] : nil
    }
    func gap(_ part: Int, isFirst: Bool) -> String {
      if isFirst { return "" }
      // What stands at the right edge is a line of its own.
      let isApart = part >= parts.count - atRight && !(parts.count - atRight..<part).contains { form($0) != nil }
      return isApart ? "  " : parts[part].gap
    }
    func needed() -> Int {
      var sum = 0
      for part in parts.indices {
        guard let form = form(part) else { continue }
        sum += displayWidth(gap(part, isFirst: sum == 0)) + displayWidth(form.text)
      }
      return sum
    }
    while needed() > width {
      // Of equals the last gives way.
      let least = parts.indices.compactMap { part in form(part).map { (part: part, rank: $0.rank) } }
        .max { ($0.rank, $0.part) < ($1.rank, $1.part) }
      guard let least, least.rank > 0 else { break }
      chosen[least.part] += 1
    }
    var line: [Placed] = []
    var column = 0
    for part in parts.indices {
      guard let form = form(part) else { continue }
      let gap = gap(part, isFirst: column == 0)
      let start = column + displayWidth(gap)
      // Even what never gives way may be more than there is room for.
      guard start < width else { break }
      var text = form.text
      if start + displayWidth(text) > width {
        text = fitted(text, to: width - start, cutSign: sign)
        while text.last == " " { text.removeLast() }
      }
      line.append(Placed(part: part, column: start, text: text, gap: gap))
      column = start + displayWidth(text)
    }
    return line.map { $0.part < parts.count - atRight ? $0 : $0.moved(by: width - column) }
  }
}

extension LineParts.Placed {
  func moved(by columns: Int) -> Self { Self(part: part, column: column + columns, text: text, gap: gap) }
}

extension LineParts.Part {
  /// A path, of which a narrow line keeps the end: the folders before it give way, the outermost first, then the
  /// beginning of the name.
  ///
  /// - Parameters:
  ///   - rank: how soon folders give way; the last of its name never does.
  ///   - sign: what stands for what is gone.
  static func path(
    _ path: String, rank: Int, cutSign sign: Character, gap: String = LineParts.gap, style: Style = .plain
  ) -> LineParts.Part {
    let names = path.split(separator: "/")
    let most = 12  // outer folders tell the least: those of a long path go together
    let folders = names.indices.dropFirst().suffix(most).map { "\(sign)/" + names[$0...].joined(separator: "/") }
    let name = names.last.map(String.init) ?? path
    let shorter = [24, 20, 17, 15, 13, 11, 10, 9, 8, 7].filter { $0 < displayWidth(name) }.map {
      fittedEnd(name, to: $0, cutSign: sign)
    }
    let long = path == name ? [] : [path] + folders
    let ends = [name] + shorter
    return LineParts.Part(
      long.map { Form(text: $0, rank: rank) }
        + ends.enumerated().map { Form(text: $1, rank: $0 < ends.count - 1 ? 1 : 0) }, gap: gap, style: style)
  }

  /// Words of which a narrow line has fewer, with a sign.
  ///
  /// - Parameters:
  ///   - rank: how soon they are cut; at last they go.
  ///   - widths: how wide they may be then, from the widest.
  static func words(
    _ text: String, rank: Int, to widths: [Int], cutSign sign: Character, gap: String = LineParts.gap
  ) -> LineParts.Part {
    let shorter = widths.filter { $0 < displayWidth(text) }.map { fitted(text, to: $0, cutSign: sign) }
    return LineParts.Part(([text] + shorter).map { Form(text: $0, rank: rank) }, gap: gap)
  }
}

/// A text made safe and no wider than `width`, its end kept.
///
/// - Parameter sign: what shows that its beginning was cut, one column wide.
func fittedEnd(_ text: String, to width: Int, cutSign sign: Character) -> String {
  guard width > 0 else { return "" }
  // A long text is not measured anew for each character that is left out.
  var end = safeText(String(text.suffix(width)))
  if end.count == safeText(text).count, displayWidth(end) <= width { return end }
  while displayWidth(end) > width - 1 { end.removeFirst() }
  return String(sign) + end
}

extension LineParts {
  /// Chooses what is said on a row, where a column is left free at both edges.
  func placed(onRowOf columns: Int, cutSign: Character) -> [Placed] {
    placed(in: columns - 2, cutSign: cutSign).map { $0.moved(by: 1) }
  }

  /// Which part is at a column of such a row.
  func part(atColumn column: Int, onRowOf columns: Int) -> Int? {
    placed(onRowOf: columns, cutSign: " ").first { $0.columns.contains(column) }?.part
  }
}

extension Grid {
  /// Draws a line of parts on a row, a column left free at both edges.
  ///
  /// - Parameters:
  ///   - row: which row.
  ///   - start: the first column that the line has.
  ///   - width: how many it has; absent: all to the right edge.
  ///   - style: how it looks, but for parts that have a style of their own.
  /// - Returns: where its parts are.
  @discardableResult
  mutating func draw(_ line: LineParts, row: Int, from start: Int = 0, width: Int? = nil, style: Style = .plain)
    -> [LineParts.Placed]
  {
    let placed = line.placed(onRowOf: width ?? (size.columns - start), cutSign: cutSign).map { $0.moved(by: start) }
    for part in placed {
      let own = line.parts[part.part].style
      draw(part.gap, at: Point(column: part.column - displayWidth(part.gap), row: row), style: style)
      draw(part.text, at: Point(column: part.column, row: row), style: own == .plain ? style : own)
    }
    return placed
  }
}
