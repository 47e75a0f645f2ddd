import BuildCache
import Terminal

@testable import Explorer

/// Finds what no screen should have: a word that is cut without a sign, a column that says nothing, a line wider than the
/// window.
struct ScreenChecker {
  /// Every whole word that the screen may have, and the same from behind, both in order.
  private let words: Set<String>
  private let forwards: [String]
  private let backwards: [String]

  /// What shows that something was cut.
  private static let signs: [Character] = ["…", "~"]
  /// What parts words beside blanks: boxes, lanes, bars.
  private static let lines = Set("│║─┄┊╔╗╚╝╠╣╦╩╬╢╟╪╫┌┐└┘├┤┬┴┼═█▒░▌✓┃•·●○◆◇△▽⋮|[](),;")

  /// - Parameter texts: what the screen is made of, whole.
  init(_ texts: some Sequence<String>) {
    words = Set(texts.flatMap { Self.words(of: safeText($0)).map(\.text) })
    forwards = words.sorted()
    backwards = words.map { String($0.reversed()) }.sorted()
  }

  /// The words of a line, and where each begins.
  private static func words(of line: String) -> [(text: String, column: Int)] {
    var found: [(text: String, column: Int)] = []
    var (word, column) = ("", 0)
    for character in line + " " {
      if character == " " || lines.contains(character) {
        if !word.isEmpty { found.append((word, column - displayWidth(word))) }
        word = ""
      } else {
        word.append(character)
      }
      column += displayWidth(String(character))
    }
    return found
  }

  /// What is wrong with a screen.
  ///
  /// - Parameters:
  ///   - grid: the screen.
  ///   - heading: the row of the headings of a table, where there is one.
  ///   - list: the rows of the table.
  func problems(_ grid: Grid, heading: Int? = nil, list: Range<Int> = 0..<0) -> [String] {
    let box = Self.box(in: grid)
    let rows = (0..<grid.size.rows).map { row in
      Self.words(of: grid.line(row)).filter { word in
        box.map { $0.rows.contains(row) && $0.columns.contains(word.column) } ?? true
      }
    }
    var problems = (0..<grid.size.rows).filter { displayWidth(grid.line($0)) > grid.size.columns }
      .map { "row \($0) is wider than the window" }
    for (number, row) in rows.enumerated() {
      for word in row where isCut(word.text) && !isBroken(word, number, rows, inBox: box != nil) {
        problems.append("row \(number): \(word.text) is cut: \(grid.line(number))")
      }
    }
    if let heading, !list.isEmpty { problems += emptyColumns(grid, heading, list) }
    return problems
  }

  /// What is within a box that lies over the screen: of what it covers nothing can be said.
  private static func box(in grid: Grid) -> (rows: Range<Int>, columns: Range<Int>)? {
    func place(of corner: Character) -> (row: Int, column: Int)? {
      for row in 0..<grid.size.rows {
        if let column = (0..<grid.size.columns).first(where: { grid[$0, row].character == corner }) {
          return (row, column)
        }
      }
      return nil
    }
    guard let upper = place(of: "┌"), let lower = place(of: "┘") else { return nil }
    return ((upper.row + 1)..<max(upper.row + 1, lower.row), upper.column..<lower.column)
  }

  /// Whether it is a part of a word and no word itself; how many lanes are out of sight is none.
  private func isCut(_ word: String) -> Bool {
    if word.allSatisfy({ $0.isNumber || "<>".contains($0) }), word.contains(where: "<>".contains) { return false }
    guard !word.contains(where: Self.signs.contains), !words.contains(word) else { return false }
    func begins(_ all: [String], _ part: String) -> Bool {
      var (low, high) = (0, all.count)
      while low < high {
        let middle = (low + high) / 2
        if all[middle] < part { low = middle + 1 } else { high = middle }
      }
      return low < all.count && all[low].hasPrefix(part)
    }
    return begins(forwards, word) || begins(backwards, String(word.reversed()))
  }

  /// Whether it goes on in the next row, or comes from the one before: a word that no line has room for.
  private func isBroken(
    _ word: (text: String, column: Int), _ row: Int, _ rows: [[(text: String, column: Int)]], inBox: Bool
  ) -> Bool {
    var whole = word.text
    var above = row - 1
    while above >= 0, let part = rows[above].last(where: { $0.column == word.column }) {
      whole = part.text + whole
      above -= 1
      if words.contains(whole) { return true }
      if row - above > 8 { break }
    }
    for first in stride(from: row, through: max(0, row - 8), by: -1) {
      // In a box the end of a row goes on at the beginning of the next, though a bracket may stand before it.
      guard inBox else { break }
      var run = rows[first].last.map { [(row: first, part: $0)] } ?? []
      for next in rows.indices.dropFirst(first + 1).prefix(12) {
        guard let part = rows[next].first else { break }
        run.append((next, part))
        if words.contains(run.map(\.part.text).joined()),
          run.contains(where: { $0.row == row && $0.part.column == word.column })
        {
          return true
        }
        if rows[next].count > 1 { break }
      }
    }
    for first in stride(from: row, through: max(0, row - 8), by: -1) {
      guard rows[first].contains(where: { $0.column == word.column }) else { break }
      var text = ""
      for next in rows[first...].prefix(12) {
        guard let part = next.first(where: { $0.column == word.column }) else { break }
        text += part.text
        if words.contains(text), text.contains(word.text) { return true }
      }
    }
    return false
  }

  /// Columns under whose heading no row has anything, or all have what means that nothing is known.
  private func emptyColumns(_ grid: Grid, _ heading: Int, _ list: Range<Int>) -> [String] {
    let rows = list.filter { !grid.line($0).isEmpty }
    guard !rows.isEmpty else { return [] }
    // Headings of several words have one blank between them, columns two.
    var headings: [(text: String, columns: Range<Int>)] = []
    for word in Self.words(of: grid.line(heading)) where word.text.allSatisfy({ $0.isUppercase || $0 == "#" }) {
      let end = word.column + displayWidth(word.text)
      if let last = headings.last, last.columns.upperBound + 1 == word.column {
        headings[headings.count - 1] = (last.text + " " + word.text, last.columns.lowerBound..<end)
      } else {
        headings.append((word.text, word.column..<end))
      }
    }
    return headings.filter { heading in
      rows.allSatisfy { row in
        heading.columns.allSatisfy { grid[$0, row].character == " " || grid[$0, row].character == "?" }
      }
    }.map { "the column \($0.text) says nothing" }
  }
}
