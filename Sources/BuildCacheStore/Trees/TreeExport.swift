import BuildCache
import FileTrees
import Glibc
import SystemPackage

extension EmbeddedCache {
  /// Writes a record's tree into a folder, as copies; hard links within the tree stay.
  ///
  /// - Parameters:
  ///   - folder: where to; it is made, or is empty, and is not in the cache.
  ///   - progress: told how many more bytes were copied, and of how many in all.
  /// - Throws: ``CacheError`` `badInput` where the folder holds something, `invalid` where it is in the cache, `storage`,
  ///   and `CancellationError`; the folder is then as it was.
  public func extract(
    _ ref: ImmutableRef, to folder: FilePath, progress: (@Sendable (Int64, Int64) -> Void)? = nil
  ) async throws {
    let tree = try await ref.mount()
    let total = try progress == nil ? 0 : Self.bytes(at: tree)
    try await filling(folder) {
      try DirectorySnapshotter.copyContents(
        of: tree, to: $0, progress: { progress?($0, total) }, steps: self.folder.steps)
    }
  }

  /// Fills a folder that is made, or is empty: what is half written has another name, and what is done is durable.
  ///
  /// - Parameter fill: writes into the folder that it is given.
  func filling(_ folder: FilePath, mode: mode_t = 0o700, _ fill: (FilePath) async throws -> Void) async throws {
    guard try !folder.lies(in: root) else {
      throw CacheError(.invalid, "\(folder) is in the cache \(root), which is no place to write to")
    }
    let isNew = try FileStatus(of: folder) == nil
    guard try isNew || names(in: folder).allSatisfy(Self.isAside) else {
      throw CacheError(.badInput, "\(folder) is not empty")
    }
    let name = FilePath.Component(".strata-\(RandomIdentities().newID())") ?? "."
    let part = isNew ? folder.removingLastComponent().appending(name) : folder.appending(name)
    try makeFolder(part, mode: mode)
    do {
      try await fill(part)
      try self.folder.steps.pass("sync") { try synchronizeAll(under: part) }
      try Task.checkCancellation()
      try self.folder.steps.pass("naming") {
        if isNew { try Self.name(part, folder) } else { try Self.moveContents(of: part, to: folder) }
      }
    } catch {
      try? removeTree(at: part)
      throw error
    }
  }

  /// What ``looking(at:makingIn:maxUnpacked:progress:logger:_:)`` makes, which is gone in the end.
  private static func isAside(_ name: FilePath.Component) -> Bool {
    name.string.hasPrefix(".strata-") && RandomIdentities.isID(name.string.dropFirst(".strata-".count))
  }

  private static func name(_ part: FilePath, _ folder: FilePath) throws {
    guard part.withPlatformString({ part in folder.withPlatformString { rename(part, $0) } }) == 0 else {
      throw FileError("can't make folder", folder)
    }
    try synchronize(folder: folder.removingLastComponent().isEmpty ? "." : folder.removingLastComponent())
  }

  /// Moves what is whole up into a folder that is there already, and may be somebody's working folder.
  private static func moveContents(of part: FilePath, to folder: FilePath) throws {
    let (from, to) = (try Folder(part), try Folder(folder))
    let look = try Look(from.status(), of: nil, in: from)
    if !isRoot { try from.setPermissions(0o700, of: nil) }
    var moved: [FilePath] = []
    do {
      for name in try from.names() {
        guard to.move(name, from: from, to: name) else { throw to.error("can't move here", name) }
        moved.append(folder.appending(name))
      }
      try removeTree(at: part)
      try look.dress(nil, in: to)
      try synchronize(folder: folder)
    } catch {
      for path in moved { try? removeTree(at: path) }
      throw error
    }
  }

  /// What a record's tree holds at a path: names with the bytes of all beneath, the largest first.
  ///
  /// - Parameter path: a folder or file in the tree; links on the way are followed inside the tree.
  /// - Throws: ``CacheError`` `notFound` where there is no such path.
  /// - Complexity: a walk of all beneath the path.
  public func files(of ref: ImmutableRef, at path: FilePath = FilePath()) async throws -> [TreeFile] {
    try TreeFile.list(in: try await ref.mount(), of: ref.id, at: path)
  }

  /// The bytes of a file, or of all files in a folder.
  public static func bytes(at path: FilePath) throws -> Int64 {
    var bytes: Int64 = 0
    let status = try FileStatus(following: path)
    guard status.isDirectory else { return status.length }
    try TreeComparison(lower: nil, upper: path, care: .status).walk { step in
      if case .entry(_, let status, _) = step, status.isRegular { bytes += status.length }
    }
    return bytes
  }
}
