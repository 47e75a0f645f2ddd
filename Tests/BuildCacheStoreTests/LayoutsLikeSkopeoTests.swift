import BuildCache
import BuildCacheStore
import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A layout, what Strata says of it, and whether skopeo reads the same.
struct LayoutRow: CustomTestStringConvertible, Sendable {
  let name: String
  /// Puts it together.
  let make: @Sendable (TestArchive) throws -> Void
  /// What `--image` names; absent: nothing is asked for.
  let image: String?
  let platform: String?
  let outcome: Outcome

  enum Outcome: Sendable {
    /// Both take these layers, of which each is named as its content.
    case taken([String])
    /// Strata takes these, and tells these words.
    case told([String], String, skopeo: Skopeo)
    /// Strata refuses it in such words.
    case refused(String, skopeo: Skopeo)
  }

  /// What skopeo does.
  enum Skopeo: Sendable {
    case takesTheSame
    case refuses
    /// Something else, for a reason.
    case differs(because: String)
  }

  var testDescription: String { name }

  init(
    _ name: String, image: String? = nil, platform: String? = nil, _ outcome: Outcome,
    _ make: @escaping @Sendable (TestArchive) throws -> Void
  ) {
    (self.name, self.image, self.platform, self.outcome, self.make) = (name, image, platform, outcome, make)
  }

  private static let (host, other) = (TestArchive.host, TestArchive.other)
  private static let docker = "application/vnd.docker."

  /// An image as one of Docker's kind.
  private static func dockers(_ archive: TestArchive, _ layers: [String]) throws -> TestArchive.Entry {
    let bytes = layers.map(TestArchive.layer)
    let config = try archive.jsonBlob(archive.config(bytes, host), docker + "container.image.v1+json")
    let type = docker + "distribution.manifest.v2+json"
    let manifest: TestArchive.Entry = [
      "schemaVersion": 2, "mediaType": type, "config": config,
      "layers": try bytes.map { try archive.blob($0, docker + "image.rootfs.diff.tar") },
    ]
    return try archive.jsonBlob(manifest, type)
  }

  /// An image of layers of other types than the usual.
  private static func image(
    _ archive: TestArchive, _ layers: [(String, type: String, urls: [String]?)], os: String = "linux"
  ) throws
    -> TestArchive.Entry
  {
    let bytes = layers.map { TestArchive.layer($0.0) }
    let manifest: TestArchive.Entry = [
      "schemaVersion": 2, "mediaType": TestArchive.manifestType,
      "config": try archive.jsonBlob(archive.config(bytes, host, os: os), TestArchive.configType),
      "layers": try zip(bytes, layers).map { bytes, layer in
        var entry = try archive.blob(bytes, layer.type)
        entry["urls"] = layer.urls
        return entry
      },
    ]
    return try archive.jsonBlob(manifest, TestArchive.manifestType)
  }

  private static func named(_ entry: TestArchive.Entry, _ name: String) -> TestArchive.Entry {
    entry.merging(["annotations": [TestArchive.ref: name]]) { $1 }
  }

  private static func platform(_ entry: TestArchive.Entry, _ architecture: String, _ variant: String? = nil)
    -> TestArchive.Entry
  {
    var platform = ["os": "linux", "architecture": architecture]
    platform["variant"] = variant
    return entry.merging(["platform": platform]) { $1 }
  }

