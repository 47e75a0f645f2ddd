import Terminal

/// A column of a table on the screen.
protocol TableColumn: Hashable, Sendable {
  /// Its heading.
  var title: String { get }
  /// Its heading where it is too narrow for that.
  var shortTitle: String { get }
  /// Where its cells stand: numbers at the right edge.
  var alignment: Alignment { get }
}

extension TableColumn {
  var shortTitle: String { title }
}

/// A step in which a table gives room to its last column.
enum Narrowing<Column: TableColumn>: Hashable, Sendable {
  /// A column goes.
  case drop(Column)
  /// A column keeps no more than this width.
  case shrink(Column, to: Int)
}

/// The columns of a table, as many as there is room for.
struct ColumnTable<Column: TableColumn> {
  /// The columns, and how wide they are.
  let columns: [(column: Column, width: Int)]
  /// How many steps a narrow window took.
  let stepsTaken: Int

  static var gap: Int { 2 }

  /// Chooses the columns.
  ///
  /// - Parameters:
  ///   - offered: the columns that there may be, each with its width.
  ///   - last: the one at the end, which has what is left.
  ///   - least: narrower, the last one says little: then the next step is taken, as long as there is one.
  ///   - steps: what a narrow window does, in this order.
  ///   - width: the columns of the window that there are.
  init(_ offered: [(Column, Int)], last: Column, least: Int, steps: [Narrowing<Column>], width: Int) {
    var columns = offered
    var taken = 0
    func fixed() -> Int { columns.reduce(0) { $0 + $1.1 + Self.gap } }
    for step in steps where fixed() + least > width {
      taken += 1
      switch step {
      case .drop(let column): columns.removeAll { $0.0 == column }
      case .shrink(let column, let most): columns = columns.map { $0.0 == column ? ($0.0, min($0.1, most)) : $0 }
      }
    }
    stepsTaken = taken
    self.columns = columns.map { ($0.0, $0.1) } + [(last, max(0, width - fixed()))]
  }

  /// The column of the window in which a column begins, counted from that of the first.
  func start(of wanted: Column) -> Int? {
    var start = 0
    for (column, width) in columns {
      if column == wanted { return start }
      start += width + Self.gap
    }
    return nil
  }

  /// How wide a column is; nothing where it isn't there.
  func width(of wanted: Column) -> Int? { columns.first { $0.column == wanted }?.width }

  /// The column of the table at a column of the window, counted from the first; none between two.
  func column(at place: Int) -> Column? {
    columns.first { column, width in start(of: column).map { ($0..<($0 + width)).contains(place) } ?? false }?.column
  }

  /// One line: what `text` says for each column, side by side.
  func line(_ text: (Column, _ width: Int, _ alignment: Alignment) -> String) -> String {
    columns.map { text($0.column, $0.width, $0.column.alignment) }
      .joined(separator: String(repeating: " ", count: Self.gap))
  }

  /// The headings; one that has no room for its words has fewer.
  ///
  /// - Parameters:
  ///   - cutSign: shows that there is no room even for those.
  ///   - sign: stands after the heading of a column, or nothing does.
  func headings(cutSign: Character, _ sign: (Column) -> String? = { _ in nil }) -> String {
    line { column, width, alignment in
      let sign = sign(column).map { " " + $0 } ?? ""
      let words = displayWidth(column.title + sign) <= width ? column.title : column.shortTitle
      return fitted(
        displayWidth(words + sign) <= width ? words + sign : words, to: width, from: alignment, cutSign: cutSign)
    }
  }
}
