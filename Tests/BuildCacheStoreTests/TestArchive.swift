import BuildCache
import Foundation
import SystemPackage
import TestSupport

/// An image layout, or what `docker save` packs, put together piece by piece.
struct TestArchive {
  typealias Entry = [String: Any]
  let folder: FilePath

  static let layerType = "application/vnd.oci.image.layer.v1.tar"
  static let configType = "application/vnd.oci.image.config.v1+json"
  static let manifestType = "application/vnd.oci.image.manifest.v1+json"
  static let indexType = "application/vnd.oci.image.index.v1+json"
  static let ref = "org.opencontainers.image.ref.name"
  static let containerd = "io.containerd.image.name"

  /// This machine's architecture, and another.
  #if arch(arm64)
    static let (host, other) = ("arm64", "amd64")
  #else
    static let (host, other) = ("amd64", "arm64")
  #endif

  init(_ folder: FilePath) throws {
    self.folder = folder
    try FileManager.default.createDirectory(atPath: folder.string + "/blobs/sha256", withIntermediateDirectories: true)
  }

  func write(_ bytes: [UInt8], _ name: String) throws {
    let url = URL(filePath: folder.string + "/" + name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func json(_ document: Any, _ name: String) throws { try write(Self.bytes(document), name) }

  static func bytes(_ document: Any) throws -> [UInt8] {
    Array(try JSONSerialization.data(withJSONObject: document, options: [.sortedKeys, .withoutEscapingSlashes]))
  }

  /// A blob, by its descriptor.
  func blob(_ bytes: [UInt8], _ type: String) throws -> Entry {
    let digest = Digest(of: bytes)
    try write(bytes, "blobs/sha256/" + digest.hex)
    return ["mediaType": type, "digest": digest.description, "size": bytes.count]
  }

  func jsonBlob(_ document: Any, _ type: String) throws -> Entry { try blob(Self.bytes(document), type) }

  /// Removes a blob: it is listed then, and not here.
  func remove(_ entry: Entry) throws {
    try FileManager.default.removeItem(atPath: folder.string + "/blobs/sha256/" + hex(entry))
  }

  func hex(_ entry: Entry) -> String { String((entry["digest"] as? String ?? "").dropFirst(7)) }

  /// A layer of one file, named as its content; of nothing where that has no name.
  static func layer(_ name: String) -> [UInt8] {
    name.isEmpty ? TarBytes().finished : TarBytes().file(name, name).finished
  }

  func config(_ layers: [[UInt8]], _ architecture: String = "amd64", os: String = "linux") -> [String: Any] {
    [
      "os": os, "architecture": architecture,
      "rootfs": ["type": "layers", "diff_ids": layers.map { Digest(of: $0).description }],
    ]
  }

  /// An image of layers of one file each; its manifest's descriptor, with a name and a platform.
  func image(_ layers: [String], _ name: String? = nil, os: String = "linux", _ architecture: String = "amd64") throws
    -> Entry
  {
    let bytes = layers.map(Self.layer)
    let config = try jsonBlob(config(bytes, architecture, os: os), Self.configType)
    let manifest: Entry = [
      "schemaVersion": 2, "mediaType": Self.manifestType, "config": config,
      "layers": try bytes.map { try blob($0, Self.layerType) },
    ]
    var entry = try jsonBlob(manifest, Self.manifestType)
    entry["platform"] = ["os": os, "architecture": architecture]
    if let name { entry["annotations"] = [Self.ref: name] }
    return entry
  }

  /// A layer as its blob has it.
  struct Layer {
    let bytes: [UInt8]
    /// What it adds to the media type of a plain one.
    var suffix = ""
    let diffID: Digest
  }

  /// An image of layers of any bytes.
  func image(of layers: [Layer], named name: String) throws -> Entry {
    let config: [String: Any] = [
      "os": "linux", "architecture": "amd64",
      "rootfs": ["type": "layers", "diff_ids": layers.map(\.diffID.description)],
    ]
    let manifest: Entry = [
      "schemaVersion": 2, "mediaType": Self.manifestType, "config": try jsonBlob(config, Self.configType),
      "layers": try layers.map { try blob($0.bytes, Self.layerType + $0.suffix) },
    ]
    var entry = try jsonBlob(manifest, Self.manifestType)
    entry["annotations"] = [Self.ref: name]
    return entry
  }

  /// The configuration and the layers that a manifest names.
  func parts(of entry: Entry) throws -> (config: Entry, layers: [Entry]) {
    let bytes = try Data(contentsOf: URL(filePath: folder.string + "/blobs/sha256/" + hex(entry)))
    let manifest = try JSONSerialization.jsonObject(with: bytes) as? Entry
    return (manifest?["config"] as? Entry ?? [:], manifest?["layers"] as? [Entry] ?? [])
  }

  /// An artefact of one small layer.
  func artefact(_ configType: String, _ layerType: String, saying more: Entry = [:]) throws -> Entry {
    let manifest: Entry = [
      "schemaVersion": 2, "mediaType": Self.manifestType, "config": try blob([UInt8]("{}".utf8), configType),
      "layers": [try blob([UInt8]("{\"x\":1}".utf8), layerType)],
    ]
    return try jsonBlob(manifest.merging(more) { $1 }, Self.manifestType)
  }

  func index(_ entries: [Entry]) throws -> Entry {
    try jsonBlob(["schemaVersion": 2, "mediaType": Self.indexType, "manifests": entries], Self.indexType)
  }

  /// Writes `index.json`.
  func list(_ entries: [Entry]) throws {
    try json(["schemaVersion": 2, "manifests": entries], "index.json")
    try json(["imageLayoutVersion": "1.0.0"], "oci-layout")
  }

  /// Adds an image to those of `manifest.json`, as its entry.
  func saved(_ layers: [String], _ tags: [String]?, _ architecture: String = "amd64") throws -> Entry {
    let bytes = layers.map(Self.layer)
    let config = try jsonBlob(config(bytes, architecture), Self.configType)
    return [
      "Config": "blobs/sha256/" + hex(config), "RepoTags": tags ?? NSNull(),
      "Layers": try bytes.map { "blobs/sha256/" + hex(try blob($0, Self.layerType)) },
    ]
  }
}
