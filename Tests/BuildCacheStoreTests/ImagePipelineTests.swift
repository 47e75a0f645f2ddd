import BuildCache
import BuildCacheStore
import Foundation
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Layers that are stored and unpacked side by side, and what an export gives back of what came in.
@Suite("Layers of an image side by side", .serialized) struct ImagePipelineTests {
  private let scratch: ScratchFolder
  private let cache: EmbeddedCache
  private let archive: TestArchive
  private var out: FilePath { scratch.path.appending("out") }

  init() throws {
    scratch = try ScratchFolder()
    cache = try EmbeddedCache(scratch.path.appending("cache"), .write)
    archive = try TestArchive(scratch.path.appending("layout"))
  }

  /// An image of these layers, in the order of which each replaces the file of the one before.
  private func image(_ layers: [[UInt8]], diffIDs: [[UInt8]]? = nil, annotations: [String: String]? = nil) throws
    -> TestArchive.Entry
  {
    let manifest: TestArchive.Entry = [
      "schemaVersion": 2, "mediaType": TestArchive.manifestType,
      "config": try archive.jsonBlob(archive.config(diffIDs ?? layers), TestArchive.configType),
      "layers": try layers.map { try archive.blob($0, TestArchive.layerType) },
    ].merging(annotations.map { ["annotations": $0] } ?? [:]) { $1 }
    return try archive.jsonBlob(manifest, TestArchive.manifestType)
  }

