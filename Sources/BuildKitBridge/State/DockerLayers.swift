import BuildCache
import Foundation
import Glibc
import SystemPackage

/// The layers of a Docker engine with the classic image store, as its BuildKit uses them.
///
/// `snapshots.db` has a bucket a snapshot: its `parent`, its `size` once that was asked for, the folder that it was
/// `committed` to, and the `chainid` of the layer that it became. Layers are in `image/DRIVER/layerdb` by chain id,
/// images in `imagedb`, files in `DRIVER/FOLDER/diff`.
struct DockerLayers: SnapshotStore {
  static let fileName: FilePath.Component = "snapshots.db"

  /// A snapshot.
  private struct Snapshot {
    var size: Int64?
    var committed: String?
    var chainID: Digest?
  }

  let notes: [String]
  let history: Int64?
  private let snapshots: [String: Snapshot]
  private let leaseDatabase: ContainerdDatabase?
  private let blobs: [String: ContainerdDatabase.Blob]
  /// `image/DRIVER`, where it could be found.
  private let images: FilePath?
  /// The folder of the driver's layers.
  private let layers: FilePath?
  /// Chain ids of all layers of all images, each with those beneath it.
  private let imageChains: Set<Digest>

  /// Reads the store.
  ///
  /// - Parameters:
  ///   - folder: Docker's `buildkit` folder.
  ///   - root: Docker's data root.
  /// - Throws: as ``BoltFile/read(_:)``.
  init(_ folder: FilePath, dataRoot root: FilePath) throws {
    var notes: [String] = []
    let read = try BoltFile(path: folder.appending(Self.fileName)).read { transaction in
      var snapshots: [String: Snapshot] = [:]
      try transaction.root.forEach { id, entry in
        guard let bucket = entry.bucket else { return }
        snapshots[String(decoding: id, as: UTF8.self)] = Snapshot(
          size: try bucket.text("size").flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 },
          committed: try bucket.text("committed"),
          chainID: try bucket.text("chainid").flatMap { try? Digest(parsing: $0) })
      }
      return snapshots
    }
    snapshots = read.value
    let file = folder.appending(WorkerFolder.leasesName)
    if StateFolder.kind(of: file) == S_IFREG {
      let database = ContainerdDatabase(file: BoltFile(path: file), namespace: "buildkit")
      let contents = try database.contents()
      (leaseDatabase, blobs) = (database, contents.value.blobs)
      history = try database.history(besides: contents.value)
    } else {
      (leaseDatabase, blobs, history) = (nil, [:], nil)
    }
    if !read.isOfOneMoment { notes.append("a daemon changed its databases while they were read") }
    let driver = Self.driver(in: root)
    images = driver.map { root.appending("image").appending($0) }
    layers = driver.map { root.appending($0) }
    let found = images.map { Self.chains(in: $0) }
    imageChains = found?.chains ?? []
    switch found?.unreadable {
    case nil:
      notes.append("\(root.appending("image")) isn't here or can't be read: which records images share isn't known")
    case 0: break
    case .some(let count):
      notes.append("\(count) images can't be read: which records they share isn't known")
    }
    self.notes = notes
  }

  /// The storage driver: the one whose layers are there.
  private static func driver(in root: FilePath) -> FilePath.Component? {
    let names: [FilePath.Component] = ["overlay2", "fuse-overlayfs", "btrfs", "zfs", "vfs", "overlay", "aufs"]
    return names.first { StateFolder.kind(of: root.appending("image").appending($0).appending("layerdb")) == S_IFDIR }
      ?? names.first { StateFolder.kind(of: root.appending("image").appending($0)) == S_IFDIR }
  }

  private struct Configuration: Decodable {
    struct RootFS: Decodable {
      let diffIDs: [String]?
      enum CodingKeys: String, CodingKey { case diffIDs = "diff_ids" }
    }
    let rootfs: RootFS?
  }

  /// The chain ids of what images stand on: a record's layers are shared where an image begins with them; and how many
  /// images can't be read, or nothing where the folder can't.
  private static func chains(in images: FilePath) -> (chains: Set<Digest>, unreadable: Int?) {
    var chains: Set<Digest> = []
    let folder = images.appending("imagedb/content/sha256")
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.string) else { return ([], nil) }
    var unreadable = 0
    for name in names {
      guard let bytes = try? readFile(folder.appending(name).string, limit: 4 << 20),
        let configuration = try? JSONDecoder().decode(Configuration.self, from: Data(bytes))
      else {
        unreadable += 1
        continue
      }
      var chain: Digest?
      for diffID in configuration.rootfs?.diffIDs ?? [] {
        guard let diffID = try? Digest(parsing: diffID) else { break }
        let next = Digest.chain(diffID, over: chain)
        chains.insert(next)
        chain = next
      }
    }
    return (chains, unreadable)
  }

  /// The layer that a snapshot is.
  private func chainID(of snapshot: SnapshotID) -> Digest? {
    snapshots[snapshot.text]?.chainID ?? (try? Digest(parsing: snapshot.text))
  }

  /// A file of a layer's entry.
  private func layerFile(_ chainID: Digest, _ name: FilePath.Component) -> String? {
    guard let images,
      let bytes = try? readFile(
        images.appending("layerdb").appending(chainID.algorithm).appending(chainID.hex).appending(name).string,
        limit: 4096)
    else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  var hasTrees: Bool { layers.map { StateFolder.kind(of: $0) == S_IFDIR } ?? false }

  func usage(of snapshot: SnapshotID) -> SnapshotUsage {
    if let chainID = chainID(of: snapshot) {
      return layerFile(chainID, "size").flatMap { Int64($0) }.map { .bytes(max(0, $0)) } ?? .unknown
    }
    guard let known = snapshots[snapshot.text] else { return .absent }
    if let size = known.size { return .bytes(size) }
    return tree(of: snapshot).map { .uncounted($0) } ?? .unknown
  }

  func blobSize(_ digest: Digest) -> Int64? { blobs[digest.description]?.size }

  func variants(of digest: Digest) -> [Digest] { [] }

  /// Layers are compared, not blobs.
  var longestImage: Int { 0 }

  func isReferenced(_ record: RecordMetadata, chain: () -> [Digest?]) -> Bool {
    guard let chainID = snapshots[record.id.text]?.chainID ?? chainID(of: record.ownSnapshot) else { return false }
    return imageChains.contains(chainID)
  }

  func tree(of snapshot: SnapshotID) -> SnapshotTree? {
    let name = chainID(of: snapshot).flatMap { layerFile($0, "cache-id") } ?? snapshots[snapshot.text]?.committed
    // Names from a file become one component of a path, or none.
    guard let layers, let component = FilePath.Component(name ?? snapshot.text), component.kind == .regular else {
      return nil
    }
    let folder = layers.appending(component).appending("diff")
    guard StateFolder.kind(of: folder) == S_IFDIR else { return nil }
    return SnapshotTree(folder: folder, countsFileBytes: true)
  }

  func unowned(snapshots owned: some Sequence<SnapshotID>, blobs ownedBlobs: Set<Digest>) -> Int64 {
    let owned = Set(owned)
    var bytes: Int64 = 0
    for (key, snapshot) in snapshots where !owned.contains(SnapshotID(key)) && snapshot.chainID == nil {
      bytes = bytes.addingSaturating(snapshot.size ?? 0)
    }
    for (digest, blob) in blobs where (try? Digest(parsing: digest)).map({ ownedBlobs.contains($0) }) != true {
      bytes = bytes.addingSaturating(blob.size)
    }
    return bytes
  }

  func leases(holding snapshot: SnapshotID, or blob: Digest?) throws -> [String] {
    try leaseDatabase?.leases(holding: snapshot.text, or: blob?.description) ?? []
  }
}
