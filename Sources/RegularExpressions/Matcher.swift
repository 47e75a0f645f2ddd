/// Follows all ways through a program at once, over one text.
///
/// Its three lists have one place for each step of the program and are set up once: nothing is allocated after that, as
/// no step is listed twice for a character.
struct Matcher {
  private let program: Program
  /// For each step the number of characters, plus one, before the place where it was last reached.
  private var marks: [Int]
  private var place = 1
  /// Steps that are reached and not yet followed.
  private var open: [Int]
  private var openCount = 0
  /// Steps that wait for a character.
  private var waiting: [Int]
  private var waitingCount = 0

  init(_ program: Program) {
    self.program = program
    marks = [Int](repeating: 0, count: program.steps.count)
    open = marks
    waiting = marks
  }

  /// Whether the program matches somewhere in a text. To be called once.
  mutating func matches(_ text: String) -> Bool {
    var before: Unicode.Scalar?
    var rest = text.unicodeScalars.makeIterator()
    while true {
      let after = rest.next()
      // A match may begin anywhere: a new way begins at every place.
      reach(0)
      if followAll(between: before, and: after) { return true }
      guard let after else { return false }
      place += 1
      read(after)
      before = after
    }
  }

  /// Opens a step, unless it was reached at this place before.
  private mutating func reach(_ step: Int) {
    guard marks[step] != place else { return }
    marks[step] = place
    open[openCount] = step
    openCount += 1
  }

  /// Follows the open steps to those that wait for a character.
  ///
  /// - Returns: whether the match is reached.
  private mutating func followAll(between before: Unicode.Scalar?, and after: Unicode.Scalar?) -> Bool {
    while openCount > 0 {
      openCount -= 1
      let step = open[openCount]
      switch program.steps[step] {
      case .character:
        waiting[waitingCount] = step
        waitingCount += 1
      case .assertion(let assertion): if assertion.holds(between: before, and: after) { reach(step + 1) }
      case .split(let first, let second):
        reach(first)
        reach(second)
      case .jump(let target): reach(target)
      case .match: return true
      }
    }
    return false
  }

  /// Opens the steps after those that waited for this character.
  private mutating func read(_ scalar: Unicode.Scalar) {
    for index in 0..<waitingCount {
      let step = waiting[index]
      if case .character(let set) = program.steps[step], program.set(set, has: scalar) { reach(step + 1) }
    }
    waitingCount = 0
  }
}
