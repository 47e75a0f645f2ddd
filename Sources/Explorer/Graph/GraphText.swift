import BuildCache

/// Draws the lanes of a graph with the signs of a terminal.
public struct GraphText: Sendable {
  private let isASCII: Bool

  /// Makes a drawer; in ASCII where other signs can't be shown.
  public init(isASCII: Bool) { self.isASCII = isASCII }

  /// A row's lanes, each two cells wide; as wide as the row has lanes.
  public func lanes(of row: GraphLayout.Row, kind: RecordKind?) -> String {
    var text = ""
    for cell in row.cells {
      text.append(cell.isRecord ? record(kind) : sign(of: cell))
      text.append(cell.right.map(horizontal) ?? " ")
    }
    return text
  }

  /// The sign that stands for a record of a kind.
  public func record(_ kind: RecordKind?) -> Character {
    switch kind {
    case .base: isASCII ? "*" : "○"
    case .merge: isASCII ? "M" : "◆"
    case .diff: isASCII ? "D" : "◇"
    case .layer, nil: isASCII ? "o" : "●"
    }
  }

  private func horizontal(_ edge: GraphLayout.Edge) -> Character {
    switch edge {
    case .layer: isASCII ? "-" : "─"
    case .merge: isASCII ? "=" : "═"
    case .diff: isASCII ? "." : "┄"
    }
  }

  private func vertical(_ edge: GraphLayout.Edge) -> Character {
    switch edge {
    case .layer: isASCII ? "|" : "│"
    case .merge: isASCII ? "\"" : "║"
    case .diff: isASCII ? ":" : "┊"
    }
  }

  private func sign(of cell: GraphLayout.Cell) -> Character {
    // A lane that goes on hides a line that crosses it: the line is seen on both sides.
    if let edge = cell.down, cell.up != nil { return vertical(edge) }
    if let edge = cell.down { return corner(cell, edge, single: ("┐", "┌", "┬"), double: ("╗", "╔", "╦")) }
    if let edge = cell.up { return corner(cell, edge, single: ("┘", "└", "┴"), double: ("╝", "╚", "╩")) }
    return (cell.left ?? cell.right).map(horizontal) ?? " "
  }

  private func corner(
    _ cell: GraphLayout.Cell, _ edge: GraphLayout.Edge, single: (Character, Character, Character),
    double: (Character, Character, Character)
  ) -> Character {
    guard cell.left != nil || cell.right != nil else { return vertical(edge) }
    if isASCII { return "+" }
    let signs = edge == .merge ? double : single
    return cell.left != nil && cell.right != nil ? signs.2 : cell.left != nil ? signs.0 : signs.1
  }
}
