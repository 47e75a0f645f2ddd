import BuildCache
import BuildCacheStore
import Foundation
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// What is in archives of images as other programs write them, and which of it is meant.
@Suite("Images as the world writes them", .serialized) struct ImageChoiceTests {
  private let scratch: ScratchFolder
  private let cache: EmbeddedCache
  private let archive: TestArchive

  init() throws {
    scratch = try ScratchFolder()
    cache = try EmbeddedCache(scratch.path.appending("cache"), .write)
    archive = try TestArchive(scratch.path.appending("layout"))
  }

  private static let (host, other) = (TestArchive.host, TestArchive.other)

  /// The files that an image of the archive holds, top and all beneath.
  private func files(
    _ image: String? = nil, platform: String? = nil, at path: FilePath? = nil, telling tell: (String) -> Void = { _ in }
  ) async throws -> Set<String> {
    let choice = ImageChoice(image: image, platform: platform)
    let images = try await cache.importImages(from: .path(path ?? archive.folder), choice, telling: tell)
    #expect(images.count == 1)
    let ref = try cache.manager.get(try #require(images.first?.records.last))
    defer { try? ref.release() }
    return Set(try contents(of: try await ref.mount()).keys)
  }

  private func expectRefused(
    _ words: String..., image: String? = nil, platform: String? = nil, at path: FilePath? = nil
  ) async throws {
    do {
      let choice = ImageChoice(image: image, platform: platform)
      _ = try await cache.importImages(from: .path(path ?? archive.folder), choice)
      Issue.record("it was taken")
    } catch let error as CacheError {
      for word in words { #expect("\(error)".contains(word), "\(error)") }
      #expect(!"\(error)".contains("Swift") && !"\(error)".contains("Decoding"))
    }
    #expect(try await cache.manager.usage().rows.isEmpty)
  }

  // MARK: partial indexes

  @Test("what is listed and not there is passed over: manifests, configurations, layers, attestations")
  func partial() async throws {
    let own = try archive.image(["own"], Self.host)
    let gone = try ["s390x", "riscv64", "ppc64le"].map { try archive.image([$0], nil, $0) }
    try archive.remove(gone[0])
    try archive.remove(archive.parts(of: gone[1]).config)
    try archive.remove(archive.parts(of: gone[2]).layers[0])
    var attestations = [try archive.image(["attested"], nil, "unknown"), try archive.image(["signed"], nil)]
    attestations[0]["platform"] = ["os": "unknown", "architecture": "unknown"]
    attestations[1]["annotations"] = ["vnd.docker.reference.type": "attestation-manifest"]
    try archive.list([try archive.index(gone + attestations + [own])])
    for platform in ["s390x", "riscv64", "ppc64le"] {
      try await expectRefused(
        "no image for linux/\(platform) in", "it is listed, but", "is not in it", "there is linux/\(Self.host)",
        platform: "linux/\(platform)")
    }
    #expect(try await files() == ["own"])
  }

  @Test("where the only image is not whole, the message says what is missing") func notWhole() async throws {
    let image = try archive.image(["one", "two"], "app")
    let layer = try archive.parts(of: image).layers[1]
    try archive.remove(layer)
    try archive.list([image])
    try await expectRefused(
      "app is not whole in \(archive.folder)", "layer blobs/sha256/\(archive.hex(layer)) is not in it")
    try archive.remove(image)
    try await expectRefused("app is not whole", "its manifest blobs/sha256/\(archive.hex(image))")
  }

  @Test("this machine's platform is taken where it is there, else the only one") func platforms() async throws {
    let (own, other) = (try archive.image(["own"], nil, Self.host), try archive.image(["other"], nil, Self.other))
    try archive.list([other])
    #expect(try await files() == ["other"])
    try archive.list([other, own, try archive.image(["s"], nil, "s390x")])
    #expect(try await files() == ["own"])
    #expect(try await files(platform: "linux/\(Self.other)") == ["other"])
    // Of several that fit, the one that fits exactly.
    var variant = try archive.image(["v"], nil, Self.host)
    variant["platform"] = ["os": "linux", "architecture": Self.host, "variant": "v9"]
    try archive.list([variant, own])
    #expect(try await files() == ["own"])
    #expect(try await files(platform: "linux/\(Self.host)/v9") == ["v"])
  }

  // MARK: choosing

  @Test(
    "an image is named by its tag with or without what Docker leaves out, by ref name or by digest",
    arguments: [
      (
        "app",
        ["app", "app:latest", "library/app", "docker.io/app", "docker.io/library/app:latest", "index.docker.io/app"]
      ),
      ("team", ["team/app:2", "docker.io/team/app:2"]), ("local", ["localhost:5000/app:2"]), ("tag", ["nightly"]),
    ])
  func names(_ wanted: String, _ typed: [String]) async throws {
    let names = [
      "app": [TestArchive.containerd: "docker.io/library/app:latest", TestArchive.ref: "latest"],
      "team": [TestArchive.containerd: "docker.io/team/app:2", TestArchive.ref: "2"],
      "local": [TestArchive.ref: "localhost:5000/app:2"], "tag": [TestArchive.ref: "nightly"],
    ]
    var entries: [String: TestArchive.Entry] = [:]
    for name in names.keys.sorted() {
      entries[name] = try archive.image([name])
      entries[name]?["annotations"] = names[name]
    }
    try archive.list(names.keys.sorted().compactMap { entries[$0] })
    try await expectRefused("4 images in", "--image (app:latest, localhost:5000/app:2, nightly, team/app:2)")
    try await expectRefused(
      "no image none in", "there is app:latest, localhost:5000/app:2, nightly, team/app:2", image: "none")
    let entry = try #require(entries[wanted])
    let digests = [entry, try archive.parts(of: entry).config].map { archive.hex($0) }
    for name in typed + digests.flatMap({ ["sha256:" + $0, $0, String($0.prefix(12)), "any@sha256:" + $0] }) {
      #expect(try await files(name) == [wanted], "\(name)")
    }
  }

  @Test("images of one tag each, and the same tag, are listed by what tells them apart") func ambiguous() async throws {
    var (one, two) = (try archive.image(["one"]), try archive.image(["two"]))
    one["annotations"] = [TestArchive.ref: "1"]
    two["annotations"] = [TestArchive.ref: "1"]
    try archive.list([one, two])
    let digests = [one, two].map { String("sha256:" + archive.hex($0).prefix(12)) }.sorted()
    try await expectRefused("2 images in", digests.joined(separator: ", "), image: "1")
    #expect(try await files(digests[0]).count == 1)
  }

  @Test("an image of two names is one image; an index names all that it leads to") func namedTwice() async throws {
    let image = try archive.image(["one"], nil, Self.host)
    var (a, b) = (image, image)
    a["annotations"] = [TestArchive.ref: "a"]
    b["annotations"] = [TestArchive.ref: "b"]
    try archive.list([a, b])
    #expect(try await files() == ["one"])
    #expect(try await files("b") == ["one"])
    var index = try archive.index([image, try archive.image(["other"], nil, Self.other)])
    index["annotations"] = [TestArchive.ref: "both"]
    try archive.list([index, try archive.image(["three"], "three")])
    #expect(try await files("both") == ["one"])
    #expect(try await files("both", platform: "linux/\(Self.other)") == ["other"])
    #expect(try await files("sha256:" + archive.hex(index)) == ["one"])
    let all = try await cache.importImages(from: .path(archive.folder), ImageChoice(image: "both", takesAll: true))
    #expect(all.count == 2)
    await #expect {
      try await cache.importImages(
        from: .path(archive.folder), ImageChoice(image: "both", takesAll: true), naming: .own)
    } throws: {
      "\($0)".contains("several images are called both")
    }
  }

  @Test("what a choice takes is whole, or nothing of it is there") func allOrNone() async throws {
    let (one, two) = (try archive.image(["one"], "one"), try archive.image(["two"], "two"))
    let layer = archive.hex(try archive.parts(of: two).layers[0])
    try archive.write(TestArchive.layer("xyz"), "blobs/sha256/" + layer)
    try archive.list([one, two])
    await #expect { try await cache.importImages(from: .path(archive.folder), ImageChoice(takesAll: true)) } throws: {
      ($0 as? CacheError)?.code == .badDigest
    }
    #expect(try await cache.manager.usage().rows.isEmpty)
    #expect(try cache.content.digests().isEmpty)
  }

