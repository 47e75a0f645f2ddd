/// Sets of a few numbers, each set told by a number of its own, so that many records that have the same set hold four
/// bytes each. Sets of more than ``most`` are one: too many to be told.
struct SmallSets {
  /// The set of nothing.
  static let empty: Int32 = 0
  /// Any set of more numbers than ``most``.
  static let tooMany: Int32 = 1
  /// The numbers that a set may have.
  static let most = 8

  /// The numbers of each set, in order; none of the first two.
  private(set) var members: [[Int32]] = [[], []]
  private var numbers: [[Int32]: Int32] = [[]: empty]
  /// What was joined already: most records are joined as their neighbours are.
  private var unions: [UInt64: Int32] = [:]

  /// The set of one number.
  mutating func set(of member: Int32) -> Int32 { number(of: [member]) }

  /// The set of what is in either of two.
  mutating func union(_ a: Int32, _ b: Int32) -> Int32 {
    if a == b || b == Self.empty { return a }
    if a == Self.empty { return b }
    if a == Self.tooMany || b == Self.tooMany { return Self.tooMany }
    let pair = UInt64(UInt32(min(a, b))) << 32 | UInt64(UInt32(max(a, b)))
    if let known = unions[pair] { return known }
    let joined = Set(members[Int(a)]).union(members[Int(b)])
    let set = joined.count > Self.most ? Self.tooMany : number(of: joined.sorted())
    unions[pair] = set
    return set
  }

  private mutating func number(of sorted: [Int32]) -> Int32 {
    if let known = numbers[sorted] { return known }
    let new = Int32(members.count)
    members.append(sorted)
    numbers[sorted] = new
    return new
  }
}
