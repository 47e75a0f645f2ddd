import Terminal

/// A column of the table of what a prune takes.
enum PruneColumn: TableColumn {
  case place, id, size, used, usedRank, uses, usesRank, score, freed, remains, name

  var title: String {
    switch self {
    case .place: "#"
    case .id: "ID"
    case .size: "SIZE"
    case .used: "LAST USED"
    case .usedRank, .usesRank: "(RANK)"
    case .uses: "USES"
    case .score: "SCORE"
    case .freed: "FREED SO FAR"
    case .remains: "REMAINS"
    case .name: "DESCRIPTION"
    }
  }

  var shortTitle: String {
    switch self {
    case .used: "USED"
    case .freed: "FREED"
    default: title
    }
  }

  var alignment: Alignment { self == .id || self == .name ? .left : .right }
}

/// The columns of the table of what a prune takes, as many as there is room for.
typealias PruneTable = ColumnTable<PruneColumn>

extension PruneTable {
  /// Narrower, a name doesn't tell records apart.
  static var leastName: Int { 20 }

  /// What a narrow window does, in this order, until the name has ``leastName``: what explains the order goes before what
  /// one decides by.
  static var steps: [Narrowing<PruneColumn>] {
    [
      .drop(.usesRank), .drop(.usedRank), .drop(.uses), .shrink(.used, to: 5), .drop(.score), .shrink(.freed, to: 8),
      .drop(.remains), .drop(.freed), .drop(.used), .drop(.place),
    ]
  }

  /// Chooses the columns.
  ///
  /// - Parameters:
  ///   - width: the columns of the window that there are.
  ///   - id: the width of an id.
  ///   - amount: the width of a size, sums included.
  ///   - candidates: how many records there are at most that a rule ranks.
  ///   - victims: the highest number of a line.
  ///   - isRanked: whether any rule ranks what it takes; else there are neither ranks nor scores.
  init(width: Int, id: Int, amount: Int, candidates: Int, victims: Int, isRanked: Bool = true) {
    // There are no more distinct times than candidates.
    let rank = Swift.max(6, 2 * "\(candidates)".count + 1)
    let offered: [(PruneColumn, Int)] = [
      (.place, Swift.max(3, "\(victims)".count)), (.id, id), (.size, amount), (.used, 9), (.usedRank, rank), (.uses, 4),
      (.usesRank, rank), (.score, 5), (.freed, Swift.max(12, amount)), (.remains, amount),
    ]
    let told = offered.filter { isRanked || ![.usedRank, .usesRank, .score].contains($0.0) }
    self.init(told, last: .name, least: Self.leastName, steps: Self.steps, width: width)
  }
}
