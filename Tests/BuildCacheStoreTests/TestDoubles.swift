import Synchronization
import SystemPackage

@testable import BuildCache

/// A snapshotter whose usage of a tree is what was set, all else being another's.
final class SizedSnapshotter: Snapshotter {
  private let real: any Snapshotter
  private let sizes = Guarded<[TreeID: Int64]>([:])

  init(_ real: any Snapshotter) { self.real = real }
  func set(_ bytes: Int64, of tree: TreeID) { sizes.withLock { $0[tree] = bytes } }

  func usage(of tree: TreeID, over parent: TreeID?) async throws -> Int64 { sizes.withLock { $0[tree] ?? 0 } }
  func merge(_ tree: TreeID, of differences: [TreeDifference]) async throws -> Int64 {
    _ = try await real.merge(tree, of: differences)
    return 0
  }
  func newTree() throws -> TreeID { try real.newTree() }
  func prepare(_ tree: TreeID, copying parent: TreeID?) async throws { try await real.prepare(tree, copying: parent) }
  func prepare(_ tree: TreeID, sharing parent: TreeID?) async throws { try await real.prepare(tree, sharing: parent) }
  func keep(_ removals: [LayerRemoval], of tree: TreeID) async throws { try await real.keep(removals, of: tree) }
  func settle(_ tree: TreeID, over parent: TreeID) async throws { try await real.settle(tree, over: parent) }
  func seal(_ tree: TreeID, over parent: TreeID?) async throws -> (seal: TreeSeal, usage: Int64) {
    (try await real.seal(tree, over: parent).seal, try await usage(of: tree, over: parent))
  }
  func damage(of tree: TreeID, over parent: TreeID?, _ seal: TreeSeal, deep: Bool) async throws -> String? {
    try await real.damage(of: tree, over: parent, seal, deep: deep)
  }
  func folder(of tree: TreeID) -> FilePath { real.folder(of: tree) }
  func remove(_ tree: TreeID) async throws { try await real.remove(tree) }
  func trees() throws -> [TreeID] { try real.trees() }
}

/// A checker that knows what it is told.
final class ToldReferences: ExternalReferenceChecker {
  private let known = Guarded<(records: Set<RecordID>, blobs: Set<Digest>)>(([], []))

  func set(_ records: Set<RecordID>, _ blobs: Set<Digest>) { known.withLock { $0 = (records, blobs) } }
  func look(_ digests: (RecordID) -> [Digest?]?) throws -> (RecordID, () -> [Digest?]) -> Bool {
    let known = known.withLock { $0 }
    return { id, chain in known.records.contains(id) || chain().contains { $0.map(known.blobs.contains) ?? false } }
  }
}

/// A content store from which what was added is never collected.
final class KeepingContent: ContentStore {
  private let real: any ContentStore
  private let kept = Guarded<Set<Digest>>([])

  init(_ real: any ContentStore) { self.real = real }

  func add(_ bytes: [UInt8]) async throws {
    let stored = try await real.write(expecting: nil) { try $0.write(bytes) }
    kept.withLock { _ = $0.insert(stored.digest) }
  }

  func remove(_ digest: Digest) throws {
    if !kept.withLock({ $0.contains(digest) }) { try real.remove(digest) }
  }
  func size(of digest: Digest) throws -> Int64? { try real.size(of: digest) }
  func file(of digest: Digest) throws -> FilePath { try real.file(of: digest) }
  func digests() throws -> [Digest] { try real.digests() }
  func write<T: Sendable>(expecting expected: Digest?, _ body: (any BlobSink) async throws -> T) async throws
    -> (digest: Digest, size: Int64, result: T)
  {
    try await real.write(expecting: expected, body)
  }
}

/// An applier that does nothing and succeeds.
struct IdleApplier: LayerApplier {
  func apply(_ blob: BlobDescriptor, from file: FilePath, onto folder: FilePath) async throws -> [LayerRemoval] { [] }
}

/// Provides bytes that it was given.
struct BytesProvider: BlobProvider {
  let bytes: [UInt8]
  func provide(_ blob: BlobDescriptor, to sink: any BlobSink) async throws { try sink.write(bytes) }
}

/// A snapshotter without files, so that many operations take little time.
final class EmptyTrees: Snapshotter {
  private let state = Guarded<(last: TreeID, trees: Set<TreeID>)>((0, []))

  private func make(_ tree: TreeID) { state.withLock { _ = $0.trees.insert(tree) } }
  func newTree() throws -> TreeID {
    state.withLock { state in
      state.last += 1
      return state.last
    }
  }
  func prepare(_ tree: TreeID, copying parent: TreeID?) async throws { make(tree) }
  func prepare(_ tree: TreeID, sharing parent: TreeID?) async throws { make(tree) }
  func keep(_ removals: [LayerRemoval], of tree: TreeID) async throws {}
  func settle(_ tree: TreeID, over parent: TreeID) async throws { await Task.yield() }
  func merge(_ tree: TreeID, of differences: [TreeDifference]) async throws -> Int64 {
    let known = state.withLock { $0.trees }
    for difference in differences {
      for side in [difference.lower, difference.upper].compactMap(\.self) where !known.contains(side) {
        throw CacheError(.storage, "tree \(side) is gone")
      }
    }
    make(tree)
    return 1
  }
  func usage(of tree: TreeID, over parent: TreeID?) async throws -> Int64 {
    guard state.withLock({ $0.trees.contains(tree) }) else { throw CacheError(.storage, "tree \(tree) is gone") }
    await Task.yield()
    return tree % 100
  }
  func seal(_ tree: TreeID, over parent: TreeID?) async throws -> (seal: TreeSeal, usage: Int64) {
    let none = Digest(of: "".utf8)
    return (
      TreeSeal(entries: 0, bytes: 0, listing: none, times: none, contents: none),
      try await usage(of: tree, over: parent)
    )
  }
  func damage(of tree: TreeID, over parent: TreeID?, _ seal: TreeSeal, deep: Bool) async throws -> String? {
    state.withLock { $0.trees.contains(tree) } ? nil : "it is missing"
  }
  func folder(of tree: TreeID) -> FilePath { FilePath("/nonexistent/\(tree)") }
  func remove(_ tree: TreeID) async throws { state.withLock { _ = $0.trees.remove(tree) } }
  func trees() throws -> [TreeID] { state.withLock { Array($0.trees) } }
}
