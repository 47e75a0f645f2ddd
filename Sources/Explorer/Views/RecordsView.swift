import BuildCache
import Terminal

/// The columns of the Records table, as many as a window has room for.
private struct RecordColumns {
  let id: Int
  var description: Int
  var hasType = true
  var hasCreated: Bool
  var hasUses = true

  static let margin = 4
  static let type = 18

  /// A narrow window drops from the right: the description shrinks first, then type, created and uses go.
  init(width: Int, id: Int) {
    self.id = id
    hasCreated = width >= 110
    description = 0
    let least = 16
    if fixed + least > width { hasType = false }
    if fixed + least > width { hasCreated = false }
    if fixed + least > width { hasUses = false }
    description = max(0, width - fixed)
  }

  /// The width of all but the description.
  private var fixed: Int {
    Self.margin + id + 2 + 7 + 10 + 11 + 7 + (hasType ? Self.type + 1 : 0) + (hasUses ? 6 : 0) + 10
      + (hasCreated ? 9 : 0) + 1
  }
}

extension ExplorerState {
  func drawRecords(on grid: inout Grid, _ layout: Layout) {
    let columns = RecordColumns(width: size.columns, id: idWidth)
    if !layout.body.isEmpty {
      grid.draw(heading(columns), at: Point(column: 0, row: layout.body.lowerBound), style: Style(dim: true))
    }
    for (line, place) in zip(layout.recordLines, visibleRecords) {
      let row = records.order[place]
      let isMarked = marks.contains(cache.rows[row].id)
      let text = self.line(of: row, columns, isMarked: isMarked, isCurrent: place == records.position.cursor)
      grid.draw(
        text, at: Point(column: 0, row: line),
        style: Style(foreground: isMarked ? .yellow : nil, bold: isMarked))
      if place == records.position.cursor {
        grid.fill(
          column: displayWidth(text), row: line, columns: size.columns, style: Style(reverse: true))
        grid.restyle(column: 0, row: line, columns: size.columns) { $0.isReverse = true }
      }
    }
    if layout.hasLegend {
      grid.draw(
        " U in use  S shared with something outside  M mutable  L lazy  I internal or frontend",
        at: Point(column: 0, row: layout.body.upperBound - 1), style: Style(dim: true))
    }
  }

  private func heading(_ columns: RecordColumns) -> String {
    let arrow = records.isDescending ? signs.falling : signs.rising
    func title(_ text: String, _ key: SortKey) -> String { records.sort == key ? "\(text) \(arrow)" : text }
    var parts = [
      cell("", RecordColumns.margin), cell(title("ID", .id), columns.id + 2), cell(title("KIND", .kind), 7),
      cell(title("SIZE", .size), 10, .right), cell("FREES", 11, .right), "  FLAGS",
    ]
    if columns.hasType { parts.append(" " + cell(title("TYPE", .type), RecordColumns.type)) }
    if columns.hasUses { parts.append(cell(title("USES", .uses), 6, .right)) }
    parts.append(cell(title("LAST USED", .used), 10, .right))
    if columns.hasCreated { parts.append(cell(title("CREATED", .created), 9, .right)) }
    parts.append(" " + cell(title("DESCRIPTION", .description), max(0, columns.description)))
    return parts.joined()
  }

  private func line(of number: Int, _ columns: RecordColumns, isMarked: Bool, isCurrent: Bool) -> String {
    let row = cache.rows[number]
    var parts = [
      cell(" \(isCurrent ? signs.cursor : " ")\(isMarked ? signs.mark : " ")", RecordColumns.margin),
      cell(shortID(row.id), columns.id + 2), cell(row.kind?.rawValue ?? "?", 7),
      cell(ByteCount(row.size).text, 10, .right),
      cell(frees[number].map { ByteCount($0).text } ?? String(signs.ellipsis), 11, .right), "  " + flags(of: row),
    ]
    if columns.hasType { parts.append(" " + cell(row.recordType.rawValue, RecordColumns.type)) }
    if columns.hasUses { parts.append(cell("\(row.usageCount)", 6, .right)) }
    parts.append(cell(age(row.lastUsedAt), 10, .right))
    if columns.hasCreated { parts.append(cell(age(row.createdAt), 9, .right)) }
    parts.append(" " + cell(row.description, columns.description))
    return parts.joined()
  }

  /// A letter for each thing that holds, a dot for each that doesn't.
  private func flags(of row: CacheState.Row) -> String {
    [
      (row.inUse, "U"), (row.isShared, "S"), (row.isMutable, "M"), (row.isLazy, "L"),
      (row.recordType.isKeptUnlessAll, "I"),
    ].map { $0.0 ? $0.1 : signs.dot }.joined()
  }
}
