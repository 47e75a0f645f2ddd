import Glibc
import SystemPackage

/// Walks a tree beside the one beneath it and tells what differs.
///
/// One walk serves all that has to know: what a layer adds in bytes, what a merge applies, what may be shared.
struct TreeComparison {
  /// How a name stands to the tree beneath.
  enum Change {
    /// Only the upper tree has it, or as something else than the lower.
    case added
    /// Both have it, and it differs; a folder: in its own mode or owner.
    case changed
    /// It is the same in both; a folder: itself, its content may differ.
    case unchanged
  }

  /// What the walk comes by, in the order of names; paths are relative to the trees' tops.
  enum Step {
    /// A folder, before what is in it.
    case enter(FilePath, FileStatus, Change)
    /// The folder again, after what is in it; whether anything in it differed, at any depth.
    case leave(FilePath, FileStatus, Change, differs: Bool)
    /// Anything that is no folder.
    case entry(FilePath, FileStatus, Change)
    /// Only the lower tree has it, with all that is in it.
    case removed(FilePath)
  }

  /// How closely two names are looked at.
  enum Care {
    /// By status: quick, and blind to a file that was written anew with the time and size of the old one.
    case status
    /// By content and attributes too, where they are not one file anyway.
    case content
  }

  /// The tree beneath; absent: an empty one.
  let lower: FilePath?
  /// The tree that is walked.
  let upper: FilePath
  /// How closely they are compared.
  let care: Care
  /// A folder of the upper tree that is passed over.
  var leavingOut: FileIdentity?

  /// Walks.
  ///
  /// - Throws: ``CacheError`` `storage` naming what can't be read, `CancellationError`, and what `visit` throws.
  /// - Complexity: O(names in both), and as deep a stack as the tree is.
  func walk(_ visit: (Step) throws -> Void) throws {
    guard let top = try FileStatus(of: upper), top.isDirectory else {
      throw FileError("can't walk", upper, ENOTDIR)
    }
    let below = try lower.flatMap { try FileStatus(of: $0) }
    _ = try walk(FilePath(), top, below, visit)
  }

  private func walk(
    _ path: FilePath, _ status: FileStatus, _ below: FileStatus?, _ visit: (Step) throws -> Void
  ) throws -> Bool {
    try Task.checkCancellation()
    let isOverFolder = below?.isDirectory == true
    let change = try self.change(path, status, below)
    try visit(.enter(path, status, change))
    var differs = false
    var beneath = try isOverFolder ? lower.map { try names(in: $0.pushing(path)) } ?? [] : []
    beneath.reverse()  // popped from its end
    for name in try names(in: upper.pushing(path)) {
      while let next = beneath.last, compare(next, name) < 0 {
        try visit(.removed(path.appending(next)))
        beneath.removeLast()
        differs = true
      }
      let isInBoth = beneath.last == name
      if isInBoth { beneath.removeLast() }
      differs = try visitName(path.appending(name), isInBoth: isInBoth, visit) || differs
    }
    for name in beneath.reversed() {
      try visit(.removed(path.appending(name)))
      differs = true
    }
    try visit(.leave(path, status, change, differs: differs))
    return differs || change != .unchanged
  }

  private func visitName(_ path: FilePath, isInBoth: Bool, _ visit: (Step) throws -> Void) throws -> Bool {
    guard let status = try FileStatus(of: upper.pushing(path)), status.identity != leavingOut else { return false }
    let below = try isInBoth ? lower.flatMap { try FileStatus(of: $0.pushing(path)) } : nil
    if status.isDirectory { return try walk(path, status, below, visit) }
    let change = try self.change(path, status, below)
    try visit(.entry(path, status, change))
    return change != .unchanged
  }

  private func change(_ path: FilePath, _ status: FileStatus, _ below: FileStatus?) throws -> Change {
    guard let lower, let below, below.isDirectory == status.isDirectory else { return .added }
    guard below.looksLike(status) else { return .changed }
    if care == .status || below.identity == status.identity { return .unchanged }
    let (old, new) = (lower.pushing(path), upper.pushing(path))
    let isSame =
      try ExtendedAttributes(of: old) == ExtendedAttributes(of: new)
      && (!status.isRegular || haveSameContent(old, new)) && (!status.isLink || linkText(of: old) == linkText(of: new))
    return isSame ? .unchanged : .changed
  }
}
