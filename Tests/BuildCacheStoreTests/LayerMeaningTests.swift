import BuildCache
import BuildCacheStore
import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Layers laid over each other, and the tree that they mean.
struct LayerCase: CustomTestStringConvertible {
  let name: String
  let layers: [TarBytes]
  /// What must be there, among others.
  let has: [String]
  /// What must not.
  let lacks: [String]
  /// Why umoci makes something else of them, where it does.
  let differsFromUmoci: String?

  var testDescription: String { name }

  init(
    _ name: String, _ layers: [TarBytes], has: [String] = [], lacks: [String] = [], differsFromUmoci: String? = nil
  ) {
    self.name = name
    self.layers = layers
    (self.has, self.lacks, self.differsFromUmoci) = (has, lacks, differsFromUmoci)
  }

  private static func base() -> TarBytes {
    TarBytes().folder("target/").file("target/keep", "k").folder("target/sub/").file("target/sub/deep", "d")
  }
  private static let linked = base().link("link", to: "/target")
  private static let middle = base().folder("a/").link("a/link", to: "../target")
  private static let chain = base().link("two", to: "target").link("link", to: "two")
  private static let kept = ["target/keep", "target/sub/deep"]

  static let all = [
    LayerCase(
      "an opaque folder in the place of a link",
      [linked, TarBytes().folder("link/").file("link/.wh..wh..opq").file("link/new", "n")],
      has: kept + ["link/", "link/new"], lacks: ["link/keep"]),
    LayerCase(
      "a whiteout in a folder in the place of a link",
      [linked, TarBytes().folder("link/").file("link/.wh.keep").file("link/new", "n")], has: kept + ["link/new"]),
    LayerCase(
      "the same, the whiteout first",
      [linked, TarBytes().file("link/.wh.keep").folder("link/").file("link/new", "n")], has: kept + ["link/new"],
      differsFromUmoci: "it goes by the order: the link is still there"),
    LayerCase(
      "the same, the opaque marker first", [linked, TarBytes().file("link/.wh..wh..opq").folder("link/")],
      has: kept + ["link/"], differsFromUmoci: "it goes by the order: the link is still there"),
    LayerCase(
      "var/run, a folder again",
      [
        TarBytes().folder("run/").file("run/keep", "k").folder("var/").link("var/run", to: "../run"),
        TarBytes().folder("var/").folder("var/run/").file("var/run/.wh..wh..opq"),
      ], has: ["run/keep", "var/run/"], lacks: ["var/run/keep"]),
    LayerCase(
      "a link to /",
      [
        base().link("link", to: "/").file("etc", "e"), TarBytes().folder("link/").file("link/.wh..wh..opq"),
      ], has: kept + ["etc", "link/"]),
    LayerCase(
      "whiteouts through a link to /",
      [
        base().link("link", to: "/"),
        TarBytes().folder("link/").file("link/.wh.target").folder("link/target/").file("link/target/.wh.keep"),
      ], has: kept + ["link/target/"], lacks: ["link/target/keep"]),
    LayerCase(
      "a link in the middle of the path",
      [
        middle,
        TarBytes().folder("a/").folder("a/link/").folder("a/link/sub/").file("a/link/sub/.wh..wh..opq").file(
          "a/link/.wh.keep"),
      ], has: kept + ["a/link/sub/"], lacks: ["a/link/sub/deep"]),
    LayerCase(
      "a link to a link, the first replaced",
      [chain, TarBytes().folder("link/").file("link/.wh..wh..opq").file("link/new", "n")],
      has: kept + ["link/new", "two"]),
    LayerCase(
      "a link to a link, the second replaced", [chain, TarBytes().folder("two/").file("link/.wh..wh..opq")],
      has: kept + ["two/", "link"]),
    LayerCase(
      "whiteout of the link itself, beside a folder of its name",
      [linked, TarBytes().file(".wh.link").folder("link/").file("link/new", "n")], has: kept + ["link/new"]),
    LayerCase(
      "the same, the folder not named", [linked, TarBytes().file(".wh.link").file("link/new", "n")],
      has: kept + ["link/new"], lacks: ["target/new"]),
    LayerCase(
      "whiteout of the link, and of what was behind it",
      [linked, TarBytes().file(".wh.link").file("link/.wh.keep")], has: kept, lacks: ["link", "link/"]),
    LayerCase(
      "the link stays: what is behind it is meant", [linked, TarBytes().file("link/.wh.keep").file("link/new", "n")],
      has: ["link", "target/new", "target/sub/deep"], lacks: ["target/keep"]),
    LayerCase(
      "the link stays: an opaque marker behind it",
      [linked, TarBytes().file("link/.wh..wh..opq").file("link/new", "n")],
      has: ["link", "target/new"], lacks: kept),
    LayerCase(
      "the link is brought again", [linked, TarBytes().link("link", to: "/target").file("link/.wh.keep")],
      has: ["link"], lacks: ["target/keep"]),
    LayerCase(
      "another link in its place",
      [
        linked + TarBytes().folder("other/").file("other/keep", "o"),
        TarBytes().link("link", to: "/other").file("link/.wh.keep"),
      ], has: kept + ["link", "other/keep"],
      differsFromUmoci: "it removes other/keep, which no lower layer has at link/keep"),
    LayerCase(
      "a link in the place of a folder",
      [
        base() + TarBytes().folder("other/").file("other/keep", "o"),
        TarBytes().link("target", to: "other").file("target/.wh.keep"),
      ], has: ["target", "other/keep"], differsFromUmoci: "it removes other/keep, which is at no target/keep below"),
    LayerCase(
      "a file in the place of the link", [linked, TarBytes().file("link", "f")], has: kept + ["link"]),
    LayerCase(
      "a hard link to what is behind a link, which becomes a folder",
      [linked, TarBytes().hardLink("hard", to: "link/keep").folder("link/").file("link/.wh..wh..opq")],
      has: kept + ["hard", "link/"]),
    LayerCase(
      "a hard link to a link", [linked, TarBytes().hardLink("hard", to: "link").folder("link/").file("link/.wh.keep")],
      has: kept + ["hard", "link/"]),
    LayerCase(
      "all of it in one layer",
      [linked + TarBytes().folder("link/").file("link/.wh..wh..opq").file("link/.wh.keep").file("link/new", "n")],
      has: kept + ["link/new"]),
    LayerCase(
      "what a layer brings is not what it removes",
      [
        base(),
        TarBytes().folder("target/").file("target/keep", "2").file("target/.wh.keep").folder("target/sub/")
          .file("target/sub/new", "n").file("target/.wh.sub").file(".wh..wh..opq"),
      ], has: ["target/keep", "target/sub/new"], lacks: ["target/sub/deep"]),
    LayerCase(
      "removals in folders that are not there", [base(), TarBytes().file("no/.wh.x").file("none/.wh..wh..opq")],
      has: kept, lacks: ["no/", "none/"]),
    LayerCase(
      "a folder, then a file", [TarBytes().folder("a/").file("a/x", "1").file("a", "file")], has: ["a"],
      lacks: ["a/x"]),
    LayerCase(
      "a folder, a file, a folder",
      [TarBytes().folder("a/").file("a/x", "1").file("a", "file").folder("a/").file("a/y", "2")], has: ["a/y"],
      lacks: ["a/x"]),
    LayerCase(
      "a folder twice", [TarBytes().folder("a/").file("a/x", "1").folder("a/", mode: 0o700)], has: ["a/x"]),
    LayerCase(
      "a file, then a link, then a file", [TarBytes().file("f", "1").link("f", to: "/etc").file("f", "3")], has: ["f"]),
    LayerCase(
      "a link, then a folder", [base().link("l", to: "target").file("l/x", "x").folder("l/").file("l/y", "y")],
      has: ["target/x", "l/y"], lacks: ["l/x"]),
    LayerCase(
      "a hard link keeps what its name lost", [TarBytes().file("f", "1").hardLink("h", to: "f").file("f", "2")],
      has: ["f", "h"]),
  ]
}

