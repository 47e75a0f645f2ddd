import Synchronization
import SystemPackage

extension CacheManager {
  /// How far ``verify(deep:progress:)`` has come.
  public struct VerifyProgress: Sendable, Equatable {
    /// Trees and blobs that were looked at.
    public var done: Int
    /// Of how many.
    public var total: Int
  }

  /// Checks every invariant of what is stored against what is on the disk; nothing is changed.
  ///
  /// What is stored is read in one transaction. Beside a writer the disk may be ahead of that: what looks broken is looked
  /// at once more, and only what is broken still is told.
  ///
  /// - Parameters:
  ///   - deep: whether the contents of trees and blobs are read; otherwise names, kinds, owners, sizes and times are
  ///     compared.
  ///   - progress: called now and then.
  /// - Returns: what is not as it should be; of a cache that was closed in peace, nothing.
  /// - Throws: ``CacheError`` where the store can't be read at all, `CancellationError`.
  /// - Complexity: O(records, snapshots, leases and names in trees), and a read of all there is if `deep`.
  public func verify(deep: Bool = false, progress: @escaping @Sendable (VerifyProgress) -> Void = { _ in })
    async throws -> [Finding]
  {
    let first = try await examine(deep: deep, progress)
    guard first.findings.contains(where: { $0.severity == .broken }), try first.isOutdated(store) else {
      return first.findings
    }
    let again = Set(try await examine(deep: deep, progress).findings)
    return first.findings.filter(again.contains)
  }

  /// One look at all there is.
  struct Examination {
    var inspection: StoreInspection
    var checker: StoreChecker
    /// Snapshots whose trees are not what they were.
    var damagedTrees: Set<SnapshotID> = []
    /// Blobs that have other bytes than their name says.
    var damagedBlobs: Set<Digest> = []
    var findings: [Finding]

    /// Whether a writer was at work meanwhile.
    func isOutdated(_ store: any MetadataStore) throws -> Bool {
      let now = try store.inspect()
      return now.snapshots != inspection.snapshots || now.leases != inspection.leases
        || now.contents.numbers != inspection.contents.numbers
    }
  }

  func examine(deep: Bool, _ progress: @escaping @Sendable (VerifyProgress) -> Void) async throws -> Examination {
    let inspection = try store.inspect()
    let (trees, blobs) = (Set(try snapshotter.trees()), Set(try content.digests()))
    let checker = StoreChecker(inspection, trees: trees, blobs: blobs)
    var examination = Examination(inspection: inspection, checker: checker, findings: checker.findings)
    let inUse = state.withLock { $0.records.values.filter { $0.refCount < 0 || $0.useCount > $0.refCount }.map(\.id) }
    examination.findings += inUse.sorted().map { Finding(.broken, "record \($0) has lost count of its refs") }
    for lost in try dependencies.lost?.records() ?? [] {
      examination.findings.append(Finding(.unfinished, "record \(lost.id) is kept aside as lost: \(lost.reason)"))
    }
    let sealed = inspection.snapshots.values.filter { $0.kind == .committed && trees.contains($0.tree) }
      .sorted { $0.id < $1.id }
    let sizes = Dictionary(
      inspection.contents.records.compactMap { record in
        record.metadata.blob.flatMap { blob in blob.digest.map { ($0, blob.size) } }
      }
    ) { first, _ in first }
    let total = sealed.count + blobs.count
    var done = 0
    func tell() {
      done += 1
      if done % 256 == 0 || done == total || deep { progress(VerifyProgress(done: done, total: total)) }
    }
    for snapshot in sealed {
      try Task.checkCancellation()
      defer { tell() }
      guard let seal = snapshot.seal else { continue }
      let parent = snapshot.parent.flatMap { inspection.snapshots[$0] }?.tree
      guard let damage = try await snapshotter.damage(of: snapshot.tree, over: parent, seal, deep: deep) else {
        continue
      }
      examination.damagedTrees.insert(snapshot.id)
      examination.findings.append(
        Finding(.broken, "tree \(snapshot.tree) of snapshot \(snapshot.id) is damaged: \(damage)"))
    }
    for digest in blobs.sorted() {
      try Task.checkCancellation()
      defer { tell() }
      guard let damage = try content.damage(of: digest, size: sizes[digest], deep: deep) else { continue }
      examination.damagedBlobs.insert(digest)
      examination.findings.append(Finding(.broken, "blob \(digest) is damaged: \(damage)"))
    }
    return examination
  }
}

extension ContentStore {
  /// What is wrong with a blob, as far as that can be told: only SHA-256 is worked out here.
  fileprivate func damage(of digest: Digest, size: Int64?, deep: Bool) throws -> String? {
    guard let found = try self.size(of: digest) else { return nil }  // it went meanwhile
    if let size, found != size { return "it has \(found) bytes, not \(size)" }
    if found == 0 && digest != Digest(of: "".utf8) { return "it is empty" }
    guard deep, digest.algorithm == "sha256" else { return nil }
    let file = try FileDescriptor.open(file(of: digest), .readOnly, options: [.closeOnExec, .noFollow, .nonBlocking])
    return try file.closeAfter {
      var hasher = DigestHasher()
      var chunk = [UInt8](repeating: 0, count: 1 << 18)
      while true {
        try Task.checkCancellation()
        let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
        if count == 0 { return hasher.finish() == digest ? nil : "it has other bytes than its name says" }
        hasher.update(count == chunk.count ? chunk : Array(chunk[..<count]))
      }
    }
  }
}
