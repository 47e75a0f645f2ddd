/// One place of a grid.
public struct Cell: Hashable, Sendable {
  /// What is shown there, with its marks.
  public var character: Character
  /// The columns that it takes: 1 or 2; 0 is the right half of the wide character before it.
  public var width: Int8
  /// How it looks.
  public var style: Style

  /// A blank.
  public static let blank = Cell(character: " ", width: 1, style: .plain)

  /// Makes a cell.
  public init(character: Character, width: Int8, style: Style) {
    self.character = character
    self.width = width
    self.style = style
  }
}

/// A screen as a value: what views draw on, and tests read.
///
/// Whatever is drawn is made safe first, so that no text from outside reaches a terminal raw; and what is cut shows it.
public struct Grid: Equatable, Sendable {
  /// Its extent.
  public let size: Size
  /// What stands at the end of a text that was cut, one column wide.
  public let cutSign: Character
  private var cells: [Cell]

  /// Makes a blank grid.
  public init(size: Size, cutSign: Character = "…") {
    self.size = size
    self.cutSign = cutSign
    cells = [Cell](repeating: .blank, count: size.columns * size.rows)
  }

  /// The cell of a place; outside there are blanks.
  public subscript(column: Int, row: Int) -> Cell {
    guard contains(column, row) else { return .blank }
    return cells[row * size.columns + column]
  }

  private func contains(_ column: Int, _ row: Int) -> Bool {
    (0..<size.columns).contains(column) && (0..<size.rows).contains(row)
  }

  /// Draws a text, made safe, and cut where it leaves the grid or its width: ``cutSign`` then is its last character.
  ///
  /// - Parameters:
  ///   - text: any text, one line.
  ///   - place: where its first cell is.
  ///   - width: the columns that it may take at most; absent: to the right edge.
  ///   - style: how it looks.
  /// - Returns: the columns that it took.
  /// - Complexity: O(columns drawn), however long the text is.
  @discardableResult
  public mutating func draw(_ text: String, at place: Point, width: Int? = nil, style: Style = .plain) -> Int {
    guard (0..<size.rows).contains(place.row) else { return 0 }
    let end = min(size.columns, width.map { place.column + max(0, $0) } ?? size.columns)
    var column = place.column
    // Plain text as far as it is drawn, and one more, which could be a mark on the last: a byte is a cell.
    let room = max(0, end - column)
    if isPlain(text.utf8.prefix(room + 1)) {
      for byte in text.utf8.prefix(room) {
        put(Cell(character: Character(Unicode.Scalar(byte)), width: 1, style: style), column, place.row)
        column += 1
      }
      if room > 0, text.utf8.dropFirst(room).prefix(Self.mostBlanks).contains(where: { $0 != 0x20 }) {
        put(Cell(character: cutSign, width: 1, style: style), column - 1, place.row)
      }
      return column - place.column
    }
    var glyphs = Glyphs(text)
    while let glyph = glyphs.next() {
      if column + glyph.width > end {
        if room > 0, glyph.character != " " || Self.says(glyphs) {
          // A wide character that found no room leaves one.
          if column == end { column -= 1 }
          put(Cell(character: cutSign, width: 1, style: style), column, place.row)
          column += 1
        }
        break
      }
      put(Cell(character: glyph.character, width: Int8(glyph.width), style: style), column, place.row)
      column += glyph.width
    }
    return column - place.column
  }

  /// Nobody puts more blanks behind a text.
  private static let mostBlanks = 400

  /// Whether there is more than blanks in what was not drawn.
  private static func says(_ rest: Glyphs) -> Bool {
    rest.prefix(mostBlanks).contains { $0.character != " " }
  }

  /// Fills a rectangle with one character, a column wide.
  public mutating func fill(
    column: Int, row: Int, columns: Int, rows: Int = 1, with character: Character = " ", style: Style = .plain
  ) {
    for row in max(0, row)..<max(0, row, min(size.rows, row + rows)) {
      for column in max(0, column)..<max(0, column, min(size.columns, column + columns)) {
        put(Cell(character: character, width: 1, style: style), column, row)
      }
    }
  }

  /// Changes how a rectangle looks, and leaves its text.
  public mutating func restyle(column: Int, row: Int, columns: Int, rows: Int = 1, _ change: (inout Style) -> Void) {
    for row in max(0, row)..<max(0, row, min(size.rows, row + rows)) {
      for column in max(0, column)..<max(0, column, min(size.columns, column + columns)) {
        change(&cells[row * size.columns + column].style)
      }
    }
  }

  /// Puts a cell, and blanks what is left of a wide character that it covers half of.
  private mutating func put(_ cell: Cell, _ column: Int, _ row: Int) {
    guard contains(column, row) else { return }
    let place = row * size.columns + column
    if cells[place].width == 0 && column > 0 { cells[place - 1].replace(with: " ") }
    for offset in 0..<Int(max(1, cell.width)) where column + offset < size.columns {
      if cells[place + offset].width == 2, column + offset + 1 < size.columns {
        cells[place + offset + 1].replace(with: " ")
      }
    }
    cells[place] = cell
    if cell.width == 2 { cells[place + 1] = Cell(character: " ", width: 0, style: cell.style) }
  }

  /// The cells of a row.
  public func row(_ row: Int) -> ArraySlice<Cell> {
    guard (0..<size.rows).contains(row) else { return [] }
    return cells[(row * size.columns)..<((row + 1) * size.columns)]
  }

  /// The text of a row, blanks at its end left out.
  public func line(_ row: Int) -> String {
    var text = ""
    for cell in self.row(row) where cell.width > 0 { text.append(cell.character) }
    while text.last == " " { text.removeLast() }
    return text
  }

  /// The text of all rows.
  public var text: String {
    (0..<size.rows).map { line($0) }.joined(separator: "\n")
  }
}

extension Cell {
  fileprivate mutating func replace(with character: Character) {
    self.character = character
    width = 1
  }
}
