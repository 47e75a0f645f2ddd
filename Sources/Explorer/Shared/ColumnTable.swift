import Terminal

/// A column of a table on the screen.
protocol TableColumn: Hashable, Sendable {
  /// Its heading.
  var title: String { get }
  /// Where its cells stand: numbers at the right edge.
  var alignment: Alignment { get }
}

/// The columns of a table, as many as there is room for.
struct ColumnTable<Column: TableColumn> {
  /// The columns, and how wide they are.
  let columns: [(column: Column, width: Int)]

  private static var gap: Int { 2 }

  /// Chooses the columns.
  ///
  /// - Parameters:
  ///   - offered: the columns that there may be, each with its width.
  ///   - last: the one at the end, which has what is left, and shrinks first.
  ///   - least: narrower, the last one says nothing.
  ///   - dropped: what a narrow window drops, in this order.
  ///   - width: the columns of the window that there are.
  init(_ offered: [(Column, Int)], last: Column, least: Int, dropped: [Column], width: Int) {
    var columns = offered
    func fixed() -> Int { columns.reduce(0) { $0 + $1.1 + Self.gap } }
    for column in dropped where fixed() + least > width { columns.removeAll { $0.0 == column } }
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

  /// The column of the table at a column of the window, counted from the first; none between two.
  func column(at place: Int) -> Column? {
    columns.first { column, width in start(of: column).map { ($0..<($0 + width)).contains(place) } ?? false }?.column
  }

  /// One line: what `text` says for each column, side by side.
  func line(_ text: (Column, _ width: Int, _ alignment: Alignment) -> String) -> String {
    columns.map { text($0.column, $0.width, $0.column.alignment) }
      .joined(separator: String(repeating: " ", count: Self.gap))
  }
}
