import BuildCache
import CacheReport
import Terminal

/// A column of the list of builders.
enum BuildersColumn: TableColumn, CaseIterable {
  case name, kind, state, records, size, reclaimable, inUse, free, limits, next

  var title: String {
    switch self {
    case .name: "BUILDER"
    case .kind: "KIND"
    case .state: "STATE"
    case .records: "RECORDS"
    case .size: "SIZE"
    case .reclaimable: "RECLAIMABLE"
    case .inUse: "IN USE"
    case .free: "DISK FREE"
    case .limits: "LIMITS"
    case .next: "ITS RULES TAKE"
    }
  }

  var alignment: Alignment {
    switch self {
    case .records, .size, .reclaimable, .inUse, .free: .right
    case .name, .kind, .state, .limits, .next: .left
    }
  }

  /// How wide it is, where its cells don't say it.
  ///
  /// - Parameter amount: how wide a size may get.
  fileprivate func width(_ amount: Int) -> Int {
    switch self {
    case .name, .limits, .next: 0
    case .kind: 16
    case .state: 7
    case .records: 7
    case .size, .inUse: amount
    case .reclaimable: max(11, amount)
    case .free: max(9, amount)
    }
  }

  /// What it says of a builder.
  ///
  /// - Parameter unknown: what stands where nothing is known yet.
  func text(_ line: BuilderLine, unknown: String, _ units: ByteUnits) -> String {
    let figures = line.figures
    func number(_ value: Int64?) -> String { value.map { ByteCount($0).text(in: units) } ?? "" }
    switch self {
    case .name: return line.builder.name
    case .kind: return line.builder.kind
    case .state: return line.isAsked && line.outcome != nil ? line.state + unknown : line.state
    case .records: return figures.map { "\($0.totals.all.records)" } ?? ""
    case .size: return number(figures?.totals.all.bytes)
    case .reclaimable: return number(figures?.totals[.reclaimable].bytes)
    case .inUse: return number(figures?.totals[.inUse].bytes)
    case .free: return figures.map { $0.space.map { ByteCount($0.free).text(in: units) } ?? "?" } ?? ""
    case .limits: return figures.map { $0.limits?.words(in: units) ?? "?" } ?? ""
    case .next: return line.words(in: units)
    }
  }
}

extension ColumnTable<BuildersColumn> {
  /// Chooses the columns: a narrow window drops the kind, the limits, the records, what is in use, and so on in this
  /// order; what the rules take shrinks first.
  ///
  /// - Parameter width: the columns of the window that there are.
  init(_ lines: [BuilderLine], width: Int, _ units: ByteUnits) {
    func widest(_ column: BuildersColumn, _ most: Int) -> Int {
      lines.reduce(displayWidth(column.title)) { max($0, displayWidth(column.text($1, unknown: "", units))) }.clamped(
        to: most)
    }
    let most = lines.compactMap(\.figures).map { max($0.totals.all.bytes, $0.space?.free ?? 0) }.max() ?? 0
    let offered: [(BuildersColumn, Int)] = BuildersColumn.allCases.filter { $0 != .next }.map { column in
      switch column {
      case .name: (column, widest(column, Swift.max(12, width / 5)))
      case .limits: (column, widest(column, 34))
      default: (column, column.width(units.width(upTo: most)))
      }
    }
    self.init(
      offered, last: .next, least: 24,
      steps: [.kind, .limits, .records, .inUse, .free, .reclaimable].map { .drop($0) }, width: width)
  }
}

extension Int {
  fileprivate func clamped(to most: Int) -> Int { Swift.min(self, most) }
}
