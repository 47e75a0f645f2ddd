import BuildCache
import CacheReport
import FileTrees
import Glibc
import SystemPackage

/// The folder of a daemon that holds build caches: which caches there are in it, found by their databases.
///
/// It may be `buildkitd`'s root, one worker's folder, a Docker engine's data root, its `buildkit` folder, or a copy of any
/// of these. Looking at it takes no lock and makes nothing.
struct StateFolder {
  let path: FilePath
  /// What else has to be known of it, in sentences.
  let notes: [String]
  /// The caches in it, by name.
  let workers: [WorkerFolder]

  /// Finds the caches.
  ///
  /// - Throws: ``CacheError``: `storage` where the folder can't be read, `badInput` where it holds none.
  init(_ path: FilePath) throws {
    // The database itself means its folder.
    let isDatabase = path.lastComponent == MetadataDatabase.fileName && Self.kind(of: path) == S_IFREG
    let path = isDatabase ? path.removingLastComponent().pushing(".") : path
    self.path = path
    let found = try Self.caches(in: path)
    workers = try found.caches.map { try WorkerFolder($0) }
    notes = Self.builders(in: path).map { "a builder in a container has a cache of its own: --buildkit-root \($0)" }
    guard !workers.isEmpty else {
      if let forbidden = found.forbidden {
        throw CacheError(
          .storage, "\(path) holds no cache of BuildKit or Docker, as far as it may be looked into",
          cause: "\(forbidden): \(String(cString: strerror(EACCES)))" + Self.forbiddenHint)
      }
      throw CacheError(
        .badInput,
        "\(path) is no folder of BuildKit or Docker: neither it, nor a folder in it, nor its buildkit folder holds "
          + "\(MetadataDatabase.fileName)")
    }
  }

  /// The files of all bolt databases that a daemon keeps of caches: records, leases, solver cache and history.
  static func databases(of workers: [WorkerFolder]) -> BoltFile.Extent {
    let shared: [FilePath] = ["cache.db", "history.db", "history_c8d.db"]
    let own: [FilePath] = [
      FilePath(root: nil, [MetadataDatabase.fileName]), FilePath(root: nil, [WorkerFolder.leasesName]),
      FilePath(root: nil, [DockerLayers.fileName]), "snapshots/metadata.db",
    ]
    let files = workers.flatMap { worker in
      (own + shared).map(worker.folder.pushing) + shared.map(worker.folder.appending("..").pushing)
    }
    var seen: Set<FileIdentity> = []
    var sum = BoltFile.Extent(bytes: 0, free: 0)
    for file in files {
      guard let status = try? FileStatus(of: file), status.isRegular, seen.insert(status.identity).inserted,
        let extent = try? BoltFile(path: file).extent()
      else { continue }
      sum.bytes = sum.bytes.addingSaturating(extent.bytes)
      sum.free = extent.free.flatMap { free in sum.free?.addingSaturating(free) }
    }
    return sum
  }

  /// The folders of caches in a daemon's folder, and the first that may not be looked into.
  private static func caches(in path: FilePath) throws -> (caches: [FilePath], forbidden: FilePath?) {
    var places = [path] + (try folders(in: path))
    // A Docker engine's data root.
    let inside = path.appending("buildkit")
    if kind(of: inside) == S_IFDIR { places += try folders(in: inside) }
    func database(_ place: FilePath) -> FilePath { place.appending(MetadataDatabase.fileName) }
    return (places.filter { kind(of: database($0)) == S_IFREG }, places.first { isForbidden(database($0)) })
  }

  /// Builders that run in containers of a Docker engine: each has a volume with a folder of its own.
  private static func builders(in dataRoot: FilePath) -> [FilePath] {
    let volumes = (try? folders(in: dataRoot.appending("volumes"))) ?? []
    return volumes.filter { $0.lastComponent?.string.hasPrefix("buildx_buildkit_") == true }
      .map { $0.appending("_data") }.filter { (try? caches(in: $0))?.caches.isEmpty == false }
  }

