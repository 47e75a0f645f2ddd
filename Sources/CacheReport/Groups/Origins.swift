import BuildCache

/// The project that each record belongs to.
///
/// That is the stage that stands on it, or the image; where several do, what they share is a project of its own. A record
/// on which none stands belongs to the nearest that it stands on. So a project is what goes when nobody builds it any
/// more, and what is shared stays with the others.
struct Origins {
  /// A project.
  enum Origin: Hashable {
    /// These stages and images, as a number of a set.
    case labels(Int32)
    /// Steps of stages without a name, with nothing about them that has one.
    case unnamed
    /// Nothing tells.
    case unknown
  }

  private var labels: [DescribedOrigin] = []
  private var sets = SmallSets()
  private var setOfRow: [Int32]
  private var isUnnamed: [Bool]

  /// Finds the projects.
  ///
  /// - Complexity: O(rows and edges).
  init(_ state: CacheState) {
    let count = state.rows.count
    setOfRow = [Int32](repeating: SmallSets.empty, count: count)
    isUnnamed = [Bool](repeating: false, count: count)
    var own = [Int32](repeating: SmallSets.empty, count: count)
    var numbers: [DescribedOrigin: Int32] = [:]
    for row in 0..<count {
      guard let origin = DescribedOrigin(state.rows[row].description) else { continue }
      if case .unnamedStage = origin {
        isUnnamed[row] = true
        continue
      }
      let number = numbers[origin] ?? Int32(labels.count)
      if numbers.updateValue(number, forKey: origin) == nil { labels.append(origin) }
      own[row] = sets.set(of: number)
    }
    // What stands on a record tells more than what it says itself: a base is of the stage that was built on it.
    let order = state.childrenFirst()
    for row in order {
      if setOfRow[row] == SmallSets.empty { setOfRow[row] = own[row] }
      state.forEachParent(of: row) { setOfRow[$0] = sets.union(setOfRow[$0], setOfRow[row]) }
    }
    addNearest(state, order, own)
    addMounts(state)
  }

  /// Gives records that nothing stands on, and that say nothing themselves, what the nearest that they stand on says.
  private mutating func addNearest(_ state: CacheState, _ childrenFirst: [Int], _ own: [Int32]) {
    var nearest = own
    var distance = own.map { $0 == SmallSets.empty ? Int32.max : 0 }
    for row in childrenFirst.reversed() where distance[row] == .max {
      state.forEachParent(of: row) { parent in
        guard distance[parent] < .max, distance[parent] + 1 < distance[row] else { return }
        distance[row] = distance[parent] + 1
        nearest[row] = nearest[parent]
      }
      if setOfRow[row] == SmallSets.empty { setOfRow[row] = nearest[row] }
    }
  }

  /// Gives cache mounts the projects of the steps that ran the same command.
  private mutating func addMounts(_ state: CacheState) {
    var mounts: [DescribedCommand: [Int]] = [:]
    for row in state.rows.indices where setOfRow[row] == SmallSets.empty {
      guard let command = DescribedCommand(state.rows[row].description), command.isOfCacheMount else { continue }
      mounts[command, default: []].append(row)
    }
    guard !mounts.isEmpty else { return }
    var found: [DescribedCommand: Int32] = [:]
    for row in state.rows.indices where setOfRow[row] != SmallSets.empty {
      guard let command = DescribedCommand(state.rows[row].description), !command.isOfCacheMount,
        mounts[command] != nil
      else { continue }
      found[command] = sets.union(found[command] ?? SmallSets.empty, setOfRow[row])
    }
    for (command, set) in found {
      for row in mounts[command] ?? [] { setOfRow[row] = set }
    }
  }

  /// The project of a row.
  func origin(of row: Int) -> Origin {
    setOfRow[row] != SmallSets.empty ? .labels(setOfRow[row]) : isUnnamed[row] ? .unnamed : .unknown
  }

  /// A project in words.
  func name(of origin: Origin) -> RecordGrouping.Name {
    switch origin {
    case .unnamed: return .init("stages without a name", place: 2)
    case .unknown: return .init("no stage or image", place: 3)
    case .labels(SmallSets.tooMany): return .init("shared by more than \(SmallSets.most)", place: 1)
    case .labels(let set):
      let members = sets.members[Int(set)].map { labels[Int($0)] }
      if members.count == 1, let only = members.first { return .init(only.words) }
      return .init(
        "shared by \(members.map(\.name).sorted().joined(separator: ", "))",
        id: members.map(\.words).sorted().joined(separator: ", "), place: 1)
    }
  }
}

extension DescribedOrigin {
  /// The name alone.
  fileprivate var name: String {
    switch self {
    case .stage(let name), .image(let name): name
    case .unnamedStage: ""
    }
  }

  /// What it is, and its name.
  fileprivate var words: String {
    switch self {
    case .stage(let name): "stage \(name)"
    case .image(let name): "image \(name)"
    case .unnamedStage: ""
    }
  }
}
