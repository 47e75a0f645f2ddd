import Terminal

/// A table as text: columns as wide as their widest cell, the last one as it is. One cell that is wider than any honest
/// one stands as it is, and does not make all others so wide.
struct TextTable {
  /// A column's heading and side.
  struct Column {
    let title: String
    var isNumber = false
  }
  private let columns: [Column]
  private var widths: [Int]
  private static let widest = 200
  private var rows: [[String]] = []

  init(_ columns: [Column]) {
    self.columns = columns
    widths = columns.map { min(Self.widest, displayWidth(safeText($0.title))) }
  }

  /// Adds a row, its cells made safe for a terminal.
  mutating func add(_ cells: [String]) {
    rows.append(cells.map { safeText($0) })
    widen(for: cells)
  }

  /// Makes the columns wide enough for a row that is not held.
  mutating func widen(for cells: [String]) {
    for (column, cell) in cells.enumerated() {
      // The last of words ends the line, however wide it is.
      if column == columns.count - 1 && !columns[column].isNumber { continue }
      widths[column] = max(widths[column], min(Self.widest, displayWidth(safeText(cell))))
    }
  }

  /// The headings.
  var heading: String { line(columns.map(\.title)) }

  /// A row as a line, its cells made safe for a terminal.
  func line(_ cells: [String]) -> String {
    let cells = cells.enumerated().map { column, cell in
      let cell = safeText(cell)
      return column == columns.count - 1 && !columns[column].isNumber || displayWidth(cell) > Self.widest
        ? cell : fitted(cell, to: widths[column], from: columns[column].isNumber ? .right : .left)
    }
    var line = cells.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line
  }

  /// The lines of the table, the headings first.
  var lines: [String] { [heading] + rows.map(line) }
}

extension StandardOutput {
  /// Prints a table.
  func table(_ table: TextTable) { safeLines(table.lines) }

  /// Prints a table of many rows, whose cells are asked for twice instead of being held together.
  func table(_ columns: [TextTable.Column], rows: Int, cells: (Int) -> [String]) {
    var table = TextTable(columns)
    for row in 0..<rows { table.widen(for: cells(row)) }
    safeLines(CollectionOfOne(table.heading))
    for row in 0..<rows { safeLines(CollectionOfOne(table.line(cells(row)))) }
  }
}
