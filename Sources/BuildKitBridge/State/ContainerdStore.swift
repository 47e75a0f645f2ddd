import BuildCache
import Glibc
import SystemPackage

/// Snapshots and blobs as containerd keeps them, or BuildKit in the same way for itself.
struct ContainerdStore: SnapshotStore {
  /// containerd's own database, in its root.
  static let databasePath: FilePath = "io.containerd.metadata.v1.bolt/meta.db"

  let notes: [String]
  let history: Int64?
  private let database: ContainerdDatabase
  private let contents: ContainerdDatabase.Contents
  private let snapshots: [UInt64: SnapshotterDatabase.Snapshot]
  /// Where the snapshots' folders are, by number.
  private let trees: FilePath
  /// Whether this snapshotter keeps a snapshot's files in a folder `fs` of its folder.
  private let hasInnerFolder: Bool
  /// Whether images and containers are kept there, too.
  private let hasImages: Bool
  private let images: ImageLayers

  /// Reads what BuildKit keeps for itself in a worker's folder.
  ///
  /// - Throws: as ``BoltFile/read(_:)``.
  init?(ownOf folder: FilePath) throws {
    let file = folder.appending(WorkerFolder.leasesName)
    guard StateFolder.kind(of: file) == S_IFREG else { return nil }
    let database = ContainerdDatabase(file: BoltFile(path: file), namespace: "buildkit")
    try self.init(
      database, try database.contents(), snapshotter: folder.appending("snapshots"),
      content: folder.appending("content"), isNative: folder.lastComponent?.string.hasSuffix("-native") == true,
      hasImages: false)
  }

  /// Reads what containerd keeps for BuildKit or Docker.
  ///
  /// - Parameter isOurs: whether a snapshot is one of the records: tells whose namespace it is.
  /// - Throws: as ``BoltFile/read(_:)``.
  init(containerd root: FilePath, snapshotter: String, isOurs: (String) -> Bool) throws {
    let file = BoltFile(path: root.pushing(Self.databasePath))
    var database = ContainerdDatabase(file: file, namespace: "moby")
    var read = try database.contents()
    if !read.value.snapshots.keys.contains(where: isOurs) {
      database = ContainerdDatabase(file: file, namespace: "buildkit")
      read = try database.contents()
    }
    try self.init(
      database, read, snapshotter: root.appending("io.containerd.snapshotter.v1.\(snapshotter)"),
      content: root.appending("io.containerd.content.v1.content"), isNative: snapshotter == "native", hasImages: true)
  }

  private init(
    _ database: ContainerdDatabase, _ read: BoltFile.Result<ContainerdDatabase.Contents>, snapshotter: FilePath,
    content: FilePath, isNative: Bool, hasImages: Bool
  ) throws {
    self.database = database
    var notes: [String] = []
    contents = read.value
    history = try database.history(besides: read.value)
    var isOfOneMoment = read.isOfOneMoment
    let file = snapshotter.appending(SnapshotterDatabase.fileName)
    if StateFolder.kind(of: file) == S_IFREG {
      let read = try SnapshotterDatabase(file: BoltFile(path: file)).snapshots(of: database.namespace)
      snapshots = read.value
      isOfOneMoment = isOfOneMoment && read.isOfOneMoment
    } else {
      snapshots = [:]
      notes.append("\(file) is missing: sizes that the daemon hasn't measured are unknown")
    }
    if !isOfOneMoment { notes.append("a daemon changed its databases while they were read") }
    trees = snapshotter.appending("snapshots")
    hasInnerFolder = !isNative
    self.hasImages = hasImages
    images = hasImages ? ImageLayers(contents, content: content) : ImageLayers()
    self.notes = notes + images.notes
  }

  var hasTrees: Bool { StateFolder.kind(of: trees) == S_IFDIR }

  func usage(of snapshot: SnapshotID) -> SnapshotUsage {
    guard let known = contents.snapshots[snapshot.text] else { return .absent }
    if let size = known.mergeSize { return .bytes(size) }
    guard let own = snapshots[known.number] else { return .unknown }
    if let size = own.size { return .bytes(size) }
    return tree(of: snapshot).map { .uncounted($0) } ?? .unknown
  }

  func blobSize(_ digest: Digest) -> Int64? { contents.blobs[digest.description]?.size }

  func variants(of digest: Digest) -> [Digest] {
    // A compression of a compression is one, too.
    var found: Set<Digest> = []
    var open = [digest]
    while let next = open.popLast() {
      for variant in contents.blobs[next.description]?.variants ?? [] {
        guard let variant = try? Digest(parsing: variant), variant != digest, blobSize(variant) != nil,
          found.insert(variant).inserted
        else { continue }
        open.append(variant)
      }
    }
    return Array(found)
  }

  var longestImage: Int { images.longest }

  func isReferenced(_ record: RecordMetadata, chain: () -> [Digest?]) -> Bool { images.contains(chain) }

  func tree(of snapshot: SnapshotID) -> SnapshotTree? {
    guard let known = contents.snapshots[snapshot.text], let own = snapshots[known.number] else { return nil }
    let folder = trees.appending(String(own.folder))
    let inner = folder.appending("fs")
    guard StateFolder.kind(of: hasInnerFolder ? inner : folder) == S_IFDIR else { return nil }
    return SnapshotTree(folder: hasInnerFolder ? inner : folder, countsFileBytes: false)
  }

  func unowned(snapshots owned: some Sequence<SnapshotID>, blobs: Set<Digest>) -> Int64 {
    // What is no record's there is mostly an image's or a container's.
    if hasImages { return 0 }
    func size(_ snapshot: ContainerdDatabase.Snapshot) -> Int64 {
      snapshot.mergeSize ?? snapshots[snapshot.number]?.size ?? 0
    }
    var isOwned = [Bool](repeating: false, count: contents.snapshots.keys.count)
    var next = 0
    for id in owned {
      guard let place = contents.snapshots.place(of: id.text, expected: next) else { continue }
      isOwned[place] = true
      next = place + 1
    }
    var bytes: Int64 = 0
    for (place, snapshot) in contents.snapshots.values.enumerated() where !isOwned[place] {
      bytes = bytes.addingSaturating(size(snapshot))
    }
    for (digest, blob) in contents.blobs where (try? Digest(parsing: digest)).map({ blobs.contains($0) }) != true {
      bytes = bytes.addingSaturating(blob.size)
    }
    return bytes
  }

  func leases(holding snapshot: SnapshotID, or blob: Digest?) throws -> [String] {
    try database.leases(holding: snapshot.text, or: blob?.description)
  }
}
