import BuildCache
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import BuildCacheStore

@Suite("Layer archives") struct LayerArchiveTests {
  private let scratch: ScratchFolder
  private let cache: EmbeddedCache

  init() throws {
    scratch = try ScratchFolder()
    cache = try EmbeddedCache(scratch.path.appending("cache"), .write)
  }

  private func layer(_ tar: TarBytes, over parent: ImmutableRef? = nil) async throws -> ImmutableRef {
    try await cache.layer(tar, over: parent)
  }

  private func tree(_ ref: ImmutableRef) async throws -> [String: String] {
    try contents(of: try await ref.mount())
  }

  private func expectRefused(_ tar: TarBytes, over parent: ImmutableRef? = nil, naming entry: String) async throws {
    do {
      _ = try await layer(tar, over: parent)
      Issue.record("it was taken")
    } catch let error as CacheError {
      #expect(error.description.contains(entry), "\(error)")
    }
    let trees = scratch.path.appending("cache/trees").string
    let left = try FileManager.default.contentsOfDirectory(atPath: trees).filter {
      TreeID($0) == nil && !$0.hasSuffix(".removed")
    }
    #expect(left.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: scratch.path.appending("out").string))
  }

  @Test("B8: a later layer writes through an absolute link of an earlier one, inside the tree") func absoluteLink()
    async throws
  {
    let base = try await layer(TarBytes().folder("run/").folder("var/").link("var/run", to: "/run").file("keep", "k"))
    let top = try await layer(TarBytes().file("var/run/pid", "7"), over: base)
    #expect(
      try await tree(top) == ["run/": "", "run/pid": "7", "var/": "", "var/run": "-> /run", "keep": "k"])
    #expect(try await tree(base) == ["run/": "", "var/": "", "var/run": "-> /run", "keep": "k"])
  }

  @Test("links of the archive itself are followed inside the tree") func ownLinks() async throws {
    let out = scratch.path.appending("out").string
    let ref = try await layer(
      TarBytes().link("a", to: out).file("a/x", "1").link("up", to: "../../../../../..").file("up/y", "2"))
    let found = try await tree(ref)
    #expect(found[String(out.dropFirst()) + "/x"] == "1")
    #expect(found["y"] == "2")
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  @Test("a link that goes round in circles is refused") func circle() async throws {
    try await expectRefused(TarBytes().link("a", to: "b").link("b", to: "a").file("a/x", "1"), naming: "a/x")
  }

  @Test("a name with .. is refused") func parentName() async throws {
    try await expectRefused(TarBytes().file("../out", "x"), naming: "../out")
    try await expectRefused(TarBytes().file("a/../../out", "x"), naming: "a/../../out")
  }

  @Test("an absolute name is taken relative to the tree") func absoluteName() async throws {
    #expect(try await tree(layer(TarBytes().file("/etc/x", "1"))) == ["etc/": "", "etc/x": "1"])
  }

  @Test("a hard link joins what the tree has, also of a lower layer; others are refused") func hardLinks() async throws
  {
    let base = try await layer(TarBytes().file("low", "l"))
    let top = try await layer(
      TarBytes().file("own", "o").hardLink("own2", to: "own").hardLink("low2", to: "low"), over: base)
    #expect(try await tree(top) == ["low": "l", "low2": "l", "own": "o", "own2": "o"])
    try await expectRefused(TarBytes().hardLink("h", to: "/etc/passwd"), naming: "h ")
    try await expectRefused(TarBytes().hardLink("h", to: "../../../lock"), naming: "h")
    try await expectRefused(TarBytes().link("l", to: "/etc").hardLink("h", to: "l/passwd"), naming: "h ")
  }

  @Test("a file that a layer replaces is not written into: the parent keeps its own") func noWriteThrough() async throws
  {
    let base = try await layer(TarBytes().file("f", "old").folder("d/").file("d/g", "old"))
    let top = try await layer(TarBytes().file("f", "new, and longer").file("d", "no folder any more"), over: base)
    #expect(try await tree(base) == ["f": "old", "d/": "", "d/g": "old"])
    #expect(try await tree(top) == ["f": "new, and longer", "d": "no folder any more"])
  }

  @Test("whiteouts and opaque folders act on lower layers only") func whiteouts() async throws {
    let base = try await layer(
      TarBytes().file("a", "1").folder("d/").file("d/x", "1").file("d/y", "1").folder("o/").file("o/x", "1"))
    let top = try await layer(
      TarBytes().file(".wh.a").file("d/.wh.x").file("o/new", "2").file("o/.wh..wh..opq").file(".wh..wh.plnk"),
      over: base)
    #expect(try await tree(top) == ["d/": "", "d/y": "1", "o/": "", "o/new": "2"])
    try await expectRefused(TarBytes().file(".wh..."), naming: ".wh...")
    try await expectRefused(TarBytes().file(".wh."), naming: ".wh.")
  }

  @Test("B4: whiteouts of every layer act in a merge, a base layer's too") func whiteoutsInMerge() async throws {
    let one = try await layer(TarBytes().file("a", "1").folder("o/").file("o/x", "1").file("b", "1"))
    let two = try await layer(TarBytes().file(".wh.a").file("o/.wh..wh..opq").file("o/y", "2"))
    let merge = try #require(try await cache.manager.merge([one, two]))
    #expect(try await tree(merge) == ["b": "1", "o/": "", "o/y": "2"])
  }

  @Test("a removal never reaches through a link of another layer") func removalThroughLink() async throws {
    let victim = scratch.path.appending("victim").string
    try FileManager.default.createDirectory(atPath: victim, withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: URL(filePath: victim + "/x"))
    let links = try await layer(TarBytes().link("d", to: victim))
    let base = try await layer(TarBytes().folder("d/").file("d/x", "1").file("d/y", "1"))
    let top = try await layer(TarBytes().file("d/.wh.x"), over: base)
    let diff = try await cache.manager.diff(lower: base, upper: top)
    let whiteout = try await layer(TarBytes().file("d/.wh.x").file(".wh..wh..opq"))
    for other in [diff, whiteout] {
      let merge = try #require(try await cache.manager.merge([links, other]))
      _ = try await merge.mount()
    }
    #expect(try String(contentsOfFile: victim + "/x", encoding: .utf8) == "mine")
  }

  @Test("bytes that are not what the digests say are refused") func digests() async throws {
    let bytes = TarBytes().file("a", "1").finished
    let stored = try await cache.content.write(expecting: nil) { try $0.write(bytes) }
    let ref = try await cache.manager.getByBlob(
      BlobDescriptor(mediaType: "x", digest: stored.digest, size: 1, diffID: Digest(of: "other".utf8)))
    await #expect { try await ref.extract() } throws: { ($0 as? CacheError)?.code == .badDigest }
    await #expect {
      try await cache.content.write(expecting: Digest(of: "other".utf8)) { try $0.write(bytes) }
    } throws: { ($0 as? CacheError)?.code == .badDigest }
    #expect(try cache.content.size(of: Digest(of: "other".utf8)) == nil)
  }

  @Test("a bomb is refused with the name of the entry at which it was one") func bomb() async throws {
    let limited = try EmbeddedCache(scratch.path.appending("limited"), .write, maxUnpacked: 4096)
    let bytes = TarBytes().file("small", "1").file("large", String(repeating: "x", count: 100_000)).finished
    let stored = try await limited.content.write(expecting: nil) { try $0.write(bytes) }
    let ref = try await limited.manager.getByBlob(
      BlobDescriptor(mediaType: "x", digest: stored.digest, size: stored.size, diffID: Digest(of: bytes)))
    await #expect { try await ref.extract() } throws: { "\($0)".contains("entry large") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path.appending("limited/trees").string) == [])
  }

  @Test("what is no tar, or ends too early, is refused") func damaged() async throws {
    for bytes in [
      Array("no tar at all".utf8), Array(TarBytes().file("a", "12345").finished.prefix(515)), [0x1f, 0x8b, 1],
    ] {
      let stored = try await cache.content.write(expecting: nil) { try $0.write(bytes) }
      let ref = try await cache.manager.getByBlob(
        BlobDescriptor(mediaType: "x", digest: stored.digest, size: stored.size, diffID: Digest(of: bytes)))
      await #expect(throws: CacheError.self) { try await ref.extract() }
      #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path.appending("cache/trees").string) == [])
    }
  }

  @Test("an archive of what differs gives the upper tree again, byte for byte the same each time") func roundTrip()
    async throws
  {
    let base = try await layer(
      TarBytes().folder("d/").file("d/gone", "1").file("d/kept", "1").file("changed", "1").folder("turned/").file(
        "turned/x", "1"))
    let top = try await layer(
      TarBytes().file("d/.wh.gone").file("changed", "22").file("turned", "file").link("l", to: "d").folder(
        "new/", mode: 0o700), over: base)
    let differ = TarLayerDiffer(staging: scratch.path)
    var packed: [Digest] = []
    for _ in 0..<2 {
      let (lower, upper) = (try await base.mount(), try await top.mount())
      let stored = try await cache.content.write(expecting: nil) {
        try await differ.compare(lower: lower, upper: upper, to: $0)
      }
      packed.append(stored.digest)
      let blob = BlobDescriptor(
        mediaType: stored.result.mediaType, digest: stored.digest, size: stored.size, diffID: stored.result.diffID)
      let again = try await cache.manager.getByBlob(blob, over: base)
      #expect(try await tree(again) == (try await tree(top)))
      let modes = try await [top, again].asyncMap { ref in
        let new = try await ref.mount().appending("new")
        return try FileManager.default.attributesOfItem(atPath: new.string)[.posixPermissions] as? Int
      }
      #expect(modes == [0o700, 0o700])
    }
    #expect(packed[0] == packed[1])
  }

  @Test("cancelling leaves nothing behind") func cancelling() async throws {
    let bytes = TarBytes().file("a", "1").finished
    let stored = try await cache.content.write(expecting: nil) { try $0.write(bytes) }
    let folder = scratch.path.appending("tree")
    try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: false)
    let blob = BlobDescriptor(mediaType: "x", digest: stored.digest, size: stored.size, diffID: Digest(of: bytes))
    let file = try cache.content.file(of: stored.digest)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      _ = try await TarLayerApplier().apply(blob, from: file, onto: folder)
    }
    await #expect(throws: (any Error).self) { try await task.value }
    #expect(!FileManager.default.fileExists(atPath: folder.string + ".unpack"))
  }
}

extension Sequence {
  fileprivate func asyncMap<T>(_ transform: (Element) async throws -> T) async rethrows -> [T] {
    var results: [T] = []
    for element in self { results.append(try await transform(element)) }
    return results
  }
}