@Suite("What layers mean") struct LayerMeaningTests {
  private let scratch: ScratchFolder
  private let cache: EmbeddedCache

  init() throws {
    scratch = try ScratchFolder()
    cache = try EmbeddedCache(scratch.path.appending("cache"), .write)
  }

  private func unpack(_ layers: [TarBytes]) async throws -> ImmutableRef {
    var top: ImmutableRef?
    for layer in layers { top = try await cache.layer(layer, over: top) }
    return try #require(top)
  }

  @Test("layers mean what OCI says", arguments: LayerCase.all) func meaning(_ layers: LayerCase) async throws {
    let found = try contents(of: try await unpack(layers.layers).mount())
    for path in layers.has { #expect(found[path] != nil, "\(path) of \(found)") }
    for path in layers.lacks { #expect(found[path] == nil, "\(path) of \(found)") }
  }

  @Test("a file in the place of a folder has its own content") func lastCounts() async throws {
    let ref = try await unpack([
      TarBytes().folder("a/").file("a/x", "1").file("a", "file").file("f", "1").hardLink("h", to: "f").file("f", "2")
    ])
    #expect(try contents(of: try await ref.mount()) == ["a": "file", "f": "2", "h": "1"])
  }

  @Test(
    "umoci makes the same of them, but where it is said why not", .enabled(if: isInstalled("umoci")),
    arguments: LayerCase.all)
  func umoci(_ layers: LayerCase) async throws {
    let ref = try await unpack(layers.layers)
    let layout = scratch.path.appending("layout")
    try await cache.exportImage(of: ref, to: layout)
    let bundle = scratch.path.appending("bundle")
    let arguments = (geteuid() == 0 ? [] : ["--rootless"]) + ["--image", "\(layout):latest", bundle.string]
    let result = try await Subprocess.run(
      .name("umoci"), arguments: Arguments(["unpack"] + arguments), output: .discarded,
      error: .string(limit: 1 << 16))
    #expect(result.terminationStatus == .exited(0), "\(result.standardError)")
    let own = try contents(of: try await ref.mount())
    let other = try contents(of: bundle.appending("rootfs"))
    #expect((own == other) == (layers.differsFromUmoci == nil), "ours \(own)\numoci's \(other)")
  }

  @Test("in a merge, a layer's removals act at their own path too") func merges() async throws {
    let layer = try await unpack([LayerCase.all[0].layers[1]])
    let linked = try await unpack([LayerCase.all[0].layers[0]])
    let merge = try #require(try await cache.manager.merge([linked, layer]))
    let found = try contents(of: try await merge.mount())
    #expect(found["target/keep"] == "k" && found["link/new"] == "n" && found["link/keep"] == nil)
  }

  @Test("what was removed through a link that stays is removed in a merge as well") func mergesThroughLinks()
    async throws
  {
    let base = TarBytes().folder("target/").file("target/keep", "k").link("link", to: "/target")
    let top = try await unpack([base, TarBytes().file("link/.wh.keep").file("link/new", "n")])
    let plain = try await cache.layer(TarBytes().folder("target/").file("target/keep", "p"))
    let other = try await cache.layer(TarBytes().file("other", "o"))
    let merge = try #require(try await cache.manager.merge([plain, other, top]))
    let found = try contents(of: try await merge.mount())
    #expect(found["target/keep"] == nil && found["target/new"] == "n" && found["other"] == "o")
  }
}