  /// The folders in a folder, by name.
  private static func folders(in path: FilePath) throws -> [FilePath] {
    guard let stream = opendir(path.string) else {
      let hint = errno == EACCES || errno == EPERM ? forbiddenHint : ""
      throw CacheError(.storage, "can't read \(path)", cause: String(cString: strerror(errno)) + hint)
    }
    defer { closedir(stream) }
    var folders: [FilePath] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { FilePath(platformString: $0) }
      }
      guard let component = name.lastComponent, component.kind == .regular else { continue }
      let folder = path.appending(component)
      if kind(of: folder) == S_IFDIR { folders.append(folder) }
    }
    return folders.sorted { $0.string < $1.string }
  }

  /// What to do where it may not be read.
  static let forbiddenHint = "; a daemon's folder belongs to root: run it with sudo, or read a copy"

  /// Whether a folder on the way to a path may not be searched.
  private static func isForbidden(_ path: FilePath) -> Bool {
    var status = stat()
    return path.withPlatformString { stat($0, &status) == 0 ? 0 : errno } == EACCES
  }

  /// What a path leads to; 0 where it leads nowhere.
  static func kind(of path: FilePath) -> mode_t {
    var status = stat()
    return path.withPlatformString { stat($0, &status) } == 0 ? status.st_mode & S_IFMT : 0
  }
}

/// The folder of one build cache in a daemon's folder.
struct WorkerFolder {
  /// Where its trees are.
  enum Store {
    /// Beside its records: a daemon of its own.
    case own
    /// In the layers of a Docker engine with the classic image store, whose data root this is.
    case dockerLayers(FilePath)
    /// In containerd's root, where that could be found, by a snapshotter.
    case containerd(FilePath?, snapshotter: String)
  }

  /// What it is called: its folder's name.
  let name: String
  let folder: FilePath
  let store: Store

  init(_ folder: FilePath) throws {
    self.folder = folder
    // Of a relative path that ends in dots, too.
    let real = folder.withPlatformString { path -> String in
      guard let resolved = realpath(path, nil) else { return folder.string }
      defer { free(resolved) }
      return String(cString: resolved)
    }
    let place = FilePath(real)
    name = place.lastComponent?.string ?? real
    let above = place.removingLastComponent()
    if StateFolder.kind(of: place.appending(DockerLayers.fileName)) == S_IFREG {
      store = .dockerLayers(above)
    } else if StateFolder.kind(of: place.appending(Self.leasesName)) == S_IFREG
      || StateFolder.kind(of: place.appending("snapshots")) == S_IFDIR || !name.hasPrefix("containerd-")
    {
      store = .own
    } else {
      // Started by dockerd, beside Docker's folder, beside buildkitd's.
      let root = [
        above.removingLastComponent().appending("containerd/daemon"),
        above.removingLastComponent().removingLastComponent().appending("containerd"),
        above.removingLastComponent().appending("containerd"),
      ].first { StateFolder.kind(of: $0.pushing(ContainerdStore.databasePath)) == S_IFREG }
      store = .containerd(root, snapshotter: String(name.dropFirst("containerd-".count)))
    }
  }

  /// BuildKit's own database of leases, snapshots and blobs.
  static let leasesName: FilePath.Component = "containerdmeta.db"

  /// The records.
  var metadata: MetadataDatabase { MetadataDatabase(file: BoltFile(path: folder.appending(MetadataDatabase.fileName))) }

  /// How old the daemon is that wrote records, as far as what it keeps tells.
  ///
  /// - Parameter store: what lies under them, where that is here.
  func era(of records: [DaemonRecord], over store: (any SnapshotStore)?) -> DaemonEra {
    func isThere(_ names: FilePath.Component...) -> Bool {
      [folder, folder.appending("..")].contains { place in
        names.contains { StateFolder.kind(of: place.appending($0)) == S_IFREG }
      }
    }
    if store?.history != nil || isThere("history.db", "history_c8d.db") { return .current }
    // Since there are merges every record tells its snapshot; before, only a blob's.
    let newest = records.lazy.filter { $0.metadata.blob == nil && !$0.metadata.isBlobOnly }
      .max { $0.metadata.createdAt < $1.metadata.createdAt }
    if newest?.tellsSnapshot == false { return .beforeMerges }
    // Where neither its other databases nor its leases are here, that there is no history says nothing.
    return store != nil || isThere("cache.db") ? .beforeHistory : .current
  }
}
