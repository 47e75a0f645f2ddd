import BuildCache
import BuildCacheStore
import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Images that were met in the world, each in a folder of `ImageCases` with what is right and why.
@Suite("Images that were met") struct ImageCaseTests {
  private let scratch: ScratchFolder
  private let cache: EmbeddedCache

  init() throws {
    scratch = try ScratchFolder()
    cache = try EmbeddedCache(scratch.path.appending("cache"), .write)
  }

  private func path(_ name: String) -> FilePath {
    FilePath(URL(filePath: #filePath).deletingLastPathComponent().path).appending("ImageCases").pushing(FilePath(name))
  }

  /// What an image holds, top and all beneath.
  private func tree(
    _ name: String, _ image: String? = nil, platform: String? = nil, telling tell: (String) -> Void = { _ in }
  ) async throws -> [String: String] {
    let choice = ImageChoice(image: image, platform: platform)
    let images = try await cache.importImages(from: .path(path(name)), choice, telling: tell)
    let ref = try cache.manager.get(try #require(images.first?.records.last))
    defer { try? ref.release() }
    #expect(images.count == 1)
    #expect(try await cache.manager.verify() == [])
    return try contents(of: try await ref.mount())
  }

  private func expectRefused(_ name: String, platform: String? = nil, _ words: String...) async throws {
    do {
      _ = try await tree(name, platform: platform)
      Issue.record("it was taken")
    } catch let error as CacheError {
      for word in words { #expect("\(error)".contains(word), "\(error)") }
    }
  }

  /// What umoci makes of an image.
  private func umoci(_ layout: FilePath, _ image: String) async throws -> [String: String] {
    let bundle = scratch.path.appending("bundle")
    let arguments = (geteuid() == 0 ? [] : ["--rootless"]) + ["--image", "\(layout):\(image)", bundle.string]
    let result = try await Subprocess.run(
      .name("umoci"), arguments: Arguments(["unpack"] + arguments), output: .discarded, error: .string(limit: 1 << 16))
    #expect(result.terminationStatus == .exited(0), "\(result.standardError)")
    return try contents(of: bundle.appending("rootfs"))
  }

  // MARK: what is chosen

  @Test("of an index whose other platforms are not in the archive, the one that is there is taken")
  func sparseIndex() async throws {
    let layout = "sparse-index/layout"
    try await expectRefused(
      layout, platform: "linux/arm64", "no image for linux/arm64", "it is listed, but its manifest", "linux/amd64")
    let files = try await tree(layout)
    #expect(!files.isEmpty)
    #expect(try await tree(layout, platform: "linux/amd64") == files)
  }

  @Test("two images of one platform are named by their ref names, and listed so") func twoImages() async throws {
    let layout = "two-images-one-platform/layout"
    try await expectRefused(layout, "2 images in", "--image (a, b)", "--all")
    try await expectRefused(layout, platform: "linux/amd64", "2 images for linux/amd64", "--image (a, b)")
    let (a, b) = (Set(try await tree(layout, "a").keys), Set(try await tree(layout, "b").keys))
    #expect(a.isStrictSubset(of: b))
    let all = try await cache.importImages(from: .path(path(layout)), ImageChoice(takesAll: true), naming: .own)
    #expect(all.map(\.records.count) == [1, 2] && all.map(\.name) == ["a", "b"] && all.map(\.label) == ["a", "b"])
    #expect(all[0].records[0] == all[1].records[0])
  }

  @Test("docker save by id, with null in its index, is read from manifest.json") func nullManifests() async throws {
    #expect(try await !tree("docker-save-null-manifests/save.tar").isEmpty)
  }

  @Test("an artefact beside an image is passed over with a word; a build cache is named") func neighbours()
    async throws
  {
    var notes: [String] = []
    let found = try await tree("layout-with-artifact/layout") { notes.append($0) }
    #expect(!found.isEmpty)
    #expect(notes.count == 1 && notes[0].contains("an artefact of type application/vnd.example.sbom"))
    // The case says refused; since it was written a build cache is to be brought in, and named all the same.
    notes = []
    let cached = try await tree("layout-with-artifact/buildkit-cache") { notes.append($0) }
    #expect(cached == found)
    #expect(notes.count == 1 && notes[0].contains("is a build cache that BuildKit exported, and no image"))
  }

  // MARK: what layers mean

  @Test("a folder, then a file of its name in one layer: the file counts") func folderThenFile() async throws {
    let found = try await tree("layer-folder-then-file/layout")
    #expect(found["a"]?.hasPrefix("file") == true && found["a/x"] == nil)
    guard isInstalled("umoci") else { return print("umoci is missing: what it makes of the layers was not tried") }
    #expect(try await umoci(path("layer-folder-then-file/layout"), "x") == found)
  }

  @Test("a time after 2262 is taken") func lateTime() async throws {
    #expect(try await !tree("layer-late-mtime/layout").isEmpty)
  }

  @Test("what is behind a link that a layer replaces by a folder stays", arguments: ["opaque", "whiteout"])
  func replacedLink(_ kind: String) async throws {
    let layout = "opaque-through-replaced-symlink/layout-\(kind)"
    let found = try await tree(layout)
    #expect(
      found["target/keep.txt"] != nil && found["link/new.txt"] != nil && found["link/keep.txt"] == nil, "\(found)")
    guard isInstalled("umoci") else { return print("umoci is missing: what it makes of the layers was not tried") }
    #expect(try await umoci(path(layout), "x") == found)
  }

  // MARK: out again

  @Test("what came in with Docker's types goes out with those of OCI, the layers the same; umoci unpacks it")
  func dockerTypes() async throws {
    let records = try await cache.importImage(at: path("export-docker-media-type/layout"))
    let ref = try cache.manager.get(try #require(records.last))
    defer { try? ref.release() }
    let out = scratch.path.appending("out")
    try await cache.exportImage(of: ref, to: out)
    func document(_ name: String) throws -> TestArchive.Entry {
      let bytes = try Data(contentsOf: URL(filePath: out.string + "/" + name))
      return try #require(try JSONSerialization.jsonObject(with: bytes) as? TestArchive.Entry)
    }
    let entry = try #require((try document("index.json")["manifests"] as? [TestArchive.Entry])?.first)
    let digest = try #require(entry["digest"] as? String)
    let manifest = try document("blobs/sha256/" + digest.dropFirst(7))
    let layers = try #require(manifest["layers"] as? [TestArchive.Entry])
    #expect(layers.map { $0["mediaType"] as? String } == [TestArchive.layerType + "+gzip"])
    #expect(
      layers.map { $0["digest"] as? String } == [
        "sha256:3cf60aa3af3c6556e60ff89ede36fe58eca147da7d66b59a0c1bc6107bbfb32b"
      ])
    #expect((manifest["config"] as? TestArchive.Entry)?["mediaType"] as? String == TestArchive.configType)
    guard isInstalled("umoci") else { return print("umoci is missing: whether it unpacks the layout was not tried") }
    #expect(try await umoci(out, "x") == contents(of: try await ref.mount()))
  }
}
