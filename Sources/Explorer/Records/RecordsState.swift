import BuildCache

/// The Records screen's own state.
struct RecordsState: Sendable {
  /// The rows in the order in which they are listed.
  var arrangement = Arrangement.empty
  var position = ListPosition()

  /// Row numbers in the order in which they are listed.
  var order: [Int] { arrangement.order }

  /// The row under the cursor.
  var current: Int? {
    order.indices.contains(position.cursor) ? order[position.cursor] : nil
  }

  /// Puts the cursor on a row, where it is listed.
  ///
  /// - Complexity: O(n).
  mutating func select(_ row: Int?) {
    if let row, let place = order.firstIndex(of: row) { position.cursor = place }
  }

  /// Takes another arrangement: the cursor stays on a row, where that is listed, and where it is on the screen.
  ///
  /// - Complexity: O(n).
  mutating func take(_ arrangement: Arrangement, cursorOn row: Int?) {
    self.arrangement = arrangement
    if let row, let place = order.firstIndex(of: row) { position.carry(to: place) }
  }
}
