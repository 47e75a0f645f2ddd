/// A place in a list, and the part of the list that is seen; every list has one.
struct ListPosition: Sendable, Equatable {
  /// The line under the cursor.
  var cursor = 0
  /// The first line that is seen.
  var top = 0

  /// Keeps the cursor within a list, and in sight.
  mutating func settle(count: Int, height: Int) {
    cursor = max(0, min(cursor, count - 1))
    if cursor < top { top = cursor }
    if height > 0, cursor >= top + height { top = cursor - height + 1 }
    top = max(0, min(top, count - max(1, height)))
  }

  /// Moves the cursor as a key says; ``settle(count:height:)`` keeps it within the list.
  mutating func move(_ motion: Motion, height: Int) {
    let (half, page) = (max(1, height / 2), max(1, height))
    switch motion {
    case .down: cursor += 1
    case .up: cursor -= 1
    case .halfPageDown: cursor += half
    case .halfPageUp: cursor -= half
    // What is seen turns as a page does, so that the cursor stays where it is on the screen.
    case .pageDown: (cursor, top) = (cursor + page, top + page)
    case .pageUp: (cursor, top) = (cursor - page, top - page)
    case .top: cursor = 0
    case .bottom: cursor = .max
    }
  }

  /// Puts the cursor on a line, which is seen where the line before was.
  mutating func carry(to line: Int) {
    top += line - cursor
    cursor = line
  }

  /// Scrolls so that the cursor is in the middle of what is seen.
  mutating func center(height: Int) {
    top = max(0, cursor - height / 2)
  }

  /// Scrolls as ``center(height:)`` does where the cursor is not in sight: who jumps far wants to see what is around.
  mutating func reveal(height: Int) {
    if !(top..<(top + height)).contains(cursor) { center(height: height) }
  }

  /// The lines that are seen.
  func visible(count: Int, height: Int) -> Range<Int> {
    let first = max(0, min(top, count))
    return first..<max(first, min(count, first + height))
  }
}

/// How a cursor moves.
enum Motion: Hashable, Sendable {
  case down, up, halfPageDown, halfPageUp, pageDown, pageUp, top, bottom
}