  static let all = [
    LayoutRow("one image without a name", .taken(["one"])) { try $0.list([$0.image(["one"], nil, host)]) },
    LayoutRow("no annotations, no platform, no media type in the manifest", .taken(["one"])) {
      var entry = try $0.image(["one"], nil, host)
      entry["platform"] = nil
      try $0.list([entry])
    },
    LayoutRow("one of several, by name", image: "b", .taken(["two"])) {
      try $0.list([$0.image(["one"], "a", host), $0.image(["two"], "b", host)])
    },
    LayoutRow("several, and no choice", .refused("--image (a, b)", skopeo: .refuses)) {
      try $0.list([$0.image(["one"], "a", host), $0.image(["two"], "b", host)])
    },
    LayoutRow("a name that is not there", image: "c", .refused("no image c in", skopeo: .refuses)) {
      try $0.list([$0.image(["one"], "a", host), $0.image(["two"], "b", host)])
    },
    LayoutRow("an index in the index", .taken(["own"])) {
      try $0.list([$0.index([$0.image(["own"], nil, host), $0.image(["other"], nil, other)])])
    },
    LayoutRow(
      "an index in an index in the index", .told(["own"], "", skopeo: .differs(because: "it follows one index"))
    ) {
      try $0.list([$0.index([$0.index([$0.image(["own"], nil, host)])])])
    },
    LayoutRow("the other platform of an index", platform: "linux/\(other)", .taken(["other"])) {
      try $0.list([$0.index([$0.image(["own"], nil, host), $0.image(["other"], nil, other)])])
    },
    LayoutRow("a platform that is not there", platform: "linux/s390x", .refused("there is linux/", skopeo: .refuses)) {
      try $0.list([$0.index([$0.image(["own"], nil, host), $0.image(["other"], nil, other)])])
    },
    LayoutRow("an index of which only this machine's platform is there", .taken(["own"])) {
      let other = try $0.image(["other"], nil, other)
      try $0.list([$0.index([other, $0.image(["own"], nil, host)])])
      try $0.remove(other)
    },
    LayoutRow("an index of which only this machine's layers are there", .taken(["own"])) {
      let other = try $0.image(["other"], nil, other)
      try $0.list([$0.index([other, $0.image(["own"], nil, host)])])
      try $0.remove($0.parts(of: other).layers[0])
    },
    LayoutRow(
      "an index of which only another platform is there",
      .told(["other"], "", skopeo: .differs(because: "it takes this machine's or none"))
    ) {
      try $0.list([$0.index([$0.image(["other"], nil, "s390x")])])
    },
    LayoutRow("variants of one architecture", platform: "linux/arm/v7", .taken(["seven"])) {
      try $0.list([
        $0.index([
          platform($0.image(["six"], nil, "arm"), "arm", "v6"), platform($0.image(["seven"], nil, "arm"), "arm", "v7"),
        ])
      ])
    },
    LayoutRow(
      "variants, and no choice between them", platform: "linux/arm",
      .refused("linux/arm/v6, linux/arm/v7", skopeo: .differs(because: "it takes the first"))
    ) {
      try $0.list([
        $0.index([
          platform($0.image(["six"], nil, "arm"), "arm", "v6"), platform($0.image(["seven"], nil, "arm"), "arm", "v7"),
        ])
      ])
    },
    LayoutRow(
      "several manifests of one platform in an index",
      .refused("--image (sha256:", skopeo: .differs(because: "it takes the first"))
    ) {
      try $0.list([$0.index([$0.image(["one"], nil, host), $0.image(["two"], nil, host)])])
    },
    LayoutRow("an image of Docker's media types", .taken(["one", "two"])) {
      try $0.list([dockers($0, ["one", "two"])])
    },
    LayoutRow("an index of Docker's media types", .taken(["one"])) {
      let list = [platform(try dockers($0, ["one"]), host)]
      let type = docker + "distribution.manifest.list.v2+json"
      try $0.list([$0.jsonBlob(["schemaVersion": 2, "mediaType": type, "manifests": list] as TestArchive.Entry, type)])
    },
    LayoutRow(
      "an artefact beside an image", image: "app",
      .told(["one"], "passed over in", skopeo: .takesTheSame)
    ) {
      let artefact = try $0.artefact("application/vnd.oci.empty.v1+json", "application/spdx+json")
      try $0.list([artefact, $0.image(["one"], "app", host)])
    },
    LayoutRow(
      "an artefact beside an image without a name",
      .told(["one"], "passed over in", skopeo: .differs(because: "to it they are two images"))
    ) {
      let artefact = try $0.artefact("application/vnd.oci.empty.v1+json", "application/spdx+json")
      try $0.list([artefact, $0.image(["one"], nil, host)])
    },
    LayoutRow("attestations beside an image in its index", .taken(["one"])) {
      var attestation = try $0.image(["said"], nil, "unknown")
      attestation["platform"] = ["os": "unknown", "architecture": "unknown"]
      try $0.list([$0.index([attestation, $0.image(["one"], nil, host)])])
    },
    LayoutRow("layers that are empty", .taken(["", "one", ""])) {
      try $0.list([$0.image(["", "one", ""], nil, host)])
    },
    LayoutRow("one layer twice, and amid", .taken(["one", "one", "two", "one"])) {
      try $0.list([$0.image(["one", "one", "two", "one"], nil, host)])
    },
    LayoutRow("no layers", .refused("has no layers", skopeo: .differs(because: "it copies documents alone"))) {
      try $0.list([$0.image([], nil, host)])
    },
    LayoutRow(
      "foreign layers that are there", .told(["far", "one"], "", skopeo: .differs(because: "it leaves them out"))
    ) {
      try $0.list([
        image(
          $0,
          [
            ("far", docker + "image.rootfs.foreign.diff.tar", ["https://example.com/far"]),
            ("one", TestArchive.layerType, nil),
          ])
      ])
    },
    LayoutRow(
      "foreign layers that are not there", .refused("elsewhere only", skopeo: .refuses)
    ) {
      let entry = try image(
        $0,
        [
          ("far", "application/vnd.oci.image.layer.nondistributable.v1.tar", ["https://example.com/far"]),
          ("one", TestArchive.layerType, nil),
        ])
      try $0.list([entry])
      try $0.remove($0.parts(of: entry).layers[0])
    },
    LayoutRow("an image for Windows", .told(["Files"], "is for Windows", skopeo: .takesTheSame)) {
      try $0.list([image($0, [("Files", TestArchive.layerType, nil)], os: "windows")])
    },
    LayoutRow("a layer that is not there", .refused("is not whole in", skopeo: .refuses)) {
      let entry = try $0.image(["one", "two"], nil, host)
      try $0.list([entry])
      try $0.remove($0.parts(of: entry).layers[1])
    },
    LayoutRow("a configuration that is not there", .refused("its configuration blobs/", skopeo: .refuses)) {
      let entry = try $0.image(["one"], nil, host)
      try $0.list([entry])
      try $0.remove($0.parts(of: entry).config)
    },
    LayoutRow("a blob of other bytes than its digest says", .refused("layer 1 of 1", skopeo: .refuses)) {
      let entry = try $0.image(["one"], nil, host)
      try $0.list([entry])
      try $0.write(TestArchive.layer("two"), "blobs/sha256/" + $0.hex($0.parts(of: entry).layers[0]))
    },
  ]
}

