import BuildCache
import BuildCacheStore
import Foundation
import SystemPackage

/// What it takes to bring an image in and to write it out, beside `skopeo copy` and `umoci unpack` of the same layers.
///
/// They differ in what they leave: umoci one tree of all layers and a list of its files' digests; strata the blobs, a tree
/// for each layer (files shared), sealed by its content, all of it synced to the disk. Copies are skopeo's alone.
struct ImageBenchmarks {
  /// The bytes of all layers before compression.
  let size: Int
  let runs: Int
  let strata: String
  /// A folder that is this benchmark's own.
  let place: FilePath

  /// What a layer holds.
  private enum Layer {
    case bigFile(bytes: Int)
    case smallFiles(count: Int, bytes: Int)

    var entries: Int {
      switch self {
      case .bigFile: 1
      case .smallFiles(let count, _): count
      }
    }
  }

  private static let smallFile = 4000

  /// An image of five layers, in turn one large file and many small ones; and layers of nothing but empty files.
  func all() async throws -> [Measurement] {
    try FileManager.default.createDirectory(atPath: place.string, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: place.string) }
    let many = Layer.smallFiles(count: size / 5 / Self.smallFile, bytes: Self.smallFile)
    let big = Layer.bigFile(bytes: size / 5)
    return try await compare([big, many, big, many, big], "image")
      + compare([.smallFiles(count: 30_000, bytes: 0)], "30,000 empty files")
      + compare([.smallFiles(count: 60_000, bytes: 0)], "60,000 empty files")
  }

  private func compare(_ layers: [Layer], _ name: String) async throws -> [Measurement] {
    let (layout, cache) = (place.appending("layout"), place.appending("cache"))
    try? FileManager.default.removeItem(atPath: layout.string)
    try await make(layers, at: layout)
    var times: (imports: [Double], exports: [Double], copies: [Double], unpacks: [Double]) = ([], [], [], [])
    for _ in 0..<runs {  // in turn, so that what else the machine does meets all of them
      for folder in ["cache", "out", "copy", "bundle"] { try? FileManager.default.removeItem(atPath: path(folder)) }
      times.imports += try await time([strata, "import", layout.string, "--root", cache.string, "--ref", "bench"])
      let opened = try EmbeddedCache(cache, .read)
      let id = try opened.manager.tags().first?.record.text ?? ""
      try opened.close()
      times.exports += try await time([strata, "export", id, path("out"), "--root", cache.string])
      let copy = try await time(["skopeo", "copy", "-q", "oci:\(layout):bench", "oci:\(path("copy")):bench"])
      times.copies += copy
      if copy.isEmpty { continue }
      times.unpacks += try await time([
        "umoci", "--log=error", "unpack", "--image", "\(path("copy")):bench", path("bundle"),
      ])
    }
    let entries = layers.reduce(0) { $0 + $1.entries }
    func measurement(_ what: String, _ values: [Double]) -> Measurement? {
      values.isEmpty ? nil : Measurement(of: "\(what): \(name)", records: entries, values: values)
    }
    let copies = measurement("skopeo copy", times.copies)
    let both = times.unpacks.count == runs ? zip(times.copies, times.unpacks).map(+) : []
    let reference = measurement("skopeo copy, umoci unpack", both)
    return [
      measurement("import", times.imports)?.compared(with: reference), reference,
      measurement("export", times.exports)?.compared(with: copies), copies,
    ].compactMap(\.self)
  }

  private func path(_ name: String) -> String { place.string + "/" + name }

  /// One time, or none where there is no such program.
  private func time(_ arguments: [String]) async throws -> [Double] {
    try await TerminalProgram.time(arguments).map { [$0] } ?? []
  }

  // MARK: the image

  private func make(_ layers: [Layer], at layout: FilePath) async throws {
    let blobs = layout.string + "/blobs/sha256"
    try FileManager.default.createDirectory(atPath: blobs, withIntermediateDirectories: true)
    var random = SeededGenerator(2026)
    var (descriptors, diffIDs): ([[String: Any]], [String]) = ([], [])
    for (number, layer) in layers.enumerated() {
      let tree = layout.string + "/tree"
      try write(layer, number, to: tree, &random)
      let tar = layout.string + "/layer"
      _ = try await time([
        "sh", "-ec", "tar -C \"$0\" --sort=name --numeric-owner -cf \"$1\" . && gzip -n < \"$1\" > \"$1.gz\"", tree,
        tar,
      ])
      diffIDs.append(try digest(of: tar).description)
      let digest = try digest(of: tar + ".gz")
      let size = try FileManager.default.attributesOfItem(atPath: tar + ".gz")[.size] as? Int ?? 0
      try FileManager.default.moveItem(atPath: tar + ".gz", toPath: blobs + "/" + digest.hex)
      for path in [tar, tree] { try FileManager.default.removeItem(atPath: path) }
      descriptors.append([
        "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest.description, "size": size,
      ])
    }
    func blob(_ document: Any, _ type: String) throws -> [String: Any] {
      let bytes = try JSONSerialization.data(withJSONObject: document)
      let digest = Digest(of: bytes)
      try bytes.write(to: URL(filePath: blobs + "/" + digest.hex))
      return ["mediaType": type, "digest": digest.description, "size": bytes.count]
    }
    let config: [String: Any] = [
      "os": "linux", "architecture": "amd64", "config": [String: String](),
      "rootfs": ["type": "layers", "diff_ids": diffIDs],
    ]
    let manifest: [String: Any] = [
      "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
      "config": try blob(config, "application/vnd.oci.image.config.v1+json"), "layers": descriptors,
    ]
    var entry = try blob(manifest, "application/vnd.oci.image.manifest.v1+json")
    entry["annotations"] = ["org.opencontainers.image.ref.name": "bench"]
    let index: [String: Any] = ["schemaVersion": 2, "manifests": [entry]]
    try JSONSerialization.data(withJSONObject: index).write(to: URL(filePath: layout.string + "/index.json"))
    try Data(#"{"imageLayoutVersion":"1.0.0"}"#.utf8).write(to: URL(filePath: layout.string + "/oci-layout"))
  }

  private func digest(of file: String) throws -> Digest {
    var hasher = DigestHasher()
    let handle = try FileHandle(forReadingFrom: URL(filePath: file))
    defer { try? handle.close() }
    while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty { hasher.update(Array(chunk)) }
    return hasher.finish()
  }

  /// Writes what a layer holds: text of few words, which packs to about a third.
  private func write(_ layer: Layer, _ number: Int, to tree: String, _ random: inout SeededGenerator) throws {
    try FileManager.default.createDirectory(atPath: tree, withIntermediateDirectories: true)
    let words = (0..<1 << 12).map { _ in (0..<12).map { _ in UInt8(random.pick(32...126)) } }
    func text(_ count: Int) -> Data {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(count + 12)
      while bytes.count < count { bytes += words[random.pick(0...words.count - 1)] }
      return Data(bytes.prefix(count))
    }
    switch layer {
    case .bigFile(let bytes): try text(bytes).write(to: URL(filePath: tree + "/big\(number)"))
    case .smallFiles(let count, let bytes):
      for file in 0..<count {
        let folder = tree + "/\(number)-\(file / 100)"
        if file % 100 == 0 {
          try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try text(bytes).write(to: URL(filePath: folder + "/\(file)"))
      }
    }
  }
}
