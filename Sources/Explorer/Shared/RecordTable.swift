import BuildCache
import CacheReport
import Terminal

/// A column of a table of records.
enum RecordColumn: TableColumn {
  case id, records, kind, size, frees, share, flags, type, uses, used, created, description

  /// Its heading.
  var title: String {
    switch self {
    case .id: "ID"
    case .records: "RECORDS"
    case .kind: "KIND"
    case .size: "SIZE"
    case .frees: "FREES"
    case .share: "SHARE"
    case .flags: "FLAGS"
    case .type: "TYPE"
    case .uses: "USES"
    case .used: "LAST USED"
    case .created: "CREATED"
    case .description: "DESCRIPTION"
    }
  }

  /// Its heading where it is too narrow for that.
  var shortTitle: String { self == .used ? "USED" : title }

  /// The key that records are sorted by it with.
  var sort: SortKey? {
    switch self {
    case .id: .id
    case .kind: .kind
    case .size: .size
    case .frees: .frees
    case .records, .share, .flags: nil
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
    case .records, .size, .frees, .uses, .used, .created: .right
    case .id, .kind, .share, .flags, .type, .description: .left
    }
  }
}

/// The columns of a table of records, as many as there is room for.
typealias RecordTable = ColumnTable<RecordColumn>

extension RecordTable {
  /// Narrower, a description doesn't tell records apart.
  static var leastDescription: Int { 30 }

  /// What a narrow window does, in this order, until the description has ``leastDescription``: what is there to look
  /// something up goes first, what one decides by last.
  static var steps: [Narrowing<RecordColumn>] {
    [
      .drop(.created), .drop(.kind), .drop(.uses), .shrink(.used, to: 5), .drop(.type), .drop(.flags), .drop(.share),
      .drop(.frees), .drop(.used),
    ]
  }

  /// The same where a list is sorted by a column: that one goes last, as one looks for its order.
  static func steps(sortedBy column: RecordColumn?) -> [Narrowing<RecordColumn>] {
    guard let column, let place = steps.firstIndex(of: .drop(column)) else { return steps }
    return steps[..<place] + steps[(place + 1)...] + [steps[place]]
  }

  /// Chooses the columns.
  ///
  /// - Parameters:
  ///   - offered: the columns that there may be; the description is the last of them.
  ///   - width: the columns of the window that there are.
  ///   - id: the width of an id.
  ///   - amount: the width of a size.
  ///   - share: how rows show their share, where they do.
  ///   - traits: what the rows have alike; absent: not known yet.
  ///   - sorted: the column that has an arrow.
  init(
    _ offered: [RecordColumn], width: Int, id: Int, amount: Int, share: ShareDisplay = .none, traits: ListTraits?,
    sorted: RecordColumn? = nil
  ) {
    let widths = offered.filter { $0 != .description && ($0 != .share || share != .none) }.map { column in
      let heading = displayWidth(column.title) + (column == sorted ? 2 : 0)
      return (column, max(heading, Self.widest(column, id, amount, share, traits)))
    }
    self.init(
      widths, last: .description, least: Self.leastDescription, steps: Self.steps(sortedBy: sorted),
      width: width)
  }

  /// The width of a column's widest cell.
  private static func widest(
    _ column: RecordColumn, _ id: Int, _ amount: Int, _ share: ShareDisplay, _ traits: ListTraits?
  ) -> Int {
    switch column {
    case .id, .records: id
    case .kind, .flags, .used, .created: 5
    case .size, .frees: amount
    case .share: share.width
    case .type: min(traits?.widestType ?? 15, 24)
    case .uses: min(traits.map { "\($0.mostUses)".count } ?? 4, 10)
    case .description: 0
    }
  }
}

extension ExplorerState {
  /// What all cells of some columns say, in words: those give their room away. Nothing until the cache is read, as then
  /// it is not all that there is.
  func alike(_ traits: ListTraits) -> [(column: RecordColumn, words: String)] {
    isLoaded ? traits.alike(now: now) : []
  }

  /// A table of rows that have some things alike.
  ///
  /// - Parameter isSorted: whether it is sorted as was chosen.
  func table(_ offered: [RecordColumn], _ traits: ListTraits, width: Int, isSorted: Bool) -> RecordTable {
    let given = Set(alike(traits).map(\.column))
    return RecordTable(
      offered.filter { !given.contains($0) }, width: width, id: idWidth, amount: amountWidth, share: share,
      traits: isLoaded ? traits : nil,
      sorted: isSorted ? offered.first { $0.sort == choice.sort } : nil)
  }

  /// Draws the headings of a table; where it is sorted as was chosen, that column has an arrow. Behind them stands what
  /// all cells of the columns that are not there say.
  func drawHeadings(
    of table: RecordTable, _ offered: [RecordColumn], _ traits: ListTraits, isSorted: Bool, at start: Point, width: Int,
    on grid: inout Grid
  ) {
    let arrow = choice.isDescending ? signs.falling : signs.rising
    let headings = table.headings(cutSign: signs.ellipsis) { isSorted && $0.sort == choice.sort ? arrow : nil }
    grid.draw(headings, at: start, width: width, style: Style(dim: true))
    let used = displayWidth(headings) - headings.reversed().prefix { $0 == " " }.count
    var words = alike(traits).filter { offered.contains($0.column) }.map(\.words)
    // What matters least goes, where there is no room for all.
    while !words.isEmpty, used + 3 + displayWidth(joined(words)) > width { words.removeLast() }
    let text = joined(words)
    grid.draw(
      text, at: Point(column: start.column + width - 1 - displayWidth(text), row: start.row), style: Style(dim: true))
  }