  private func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: cache.root.string + "/" + folder).sorted()
  }

  @Test("layers come into their trees in order, however quick each is") func order() async throws {
    // The first is the slowest by far; each later one replaces what the one before it has.
    let big = TarBytes().file("file", String(repeating: "0", count: 3_000_000)).file("first").finished
    let layers = [big] + (1..<12).map { TarBytes().file("file", "\($0)").file("only\($0)").finished }
    try archive.list([try image(layers)])
    let records = try await cache.importImage(at: archive.folder)
    #expect(records.count == 12)
    for (number, id) in records.enumerated() {
      let ref = try cache.manager.get(id)
      let tree = try await ref.mount()
      let wanted = number == 0 ? 3_000_000 : "\(number)".utf8.count
      #expect(try Data(contentsOf: URL(filePath: tree.string + "/file")).count == wanted)
      #expect(try FileManager.default.contentsOfDirectory(atPath: tree.string).count == number + 2)
      try ref.release()
    }
    #expect(try names(in: "trees").count == 12)
    #expect(try await cache.manager.verify() == [])
  }

  @Test("of several layers that can't be taken the lowest is named, and nothing is left of any")
  func lowestFault() async throws {
    let good = (0..<6).map { TarBytes().file("file\($0)", String(repeating: "x", count: 100_000)).finished }
    var layers = good
    layers[3] = TarBytes().file("fine").file("../out").finished
    layers[5] = Array(layers[5].prefix(1024))
    try archive.list([try image(layers)])
    do {
      _ = try await cache.importImage(at: archive.folder)
      Issue.record("it was taken")
    } catch let error as CacheError {
      #expect("\(error)".contains("layer 4 of 6"), "\(error)")
      #expect("\(error)".contains("../out"), "\(error)")
    }
    #expect(try await cache.manager.usage().rows.isEmpty)
    #expect(try names(in: "trees") == [])
    #expect(try names(in: "blobs/sha256") == [])
    #expect(try names(in: "blobs/staging") == [])
  }

  @Test("a layer that is there already is not unpacked again, and counts as done") func again() async throws {
    try archive.list([try image((0..<4).map { TarBytes().file("file\($0)", "\($0)").finished })])
    let first = try await cache.importImage(at: archive.folder)
    let trees = try names(in: "trees")
    let told = Mutex<(bytes: Int64, total: Int64?)>((0, nil))
    let again = try await cache.importImages(
      from: .path(archive.folder), ImageChoice(),
      progress: { _, count, total in told.withLock { $0 = ($0.bytes + count, total) } })
    #expect(again.map(\.records) == [first])
    #expect(try names(in: "trees") == trees)
    #expect(told.withLock { $0.bytes == $0.total })
  }

  @Test("an import that is cancelled leaves nothing") func cancelled() async throws {
    let layers = (0..<8).map { TarBytes().file("file\($0)", String(repeating: "y", count: 500_000)).finished }
    try archive.list([try image(layers)])
    let (cache, folder) = (cache, archive.folder)
    let running = Mutex<Task<Void, any Error>?>(nil)
    let task = Task {
      _ = try await cache.importImages(
        from: .path(folder), ImageChoice(), progress: { _, _, _ in running.withLock { $0?.cancel() } })
    }
    running.withLock { $0 = task }
    await #expect(throws: (any Error).self) { try await task.value }
    #expect(try await cache.manager.usage().rows.isEmpty)
    #expect(try names(in: "trees") == [])
    #expect(try names(in: "blobs/sha256") == [])
  }

  // MARK: out again

  private func exported() throws -> (entry: TestArchive.Entry, manifest: TestArchive.Entry) {
    func read(_ name: String) throws -> TestArchive.Entry {
      let data = try Data(contentsOf: URL(filePath: out.string + "/" + name))
      return try #require(try JSONSerialization.jsonObject(with: data) as? TestArchive.Entry)
    }
    let entry = try #require((try read("index.json")["manifests"] as? [TestArchive.Entry])?.first)
    return (entry, try read("blobs/sha256/" + archive.hex(entry)))
  }

  @Test("annotations of manifest and index that came with an image go out with it") func annotations() async throws {
    var entry = try image([TestArchive.layer("one")], annotations: ["org.opencontainers.image.source": "here"])
    entry["annotations"] = [TestArchive.ref: "1.2", "com.example.note": "kept", TestArchive.containerd: "x/app:1.2"]
    try archive.list([entry])
    let id = try #require(try await cache.importImage(at: archive.folder).last)
    let ref = try cache.manager.get(id)
    defer { try? ref.release() }
    try await cache.exportImage(of: ref, to: out)
    #expect(
      try exported().manifest["annotations"] as? [String: String] == ["org.opencontainers.image.source": "here"])
    #expect(try exported().entry["annotations"] as? [String: String] == entry["annotations"] as? [String: String])
    // A name of its own is what it is called from then on.
    try cache.manager.tag("other:2", id)
    try FileManager.default.removeItem(atPath: out.string)
    try await cache.exportImage(of: ref, to: out)
    let annotations = try exported().entry["annotations"] as? [String: String]
    #expect(annotations?[TestArchive.ref] == "2" && annotations?["com.example.note"] == "kept")
    #expect(annotations?[TestArchive.containerd] == "docker.io/library/other:2")
  }

  @Test("layers that are packed in a way that OCI doesn't know go out in one that it does", arguments: ["xz", "bzip2"])
  func packedAnew(_ tool: String) async throws {
    guard isInstalled(tool) else { return print("\(tool) is missing: layers that it packs were not tried") }
    let layer = TestArchive.layer("one")
    let file = scratch.path.appending("layer")
    try Data(layer).write(to: URL(filePath: file.string))
    let packed = try await Subprocess.run(
      .name("sh"), arguments: ["-c", "\(tool) -c < '\(file)'"], output: .bytes(limit: 1 << 20))
    try archive.list([try image([[UInt8](packed.standardOutput), layer], diffIDs: [layer, layer])])
    let id = try #require(try await cache.importImage(at: archive.folder).last)
    let ref = try cache.manager.get(id)
    defer { try? ref.release() }
    let blobs = try names(in: "blobs/sha256")
    var told: [String] = []
    let progress = Mutex<(Int64, Int64)>((0, 0))
    try await cache.exportImage(
      of: ref, to: out, telling: { told.append($0) },
      progress: { count, total in progress.withLock { $0 = ($0.0 + count, total) } })
    let layers = try exported().manifest["layers"] as? [TestArchive.Entry] ?? []
    let types = layers.map { $0["mediaType"] as? String ?? "" }
    #expect(types == [TestArchive.layerType + "+gzip", TestArchive.layerType])
    let digest = layers[0]["digest"] as? String ?? ""
    #expect(told.count == 1 && told[0].contains("layer 1 of 2") && told[0].contains(digest))
    #expect(progress.withLock { $0.0 == $0.1 && $0.0 > 0 })
    // What was made for that is gone, and the image is the same.
    #expect(try names(in: "blobs/sha256") == blobs)
    let other = try EmbeddedCache(scratch.path.appending("other"), .write)
    let again = try #require(try await other.importImage(at: out).last)
    let copy = try other.manager.get(again)
    #expect(try contents(of: try await copy.mount()) == contents(of: try await ref.mount()))
    try copy.release()
    try other.close()
  }
}
