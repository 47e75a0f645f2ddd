import BuildCache
import BuildCacheStore
import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

@Suite("Images") struct ImageTests {
  private let scratch: ScratchFolder
  private let cache: EmbeddedCache

  init() throws {
    scratch = try ScratchFolder()
    cache = try EmbeddedCache(scratch.path.appending("cache"), .write)
  }

  // MARK: making and comparing

  @discardableResult
  private func run(_ tool: String, _ arguments: String...) async throws -> String {
    let result = try await Subprocess.run(
      .name(tool), arguments: Arguments(arguments), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    #expect(result.terminationStatus == .exited(0), "\(tool) \(arguments): \(result.standardError)")
    return result.standardOutput
  }

  /// Runs a few lines of shell in the scratch folder.
  @discardableResult
  private func shell(_ script: String) async throws -> String {
    try await run("sh", "-euc", "cd '\(scratch.path)'; " + script)
  }

  /// A record of a folder's content over another.
  private func snapshot(_ folder: String, over parent: ImmutableRef? = nil) async throws -> ImmutableRef {
    let mutable = try await cache.manager.new(over: parent, RecordOptions(retain: true))
    try DirectorySnapshotter.copyContents(of: scratch.path.appending(folder), to: try await mutable.mount())
    let ref = try mutable.commit()
    try await ref.finalize()
    return ref
  }

  /// A base with all that trees may hold, and a layer over it that adds, changes and takes away.
  private func twoLayers() async throws -> ImmutableRef {
    try await shell(
      """
      mkdir -p base/etc base/var/lib base/run base/dir; echo one > base/etc/one; echo two > base/etc/two
      ln -s /run base/var/run; ln -s ../etc/one base/dir/link; ln base/etc/one base/hard; mkfifo base/pipe
      printf x > "$(printf 'base/odd \\377\\nname')"; chmod 4755 base/etc/two; chmod 700 base/dir
      setfattr -n user.note -v kept base/etc/two 2>/dev/null || true
      touch -d 2001-02-03T04:05:06.789 base/etc/one base/etc base
      mkdir -p top/etc top/new; echo changed > top/etc/two; echo new > top/new/file; ln -s /etc top/new/abs
      """)
    let base = try await snapshot("base")
    let mutable = try await cache.manager.new(over: base)
    let tree = try await mutable.mount()
    try DirectorySnapshotter.copyContents(of: scratch.path.appending("top"), to: tree)
    try await shell("rm '\(tree)/dir/link'; rmdir '\(tree)/run'; echo file > '\(tree)/run'")
    let top = try mutable.commit()
    try await top.finalize()
    return top
  }

  /// Whether rsync finds nothing to bring from one tree to another: content, modes, owners, times, links, attributes.
  private func expectSame(_ one: FilePath, _ other: FilePath) async throws {
    let listing = { (folder: FilePath) in
      try await self.run(
        "sh", "-euc",
        """
        cd '\(folder)'; find . -mindepth 1 -printf '%P %y %m %U %G %n %l %T@ ' -type f -printf '%s' -printf '\\n' \
          -o -mindepth 1 -printf '\\n' | LC_ALL=C sort; find . -type f -exec sha256sum {} + | LC_ALL=C sort
        """)
    }
    let (left, right) = (try await listing(one).split(separator: "\n"), try await listing(other).split(separator: "\n"))
    #expect(left == right, "\(Set(left).symmetricDifference(right).sorted().joined(separator: "\n"))")
  }

  // MARK: round trips

  @Test("B15: export and import give the same tree, and the same ids when repeated") func roundTrip() async throws {
    let top = try await twoLayers()
    let layout = scratch.path.appending("layout")
    try await cache.exportImage(of: top, to: layout)
    try await cache.extract(top, to: scratch.path.appending("tree"))
    try await shell("tar -cf layout.tar -C layout .; gzip -k layout.tar")
    for path in ["layout", "layout.tar", "layout.tar.gz"] {
      let other = try EmbeddedCache(scratch.path.appending("other-" + path), .write)
      let ids = try await other.importImage(at: scratch.path.appending(path))
      #expect(ids.count == 2)
      #expect(try await other.importImage(at: scratch.path.appending(path)) == ids)
      let ref = try other.manager.get(try #require(ids.last))
      let tree = scratch.path.appending("tree-" + path)
      try await other.extract(ref, to: tree)
      try await expectSame(scratch.path.appending("tree"), tree)
      // An import that is exported again has the very same layers.
      let again = scratch.path.appending("again-" + path)
      try await other.exportImage(of: ref, to: again)
      #expect(
        try await shell("cd layout; find . -type f | sort")
          == (try await shell("cd 'again-\(path)'; find . -type f | sort")))
      try ref.release()
      #expect(try await other.manager.verify() == [])
      try other.close()
    }
  }

  @Test(
    "skopeo copies an exported layout, umoci unpacks it to the same tree, and what they made is imported",
    .enabled(if: isInstalled("skopeo") && isInstalled("umoci")))
  func realTools() async throws {
    let top = try await twoLayers()
    try await cache.exportImage(of: top, to: scratch.path.appending("layout"))
    try await cache.extract(top, to: scratch.path.appending("tree"))
    try await shell(
      """
      skopeo copy -q oci:layout:latest oci:copied:latest
      skopeo copy -q oci:layout:latest docker-archive:saved.tar:app:1
      umoci unpack --image copied:latest bundle 2>/dev/null
      """)
    try await expectSame(scratch.path.appending("tree"), scratch.path.appending("bundle/rootfs"))
    // umoci makes a layer of its own over the two.
    try await shell(
      """
      echo more > bundle/rootfs/more; rm bundle/rootfs/hard
      umoci repack --image copied:more bundle 2>/dev/null
      umoci rm --image copied:latest
      """)
    for (number, path) in ["saved.tar", "copied"].enumerated() {
      let other = try EmbeddedCache(scratch.path.appending("other-\(number)"), .write)
      let ids = try await other.importImage(at: scratch.path.appending(path))
      let ref = try other.manager.get(try #require(ids.last))
      let tree = scratch.path.appending("tree-\(number)")
      try await other.extract(ref, to: tree)
      if number == 0 {
        try await expectSame(scratch.path.appending("tree"), tree)
      } else {
        #expect(ids.count == 3)
        try await shell("cp -a tree expected; echo more > expected/more; rm expected/hard")
        #expect(
          try await shell("cd expected; find . | sort; cat more")
            == (try await shell("cd '\(tree)'; find . | sort; cat more")))
      }
      try other.close()
    }
  }

  @Test("B4, B5: a merge and a diff equal what plain tar and cp put together") func plainTools() async throws {
    let top = try await twoLayers()
    try await shell("mkdir -p extra/etc extra/dir; echo extra > extra/etc/extra; echo over > extra/etc/one")
    let extra = try await snapshot("extra")
    let base = try #require(top.layerChain().first)
    let merge = try #require(try await cache.manager.merge([base, extra]))
    let diff = try await cache.manager.diff(lower: base, upper: top)
    try await cache.extract(merge, to: scratch.path.appending("merged"))
    try await cache.extract(diff, to: scratch.path.appending("diffed"))
    try await shell(
      """
      cp -a base plain; tar -c --format=posix -C extra . | tar -x -p -C plain; touch -r extra plain
      """)
    try await expectSame(scratch.path.appending("merged"), scratch.path.appending("plain"))
    #expect(
      try await shell("cd diffed; find . | sort | grep -v '^.$'")
        == "./dir\n./etc\n./etc/two\n./new\n./new/abs\n./new/file\n./run\n")
    // The diff put over the base gives the upper again.
    let again = try #require(try await cache.manager.merge([base, diff]))
    try await cache.extract(again, to: scratch.path.appending("again"))
    try await cache.extract(top, to: scratch.path.appending("tree"))
    #expect(
      try await shell("cd again; find . | sort; cat etc/* run")
        == (try await shell("cd tree; find . | sort; cat etc/* run")))
  }

  // MARK: choosing

  @Test("an index with several platforms asks for one, or takes this machine's") func platforms() async throws {
    let one = try await twoLayers()
    try await shell("mkdir other; echo arm > other/arm")
    let two = try await snapshot("other")
    try await cache.exportImage(of: one, to: scratch.path.appending("one"))
    try await cache.exportImage(of: two, to: scratch.path.appending("two"))
    try await shell(
      """
      cp -r one both; cp -n two/blobs/sha256/* both/blobs/sha256/
      entry() { sed 's/.*"manifests":\\[\\(.*\\)\\],"mediaType".*/\\1/' $1/index.json | sed "s#\\"architecture\\":\\"[a-z0-9]*\\"#\\"architecture\\":\\"$2\\"#"; }
      printf '{"schemaVersion":2,"manifests":[%s,%s]}' "$(entry one s390x)" "$(entry two arm)" > both/index.json
      """)
    let other = try EmbeddedCache(scratch.path.appending("other-cache"), .write)
    await #expect { try await other.importImage(at: scratch.path.appending("both")) } throws: {
      "\($0)".contains("linux/arm, linux/s390x")
    }
    await #expect {
      try await other.importImage(at: scratch.path.appending("both"), platform: "linux/riscv64")
    } throws: {
      ($0 as? CacheError)?.code == .badInput
    }
    #expect(try await other.importImage(at: scratch.path.appending("both"), platform: "linux/arm").count == 1)
    #expect(try await other.importImage(at: scratch.path.appending("both"), platform: "linux/s390x").count == 2)
  }

  // MARK: damage

  @Test("a damaged image is refused by name, and leaves nothing", arguments: 0..<7) func damaged(_ damage: Int)
    async throws
  {
    let top = try await twoLayers()
    try await cache.exportImage(of: top, to: scratch.path.appending("layout"))
    let scripts = [
      "rm layout/index.json", "echo '{' > layout/index.json", "f=$(ls -S layout/blobs/sha256/*|head -1); echo x >> $f",
      "f=$(ls -S layout/blobs/sha256/*|head -1); rm $f", "f=$(grep -l rootfs layout/blobs/sha256/*); echo >> $f",
      "f=$(grep -l rootfs layout/blobs/sha256/*); ln -sf /etc/shadow $f",
      "f=$(ls -S layout/blobs/sha256/*|head -1); rm $f; mkfifo $f",
    ]
    try await shell(scripts[damage])
    let other = try EmbeddedCache(scratch.path.appending("other"), .write)
    await #expect(throws: CacheError.self) { try await other.importImage(at: scratch.path.appending("layout")) }
    #expect(try await other.manager.usage().rows.isEmpty)
    #expect(try other.content.digests().isEmpty)
    #expect(try await other.manager.verify() == [])
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path.appending("other/trees").string) == [])
  }

  @Test("a pipe is refused by name where a file is expected, and not waited for") func pipes() async throws {
    try await shell("mkfifo pipe; mkdir layout; mkfifo layout/index.json")
    for (path, name) in [("pipe", "pipe"), ("layout", "index.json")] {
      await #expect { try await cache.importImage(at: scratch.path.appending(path)) } throws: {
        "\($0)".contains("\(name)") && "\($0)".contains("is no file")
      }
    }
  }

  @Test("the packed image is held to a bound too") func packedBound() async throws {
    try await cache.exportImage(of: try await twoLayers(), to: scratch.path.appending("layout"))
    try await shell("tar -cf layout.tar -C layout .")
    await #expect { try await cache.importImage(at: scratch.path.appending("layout.tar"), maxUnpacked: 2000) } throws: {
      "\($0)".contains("larger than 2.0 kB") && "\($0)".contains("--max-unpacked")
    }
  }

  @Test("exporting and extracting want an empty folder") func notEmpty() async throws {
    let top = try await twoLayers()
    await #expect { try await cache.exportImage(of: top, to: scratch.path.appending("base")) } throws: {
      ($0 as? CacheError)?.code == .badInput
    }
    await #expect { try await cache.extract(top, to: scratch.path.appending("base")) } throws: {
      ($0 as? CacheError)?.code == .badInput
    }
  }
}
