import Terminal

/// A table as text: columns as wide as their widest cell, the last one as it is. One cell that is wider than any honest
/// one stands as it is, and does not make all others so wide.
///
/// Where it is fitted to a window, no line is wider than that: the least important columns go, and texts are cut, with a
/// sign where they are.
struct TextTable {
  /// A column's heading and side, and how it gives way.
  struct Column {
    let title: String
    var isNumber = false
    /// When it goes where there is no room: those with the least number first; absent: it stays.
    var dropped: Int?
    /// How narrow a text may get before columns go; absent: it is never cut.
    var least: Int?
    /// The widest cell that makes the column so wide.
    var most = 200
  }
  private let columns: [Column]
  /// The width of each column.
  private var widths: [Int]
  /// The columns that there is room for.
  private var shown: [Int]
  /// What stands where a text is cut; absent: none is.
  private var cutSign: Character?
  private var rows: [[String]] = []

  /// The room that is left between columns.
  private static let gap = 2
  /// The last column has so much before others are given what they want.
  private static let wantedByLast = 40

  init(_ columns: [Column]) {
    self.columns = columns
    shown = Array(columns.indices)
    widths = columns.map { min($0.most, displayWidth(safeText($0.title))) }
  }

  /// Adds a row, its cells made safe for a terminal.
  mutating func add(_ cells: [String]) {
    rows.append(cells.map { safeText($0) })
    widen(for: cells)
  }

  /// Makes the columns wide enough for a row that is not held.
  mutating func widen(for cells: [String]) {
    for (column, cell) in cells.enumerated() {
      widths[column] = max(widths[column], min(columns[column].most, displayWidth(safeText(cell))))
    }
  }

  /// Makes the lines no wider than a window, as far as columns may go or be cut.
  ///
  /// - Parameter width: the columns of the window; absent: there is none, and all is printed whole.
  mutating func fit(to width: Int?) {
    guard let width else { return }
    cutSign = TerminalScreen.localeIsUTF8 ? "…" : "~"
    let wanted = widths
    for column in columns.indices {
      if let least = columns[column].least { widths[column] = min(wanted[column], least) }
    }
    let order = shown.compactMap { column in columns[column].dropped.map { ($0, column) } }.sorted { $0.0 < $1.0 }
    for (_, column) in order where room(in: width) < 0 { shown.removeAll { $0 == column } }
    let last = columns.count - 1
    grow(last, to: min(wanted[last], Self.wantedByLast), in: width)
    for column in shown { grow(column, to: wanted[column], in: width) }
  }

  /// What is left of a window; below 0 where there is too little.
  private func room(in width: Int) -> Int {
    width - shown.reduce(0) { $0 + widths[$1] } - Self.gap * (shown.count - 1)
  }

  private mutating func grow(_ column: Int, to wanted: Int, in width: Int) {
    widths[column] += max(0, min(wanted - widths[column], room(in: width)))
  }

  /// The headings.
  var heading: String {
    line(columns.indices.map { cutSign == nil ? columns[$0].title : title(of: $0) })
  }

  /// A heading is cut between words.
  private func title(of column: Int) -> String {
    let title = columns[column].title
    guard displayWidth(title) > widths[column] else { return title }
    var words = title.split(separator: " ")
    while words.count > 1, displayWidth(words.joined(separator: " ")) + 1 > widths[column] { words.removeLast() }
    return words.joined(separator: " ") + (cutSign.map { String($0) } ?? "")
  }

  /// A row as a line, its cells made safe for a terminal.
  func line(_ cells: [String]) -> String {
    let cells = shown.map { column in
      let cell = safeText(cells[column])
      if let cutSign, columns[column].least != nil || displayWidth(cell) <= widths[column] {
        return fitted(cell, to: widths[column], from: columns[column].isNumber ? .right : .left, cutSign: cutSign)
      }
      return column == columns.count - 1 && !columns[column].isNumber || displayWidth(cell) > widths[column]
        ? cell : fitted(cell, to: widths[column], from: columns[column].isNumber ? .right : .left)
    }
    var line = cells.joined(separator: String(repeating: " ", count: Self.gap))
    while line.last == " " { line.removeLast() }
    return line
  }

  /// The rows as lines, without headings.
  var body: [String] { rows.map(line) }

  /// The lines of the table, the headings first.
  var lines: [String] { [heading] + body }
}

extension StandardOutput {
  /// Prints a table, fitted to the window where there is one.
  func table(_ table: TextTable, hasHeading: Bool = true) {
    var table = table
    table.fit(to: width)
    safeLines(hasHeading ? table.lines : table.body)
  }

  /// Prints a table of many rows, whose cells are asked for twice instead of being held together.
  func table(_ columns: [TextTable.Column], rows: Int, hasHeading: Bool = true, cells: (Int) -> [String]) {
    var table = TextTable(columns)
    for row in 0..<rows { table.widen(for: cells(row)) }
    table.fit(to: width)
    if hasHeading { safeLines(CollectionOfOne(table.heading)) }
    for row in 0..<rows { safeLines(CollectionOfOne(table.line(cells(row)))) }
  }

  /// Prints sentences, folded at words where there is a window.
  func sentences(_ sentences: some Sequence<String>) {
    for sentence in sentences { lines(width.map { folded(sentence, to: $0) } ?? [sentence]) }
  }

  /// Prints facts with their names before them, folded beside these where there is a window.
  func facts(_ facts: [(name: String, value: String)]) {
    let names = facts.map { safeText($0.name) + ":" }
    let margin = (names.map { displayWidth($0) }.max() ?? 0) + 2
    for (name, fact) in zip(names, facts) {
      let value = safeText(fact.value)
      let parts = width.map { folded(value, to: max(8, $0 - margin)) } ?? [value]
      for (place, part) in parts.enumerated() {
        let line = fitted(place == 0 ? name : "", to: margin) + part
        safeLines(CollectionOfOne(String(line.reversed().drop { $0 == " " }.reversed())))
      }
    }
  }
}
