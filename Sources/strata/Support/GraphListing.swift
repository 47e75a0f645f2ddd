import BuildCache
import CacheReport
import Terminal

/// The graph as lines of text: lanes, then what each record is.
///
/// In a terminal lines fit its width: lanes that have no room are left out, and descriptions are cut. Elsewhere nothing
/// is cut.
struct GraphListing {
  private let layout: GraphLayout
  private let state: CacheState
  private let now: Timestamp
  private let isASCII: Bool
  private let drawer: GraphText
  private let units: ByteUnits
  private let columns: Int?
  /// The lanes that the columns of text leave room for.
  private let lanes: Int
  private let cells: [Cell]

  /// A column of text between lanes and descriptions.
  private enum Cell: CaseIterable {
    case id, kind, size, used, states

    var alignment: Alignment { self == .size || self == .used ? .right : .left }
  }

  /// In a terminal a description has so many columns at least, while something else can go.
  private static let description = 30

  /// How wide each column is, without the blanks before the next.
  private let widths: [Cell: Int]

  /// Measures what there is.
  ///
  /// - Parameters:
  ///   - layout: rows and lanes.
  ///   - state: what was laid out.
  ///   - now: from when ages are counted.
  ///   - isASCII: whether only ASCII signs are drawn.
  ///   - units: how sizes are written.
  ///   - columns: the columns of the terminal; absent: nothing has to fit.
  /// - Complexity: O(records).
  init(_ layout: GraphLayout, of state: CacheState, now: Timestamp, isASCII: Bool, units: ByteUnits, columns: Int?) {
    (self.layout, self.state, self.now, self.isASCII) = (layout, state, now, isASCII)
    (self.units, self.columns) = (units, columns)
    drawer = GraphText(isASCII: isASCII)
    var widths: [Cell: Int] = [:]
    for cell in Cell.allCases {
      widths[cell] = state.rows.reduce(0) { max($0, displayWidth(Self.text(of: cell, $1, now, units))) }
    }
    // A column in which nothing is said of any record is left out.
    var cells = Cell.allCases.filter { cell in
      cell == .id || state.rows.contains { Self.text(of: cell, $0, now, units) != Self.nothing }
    }
    var lanes = min(20, layout.laneCount)
    if let columns {
      widths[.id] = min(8, widths[.id] ?? 0)
      func fixed() -> Int { cells.reduce(0) { $0 + (widths[$1] ?? 0) + 2 } }
      func room() -> Int { columns - fixed() - Self.description }
      // The sign of a record tells its kind already.
      for least in [Cell.kind, .states, .used] where room() < 2 * min(6, lanes) { cells.removeAll { $0 == least } }
      lanes = max(1, min(layout.laneCount, room() / 2, max(6, columns / 6)))
      if 2 * lanes + fixed() + Self.description > columns { cells.removeAll { $0 == .size } }
    }
    self.cells = cells
    self.widths = widths
    self.lanes = lanes
  }

  /// The first line: how many records and lanes there are, and in which order.
  ///
  /// - Parameter center: the record whose kin alone is shown.
  func head(around center: RecordID?) -> String {
    let records = layout.count == 1 ? "1 record" : "\(layout.count) records"
    let count = layout.laneCount == 1 ? "1 lane" : "\(layout.laneCount) lanes"
    let parts = [records + (center.map { " around \(shortened($0))" } ?? ""), count, "newest leaf first"]
    // A narrow terminal drops the last part first.
    let fitting = (1...parts.count).reversed().map { parts.prefix($0).joined(separator: ", ") }
      .first { line in columns.map { displayWidth(line) <= $0 } ?? true }
    return fitting ?? cut(records)
  }

  /// A row of the layout: the record, and below it the parents that have no lanes.
  ///
  /// - Complexity: O(lanes of the row · log records in a lane).
  func lines(ofRow number: Int) -> [String] {
    let record = layout.record(atRow: number)
    let row = state.rows[record]
    let sign = drawer.sign(of: row, hasParents: layout.hasParents(record))
    let width = layout.width(ofRow: number)
    var lines = [
      cut(
        ([drawn(layout.cells(ofRow: number, lanes: 0..<seen(width)), sign, of: width)]
          + cells.map { cell in
            let text = cell == .id ? shortened(row.id) : Self.text(of: cell, row, now, units)
            return fitted(text, to: widths[cell] ?? 0, from: cell.alignment)
          } + [RecordName(row.description).text]).joined(separator: "  "))
    ]
    let more = layout.bundledParents(of: record)
    if !more.isEmpty {
      var below = layout.cells(aboveRow: number + 1, lanes: 0..<seen(width))
      let own = layout.lane(of: record)
      if below.indices.contains(own) { below[own].isRecord = true }
      let bytes = more.reduce(Int64(0)) { $0.addingSaturating(state.rows[$1].size) }
      let words = "\(more.count) more \(more.count == 1 ? "parent" : "parents"), \(ByteCount(bytes).text(in: units))"
      lines.append(cut(drawn(below, drawer.fold, of: width) + "  " + words))
    }
    return lines
  }

  /// How many of a row's lanes are drawn: in a terminal those that there is room for.
  private func seen(_ width: Int) -> Int { columns == nil ? width : min(lanes, width) }

  private func drawn(_ cells: [GraphLayout.GraphCell], _ sign: Character, of width: Int) -> String {
    var text = drawer.lanes(cells, record: sign)
    if cells.count < width { text = String(text.dropLast()) + String(ellipsis) }
    return text + String(repeating: " ", count: max(0, 2 * lanes - displayWidth(text)))
  }

  private var ellipsis: Character { isASCII ? "~" : "…" }

  private func shortened(_ id: RecordID) -> String {
    columns == nil ? id.text : String(id.text.prefix(8))
  }

  /// A line as wide as the terminal at most.
  private func cut(_ line: String) -> String {
    guard let columns, displayWidth(line) > columns else { return line }
    return fitted(line, to: columns, cutSign: ellipsis)
  }

  /// What a cell says that has nothing to say.
  private static let nothing = "-"

  private static func text(of cell: Cell, _ row: CacheState.Row, _ now: Timestamp, _ units: ByteUnits)
    -> String
  {
    switch cell {
    case .id: row.id.text
    case .kind: row.kind?.rawValue ?? Self.nothing
    case .size: ByteCount(row.size).text(in: units)
    case .used: row.lastUsedAt.map { now.since($0).ageText } ?? "never"
    case .states: row.stateWords
    }
  }
}
