import BuildCache
import Synchronization
import SystemPackage

/// The embedded ``LayerApplier``: the system's tar unpacks into an empty folder beside the tree, from where each entry
/// is brought to its place.
///
/// Tar meets nothing of the tree, so no link of a lower layer can lead it anywhere. Where an archive writes through
/// links of its own, or has a hard link to what only a lower layer has, tar is run again without all links.
public final class TarLayerApplier: LayerApplier {
  private let room: Guarded<Int64>
  private let progress: @Sendable (Int64) -> Void

  /// Makes an applier.
  ///
  /// - Parameters:
  ///   - maxUnpacked: the bytes that all layers together may have before compression; absent: no limit.
  ///   - progress: told how many more bytes were unpacked.
  public init(maxUnpacked: Int64? = nil, progress: @escaping @Sendable (Int64) -> Void = { _ in }) {
    room = Guarded(maxUnpacked ?? .max)
    self.progress = progress
  }

  /// Unpacks a layer.
  public func apply(_ blob: BlobDescriptor, from file: FilePath, onto folder: FilePath) async throws -> [LayerRemoval] {
    let diffID = try blob.diffID()
    let stage = FilePath(folder.string + ".unpack")
    defer { try? removeTree(at: stage) }
    let entries = try await unpack(file, diffID, into: stage)
    var placer = LayerPlacer(onto: folder, from: stage)
    return try placer.place(entries)
  }

  /// Unpacks into the stage, if need be without links.
  private func unpack(_ file: FilePath, _ diffID: Digest, into stage: FilePath) async throws -> [ArchiveEntry] {
    let run = TarRun(file, diffID, stage)
    let failure = await Result { try await run.unpack { self.takeRoom(for: $0) } }
    let entries = try run.entries()
    if case .failure(let error) = failure, error is TarRun.NoRoom {
      throw CacheError(
        .badArchive,
        "entry \(entries.last?.name ?? "(the first)") makes the layers larger than allowed when unpacked")
    }
    if let device = entries.first(where: { $0.kind == .device }), !isRoot {
      throw CacheError(.badArchive, "entry \(device.name) is a device, which only root may make")
    }
    guard Self.needsTarWithoutLinks(entries) else {
      try failure.get()
      return entries
    }
    let others = entries.filter { !$0.isLink }
    try removeTree(at: stage)
    // Tar takes a list of no names for one of all.
    if others.isEmpty {
      try makeFolder(stage)
    } else {
      try await TarRun(file, diffID, stage, only: others).unpack { $0 }
    }
    return entries
  }

  /// How many of the next bytes may still be unpacked.
  private func takeRoom(for count: Int) -> Int {
    let allowed = room.withLock { room in
      let allowed = min(room, Int64(count))
      room -= allowed
      return Int(allowed)
    }
    progress(Int64(allowed))
    return allowed
  }

  private static func needsTarWithoutLinks(_ entries: [ArchiveEntry]) -> Bool {
    let links = Set(entries.filter(\.isLink).map(\.path))
    guard !links.isEmpty else { return false }
    let others = Set(entries.filter { !$0.isLink }.map(\.path))
    return entries.contains { entry in
      if case .hardLink(let target) = entry.kind, !others.contains(target) { return true }
      var above = entry.path
      while above.removeLastComponent(), !above.isEmpty {
        if links.contains(above) { return true }
      }
      return false
    }
  }
}

/// One run of tar over a layer archive.
private final class TarRun: Sendable {
  private let file: FilePath
  private let diffID: Digest
  private let stage: FilePath
  private let only: [ArchiveEntry]?
  private let listing = Guarded<[UInt8]>([])
  private let hasher = Guarded(DigestHasher())
  private let hasEnded = Guarded(false)

  /// No more may be unpacked.
  struct NoRoom: Error {}

  init(_ file: FilePath, _ diffID: Digest, _ stage: FilePath, only: [ArchiveEntry]? = nil) {
    self.file = file
    self.diffID = diffID
    self.stage = stage
    self.only = only
  }

  /// Unpacks into the stage, which is emptied first.
  ///
  /// - Parameter allow: told how many bytes come next, says how many of them may be unpacked.
  func unpack(_ allow: @escaping @Sendable (Int) -> Int) async throws {
    try removeTree(at: stage)
    try makeFolder(stage)
    let names = FilePath(stage.string + ".names")
    defer { try? removeTree(at: names) }
    try await Tool("tar", try arguments(names)).run(failingWith: .badArchive) { input in
      try await Compression(of: self.file).read(self.file) { chunk in
        self.hasher.withLock { $0.update(chunk) }
        guard !self.hasEnded.withLock({ $0 }) else { return }
        let allowed = allow(chunk.count)
        do {
          try await input.write(allowed == chunk.count ? chunk : Array(chunk[..<allowed]))
        } catch is Tool.EndOfInput {
          // Tar stops at the archive's end mark; the digest is that of all bytes.
          self.hasEnded.withLock { $0 = true }
        }
        if allowed < chunk.count { throw NoRoom() }
      }
    } taking: { chunk in
      self.listing.withLock { $0 += chunk }
    }
    let digest = hasher.withLock { $0.finish() }
    guard digest == diffID || diffID.algorithm != digest.algorithm else {
      throw CacheError(.badDigest, "layer \(file.lastComponent?.string ?? "") unpacks to \(digest), not to \(diffID)")
    }
  }

  private func arguments(_ names: FilePath) throws -> [String] {
    var arguments = [
      "--extract", "--verbose", "--verbose", "--quoting-style=c", "--full-time", "--numeric-owner", "--xattrs",
      "--xattrs-include=*", "--preserve-permissions", "--delay-directory-restore", "--directory", stage.string,
    ]
    if isRoot { arguments.append("--same-owner") }
    guard let only else { return arguments + ["--file=-"] }
    try writeNames(only.map(\.storedName), to: names)
    return arguments + [
      "--null", "--verbatim-files-from", "--no-wildcards", "--no-recursion", "--files-from", names.string, "--file=-",
    ]
  }

  /// What tar listed, in the archive's order; a line that was cut off is left out.
  func entries() throws -> [ArchiveEntry] {
    let text = listing.withLock { String(decoding: $0, as: UTF8.self) }
    guard let end = text.lastIndex(of: "\n") else { return [] }
    // Folders that no entry names are told of too.
    return try text[..<end].split(separator: "\n").filter { !$0.contains(/^\S+ +Creating directory: "/) }
      .map { try ArchiveEntry($0) }
  }
}

/// Writes names into a file that tar reads them from, each ended by a NUL.
func writeNames(_ names: [[UInt8]], to file: FilePath) throws {
  let descriptor = try FileDescriptor.writing(file)
  try descriptor.closeAfter { _ = try descriptor.writeAll(names.joined(separator: [0])) }
}

extension Result where Failure == any Error {
  fileprivate init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