@Suite("Layouts are read as skopeo does it") struct LayoutsLikeSkopeoTests {
  private let scratch: ScratchFolder
  private let cache: EmbeddedCache
  private let archive: TestArchive

  init() throws {
    scratch = try ScratchFolder()
    cache = try EmbeddedCache(scratch.path.appending("cache"), .write)
    archive = try TestArchive(scratch.path.appending("layout"))
  }

  @Test("what is right by fact is taken, or refused in words", arguments: LayoutRow.all) func facts(_ row: LayoutRow)
    async throws
  {
    try row.make(archive)
    var notes: [String] = []
    do {
      let images = try await cache.importImages(
        from: .path(archive.folder), ImageChoice(image: row.image, platform: row.platform),
        telling: { notes.append($0) })
      let digests = try images.first?.records.map {
        try cache.manager.details(of: $0).metadata.blob?.digest
      }
      #expect(digests == row.layers?.map { Digest(of: TestArchive.layer($0)) })
      if case .told(_, let words, _) = row.outcome {
        #expect(words.isEmpty ? notes.isEmpty : notes.joined().contains(words))
      }
      if case .taken = row.outcome { #expect(notes.isEmpty, "\(notes)") }
      #expect(try await cache.manager.verify() == [])
    } catch let error as CacheError {
      guard case .refused(let words, _) = row.outcome else { throw error }
      #expect("\(error)".contains(words), "\(error)")
      #expect(try await cache.manager.usage().rows.isEmpty)
    }
  }

  @Test(
    "skopeo makes the same of them, but where it is said why not",
    .enabled(if: isInstalled("skopeo"), "there is no skopeo to compare with"), arguments: LayoutRow.all)
  func skopeo(_ row: LayoutRow) async throws {
    try row.make(archive)
    let layers = try await copied(row)
    let wanted = row.layers?.map { Digest(of: TestArchive.layer($0)).description }
    switch row.skopeo {
    case .takesTheSame: #expect(layers == wanted)
    case .refuses: #expect(layers == nil)
    case .differs(let reason): #expect(layers != wanted, "it doesn't, though \(reason)")
    }
  }

  /// The layers of what skopeo copies; nothing where it refuses.
  private func copied(_ row: LayoutRow) async throws -> [String]? {
    let parts = row.platform?.split(separator: "/").map(String.init) ?? []
    var arguments = zip(["--override-os", "--override-arch", "--override-variant"], parts).flatMap { [$0, $1] }
    if case .told(_, let words, _) = row.outcome, words.contains("Windows") {
      arguments = ["--override-os", "windows"]
    }
    let out = scratch.path.appending("copied")
    let source = "oci:\(archive.folder)" + (row.image.map { ":\($0)" } ?? "")
    let result = try await Subprocess.run(
      .name("skopeo"), arguments: Arguments(arguments + ["copy", "-q", source, "dir:\(out)"]), output: .discarded,
      error: .string(limit: 1 << 16))
    guard result.terminationStatus == .exited(0) else { return nil }
    let bytes = try Data(contentsOf: URL(filePath: out.string + "/manifest.json"))
    let manifest = try JSONSerialization.jsonObject(with: bytes) as? TestArchive.Entry
    let layers = (manifest?["layers"] as? [TestArchive.Entry] ?? []).compactMap { $0["digest"] as? String }
    // What it leaves out, it lists all the same.
    return layers.allSatisfy { FileManager.default.fileExists(atPath: "\(out)/\($0.dropFirst(7))") } ? layers : []
  }
}

extension LayoutRow {
  /// The layers that Strata takes; nothing where it refuses.
  fileprivate var layers: [String]? {
    switch outcome {
    case .taken(let layers), .told(let layers, _, _): layers
    case .refused: nil
    }
  }

  fileprivate var skopeo: Skopeo {
    switch outcome {
    case .taken: .takesTheSame
    case .told(_, _, let skopeo), .refused(_, let skopeo): skopeo
    }
  }
}
