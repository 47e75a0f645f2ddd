import BuildCache
import CacheReport

/// What a list turned out to lack, gathered while its rows are read.
struct ListFacts {
  /// The program that it is of, told by the first row.
  var origin = ListOrigin.unknown
  /// The largest step to which a size is rounded; 1 where all are exact.
  var roundingStep: Int64 = 1
  /// Whether a last use is told in words.
  var hasAges = false
  /// Whether a row tells its type, and whether one leaves it empty, as only what a prune removed does.
  var hasTypes = false
  var hasEmptyTypes = false
  /// Whether a row has a parent.
  var hasParents = false
  /// A row that must have a parent, whatever made it.
  private(set) var overOthers: RecordID?
  /// A row that mostly has one.
  private(set) var maybeOverOthers: RecordID?

  /// Looks at a row.
  mutating func note(_ row: UsageRow) {
    guard !hasParents else { return }
    guard row.parents.isEmpty else {
      hasParents = true
      return
    }
    if overOthers == nil, Self.standsOnOthers(row.description) { overOthers = row.id }
    if maybeOverOthers == nil, row.recordType == .regular, !row.isMutable, !Self.canStandAlone(row.description) {
      maybeOverOthers = row.id
    }
  }

  /// A step's root has the tree before it beneath, and so has any step but the first of its stage.
  private static func standsOnOthers(_ description: String) -> Bool {
    if description.hasPrefix("mount / from exec ") || description.hasPrefix("diff \"") { return true }
    guard description.hasPrefix("["), let end = description.firstIndex(of: "]") else { return false }
    let step = description[..<end].dropFirst().split(separator: " ").last?.split(separator: "/").first
    return step.flatMap { Int($0) }.map { $0 > 1 } ?? false
  }

  /// What comes from outside may be alone, and so may a stage's first step, and what a step wrote beside its root.
  private static func canStandAlone(_ description: String) -> Bool {
    if description.isEmpty { return true }
    return [
      "pulled from ", "from local", "local source for ", "imported ", "http url ", "git ", "cached mount ", "mount /",
      "[",
    ].contains { description.hasPrefix($0) }
  }

  /// A record that shows that parents are kept back here, not that nobody has one.
  private var withoutItsParents: RecordID? {
    if hasParents { return nil }
    switch origin {
    case .buildx, .docker: return overOthers ?? maybeOverOthers
    case .buildctl, .engine, .unknown: return overOthers
    }
  }

  /// What has to be known of the list, in sentences.
  var notes: [String] {
    var notes: [String] = []
    if let withoutItsParents {
      notes.append(
        "this list names no parents, though record \(withoutItsParents) must have one: what stands on what isn't known")
    }
    if roundingStep > 1 {
      notes.append(
        "this list's sizes are rounded, the largest to steps of \(ByteCount(roundingStep).text): sums, and where a "
          + "limit cuts, are not exact")
    }
    if hasAges {
      notes.append(
        "this list tells last uses as ages in words, counted here from when it was written: the order of victims is "
          + "not exact")
    }
    if hasEmptyTypes && !hasTypes {
      notes.append("no record of this list has a type, as in what `buildctl prune` removed: is it what is there?")
    }
    switch origin {
    case .engine, .docker:
      notes.append(
        "this list tells no kinds, nor what is mutable: cache mounts and local sources are, of others it isn't known")
    case .buildx: notes.append("this list tells no kinds of records")
    default: break
    }
    return notes
  }

  /// Why no prune can be planned on the list, and what to do.
  var planRefusal: String? {
    guard let withoutItsParents else { return nil }
    switch origin {
    case .buildx, .docker, .engine:
      return "no prune can be planned on this list: it names no parents, though record \(withoutItsParents) must have "
        + "one (a Docker Engine before 23.0 tells them only to clients of its time); save "
        + "\(ListOrigin.engineCommand), which has them"
    case .buildctl, .unknown: return nil
    }
  }
}
