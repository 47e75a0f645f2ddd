import BuildCache
import FileTrees
import Programs
import Glibc
import Synchronization
import SystemPackage

/// The embedded ``LayerDiffer``: the system's tar packs what was added and changed, and a whiteout for what went.
public struct TarLayerDiffer: LayerDiffer {
  private let staging: FilePath
  private let progress: @Sendable (Int64) -> Void

  /// Makes a differ.
  ///
  /// - Parameters:
  ///   - staging: an existing folder, its path absolute, for whiteouts and lists, which are removed afterwards.
  ///   - progress: told how many more bytes were packed, before compression.
  public init(staging: FilePath, progress: @escaping @Sendable (Int64) -> Void = { _ in }) {
    self.staging = staging
    self.progress = progress
  }

  /// Packs.
  public func compare(lower: FilePath?, upper: FilePath?, to sink: any BlobSink) async throws
    -> (mediaType: String, diffID: Digest)
  {
    let stage = staging.appending("pack-\(RandomIdentities().newID())")
    try makeFolder(stage)
    defer { try? removeTree(at: stage) }
    let whiteouts = stage.appending("whiteouts")
    let empty = stage.appending("empty")
    for folder in [whiteouts, empty] { try makeFolder(folder) }
    let changes = try LayerChanges(lower: lower, upper: upper ?? empty)
    try changes.makeWhiteouts(in: whiteouts)
    try writeNames(changes.written.map { ($0.isEmpty ? "." : $0).bytes }, to: stage.appending("written"))
    try writeNames(changes.removed.map { whiteout(of: $0).bytes }, to: stage.appending("removed"))
    let tar = Program(
      "tar",
      [
        "--create", "--format=posix", "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
        "--numeric-owner", "--xattrs", "--xattrs-include=*", "--xattrs-exclude=security.selinux",
        "--xattrs-exclude=system.nfs4_acl", "--xattrs-exclude=trusted.overlay.*", "--no-recursion", "--null",
        "--verbatim-files-from",
        "--directory", (upper ?? empty).string, "--files-from", stage.appending("written").string,
        "--directory", whiteouts.string, "--files-from", stage.appending("removed").string, "--file=-",
      ])
    let hasher = Guarded(DigestHasher())
    let progress = progress
    try await Compression.packer.runAsTool { gzip in
      try await tar.runAsTool { _ in
      } taking: { chunk in
        hasher.withLock { $0.update(chunk) }
        progress(Int64(chunk.count))
        try await gzip.write(chunk)
      }
    } taking: { chunk in
      try sink.write(chunk)
    }
    return (OCI.layerType + Compression.packed.suffix, hasher.withLock { $0.finish() })
  }
}

/// What a layer archive has to hold.
private struct LayerChanges {
  /// What was added or changed, folders before what is in them.
  private(set) var written: [FilePath] = []
  /// What went.
  private(set) var removed: [FilePath] = []

  init(lower: FilePath?, upper: FilePath) throws {
    var found: [FilePath?] = []
    var open: [Int] = []
    var removed: [FilePath] = []
    try TreeComparison(lower: lower, upper: upper, care: .content).walk { step in
      switch step {
      case .enter(let path, _, _):
        open.append(found.count)
        found.append(path)
      case .leave(_, _, let change, let differs):
        // Only now is it known whether the folder is wanted: what is in it changed its times, if nothing else.
        guard let place = open.popLast() else { return }
        if change == .unchanged && !differs { found[place] = nil }
      case .entry(let path, let status, let change):
        if change != .unchanged && !status.isSocket { found.append(path) }
      case .removed(let path): removed.append(path)
      }
    }
    written = found.compactMap(\.self)
    self.removed = removed
  }

  /// Makes an empty file for each that went, in folders of their own.
  func makeWhiteouts(in folder: FilePath) throws {
    for path in removed {
      var place = folder
      for component in path.removingLastComponent().components {
        place.append(component)
        if try FileStatus(of: place) == nil { try makeFolder(place) }
      }
      let file = try FileDescriptor.writing(folder.pushing(whiteout(of: path)))
      // Of no time, so that the same trees give the same bytes.
      let times = [timespec(), timespec()]
      try file.closeAfter {
        guard futimens(file.rawValue, times) == 0 else { throw FileError("can't change the times of", folder) }
      }
    }
  }
}

/// Writes names into a file that tar reads them from, each ended by a NUL.
private func writeNames(_ names: [[UInt8]], to file: FilePath) throws {
  try writeFile(names.joined(separator: [0]), to: file)
}

/// The name that stands for something that went.
private func whiteout(of path: FilePath) -> FilePath {
  guard let name = path.lastComponent else { return path }
  let bytes = Array(ArchiveEntry.whiteout.utf8) + FilePath(root: nil, [name]).bytes
  return path.removingLastComponent().pushing(FilePath(bytes: bytes))
}
