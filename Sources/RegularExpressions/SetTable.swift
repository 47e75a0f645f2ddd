/// The sets of characters of a pattern, each once, however often it stands there.
struct SetTable {
  private(set) var all: [ScalarSet] = []
  private var numbers: [ScalarSet: Int] = [:]
  private var classes: [NamedClass: ScalarSet] = [:]
  private let mostRanges: Int
  private var ranges = 0

  init(mostRanges: Int) { self.mostRanges = mostRanges }

  /// Adds a set.
  ///
  /// - Returns: its number.
  /// - Throws: ``RegularExpressionError`` `tooLarge`.
  mutating func add(_ set: ScalarSet, ignoresCase: Bool = false) throws(RegularExpressionError) -> Int {
    let set = ignoresCase ? set.folded : set
    if let number = numbers[set] { return number }
    try spend(set.boundaries.count / 2)
    numbers[set] = all.count
    all.append(set)
    return all.count - 1
  }

  /// Adds one character.
  mutating func add(_ scalar: Unicode.Scalar, ignoresCase: Bool) throws(RegularExpressionError) -> Int {
    try add(ScalarSet([scalar.value...scalar.value]), ignoresCase: ignoresCase)
  }

  /// Adds a class that has a name.
  mutating func add(_ named: NamedClass) throws(RegularExpressionError) -> Int {
    try add(members(of: named))
  }

  /// All characters of some ranges and classes.
  ///
  /// - Throws: ``RegularExpressionError`` `tooLarge`.
  mutating func union(_ ranges: [ClosedRange<UInt32>], _ classes: Set<NamedClass>, ignoresCase: Bool)
    throws(RegularExpressionError) -> ScalarSet
  {
    let own = ignoresCase ? ScalarSet(ranges).folded : ScalarSet(ranges)
    if classes.isEmpty { return own }
    let parts = [own] + classes.map { members(of: $0) }
    try spend(parts.reduce(0) { $0 + $1.boundaries.count / 2 })
    return ScalarSet(parts.flatMap(\.ranges))
  }

  private mutating func members(of named: NamedClass) -> ScalarSet {
    if let known = classes[named] { return known }
    let members = named.members
    classes[named] = members
    return members
  }

  private mutating func spend(_ count: Int) throws(RegularExpressionError) {
    ranges += count
    guard ranges <= mostRanges else { throw .tooLarge("more than \(mostRanges) ranges of characters") }
  }
}