  @Test("an image's own name is given only where it has one") func ownName() async throws {
    try archive.list([try archive.image(["one"])])
    await #expect { try await cache.importImages(from: .path(archive.folder), ImageChoice(), naming: .own) } throws: {
      "\($0)".contains("bears no name") && "\($0)".contains("--ref")
    }
    try archive.list([try archive.image(["one"], "docker.io/library/app:1")])
    #expect(try await cache.importImages(from: .path(archive.folder), ImageChoice())[0].name == nil)
    #expect(try await cache.importImages(from: .path(archive.folder), ImageChoice(), naming: .own)[0].name == "app:1")
  }

  // MARK: docker save

  @Test("docker save without an index, or with one that leaves images out", arguments: ["none", "null", "[]", "some"])
  func saved(_ index: String) async throws {
    let entries = [
      try archive.saved(["one"], ["app:1", "app:one"]), try archive.saved(["two"], ["team/app:2"]),
      try archive.saved(["three"], nil),
    ]
    try archive.json(entries, "manifest.json")
    switch index {
    case "none": break
    case "some": try archive.list([try archive.image(["one"], "1")])
    default: try archive.write(Array(#"{"schemaVersion":2,"manifests":\#(index)}"#.utf8), "index.json")
    }
    let id = try archive.saved(["three"], nil)["Config"] as? String ?? ""
    for (name, content) in [
      ("app:1", "one"), ("app:one", "one"), ("docker.io/team/app:2", "two"),
      (String(id.dropFirst("blobs/sha256/".count).prefix(12)), "three"),
    ] {
      #expect(try await files(name) == [content], "\(name)")
    }
    try await cache.manager.prune([PrunePolicy(all: true)])
    try await expectRefused("3 images in")
  }

  @Test("what holds no image is told with what it holds, and what to do")
  func noImages() async throws {
    let folder = scratch.path.appending("other")
    try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: false)
    try await expectRefused("\(folder) is empty", at: folder)
    try Data("x".utf8).write(to: URL(filePath: folder.string + "/x"))
    try await expectRefused("\(folder) holds no image: no index.json", at: folder)
    try FileManager.default.createDirectory(atPath: folder.string + "/etc", withIntermediateDirectories: false)
    try await expectRefused("\(folder) holds a system's files, and no image: `strata snapshot`", at: folder)
    try archive.list([try archive.image(["one"])])
    try await expectRefused("holds an image in its folder layout, not at its top", at: scratch.path)
    try await expectRefused("index.json is one file of an image", at: archive.folder.appending("index.json"))
    try await expectRefused(
      "gzip, zstd, xz or bzip2",
      at: archive.folder.appending("blobs/sha256").pushing(
        FilePath(archive.hex(try archive.image(["one"])))))
    // Blobs that are called like layers of the oldest form are none.
    try await expectRefused("holds no image: no index.json", at: archive.folder.appending("blobs/sha256"))
  }

  @Test("a list of nothing is no image, and the message says so", arguments: ["null", "[]"]) func emptyList(
    _ list: String
  ) async throws {
    try archive.write(Array(list.utf8), "manifest.json")
    try await expectRefused("\(archive.folder) is an archive of images, and lists none")
  }

  @Test(
    "what is no image's document is told in words",
    arguments: [
      ("index.json", "{", "index.json in", "it is no JSON"),
      ("index.json", "[]", "index.json in", "JSON of another kind"),
      ("index.json", "null", "index.json in", "it is null"),
      ("index.json", #"{"manifests":[{}]}"#, "index.json in", "there is no manifests[0]."),
      ("index.json", #"{"manifests":[{"digest":"sha256:0","size":1}]}"#, "is damaged", "sha256:0 is no digest"),
      ("manifest.json", #"[{"Config":1}]"#, "manifest.json in", "[0].Config is of another kind"),
      (
        "manifest.json", #"[{"Config":"../../etc/passwd","Layers":[]}]"#, "is not whole",
        "../../etc/passwd is not in it"
      ),
    ])
  func damagedDocuments(_ name: String, _ text: String, _ first: String, _ second: String) async throws {
    try archive.write(Array(text.utf8), name)
    try await expectRefused(first, second)
    try await run("tar", "-cf", scratch.path.appending("packed.tar").string, "-C", archive.folder.string, ".")
    do {
      _ = try await cache.importImage(at: scratch.path.appending("packed.tar"))
      Issue.record("it was taken")
    } catch {
      #expect("\(error)".contains("packed.tar") && !"\(error)".contains(cache.root.string), "\(error)")
    }
  }

  @discardableResult
  private func run(_ tool: String, _ arguments: String...) async throws -> String {
    let result = try await Subprocess.run(
      .name(tool), arguments: Arguments(arguments), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    #expect(result.terminationStatus == .exited(0), "\(tool) \(arguments): \(result.standardError)")
    return result.standardOutput
  }

  /// Layers as Docker wrote them before there was a `manifest.json`, lowest first; the id of the uppermost.
  private func old(_ layers: [String], over parent: String? = nil) throws -> String {
    var parent = parent
    for name in layers {
      let id = Digest(of: "\(parent ?? "") \(name)".utf8).hex
      var json: [String: Any] = ["id": id, "os": "linux", "architecture": "amd64", "config": ["Cmd": [name]]]
      json["parent"] = parent
      try archive.json(json, "\(id)/json")
      try archive.write(Array("1.0".utf8), "\(id)/VERSION")
      try archive.write(TestArchive.layer(name), "\(id)/layer.tar")
      parent = id
    }
    return parent ?? ""
  }

  @Test("docker save from before manifest.json: layers that name their parents, with names in repositories, or none")
  func oldest() async throws {
    let base = try old(["one", "two"])
    let (app, other) = (try old(["three"], over: base), try old(["four"], over: base))
    #expect(try await files(app) == ["one", "two", "three"])
    #expect(try await files(String(other.prefix(12))) == ["one", "two", "four"])
    try archive.json(["app": ["1": app, "2": other], "base": ["latest": base]], "repositories")
    #expect(try await files("app:1") == ["one", "two", "three"])
    #expect(try await files("base") == ["one", "two"])
    try await run("tar", "-cf", scratch.path.appending("saved.tar").string, "-C", archive.folder.string, ".")
    let images = try await cache.importImages(
      from: .path(scratch.path.appending("saved.tar")), ImageChoice(image: "app:2"), naming: .own)
    #expect(images.map(\.name) == ["app:2"])
    // What has become of its configuration goes out with it.
    let ref = try cache.manager.get(try #require(images[0].records.last))
    try await cache.exportImage(of: ref, to: scratch.path.appending("out"))
    let out = try await run(
      "sh", "-c", "cat '\(scratch.path.appending("out"))'/blobs/sha256/* | grep -a -o '\"Cmd\":\\[\"four\"\\]'")
    #expect(out == "\"Cmd\":[\"four\"]\n")
    try ref.release()
    #expect(try await cache.manager.verify() == [])
  }

  @Test("of the oldest form, what goes in circles or is not there is told") func oldestDamaged() async throws {
    let id = String(repeating: "a", count: 64)
    try archive.json(["app": ["1": id]], "repositories")
    try await expectRefused("app:1 is not whole", "\(id)/json is not in it")
    try archive.json(["id": id, "parent": id], "\(id)/json")
    try await expectRefused("its layers have no lowest one")
    try archive.json(["id": id, "parent": "../../etc"], "\(id)/json")
    try await expectRefused("../../etc/json is not in it")
    try archive.json(["id": id], "\(id)/json")
    try await expectRefused("layer \(id)/layer.tar is not in it")
    try FileManager.default.createSymbolicLink(
      atPath: archive.folder.string + "/\(id)/layer.tar", withDestinationPath: "../../../../../../etc/hostname")
    try await expectRefused("layer \(id)/layer.tar is not in it")
  }

  @Test("layers that are links to each other are followed inside the archive", arguments: [true, false])
  func linkedLayers(_ isSymbolic: Bool) async throws {
    let (one, two) = (TestArchive.layer("one"), TestArchive.layer("two"))
    let config = Array(try TestArchive.bytes(archive.config([one, two, one])))
    let name = Digest(of: config).hex + ".json"
    let list = [["Config": name, "RepoTags": ["app:1"], "Layers": ["a/layer.tar", "b/layer.tar", "c/layer.tar"]]]
    let tar = TarBytes().file(name, String(decoding: config, as: UTF8.self))
      .folder("a/").file("a/layer.tar", String(decoding: one, as: UTF8.self))
      .folder("b/").file("b/layer.tar", String(decoding: two, as: UTF8.self)).folder("c/")
    let link =
      isSymbolic
      ? TarBytes().link("c/layer.tar", to: "../a/layer.tar") : TarBytes().hardLink("c/layer.tar", to: "a/layer.tar")
    let manifest = TarBytes().file("manifest.json", String(decoding: try TestArchive.bytes(list), as: UTF8.self))
    try archive.write((tar + link + manifest).finished, "../saved.tar")
    let records = try await cache.importImage(at: scratch.path.appending("saved.tar"))
    #expect(records.count == 3)
    #expect(try cache.content.digests().count == 2)
    #expect(try await cache.manager.verify() == [])
  }

  // MARK: bytes

  @Test("layers and archives are read however they are packed", arguments: ["cat", "gzip", "zstd", "xz", "bzip2"])
  func compressions(_ tool: String) async throws {
    guard isInstalled(tool) else { return print("\(tool) is missing: layers that it packs were not tried") }
    let script = """
      cd '\(archive.folder)'; l=$(ls -S blobs/sha256/* | head -1); \(tool) -c < $l > packed; mv packed $l
      cd ..; tar -cf - -C layout . | \(tool == "cat" ? "cat" : tool + " -c") > image
      """.replacing("cat -c", with: "cat")
    try archive.json([try archive.saved(["one"], ["app"])], "manifest.json")
    try await run("sh", "-euc", script)
    #expect(try await files(at: scratch.path.appending("image")) == ["one"])
    let id = try #require(try await cache.manager.usage().rows.first).id
    let type = try cache.manager.details(of: id).metadata.blob?.mediaType
    #expect(type == TestArchive.layerType + (tool == "cat" ? "" : "+" + tool))
  }

  @Test("a pipe is read once, and its layers become blobs by their names alone") func streams() async throws {
    try archive.list([try archive.image(["one", "two", "one"])])
    try await run("tar", "-cf", scratch.path.appending("image.tar").string, "-C", archive.folder.string, ".")
    let file = try FileDescriptor.open(scratch.path.appending("image.tar"), .readOnly)
    let read = Guarded<(bytes: Int64, totals: Set<Int64?>)>((0, []))
    let images = try await cache.importImages(
      from: .stream(file, name: "standard input"), ImageChoice(),
      progress: { step, count, total in
        guard step == .reading else { return }
        read.withLock {
          $0.bytes += count
          $0.totals.insert(total)
        }
      })
    try file.close()
    #expect(images.map(\.records.count) == [3])
    let size = try FileManager.default.attributesOfItem(atPath: scratch.path.appending("image.tar").string)[.size]
    #expect(read.withLock { $0.bytes } == (size as? Int64) && read.withLock { $0.totals } == [nil])
    #expect(try await cache.manager.verify() == [])
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache.root.string + "/trees").count == 3)
  }

  @Test("what is read never exceeds what there is to read, though images share layers and others are passed over")
  func totals() async throws {
    try archive.list([
      try archive.image(["one", "two"], "a"), try archive.image(["one", "three", "one"], "b"),
      try archive.image(["four"], "c"),
    ])
    for choice in [ImageChoice(takesAll: true), ImageChoice(image: "b"), ImageChoice(takesAll: true)] {
      let read = Guarded<(bytes: Int64, total: Int64)>((0, 0))
      _ = try await cache.importImages(
        from: .path(archive.folder), choice,
        progress: { _, count, total in read.withLock { $0 = ($0.bytes + count, total ?? 0) } })
      #expect(read.withLock { $0.bytes == $0.total && $0.total > 0 })
    }
  }

  @Test("a layer that can't be taken is named with its image, its entry and what the user typed") func layerErrors()
    async throws
  {
    let bytes = TarBytes().file("fine").file("../out").finished
    let manifest: TestArchive.Entry = [
      "schemaVersion": 2, "config": try archive.jsonBlob(archive.config([bytes]), TestArchive.configType),
      "layers": [try archive.blob(bytes, TestArchive.layerType)],
    ]
    var entry = try archive.jsonBlob(manifest, TestArchive.manifestType)
    entry["annotations"] = [TestArchive.ref: "app"]
    try archive.list([entry])
    try await expectRefused("layer 1 of 1 of app in \(archive.folder): entry ../out leaves the tree")
    // Its bytes are others than its configuration says.
    let other = try archive.image(["one"], "app")
    let layer = archive.hex(try archive.parts(of: other).layers[0])
    try archive.write(TestArchive.layer("two"), "blobs/sha256/" + layer)
    try archive.list([other])
    try await expectRefused("layer 1 of 1 of app in \(archive.folder)", layer)
  }

  // MARK: odd images

  /// An image of layers of certain types, whose configuration says so.
  private func image(
    _ layers: [(bytes: [UInt8], type: String, urls: [String]?)], _ name: String, os: String = "linux"
  ) throws -> TestArchive.Entry {
    var config = archive.config(layers.map(\.bytes), os: os)
    if layers.isEmpty { config["rootfs"] = ["type": "layers", "diff_ids": NSNull()] as [String: Any] }
    let manifest: TestArchive.Entry = [
      "schemaVersion": 2, "config": try archive.jsonBlob(config, TestArchive.configType),
      "layers": layers.isEmpty
        ? NSNull()
        : try layers.map { layer in
          var entry = try archive.blob(layer.bytes, layer.type)
          entry["urls"] = layer.urls
          return entry
        },
    ]
    var entry = try archive.jsonBlob(manifest, TestArchive.manifestType)
    entry["annotations"] = [TestArchive.ref: name]
    return entry
  }

  @Test("an image without layers, one whose layer is elsewhere, and an encrypted one are told with what is wrong")
  func faults() async throws {
    let (one, foreign) = (TestArchive.layer("one"), TestArchive.layer("far"))
    let type = "application/vnd.docker.image.rootfs.foreign.diff.tar"
    let empty = try image([], "empty")
    let far = try image([(foreign, type, ["https://example.com/layer"]), (one, TestArchive.layerType, nil)], "far")
    let secret = try image([(one, TestArchive.layerType + "+encrypted", nil)], "secret")
    let digest = archive.hex(try archive.parts(of: far).layers[0])
    try archive.list([far])
    #expect(try await files() == ["far", "one"])
    try await cache.manager.prune([PrunePolicy(all: true)])
    try FileManager.default.removeItem(atPath: archive.folder.string + "/blobs/sha256/" + digest)
    try archive.list([empty, far, secret])
    for (name, words) in [
      ("empty", ["empty in \(archive.folder) has no layers"]),
      ("far", ["layer blobs/sha256/\(digest) is not in it", "elsewhere only (https://example.com/layer)"]),
      ("secret", ["secret in \(archive.folder) is encrypted: decrypt"]),
    ] {
      try await expectRefused(words[0], words.last ?? "", image: name)
    }
    // With all of them, those that can be had are.
    try archive.list([empty, far, secret, try archive.image(["good"], "good")])
    var notes: [String] = []
    let images = try await cache.importImages(
      from: .path(archive.folder), ImageChoice(takesAll: true), telling: { notes.append($0) })
    #expect(images.map(\.label) == ["good"])
    #expect(notes.count == 3 && notes.count { $0.hasPrefix("passed over: ") } == 3, "\(notes)")
  }

  @Test("layers that hold nothing, and one layer many times, are records each; that it is for Windows is told")
  func emptyAndRepeated() async throws {
    let (none, one) = (TarBytes().finished, TarBytes().folder("Files/").file("Files/one").finished)
    let layers = [none, one, one, [], none].map { ($0, TestArchive.layerType, nil as [String]?) }
    try archive.list([try image(layers, "odd", os: "windows")])
    var notes: [String] = []
    let images = try await cache.importImages(
      from: .path(archive.folder), ImageChoice(), telling: { notes.append($0) })
    #expect(Set(images[0].records).count == 5)
    #expect(notes.count == 1 && notes[0].contains("odd is for Windows"))
    #expect(try await cache.manager.verify() == [])
    #expect(try await files() == ["Files/", "Files/one"])
    // Out and in again it is the same.
    let ref = try cache.manager.get(try #require(images[0].records.last))
    try await cache.exportImage(of: ref, to: scratch.path.appending("out"))
    try ref.release()
    #expect(try await cache.importImage(at: scratch.path.appending("out")) == images[0].records)
  }

  @Test("folders of an archive of images that their owner may not enter don't keep their files back")
  func closedFolders()
    async throws
  {
    let one = TestArchive.layer("one")
    let config = try TestArchive.bytes(archive.config([one]))
    let list = [["Config": "d/config", "Layers": ["d/layer"]]]
    let tar = TarBytes().folder("d/", mode: 0).file("d/config", String(decoding: config, as: UTF8.self), mode: 0)
      .file("d/layer", String(decoding: one, as: UTF8.self), mode: 0)
      .file("manifest.json", String(decoding: try TestArchive.bytes(list), as: UTF8.self), mode: 0)
    try archive.write(tar.finished, "../saved.tar")
    let id = try #require(try await cache.importImage(at: scratch.path.appending("saved.tar")).first)
    let digest = try #require(try cache.manager.details(of: id).metadata.blob?.digest)
    let mode = try FileManager.default.attributesOfItem(atPath: try cache.content.file(of: digest).string)
    #expect(mode[.posixPermissions] as? Int == 0o600)
  }

  // MARK: out again

  /// The documents of an exported layout, by media type.
  private func exported(_ records: [RecordID], to name: String) async throws -> [String: TestArchive.Entry] {
    let ref = try cache.manager.get(try #require(records.last))
    defer { try? ref.release() }
    let out = scratch.path.appending(FilePath.Component(name) ?? ".")
    try await cache.exportImage(of: ref, to: out)
    func document(_ name: String) throws -> TestArchive.Entry {
      let bytes = try Data(contentsOf: URL(filePath: out.string + "/" + name))
      return try #require(try JSONSerialization.jsonObject(with: bytes) as? TestArchive.Entry)
    }
    let index = try document("index.json")
    let entry = try #require((index["manifests"] as? [TestArchive.Entry])?.first)
    return ["entry": entry, "manifest": try document("blobs/sha256/" + archive.hex(entry))]
  }

  @Test("a layer's type in a layout tells how its bytes are packed, and whether it may be had from elsewhere")
  func layerTypes() async throws {
    let docker = "application/vnd.docker.image.rootfs."
    let layers = [
      (TestArchive.layer("a"), docker + "diff.tar.gzip", nil),
      (TestArchive.layer("b"), docker + "foreign.diff.tar", ["https://example.com/b"]),
      (TestArchive.layer("c"), TestArchive.layerType, nil as [String]?),
    ]
    try archive.list([try image(layers, "app")])
    let records = try await cache.importImage(at: archive.folder)
    let manifest = try await exported(records, to: "out")["manifest"]
    let found = try #require(manifest?["layers"] as? [TestArchive.Entry])
    let foreign = "application/vnd.oci.image.layer.nondistributable.v1.tar"
    #expect(found.map { $0["mediaType"] as? String } == [TestArchive.layerType, foreign, TestArchive.layerType])
    #expect(found.map { $0["urls"] as? [String] } == [nil, ["https://example.com/b"], nil])
  }

  @Test(
    "what is written for docker load is read by skopeo, as Docker's and as a layout",
    .enabled(if: isInstalled("skopeo")))
  func dockerArchive() async throws {
    try archive.list([try archive.image(["one", "two", "one"], "localhost:5000/app:2")])
    let records = try await cache.importImages(from: .path(archive.folder), ImageChoice(), naming: .own)[0].records
    let ref = try cache.manager.get(try #require(records.last))
    defer { try? ref.release() }
    for tag in ["localhost:5000/app:2", "plain", "Not A Reference", "app:bad tag"] {
      try cache.manager.tag(tag, ref.id)
    }
    let (file, scratch) = (scratch.path.appending("app.tar"), scratch.path.string)
    try await cache.packImage(of: ref, as: .docker, in: file)
    let tags = try await run("sh", "-c", "tar -xOf '\(file)' manifest.json | grep -o '\"RepoTags\":[^]]*]'")
    #expect(tags == #""RepoTags":["localhost:5000/app:2","plain:latest"]"# + "\n")
    try await run("skopeo", "copy", "-q", "docker-archive:\(file):plain:latest", "oci:\(scratch)/copied:x")
    try await run("skopeo", "copy", "-q", "oci-archive:\(file)", "oci:\(scratch)/unpacked:x")
    for name in ["copied", "unpacked"] {
      #expect(try await files(at: FilePath(scratch).appending(FilePath.Component(name) ?? ".")) == ["one", "two"])
    }
    #expect(try await files(at: file) == ["one", "two"])
  }

  // MARK: neighbours

  @Test("signatures, charts and the like are passed over beside an image, and named where there is nothing else")
  func artefacts() async throws {
    let simple = "application/vnd.dev.cosign.simplesigning.v1+json"
    let entries = [
      // As cosign writes it: its configuration is called that of an image.
      try archive.artefact(TestArchive.configType, simple),
      try archive.artefact(
        "application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip"),
      try archive.artefact(
        "application/vnd.oci.empty.v1+json", "application/spdx+json", saying: ["artifactType": "application/spdx+json"]),
      try archive.blob([UInt8]("not json".utf8), "application/octet-stream"),
    ]
    try archive.list(entries)
    try await expectRefused(
      "holds no image, only", simple, "application/vnd.cncf.helm.config.v1+json", "application/spdx+json",
      "application/octet-stream")
    try archive.list(entries + [try archive.image(["one"])])
    var notes: [String] = []
    #expect(try await files { notes.append($0) } == ["one"])
    #expect(notes.count { $0.contains("passed over in \(archive.folder)") } == 4)
  }

  /// A build cache of layers of one file each, with the places of their parents.
  private func buildCache(
    _ layers: [(name: String, parent: Int?)], asImage: Bool = false, records: [TestArchive.Entry]? = nil
  ) throws -> TestArchive.Entry {
    let blobs = try layers.map { layer in
      let bytes = TestArchive.layer(layer.name)
      var entry = try archive.blob(bytes, TestArchive.layerType)
      var annotations = ["containerd.io/uncompressed": Digest(of: bytes).description]
      if records == nil {
        annotations["buildkit/createdat"] = "2026-11-01T00:00:00.5Z"
        annotations["buildkit/description"] = "RUN \(layer.name)"
      }
      entry["annotations"] = annotations
      return entry
    }
    let listed = zip(layers, blobs).map { layer, blob in
      var entry: TestArchive.Entry = ["blob": blob["digest"] ?? ""]
      entry["parent"] = layer.parent
      return entry
    }
    let step: TestArchive.Entry = [
      "digest": Digest(of: "step".utf8).description, "layers": [["createdAt": "2026-11-01T00:00:00Z"]],
    ]
    let config = try archive.jsonBlob(
      ["layers": listed, "records": records ?? [step]] as TestArchive.Entry, "application/vnd.buildkit.cacheconfig.v0")
    guard asImage else { return try archive.index(blobs + [config]) }
    return try archive.jsonBlob(
      ["schemaVersion": 2, "mediaType": TestArchive.manifestType, "config": config, "layers": blobs]
        as TestArchive.Entry,
      TestArchive.manifestType)
  }

  @Test("a build cache of BuildKit's becomes records that stand on each other as it says", arguments: [false, true])
  func buildCaches(_ asImage: Bool) async throws {
    // The number of the first layer is left out where it is a parent.
    let layers: [(String, Int?)] = [("base", -1), ("make", nil), ("test", nil), ("deep", 2), ("other", -1)]
    let entry = try buildCache(layers, asImage: asImage)
    try archive.list([entry])
    var notes: [String] = []
    let caches = try await cache.importImages(
      from: .path(archive.folder), ImageChoice(), telling: { notes.append($0) })
    let ids = try #require(caches.first).records
    #expect(notes.count == 1 && notes[0].hasPrefix("\(archive.folder) is a build cache that BuildKit exported"))
    let records = try ids.map { try cache.manager.details(of: $0).metadata }
    #expect(
      records.map(\.parents) == [.none, .layer(ids[0]), .layer(ids[0]), .layer(ids[2]), .none], "\(records)")
    #expect(records.map(\.description) == layers.map { "RUN \($0.0)" })
    #expect(records.map(\.createdAt.text).allSatisfy { $0.hasPrefix("2026-11-01T00:00:00") })
    #expect(try await cache.manager.verify() == [])
    await #expect {
      try await cache.importImages(from: .path(archive.folder), ImageChoice(), naming: .given("app"))
    } throws: { "\($0)".contains("has no top record") }
    // Beside an image it is passed over.
    try archive.list([entry, try archive.image(["one"])])
    notes = []
    #expect(try await files { notes.append($0) } == ["one"])
    #expect(notes == ["passed over in \(archive.folder): a build cache that BuildKit exported"])
  }

  @Test("layers of a build cache may be listed before what they stand on, as BuildKit sorts them; steps tell of them")
  func unorderedCache() async throws {
    // As the exporter of BuildKit 0.32 lists them: by their digests.
    let layers: [(String, Int?)] = [("workdir", 2), ("out", -1), ("base", -1), ("copy", nil), ("run", 3)]
    let steps = (0..<4).map { Digest(of: "step \($0)".utf8).description }
    let records: [TestArchive.Entry] = [
      ["digest": steps[0]],
      ["digest": steps[1], "layers": [["layer": 2, "createdAt": "2026-11-02T00:00:00Z"]]],
      ["digest": steps[2], "chains": [["layers": [2, 0], "createdAt": "2026-11-03T00:00:00Z"]]],
      ["digest": steps[3], "layers": [["createdAt": "2026-11-04T00:00:00Z"], ["layer": 9]]],
    ]
    try archive.list([try buildCache(layers, asImage: true, records: records)])
    let ids = try #require(
      try await cache.importImages(from: .path(archive.folder), ImageChoice()).first
    ).records
    let found = try ids.map { try cache.manager.details(of: $0).metadata }
    #expect(found.map(\.parents) == [.none, .layer(ids[0]), .none, .layer(ids[1]), .layer(ids[3])])
    #expect(
      found.map(\.description) == [
        "step \(steps[1].prefix(19))", "step \(steps[2].prefix(19))", "imported from layout", "imported from layout",
        "imported from layout",
      ])
    #expect(found.prefix(2).map(\.createdAt.text) == ["2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"])
    #expect(try await cache.manager.verify() == [])
  }

  @Test("of a build cache that is not whole, what can be had is brought in, and the rest is told") func partialCache()
    async throws
  {
    let entry = try buildCache([("base", -1), ("gone", 0), ("over gone", 1), ("make", 0)])
    try FileManager.default.removeItem(
      atPath: archive.folder.string + "/blobs/sha256/" + Digest(of: TestArchive.layer("gone")).hex)
    try archive.list([entry])
    var notes: [String] = []
    let caches = try await cache.importImages(
      from: .path(archive.folder), ImageChoice(), telling: { notes.append($0) })
    #expect(caches.map(\.records.count) == [2])
    #expect(notes.count == 1 && notes[0].contains("2 of 4 layers are not in it, or stand on one that isn't"))
    try await cache.manager.prune([PrunePolicy(all: true)])
    for (layers, words) in [
      ([("a", 0)], "layer 0 stands on itself in the end"),
      ([("a", -1), ("b", 1)], "layer 1 stands on itself in the end"),
      ([("a", 2), ("b", 0), ("c", 1)], "layer 0 stands on itself in the end"),
      ([("a", -2)], "layer 0 stands on none that is listed"), ([("a", 1)], "layer 0 stands on none that is listed"),
      ([], "none of its layers is in it"),
    ] {
      try archive.list([try buildCache(layers)])
      try await expectRefused(words)
    }
  }
}