  /// A record's name in a list: what tells it from others, and what else it is, as far as there is room for that.
  ///
  /// - Parameter neighbours: the records above and beneath it, from which its name should differ.
  func nameText(_ name: RecordName, besides neighbours: [CacheState.Row], _ width: Int) -> String {
    guard !name.head.isEmpty else { return cell(width < 16 ? "" : "no description", width) }
    let (head, context) = (displayWidth(name.head), displayWidth(name.context))
    let room = width - head - 2
    if context == 0 ? head <= width : context <= room { return cell(name.text, width) }
    // A word or two of what else it is say more than none, three letters don't.
    let isHeadAlone = room < 16
    func text(_ name: RecordName) -> String { isHeadAlone ? name.head : name.text }
    if isHeadAlone && head <= width { return cell(name.head, width) }
    return fitted(
      text(name), unlike: neighbours.map { text(RecordName($0.description)) }, to: width, cutSign: signs.ellipsis)
  }

  /// A record as a line of a table.
  ///
  /// - Parameters:
  ///   - frees: what pruning it frees; absent where that isn't known yet.
  ///   - share: its share, where the table shows that.
  ///   - name: its name.
  ///   - neighbours: the records above and beneath it.
  func line(
    of row: CacheState.Row, called name: RecordName, frees: Int64?, share: String, besides neighbours: [CacheState.Row],
    in table: RecordTable
  ) -> String {
    table.line { column, width, alignment in
      let text =
        switch column {
        case .id: shortID(row.id)
        case .records: "1"
        case .kind: row.kind?.rawValue ?? "?"
        case .size: amount(row.size)
        case .frees: frees.map { amount($0) } ?? String(signs.ellipsis)
        case .share: share
        case .flags: flags(of: row)
        case .type: row.recordType.rawValue
        case .uses: "\(row.usageCount)"
        case .used: age(row.lastUsedAt)
        case .created: age(row.createdAt)
        case .description: nameText(name, besides: neighbours, width)
        }
      return cell(text, width, alignment)
    }
  }

  /// A letter for each thing that holds, a dot for each that doesn't; unknown until the cache is read.
  private func flags(of row: CacheState.Row) -> String {
    guard isLoaded else { return String(signs.ellipsis) }
    let flags = RecordFlags(row)
    return RecordFlags.each.map { flags.contains($0.flag) ? $0.letter : signs.dot }.joined()
  }

  /// What the letters mean.
  static let legend = LineParts(
    [
      .init("U in use", rank: 1, gap: "  "),
      .init(
        [.init(text: "S shared with something outside", rank: 9), .init(text: "S shared", rank: 2)], gap: "  "),
      .init("M mutable", rank: 3, gap: "  "), .init("L lazy", rank: 5, gap: "  "),
      .init([.init(text: "I internal or frontend", rank: 8), .init(text: "I internal", rank: 4)], gap: "  "),
    ])

  /// Draws a record's line: its mark, its text, and how it stands out.
  func draw(
    _ row: CacheState.Row, frees: Int64?, share: String = "", besides neighbours: [CacheState.Row],
    in table: RecordTable, at start: Point, margin: String, isCurrent: Bool, isDim: Bool = false, on grid: inout Grid
  ) {
    let isMarked = marks.contains(row.id)
    let style = Style(foreground: isMarked ? Palette.marked : nil, bold: isMarked, dim: isDim)
    let width = layout.listColumns
    let name = RecordName(row.description)
    grid.draw(margin, at: Point(column: 0, row: start.row), width: width, style: style)
    grid.draw(
      line(of: row, called: name, frees: frees, share: share, besides: neighbours, in: table), at: start,
      width: width - start.column, style: style)
    if let names = table.start(of: .description), !isMarked, !isCurrent {
      dimContext(of: name, from: start.column + names, at: start.row, width, on: &grid)
    }
    if let flags = table.start(of: .flags), !isDim, !isCurrent {
      // The other letters have no colour that can be read on every ground.
      for (offset, color) in [Palette.inUse, Palette.shared].enumerated() where start.column + flags + offset < width {
        let column = start.column + flags + offset
        if grid[column, start.row].character.isLetter {
          grid.restyle(column: column, row: start.row, columns: 1) { $0.foreground = color }
        }
      }
    }
    if isCurrent { grid.restyle(column: 0, row: start.row, columns: width) { $0.setUnderCursor() } }
  }

  /// Makes what tells a record from others stand out from the rest of its name, where that is whole.
  func dimContext(of name: RecordName, from start: Int, at line: Int, _ width: Int, on grid: inout Grid) {
    let head = displayWidth(name.head)
    guard head > 0, start + head < width, grid[start + head, line].character == " " else { return }
    grid.restyle(column: start + head, row: line, columns: width - start - head) { $0.isDim = true }
  }

  /// The signs before a record's line: the cursor, the mark.
  ///
  /// - Parameter isInRange: whether a range that is being chosen holds it.
  func margin(_ number: Int, isCurrent: Bool, isInRange: Bool) -> String {
    let isMarked = marks.contains(cache.rows[number].id)
    return " \(isCurrent ? signs.cursor : " ")\(isMarked ? signs.mark : isInRange ? signs.chosen : " ") "
  }
}
