import BuildCache
import CacheReport

/// The Records screen's own state.
struct RecordsState: Sendable {
  /// The rows in the order in which they are listed.
  private(set) var arrangement = Arrangement.empty
  /// The same as lines, with the groups among them.
  private(set) var lines = RecordLines(.empty)
  var position = ListPosition()
  /// How many records of each group are marked, where any are.
  private(set) var marked: [Int: Int] = [:]
  /// The record that the cursor is on in spirit, as long as it stays on the line of the folded group that hides it.
  private var hidden: (row: Int, line: Int)?

  /// Row numbers in the order in which they are listed.
  var order: [Int] { arrangement.order }

  /// The row under the cursor; nothing on the line of a group.
  var current: Int? { row(atLine: position.cursor) }

  /// The row of a line; nothing where it is that of a group.
  func row(atLine number: Int) -> Int? {
    if case .record(let row) = lines.line(number) { row } else { nil }
  }

  /// The rows that a line stands for: of a folded group all, of an unfolded one none, as they have lines of their own.
  func rows(inLine number: Int) -> [Int] {
    switch lines.line(number) {
    case .record(let row): [row]
    case .group(let group) where !lines.isUnfolded(group): lines.groups.map { Array($0.rows(of: group)) } ?? []
    case .group, nil: []
    }
  }

  /// The group whose line the cursor is on.
  var group: Int? {
    if case .group(let group) = lines.line(position.cursor) { group } else { nil }
  }

  /// The group that the cursor is on, or in.
  var surroundingGroup: Int? { group ?? current.flatMap { lines.groups?.group(of: $0) } }

  /// The rows of the group whose line the cursor is on, in the list's order.
  var groupRows: [Int]? {
    group.flatMap { group in lines.groups.map { Array($0.rows(of: group)) } }
  }

  /// The row under the cursor, or the one that stands for a folded group: that which it was on before, else its first.
  var anchor: Int? {
    if let hidden, hidden.line == position.cursor, group != nil { return hidden.row }
    return current ?? group.flatMap { lines.groups?.rows(of: $0).first }
  }

  /// Puts the cursor on a row, where it is listed; on its group, where that is folded.
  ///
  /// - Complexity: O(n).
  mutating func select(_ row: Int?) {
    guard let row, let place = lines.line(of: row) else { return }
    position.cursor = place
    hide(row)
  }

  /// Puts the cursor on a row, where it is listed, and unfolds its group.
  ///
  /// - Complexity: O(n).
  mutating func reveal(_ row: Int?) {
    guard let row else { return }
    if let group = lines.groups?.group(of: row) { lines.setUnfolded(group, true) }
    select(row)
  }

  /// Takes another arrangement: the cursor stays on a row, where that is listed, and where it is on the screen.
  ///
  /// - Parameters:
  ///   - row: the row; of another reading where ``anchor`` is none of this one's.
  ///   - staysPut: whether it stays where it is on the screen.
  /// - Complexity: O(n).
  mutating func take(_ arrangement: Arrangement, cursorOn row: Int?, staysPut: Bool = true) {
    let keepsFolds = arrangement.groups?.key == lines.groups?.key
    let group = keepsFolds ? group.flatMap { lines.groups?.groups[$0].id } : nil
    hidden = nil
    self.arrangement = arrangement
    lines = RecordLines(arrangement, unfolded: keepsFolds ? lines.unfolded : [])
    // Who was on a group stays on it, whatever records it has now.
    let line = group.flatMap { id in lines.groups?.groups.firstIndex { $0.id == id } }.map { lines.line(ofGroup: $0) }
    guard let place = line ?? row.flatMap({ lines.line(of: $0) }) else { return }
    if staysPut { position.carry(to: place) } else { position.cursor = place }
    if let row, lines.line(of: row) == place { hide(row) }
  }

  /// Remembers a row that the group under the cursor hides.
  private mutating func hide(_ row: Int) {
    hidden = group == nil ? nil : (row, position.cursor)
  }

  /// Shows the records of a group, or hides them; the cursor goes to its line.
  ///
  /// - Complexity: O(groups).
  mutating func setUnfolded(_ group: Int, _ isUnfolded: Bool) {
    let row = anchor
    lines.setUnfolded(group, isUnfolded)
    position.cursor = lines.line(ofGroup: group)
    if let row { hide(row) }
  }

  /// Counts the marked records of each group.
  ///
  /// - Complexity: O(marks).
  mutating func count(marked rows: [Int]) {
    marked = [:]
    guard let groups = lines.groups else { return }
    for row in rows {
      if let group = groups.group(of: row) { marked[group, default: 0] += 1 }
    }
  }
}
