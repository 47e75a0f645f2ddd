import BuildCache
import FileTrees
import Glibc
import SystemPackage

/// Works out what is in a tree, for its seal and for those who ask later whether that is still so.
struct TreeSealing {
  private(set) var usage = UsageCount()
  private var entries: Int64 = 0
  private var bytes: Int64 = 0
  private var listing = DigestHasher()
  private var times = DigestHasher()
  private var contents = DigestHasher()
  /// One for all files: to get and clear one for each would cost more than to read most of them.
  private var chunk = [UInt8](repeating: 0, count: 1 << 16)

  /// What is in a tree, by names and status alone: quick.
  static func listing(of tree: FilePath) throws -> TreeSeal {
    var sealing = TreeSealing()
    try TreeComparison(lower: nil, upper: tree, care: .status).walk { step, place in
      try sealing.list(step, place)
    }
    return sealing.seal
  }

  /// The same with contents: of what is the same in the parent's tree, that tree's seal tells.
  ///
  /// Two trees are compared by content whether or not they share their files, so that sharing changes nothing here.
  static func all(of tree: FilePath, over parent: FilePath?) throws -> TreeSealing {
    var sealing = TreeSealing()
    try TreeComparison(lower: parent, upper: tree, care: .content).walk { step, place in
      sealing.usage.count(step)
      try sealing.list(step, place)
      guard case .entry(let path, let status, let change) = step, change != .unchanged, status.isRegular,
        let name = path.lastComponent, try !isHeld(name, status, place)
      else { return }
      sealing.contents.update(path.bytes + [0])
      if status.length > 0 { try sealing.read(name, in: place.upper) }
    }
    return sealing
  }

  var seal: TreeSeal {
    TreeSeal(
      entries: entries, bytes: bytes, listing: listing.finish(), times: times.finish(), contents: contents.finish())
  }

  /// Whether the parent's tree has a file's content at the same path, whatever their times.
  private static func isHeld(_ name: FilePath.Component, _ status: FileStatus, _ place: TreeComparison.Place) throws
    -> Bool
  {
    guard let lower = place.lower, let below = try lower.status(of: name), below.isRegular,
      below.length == status.length
    else { return false }
    return try below.identity == status.identity || haveSameContent(name, in: place.upper, lower)
  }

  private mutating func list(_ step: TreeComparison.ComparisonStep, _ place: TreeComparison.Place) throws {
    switch step {
    case .enter(let path, let status, _): list(path, status, link: nil)
    case .entry(let path, let status, _):
      let link = try path.lastComponent.flatMap { status.isLink ? try place.upper.linkText(of: $0) : nil }
      list(path, status, link: link)
    case .leave, .removed: break
    }
  }

  private mutating func list(_ path: FilePath, _ status: FileStatus, link: [CChar]?) {
    entries += 1
    if status.isRegular { bytes = bytes.addingSaturating(status.length) }
    let raw = status.raw
    let numbers = [
      Int64(raw.st_mode), Int64(raw.st_uid), Int64(raw.st_gid), status.isRegular ? status.length : 0,
      status.isDevice ? Int64(bitPattern: UInt64(raw.st_rdev)) : 0,
    ]
    listing.update(path.bytes + [0])
    listing.update(numbers.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) })
    times.update(
      [Int64(raw.st_mtim.tv_sec), Int64(raw.st_mtim.tv_nsec)].flatMap {
        withUnsafeBytes(of: $0.littleEndian, Array.init)
      })
    if let link { listing.update(link.map { UInt8(bitPattern: $0) }) }
  }

  private mutating func read(_ name: FilePath.Component, in folder: Folder) throws {
    let file = try folder.openFile(name)
    try file.closeAfter {
      while true {
        try Task.checkCancellation()
        let count: Int
        do { count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) } } catch {
          throw CacheError(.storage, "can't read \(folder.path.appending(name))", of: error)
        }
        chunk.withUnsafeBytes { contents.update($0[..<count]) }
        if count < chunk.count { return }  // a regular file is read in full as far as it goes
      }
    }
  }
}

/// Counts what overlayfs would store for a tree: all that differs from the parent, with the folders on the way to it.
///
/// Whole blocks are counted, a file with several names once. A folder that is only passed through counts one block of
/// 4 KiB, however many names of the parent's it lists here.
struct UsageCount {
  private(set) var bytes: Int64 = 0
  private var counted: Set<FileIdentity> = []

  mutating func count(_ step: TreeComparison.ComparisonStep) {
    switch step {
    case .entry(_, let status, let change) where change != .unchanged:
      if !status.hasOtherNames || counted.insert(status.identity).inserted {
        bytes = bytes.addingSaturating(status.bytes)
      }
    case .leave(let path, let status, let change, let differs):
      if change == .added {
        bytes = bytes.addingSaturating(status.bytes)
      } else if differs || change == .changed || path.isEmpty {
        bytes = bytes.addingSaturating(min(status.bytes, 4096))
      }
    default: break
    }
  }
}
