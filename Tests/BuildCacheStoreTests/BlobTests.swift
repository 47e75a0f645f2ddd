import BuildCacheStore
import Foundation
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import BuildCache

/// Provides bytes, and counts how often it is asked.
private final class CountingProvider: BlobProvider {
  private let bytes: [UInt8]
  private let asked = Guarded(0)
  private let fails: Bool

  init(_ bytes: [UInt8], fails: Bool = false) {
    self.bytes = bytes
    self.fails = fails
  }
  var count: Int { asked.withLock { $0 } }
  func provide(_ blob: BlobDescriptor, to sink: any BlobSink) async throws {
    asked.withLock { $0 += 1 }
    try sink.write(Array(bytes.prefix(100)))
    if fails { throw CancellationError() }
    await Task.yield()
    try sink.write(Array(bytes.dropFirst(100)))
  }
}

@Suite("Blobs of records") struct BlobTests {
  private let scratch: ScratchFolder
  private let cache: EmbeddedCache
  private let bytes = TarBytes().file("a", "1").finished

  init() throws {
    scratch = try ScratchFolder()
    cache = try EmbeddedCache(scratch.path.appending("cache"), .write)
  }

  private func descriptor(_ bytes: [UInt8]) -> BlobDescriptor {
    BlobDescriptor(
      mediaType: "application/vnd.oci.image.layer.v1.tar", digest: Digest(of: bytes), size: Int64(bytes.count),
      diffID: Digest(of: bytes))
  }

