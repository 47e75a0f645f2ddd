import BuildCache

/// Draws the lanes of a graph with the signs of a terminal, each lane two columns wide.
public struct GraphText: Sendable {
  private let isASCII: Bool

  /// Makes a drawer; in ASCII where other signs can't be shown.
  public init(isASCII: Bool) { self.isASCII = isASCII }

  /// Lanes side by side.
  public func lanes(_ cells: [GraphLayout.GraphCell], record: Character) -> String {
    var text = ""
    for cell in cells {
      text.append(sign(of: cell, record: record))
      text.append(right(of: cell))
    }
    return text
  }

  /// The sign in a lane, where `record` stands for the row's record.
  package func sign(of cell: GraphLayout.GraphCell, record: Character) -> Character {
    cell.isRecord ? record : sign(of: cell)
  }

  /// The sign between a lane and the next one on the right.
  package func right(of cell: GraphLayout.GraphCell) -> Character { cell.right.map(horizontal) ?? " " }

  /// The sign that stands for a record.
  public func sign(of row: CacheState.Row, hasParents: Bool) -> Character {
    switch row.kind {
    case .merge: isASCII ? "M" : "◆"
    case .diff: isASCII ? "D" : "◇"
    case .base, .layer, nil:
      if hasParents { isASCII ? "o" : "●" } else { isASCII ? "*" : "○" }
    }
  }

  /// The sign that stands for records that are folded into one row.
  package var fold: Character { isASCII ? "~" : "⋮" }

  private func horizontal(_ edge: GraphEdge) -> Character {
    switch edge {
    case .layer: isASCII ? "-" : "─"
    case .merge: isASCII ? "=" : "═"
    case .lower, .upper: isASCII ? "." : "┄"
    }
  }

  private func vertical(_ edge: GraphEdge) -> Character {
    switch edge {
    case .layer: isASCII ? "|" : "│"
    case .merge: isASCII ? "\"" : "║"
    case .lower, .upper: isASCII ? ":" : "┊"
    }
  }

  private func sign(of cell: GraphLayout.GraphCell) -> Character {
    switch cell.turn {
    case .lower: isASCII ? "v" : "▽"
    case .upper: isASCII ? "^" : "△"
    case .layer, .merge: isASCII ? "+" : corner(cell)
    // A lane that goes on hides a line that crosses it: the line is seen on both sides.
    case nil: cell.down.map(vertical) ?? (cell.left ?? cell.right).map(horizontal) ?? " "
    }
  }

  /// Where a line turns down: the sign has an arm for each line, single or double.
  private func corner(_ cell: GraphLayout.GraphCell) -> Character {
    let isDouble = cell.turn == .merge
    switch (cell.up, cell.left != nil, cell.right != nil) {
    case (nil, true, true): return isDouble ? "╦" : "┬"
    case (nil, true, false): return isDouble ? "╗" : "┐"
    case (nil, false, _): return isDouble ? "╔" : "┌"
    case (.merge, true, true): return isDouble ? "╬" : "╫"
    case (.merge, true, false): return isDouble ? "╣" : "╢"
    case (.merge, false, _): return isDouble ? "╠" : "╟"
    case (_, true, true): return isDouble ? "╪" : "┼"
    case (_, true, false): return isDouble ? "╡" : "┤"
    case (_, false, _): return isDouble ? "╞" : "├"
    }
  }
}
