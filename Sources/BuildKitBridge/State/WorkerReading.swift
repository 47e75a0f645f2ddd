import BuildCache
import CacheReport
import FileTrees
import SystemPackage

/// One look at the cache of a worker.
struct WorkerReading: Sendable {
  let folder: WorkerFolder
  /// The daemon that runs on it.
  let holder: FolderHolder?
  /// How old that is.
  let era: DaemonEra
  /// What lies under its records, where that is here.
  let store: (any SnapshotStore)?
  /// Its records as they are listed.
  let state: CacheState
  /// Both halves of each equal pair, either way.
  let halves: [RecordID: RecordID]
  /// Bytes that no record owns.
  let unowned: Int64
  /// What has to be known, in sentences.
  let notes: [String]

  /// Looks.
  ///
  /// - Throws: as ``BoltFile/read(_:)``; `CancellationError`.
  init(_ folder: WorkerFolder) async throws {
    self.folder = folder
    let file = folder.metadata.file.path
    holder = FolderHolder(of: file)
    let own: (any SnapshotStore)?
    let read: BoltFile.Result<MetadataDatabase.Contents>
    switch folder.store {
    case .own:
      async let store = ContainerdStore(ownOf: folder.folder)
      read = try folder.metadata.contents()
      own = try await store
    case .dockerLayers(let root):
      async let store = DockerLayers(folder.folder, dataRoot: root)
      read = try folder.metadata.contents()
      own = try await store
    case .containerd(let root, let snapshotter):
      read = try folder.metadata.contents()
      let snapshots = Set(read.value.records.lazy.map(\.metadata.ownSnapshot.text))
      own = try root.map {
        try ContainerdStore(containerd: $0, snapshotter: snapshotter, isOurs: { snapshots.contains($0) })
      }
    }
    store = own
    era = folder.era(of: read.value.records, over: own)
    let listing = DaemonListing(read.value, store: own)
    let counted = try await sideBySide(listing.uncounted.count) { number -> Int64? in
      do { return try listing.uncounted[number].tree.bytes() } catch let error as CacheError {
        _ = error
        return nil
      }
    }
    var rows = listing.rows
    var uncountable = 0
    for (uncounted, bytes) in zip(listing.uncounted, counted) {
      guard let bytes else { uncountable += 1; continue }
      rows[uncounted.row].size = bytes.addingSaturating(uncounted.blobs)
      rows[uncounted.row].hasKnownSize = true
    }
    state = CacheState(rows: rows, parents: listing.parents, absentParents: listing.absentParents)
    halves = listing.pairs
    unowned = listing.unowned
    var notes = listing.notes
    if uncountable > 0 { notes.append("the trees of \(uncountable) records can't be read: their sizes aren't known") }
    if own == nil { notes.append(Self.missingStore(folder)) }
    if !read.isOfOneMoment {
      notes.append("\(file) changed while it was read: what is listed may not be of one moment")
    }
    if let holder { notes.append(holder.words) }
    self.notes = notes
  }

  private static func missingStore(_ folder: WorkerFolder) -> String {
    switch folder.store {
    case .own:
      "\(folder.folder.appending(WorkerFolder.leasesName)) is missing: which records are lazy, and who shares them, "
        + "isn't known"
    case .dockerLayers, .containerd:
      "containerd's folder isn't found beside \(folder.folder): which records are lazy or shared isn't known"
    }
  }

  /// All that is known of a record beside its row.
  ///
  /// - Throws: ``CacheError`` `notFound` where it is gone; as ``BoltFile/read(_:)``.
  func details(of id: RecordID) throws -> RecordDetails {
    guard let record = try folder.metadata.record(id) else { throw CacheError(.notFound, "no record \(id)") }
    let snapshot = record.metadata.ownSnapshot
    let row = state.index(of: id)
    var details = RecordDetails(
      metadata: record.metadata, refCount: row.map { state.childCount(of: $0) } ?? 0, isHeld: false,
      isLazy: row.map { state.rows[$0].isLazy } ?? false, equalHalf: halves[id],
      folder: store?.tree(of: snapshot)?.folder,
      leases: try store?.leases(holding: snapshot, or: record.metadata.blob?.digest) ?? [], tags: [])
    details.cacheMount = CacheMount(description: record.metadata.description, key: record.cacheMount)
    return details
  }

  /// What a record's tree holds.
  ///
  /// - Throws: ``CacheError`` `notFound` where there is no such record or path, `storage` where its tree isn't here.
  func files(of id: RecordID, at path: FilePath) throws -> [TreeFile] {
    guard let record = try folder.metadata.record(id) else { throw CacheError(.notFound, "no record \(id)") }
    guard let tree = store?.tree(of: record.metadata.ownSnapshot) else {
      throw CacheError(
        .storage, "the tree of record \(id) isn't here: it was never unpacked, or this is a copy of the databases")
    }
    return try TreeFile.list(in: tree.folder, of: id, at: path, asLayer: true)
  }
}

extension FolderHolder {
  /// Who runs on the folder, in a sentence.
  fileprivate var words: String {
    let who = process.map { "process \($0)" } ?? "a daemon"
    let since = started.map { ", since \($0.text)," } ?? ""
    return "\(who)\(since) runs on this folder; what it has in use is unknown here"
  }
}
