import Terminal

/// What colours mean, the same on every screen, and beside a sign or a word in each case.
///
/// Of the eight plain colours only red and magenta can be read as text on a dark ground and on a light one, in most
/// terminals' own shades: text has no other. Areas and lines may have green, blue and cyan, too; yellow is lost on white.
enum Palette {
  /// Somebody holds it.
  static let inUse = Color.red
  /// Something outside the cache uses it.
  static let shared = Color.magenta
  /// The builder keeps it for itself; the colour of an area.
  static let `internal` = Color.blue
  /// A prune may take it; the colour of an area.
  static let reclaimable = Color.green
  /// It is marked.
  static let marked = Color.magenta
  /// Something is wrong.
  static let problem = Color.red
  /// Something may be.
  static let doubt = Color.magenta
  /// Lines of the graph, in turn; the terminal's own colour is one of them.
  static let lanes: [Color?] = [.magenta, .red, .green, .cyan, .blue, nil]
}

extension Style {
  /// The cursor is on it: text and ground change places, without a colour that one of them could not be read in.
  mutating func setUnderCursor() { self = Style(bold: isBold, reverse: true, underline: isUnderlined) }
}
