import BuildCache

/// The project that each record belongs to.
///
/// That is the stage that stands on it, or the image; where several do, what they share is a project of its own. A record
/// on which none stands belongs to the nearest that it stands on. So a project is what goes when nobody builds it any
/// more, and what is shared stays with the others.
///
/// Most Dockerfiles name no stage, and one name stands for the last stage of many: there the last step names the project,
/// so that a Dockerfile that was built again is still one.
struct Origins {
  /// A project.
  enum Origin: Hashable {
    /// What these stages, images and last steps have in common, as a number of a set.
    case labels(Int32)
    /// Nothing tells.
    case unknown
  }

  private var labels: [DescribedOrigin] = []
  private var numbers: [DescribedOrigin: Int32] = [:]
  private var sets = SmallSets()
  private var setOfRow: [Int32]

  /// Finds the projects.
  ///
  /// - Complexity: O(rows and edges).
  init(_ state: CacheState) {
    setOfRow = [Int32](repeating: SmallSets.empty, count: state.rows.count)
    var own = setOfRow
    var isUnnamed = [Bool](repeating: false, count: state.rows.count)
    for row in state.rows.indices {
      switch DescribedOrigin(state.rows[row].description) {
      case .unnamedStage: isUnnamed[row] = true
      case let origin?: own[row] = set(of: origin)
      case nil: break
      }
    }
    let order = state.childrenFirst()
    let nearest = nearest(state, order, own, &isUnnamed)
    // What stands on a record tells more than what it says itself: a base is of the stage that was built on it.
    for row in order {
      if setOfRow[row] == SmallSets.empty { setOfRow[row] = own[row] }
      if setOfRow[row] == SmallSets.empty, state.childCount(of: row) == 0 {
        let last = DescribedOrigin(lastStep: state.rows[row].description)
        let label = sets.members[Int(nearest[row])].first.map { labels[Int($0)] }
        let isLast = if case .stage = label { false } else { isUnnamed[row] || label == nil }
        if isLast, let last { setOfRow[row] = set(of: last) }
      }
      state.forEachParent(of: row) { setOfRow[$0] = sets.union(setOfRow[$0], setOfRow[row]) }
    }
    for row in order where setOfRow[row] == SmallSets.empty { setOfRow[row] = nearest[row] }
    addMounts(state)
  }

  private mutating func set(of origin: DescribedOrigin) -> Int32 {
    let number = numbers[origin] ?? Int32(labels.count)
    if numbers.updateValue(number, forKey: origin) == nil { labels.append(origin) }
    return sets.set(of: number)
  }

  /// For each record what it says itself, else what the nearest that it stands on says; and whether it is, or stands on, a
  /// step of a stage without a name.
  private func nearest(
    _ state: CacheState, _ childrenFirst: [Int], _ own: [Int32], _ isUnnamed: inout [Bool]
  ) -> [Int32] {
    var nearest = own
    var distance = own.map { $0 == SmallSets.empty ? Int32.max : 0 }
    for row in childrenFirst.reversed() {
      state.forEachParent(of: row) { parent in
        if isUnnamed[parent] { isUnnamed[row] = true }
        guard distance[parent] < .max, distance[parent] + 1 < distance[row] else { return }
        distance[row] = distance[parent] + 1
        nearest[row] = nearest[parent]
      }
    }
    return nearest
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
    setOfRow[row] == SmallSets.empty ? .unknown : .labels(setOfRow[row])
  }

  /// A project in words.
  func name(of origin: Origin) -> RecordGrouping.Name {
    switch origin {
    case .unknown: return .init("no stage or image", place: 2)
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
    case .lastStep(let step): step
    case .unnamedStage: ""
    }
  }

  /// What it is, and its name.
  fileprivate var words: String {
    switch self {
    case .stage(let name): "stage \(name)"
    case .image(let name): "image \(name)"
    case .lastStep(let step): "what ends with \(step)"
    case .unnamedStage: ""
    }
  }
}
