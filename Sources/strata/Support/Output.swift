import Glibc
import Terminal

/// Tells a message of this program on standard error.
func printError(_ message: String) {
  writeError("strata: " + safeText(message))
}

/// Writes lines to standard error as they are.
func writeError(_ text: String) {
  let bytes = Array((text + "\n").utf8)
  _ = write(STDERR_FILENO, bytes, bytes.count)
}

/// A table as text: columns as wide as their widest cell, the last one as it is.
struct TextTable {
  /// A column's heading and side.
  struct Column {
    let title: String
    var isNumber = false
  }
  private let columns: [Column]
  private var rows: [[String]]

  init(_ columns: [Column]) {
    self.columns = columns
    rows = [columns.map(\.title)]
  }

  /// Adds a row, its cells made safe for a terminal.
  mutating func add(_ cells: [String]) {
    rows.append(cells.map { safeText($0) })
  }

  /// The lines of the table, the headings first.
  var lines: [String] {
    let widths = columns.indices.map { column in rows.map { displayWidth($0[column]) }.max() ?? 0 }
    return rows.map { row in
      let cells = columns.indices.map { column in
        column == columns.count - 1 && !columns[column].isNumber
          ? row[column] : fitted(row[column], to: widths[column], from: columns[column].isNumber ? .right : .left)
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