  @Test("B8, B16: a lazy record is fetched and unpacked once, whoever asks and however many") func oneRun() async throws
  {
    let provider = CountingProvider(bytes)
    let ref = try await cache.manager.getByBlob(
      descriptor(bytes), RecordOptions(imageRef: "docker.io/library/a:1"),
      providers: [Digest(of: bytes): provider])
    #expect(try cache.manager.details(of: ref.id).isLazy)
    #expect(try await cache.manager.usage().rows.map(\.size) == [0])
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<20 { group.addTask { try await ref.extract() } }
      try await group.waitForAll()
    }
    #expect(provider.count == 1)
    let details = try cache.manager.details(of: ref.id)
    #expect(!details.isLazy && !details.metadata.isBlobOnly)
    #expect(details.metadata.description == "pulled from docker.io/library/a:1")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.path.appending("cache/trees").string).count == 1)
    #expect(try await cache.manager.verify() == [])
  }

  @Test("a provider that fails leaves no blob, and may be asked again") func failingProvider() async throws {
    let failing = CountingProvider(bytes, fails: true)
    let ref = try await cache.manager.getByBlob(descriptor(bytes), providers: [Digest(of: bytes): failing])
    await #expect(throws: CancellationError.self) { try await ref.extract() }
    #expect(try cache.content.digests().isEmpty)
    let lying = CountingProvider(TarBytes().file("b", "2").finished)
    let other = try cache.manager.get(ref.id, providers: [Digest(of: bytes): lying])
    await #expect { try await other.extract() } throws: { ($0 as? CacheError)?.code == .badDigest }
    #expect(try cache.content.digests().isEmpty)
    let honest = try cache.manager.get(ref.id, providers: [Digest(of: bytes): CountingProvider(bytes)])
    try await honest.extract()
  }

  @Test("A10: a lazy ancestor without provider is named with all others that lack one") func needsProvider()
    async throws
  {
    let more = TarBytes().file("b", "2").finished
    let providers: BlobProviders = [
      Digest(of: bytes): CountingProvider(bytes), Digest(of: more): CountingProvider(more),
    ]
    let base = try await cache.manager.getByBlob(descriptor(bytes), providers: providers)
    let top = try await cache.manager.getByBlob(descriptor(more), over: base, providers: providers)
    let merge = try #require(try await cache.manager.merge([top, base]))
    #expect { try cache.manager.get(merge.id) } throws: { error in
      Set((error as? CacheError)?.digests ?? []) == [Digest(of: bytes), Digest(of: more)]
    }
    #expect { try cache.manager.get("nosuch") } throws: { ($0 as? CacheError)?.code == .notFound }
    // B4: the parents' providers are combined, so that the merge can be extracted.
    try await merge.extract()
    #expect(try await merge.mount().string.isEmpty == false)
  }

  @Test("E6: a lazy record is there after opening again") func lazySurvivesOpening() async throws {
    let ref = try await cache.manager.getByBlob(
      descriptor(bytes), providers: [Digest(of: bytes): CountingProvider(bytes)])
    try cache.close()
    let again = try EmbeddedCache(scratch.path.appending("cache"), .write)
    #expect(try again.manager.details(of: ref.id).isLazy)
    #expect(try await again.manager.verify() == [])
  }

  @Test("B9: chain ids are the OCI image format's") func chainIDs() throws {
    let one = Digest(of: "one".utf8)
    let two = Digest(of: "two".utf8)
    let base = ChainIDs(of: one, two, over: nil as ChainIDs?)
    #expect(base.chain == two)
    #expect(base.blobChain == Digest(of: "\(one) \(two)".utf8))
    let top = ChainIDs(of: two, one, over: base)
    #expect(top.chain == Digest(of: "\(two) \(one)".utf8))
    #expect(top.blobChain == Digest(of: "\(base.blobChain) \(Digest(of: "\(two) \(one)".utf8))".utf8))
  }

  @Test("B9: errors in their order: annotation, diff id, provider, parent") func errors() async throws {
    func code(_ blob: BlobDescriptor, over parent: ImmutableRef? = nil) async -> CacheError.Code? {
      do {
        _ = try await cache.manager.getByBlob(blob, over: parent)
        return nil
      } catch { return (error as? CacheError)?.code }
    }
    var blob = BlobDescriptor(mediaType: "x", digest: Digest(of: bytes), size: 1)
    #expect(await code(blob) == .missingDiffID)
    blob.annotations[BlobDescriptor.uncompressed] = "sha256:12"
    #expect(await code(blob) == .badDigest)
    blob.annotations[BlobDescriptor.uncompressed] = Digest(of: bytes).description
    #expect(await code(blob) == .needsRemoteProvider)
    blob.digest = nil
    let mutable = try await cache.manager.new()
    let plain = try mutable.commit()
    #expect(await code(blob, over: plain) == .notAddressable)
  }

  @Test("B15: blobs made for a record give it chain ids, and are found by them") func madeBlobs() async throws {
    let mutable = try await cache.manager.new()
    try Data("x".utf8).write(to: URL(filePath: try await mutable.mount().appending("x").string))
    let ref = try mutable.commit()
    await #expect { try await ref.blobs(making: false) } throws: { ($0 as? CacheError)?.code == .noBlobs }
    let before = try await ref.size()
    let blobs = try await ref.blobs(making: true)
    let digest = try #require(blobs.first?.digest)
    #expect(try await ref.size() == before + (try #require(try cache.content.size(of: digest))))
    #expect(cache.manager.search(chainID: try blobs[0].diffID()) == [ref.id])
    #expect(try await ref.blobs(making: false) == blobs)
    let found = try await cache.manager.getByBlob(blobs[0])
    #expect(found.id == ref.id)
    // B11: a variant adds its size, and goes with the record.
    let other = Array("the same, compressed otherwise".utf8)
    let variant = try await cache.manager.withNewBlobs {
      let stored = try await cache.content.write(expecting: nil) { try $0.write(other) }
      try ref.addVariant(stored.digest)
      return stored.digest
    }
    try await cache.manager.collectGarbage()
    #expect(try cache.content.size(of: variant) == Int64(other.count))
    #expect(try await ref.size() == before + (try #require(try cache.content.size(of: digest))) + Int64(other.count))
    try found.release()
    try ref.release()
    try await cache.manager.prune([PrunePolicy(all: true)])
    #expect(try cache.content.digests().isEmpty)
    #expect(try await cache.manager.verify() == [])
  }

  @Test("B15: a merge takes its chain ids from its first parent, extended by each further layer") func mergedChain()
    async throws
  {
    let more = TarBytes().file("b", "2").finished
    let refs = try await cache.manager.withNewBlobs {
      var refs: [ImmutableRef] = []
      for bytes in [bytes, more] {
        _ = try await cache.content.write(expecting: nil) { try $0.write(bytes) }
        refs.append(try await cache.manager.getByBlob(descriptor(bytes)))
      }
      return refs
    }
    let merge = try #require(try await cache.manager.merge(refs))
    let blobs = try await merge.blobs(making: false)
    #expect(blobs.map(\.digest) == [Digest(of: bytes), Digest(of: more)])
    let metadata = merge.metadata
    #expect(metadata.chainID == Digest.chain(Digest(of: more), over: Digest(of: bytes)))
    // What stands on the merge is addressable by it.
    let third = TarBytes().file("c", "3").finished
    _ = try await cache.content.write(expecting: nil) { try $0.write(third) }
    let top = try await cache.manager.getByBlob(descriptor(third), over: merge)
    let tree = try await top.mount()
    #expect(try FileManager.default.contentsOfDirectory(atPath: tree.string).sorted() == ["a", "b", "c"])
  }

  @Test("G7: records of the same blobs as a tagged one are shared") func sharedByDigest() async throws {
    let more = TarBytes().file("b", "2").finished
    for bytes in [bytes, more] { _ = try await cache.content.write(expecting: nil) { try $0.write(bytes) } }
    // Two records of one blob: the second says another diff id.
    let one = try await cache.manager.getByBlob(descriptor(bytes))
    var other = descriptor(bytes)
    other.annotations[BlobDescriptor.uncompressed] = Digest(of: more).description
    let two = try await cache.manager.getByBlob(other)
    let three = try await cache.manager.getByBlob(descriptor(more))
    try cache.manager.tag("app", one.id)
    let usage = try cache.manager.listing()
    let shared = Set(usage.rows.filter(\.isShared).map(\.id))
    #expect(shared == [one.id, two.id])
    #expect(!shared.contains(three.id))
  }

  @Test("B14: foreign values are kept with a record, found by their index, and go with it") func values() async throws {
    let mutable = try await cache.manager.new(RecordOptions(retain: true))
    try mutable.release()
    let id = mutable.id
    try cache.manager.setValue("my.key", of: id, to: "1", index: "my:1")
    #expect(try cache.manager.value("my.key", of: id) == "1")
    #expect(try cache.manager.search(index: "my:1") == [id])
    try cache.manager.setValue("my.key", of: id, to: nil)
    #expect(try cache.manager.search(index: "my:1") == [])
    try cache.manager.setValue("my.key", of: id, to: "2", index: "my:2")
    try await cache.manager.prune([PrunePolicy(all: true)])
    #expect(try cache.manager.search(index: "my:2") == [])
    #expect(throws: CacheError.self) { try cache.manager.setValue("k", of: id, to: "v") }
  }

  @Test("B14: layerChain gives fresh refs that count as no use") func layerChain() async throws {
    let base = try await cache.manager.new(RecordOptions(retain: true))
    let one = try base.commit()
    try await one.finalize()
    let two = try await cache.manager.new(over: one)
    let top = try two.commit()
    let chain = top.layerChain()
    #expect(chain.map(\.id) == [one.id, top.id])
    for ref in chain { try ref.release() }
    #expect(top.metadata.usageCount == 0)
  }
}
