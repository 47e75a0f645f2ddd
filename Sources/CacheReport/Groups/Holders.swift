import BuildCache

/// Who keeps each record from going: those on it, or itself, that somebody uses or something outside refers to.
struct Holders {
  private let state: CacheState
  private let sets: SmallSets
  private let setOfRow: [Int32]

  /// Finds the holders.
  ///
  /// - Complexity: O(rows and edges).
  init(_ state: CacheState) {
    self.state = state
    var sets = SmallSets()
    var setOfRow = state.rows.enumerated().map { number, row in
      row.outsideRefs > 0 || row.isReferenced ? sets.set(of: Int32(number)) : SmallSets.empty
    }
    for row in state.childrenFirst() where setOfRow[row] != SmallSets.empty {
      state.forEachParent(of: row) { setOfRow[$0] = sets.union(setOfRow[$0], setOfRow[row]) }
    }
    self.sets = sets
    self.setOfRow = setOfRow
  }

  /// The holders of a row, as a number of a set.
  func holders(of row: Int) -> Int32 { setOfRow[row] }

  /// A set of holders in words.
  func name(of set: Int32) -> RecordGrouping.Name {
    switch set {
    case SmallSets.empty: return .init("held by nobody", place: 2)
    case SmallSets.tooMany: return .init("held by more than \(SmallSets.most)", place: 1)
    default:
      let holders = sets.members[Int(set)].map { state.rows[Int($0)] }
      let words = holders.map { "\($0.id.text.prefix(8)) \($0.description.prefix(60))" }
      let isInUse = holders.contains { $0.outsideRefs > 0 }
      let isShared = holders.contains(where: \.isReferenced)
      let how = isInUse ? (isShared ? "in use and shared by" : "in use by") : "shared by"
      return .init(
        "\(how) \(words.joined(separator: ", "))", id: holders.map(\.id.text).joined(separator: ","))
    }
  }
}
