import BuildCache
import Glibc
import SystemPackage

/// Walks a tree beside the one beneath it and tells what differs.
///
/// One walk serves all that has to know: what a layer adds in bytes, what a merge applies, what may be shared. It goes
/// from folder to folder, so one that is exchanged for a link meanwhile leads it nowhere.
package struct TreeComparison {
  /// How a name stands to the tree beneath.
  package enum Change {
    /// Only the upper tree has it, or as something else than the lower.
    case added
    /// Both have it, and it differs; a folder: in its own mode or owner.
    case changed
    /// It is the same in both; a folder: itself, its content may differ.
    case unchanged
  }

  /// What the walk comes by, in the order of names; paths are relative to the trees' tops.
  package enum ComparisonStep {
    /// A folder, before what is in it.
    case enter(FilePath, FileStatus, Change)
    /// The folder again, after what is in it; whether anything in it differed, at any depth.
    case leave(FilePath, FileStatus, Change, differs: Bool)
    /// Anything that is no folder.
    case entry(FilePath, FileStatus, Change)
    /// Only the lower tree has it, with all that is in it.
    case removed(FilePath)
  }

  /// Where the walk stands: in the folder that holds the entry, or that is entered or left.
  package struct Place {
    /// In the upper tree.
    package let upper: Folder
    /// In the lower tree, where it has such a folder.
    package let lower: Folder?
  }

  /// How closely two names are looked at.
  package enum Care {
    /// By status: quick, and blind to a file that was written anew with the time and size of the old one.
    case status
    /// By content and attributes too, where they are not one file anyway.
    case content
  }

  /// The tree beneath; absent: an empty one.
  private let lower: Folder?
  /// The tree that is walked.
  private let upper: Folder
  /// How closely they are compared.
  private let care: Care
  /// A folder of the upper tree that is passed over.
  private let leavingOut: FileIdentity?

  /// Opens the trees.
  ///
  /// - Throws: ``CacheError`` `storage` naming the one that is no folder; no lower one is an empty one.
  package init(lower: FilePath?, upper: FilePath, care: Care, leavingOut: FileIdentity? = nil) throws {
    self.init(
      lower: try lower.flatMap { try FileStatus(of: $0)?.isDirectory == true ? Folder($0) : nil },
      upper: try Folder(upper), care: care, leavingOut: leavingOut)
  }

  package init(lower: Folder?, upper: Folder, care: Care, leavingOut: FileIdentity? = nil) {
    (self.lower, self.upper, self.care, self.leavingOut) = (lower, upper, care, leavingOut)
  }

  /// A folder that the walk is in.
  private struct Level {
    let status: FileStatus
    let change: Change
    let hasLower: Bool
    /// What is still to come, the next last; in the lower tree, too.
    var names: [FilePath.Component]
    var beneath: [FilePath.Component]
    var differs = false
  }

  /// Walks.
  ///
  /// - Throws: ``CacheError`` `storage` naming what can't be read, `CancellationError`, and what `visit` throws.
  /// - Complexity: O(names in both).
  package func walk(_ visit: (ComparisonStep) throws -> Void) throws {
    try walk { step, _ in try visit(step) }
  }

  /// Walks, telling of each step where it is too; the folders are open during the call.
  package func walk(_ visit: (ComparisonStep, Place) throws -> Void) throws {
    var walk = TreeWalk(self)
    try walk.start(visit)
    while try walk.step(visit) {}
  }

  /// A walk that is under way.
  private struct TreeWalk {
    let comparison: TreeComparison
    var upper: FolderTrail
    var lower: FolderTrail?
    var levels: [Level] = []
    var path = FilePath()

    init(_ comparison: TreeComparison) {
      self.comparison = comparison
      upper = FolderTrail(comparison.upper)
      lower = comparison.lower.map { FolderTrail($0) }
    }

    var place: Place { Place(upper: upper.last, lower: levels.last?.hasLower == true ? lower?.last : nil) }

    /// Enters the tops.
    mutating func start(_ visit: (ComparisonStep, Place) throws -> Void) throws {
      try enter(try upper.top.status(), over: try lower?.top.status(), visit)
    }

    /// Takes a step; says whether another follows.
    mutating func step(_ visit: (ComparisonStep, Place) throws -> Void) throws -> Bool {
      let here = levels.count - 1
      guard let name = levels[here].names.popLast() else {
        for name in levels[here].beneath.reversed() { try remove(name, visit) }
        try leave(visit)
        return !levels.isEmpty
      }
      while let next = levels[here].beneath.last, compare(next, name) < 0 {
        levels[here].beneath.removeLast()
        try remove(next, visit)
      }
      let isInBoth = levels[here].beneath.last == name
      if isInBoth { levels[here].beneath.removeLast() }
      try visitName(name, isInBoth: isInBoth, visit)
      return true
    }

    private mutating func remove(_ name: FilePath.Component, _ visit: (ComparisonStep, Place) throws -> Void) throws {
      levels[levels.count - 1].differs = true
      try visit(.removed(path.appending(name)), place)
    }

    private mutating func visitName(
      _ name: FilePath.Component, isInBoth: Bool, _ visit: (ComparisonStep, Place) throws -> Void
    ) throws {
      let place = place
      guard let status = try place.upper.status(of: name), status.identity != comparison.leavingOut else { return }
      let below = try isInBoth ? place.lower.flatMap { try $0.status(of: name) } : nil
      guard status.isDirectory else {
        let change = try comparison.change(name, status, below, place)
        if change != .unchanged { levels[levels.count - 1].differs = true }
        return try visit(.entry(path.appending(name), status, change), place)
      }
      guard try upper.enter(name) else { throw place.upper.error("can't read", name, ENOTDIR) }
      let isOverFolder = try below?.isDirectory == true ? lower?.enter(name) == true : false
      path.append(name)
      try enter(try upper.last.status(), over: isOverFolder ? try lower?.last.status() : nil, visit)
    }

    private mutating func enter(
      _ status: FileStatus, over below: FileStatus?, _ visit: (ComparisonStep, Place) throws -> Void
    ) throws {
      try Task.checkCancellation()
      let place = Place(upper: upper.last, lower: below == nil ? nil : lower?.last)
      let change = try comparison.change(nil, status, below, place)
      try visit(.enter(path, status, change), place)
      levels.append(
        Level(
          status: status, change: change, hasLower: below != nil, names: try place.upper.names().reversed(),
          beneath: try place.lower?.names().reversed() ?? []))
    }

    private mutating func leave(_ visit: (ComparisonStep, Place) throws -> Void) throws {
      let place = place
      guard let level = levels.popLast() else { return }
      try visit(.leave(path, level.status, level.change, differs: level.differs), place)
      path.removeLastComponent()
      if level.differs || level.change != .unchanged, !levels.isEmpty { levels[levels.count - 1].differs = true }
      try upper.leave()
      if level.hasLower { try lower?.leave() }
    }
  }

  /// How a name in a folder, or the folder itself, stands to what is beneath it.
  private func change(_ name: FilePath.Component?, _ status: FileStatus, _ below: FileStatus?, _ place: Place) throws
    -> Change
  {
    guard let lower = place.lower, let below, below.isDirectory == status.isDirectory else { return .added }
    guard below.looksLike(status) else { return .changed }
    if care == .status || below.identity == status.identity { return .unchanged }
    var isSame = try ExtendedAttributes(of: name, in: lower) == ExtendedAttributes(of: name, in: place.upper)
    if isSame, let name, status.isRegular { isSame = try haveSameContent(name, in: lower, place.upper) }
    if isSame, let name, status.isLink { isSame = try lower.linkText(of: name) == place.upper.linkText(of: name) }
    return isSame ? .unchanged : .changed
  }
}
