import BuildCache
import CacheReport
import Terminal

/// A column of a table of records.
enum RecordColumn: TableColumn {
  case id, kind, size, frees, flags, type, uses, used, created, description

  /// Its heading.
  var title: String {
    switch self {
    case .id: "ID"
    case .kind: "KIND"
    case .size: "SIZE"
    case .frees: "FREES"
    case .flags: "FLAGS"
    case .type: "TYPE"
    case .uses: "USES"
    case .used: "LAST USED"
    case .created: "CREATED"
    case .description: "DESCRIPTION"
    }
  }

  /// The key that records are sorted by it with.
  var sort: SortKey? {
    switch self {
    case .id: .id
    case .kind: .kind
    case .size: .size
    case .frees: .frees
    case .flags: nil
    case .type: .type
    case .uses: .uses
    case .used: .used
    case .created: .created
    case .description: .description
    }
  }

  /// Numbers stand at the right edge.
  var alignment: Alignment {
    switch self {
    case .size, .frees, .uses, .used, .created: .right
    case .id, .kind, .flags, .type, .description: .left
    }
  }
}

/// The columns of a table of records, as many as there is room for.
typealias RecordTable = ColumnTable<RecordColumn>

extension RecordTable {
  /// Narrower, a description says nothing.
  private static var leastDescription: Int { 16 }
  /// What a narrow window drops, in this order; the description shrinks first.
  private static var dropped: [RecordColumn] { [.type, .created, .uses, .kind, .used, .flags, .frees] }

  /// Chooses the columns.
  ///
  /// - Parameters:
  ///   - offered: the columns that there may be; the description is the last of them.
  ///   - width: the columns of the window that there are.
  ///   - id: the width of an id.
  ///   - least: the columns that a description has while another column can go.
  init(_ offered: [RecordColumn], width: Int, id: Int, least: Int = leastDescription) {
    self.init(
      offered.filter { $0 != .description }.map { ($0, Self.width(of: $0, id)) }, last: .description,
      least: least, dropped: Self.dropped, width: width)
  }

  private static func width(of column: RecordColumn, _ id: Int) -> Int {
    switch column {
    case .id: id
    case .kind: 6
    case .size, .frees: 9
    case .flags: 5
    case .type: 18
    case .uses: 6
    case .used: 11
    case .created: 9
    case .description: 0
    }
  }
}

extension ExplorerState {
  /// The headings of a table; where it is sorted as was chosen, that column has an arrow.
  func headings(of table: RecordTable, isSorted: Bool) -> String {
    let arrow = choice.isDescending ? signs.falling : signs.rising
    return table.line { column, width, alignment in
      cell(isSorted && column.sort == choice.sort ? "\(column.title) \(arrow)" : column.title, width, alignment)
    }
  }

  /// A record as a line of a table.
  ///
  /// - Parameter frees: what pruning it frees; absent where that isn't known yet.
  func line(of row: CacheState.Row, frees: Int64?, in table: RecordTable) -> String {
    table.line { column, width, alignment in
      let text =
        switch column {
        case .id: shortID(row.id)
        case .kind: row.kind?.rawValue ?? "?"
        case .size: ByteCount(row.size).text
        case .frees: frees.map { ByteCount($0).text } ?? String(signs.ellipsis)
        case .flags: flags(of: row)
        case .type: row.recordType.rawValue
        case .uses: "\(row.usageCount)"
        case .used: age(row.lastUsedAt)
        case .created: age(row.createdAt)
        case .description: row.description
        }
      return cell(text, width, alignment)
    }
  }

  /// A letter for each thing that holds, a dot for each that doesn't; unknown until the cache is read.
  private func flags(of row: CacheState.Row) -> String {
    guard isLoaded else { return String(signs.ellipsis) }
    return [
      (row.inUse, "U"), (row.isShared, "S"), (row.isMutable, "M"), (row.isLazy, "L"),
      (row.recordType.isKeptUnlessAll, "I"),
    ].map { $0.0 ? $0.1 : signs.dot }.joined()
  }

  /// What the letters mean.
  static let legend = " U in use  S shared with something outside  M mutable  L lazy  I internal or frontend"

  /// Draws a record's line: its mark, its text, and how it stands out.
  func draw(
    _ row: CacheState.Row, frees: Int64?, in table: RecordTable, at start: Point, margin: String, isCurrent: Bool,
    isDim: Bool = false, on grid: inout Grid
  ) {
    let isMarked = marks.contains(row.id)
    let style = Style(foreground: isMarked ? .yellow : nil, bold: isMarked, dim: isDim)
    let width = layout.listColumns
    grid.draw(margin, at: Point(column: 0, row: start.row), width: width, style: style)
    grid.draw(line(of: row, frees: frees, in: table), at: start, width: width - start.column, style: style)
    if let flags = table.start(of: .flags), !isDim, !isCurrent {
      let colors: [Color] = [.red, .yellow, .cyan, .blue, .magenta]
      for (offset, color) in colors.enumerated() where start.column + flags + offset < width {
        let column = start.column + flags + offset
        if grid[column, start.row].character.isLetter {
          grid.restyle(column: column, row: start.row, columns: 1) { $0.foreground = color }
        }
      }
    }
    if isCurrent { grid.restyle(column: 0, row: start.row, columns: width) { $0.isReverse = true } }
  }

  /// The signs before a record's line: the cursor, the mark.
  func margin(_ number: Int, isCurrent: Bool) -> String {
    " \(isCurrent ? signs.cursor : " ")\(marks.contains(cache.rows[number].id) ? signs.mark : " ") "
  }
}
