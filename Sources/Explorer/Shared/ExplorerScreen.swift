import BuildCache
import Terminal

/// One of the screens: where its list is, what its keys do, and how it is drawn.
///
/// A screen is functions of the explorer's whole state, of which it has a part of its own; it holds nothing itself, and
/// knows of no other screen.
protocol ExplorerScreen {
  /// Its name on its tab.
  static var title: String { get }
  /// Its keys beside those that hold everywhere, in the order in which help and footer show them.
  static var bindings: [Binding] { get }
  /// Where the place in its list is kept.
  static var position: any WritableKeyPath<ExplorerState, ListPosition> & Sendable { get }

  /// How many lines its list has.
  static func lineCount(_ state: ExplorerState) -> Int
  /// The lines of the window that are left for its list.
  static func listLines(_ layout: Layout) -> Range<Int>
  /// The record that the cursor is on, where it is on one.
  static func current(_ state: ExplorerState) -> Int?

  /// It is shown now, in place of a screen whose cursor was on a row.
  static func appeared(_ state: inout ExplorerState, on row: Int?) -> [Effect]
  /// The cache was read, and holds something else than before.
  ///
  /// - Parameter isShown: whether it is seen; what is seen stays until its successor is there.
  static func cacheArrived(_ state: inout ExplorerState, isShown: Bool) -> [Effect]
  /// The plan and the row of it that say why the record under the cursor stays or goes; nothing where it says something
  /// itself.
  static func explained(_ state: inout ExplorerState) -> (plan: PrunePlan, row: Int)?
  /// Whether the last line of its list says what signs mean, where there is room for that.
  static var hasLegend: Bool { get }
  /// Draws its body.
  static func draw(_ state: ExplorerState, on grid: inout Grid, _ layout: Layout)
}
