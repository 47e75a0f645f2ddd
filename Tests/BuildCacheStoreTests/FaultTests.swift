import BuildCache
import Foundation
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import BuildCacheStore

/// Fails the nth durable step, or the nth reading of the store, of every call that writes, for every n until none fires:
/// once and from then on, with an I/O error and with a full disk. Afterwards nothing committed is lost, nothing is broken,
/// and the work can be done again.
@Suite("A fault at every step", .serialized) struct FaultTests {
  /// What fails.
  struct Fault: CustomStringConvertible {
    let error: CacheError
    let isLasting: Bool
    let isReading: Bool
    var description: String {
      "\(isReading ? "reading" : "step"), \(isLasting ? "from then on" : "once"), \(error.code)"
    }

    static let all = [
      CacheError(.storage, "injected", cause: "Input/output error"),
      CacheError(.diskFull, "injected, the disk is full"),
    ].flatMap { error in
      [false, true].flatMap { isLasting in
        [false, true].map { Fault(error: error, isLasting: isLasting, isReading: $0) }
      }
    }
  }

  /// A call that writes, by name.
  enum Work: String, CaseIterable {
    case open, store, storeOver, importFolder, importTar, merge, mergeTree, diff, extract, export, tag, untag, hold
    case unhold, prune, pruneByLimit, remove, collect, lostRow, repair
  }

  private final class Counter: Sendable {
    let count = Guarded(0)
  }

  private let scratch: ScratchFolder
  private let origin: FilePath
  private let source: FilePath
  private let layout: FilePath
  private let tar: FilePath

  init() async throws {
    // In memory: every step is synced, and there are thousands.
    scratch = try ScratchFolder(in: FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : nil)
    (origin, source) = (scratch.path.appending("origin"), scratch.path.appending("source"))
    (layout, tar) = (scratch.path.appending("layout"), scratch.path.appending("image.tar"))
    try FileManager.default.createDirectory(atPath: source.string + "/dir", withIntermediateDirectories: true)
    for name in ["one", "dir/two"] { try Data(name.utf8).write(to: URL(filePath: source.string + "/" + name)) }
    let cache = try EmbeddedCache(origin, .write)
    let base = try await cache.store(source, RecordOptions(description: "base", retain: true))
    try Data("three".utf8).write(to: URL(filePath: source.string + "/three"))
    let top = try await cache.store(source, over: base, RecordOptions(description: "top", retain: true))
    let merge = try #require(try await cache.manager.merge([base, top], RecordOptions(description: "m", retain: true)))
    try await cache.exportImage(of: top, to: layout)
    try cache.manager.tag("tagged", base.id)
    try cache.manager.hold(base.id, reason: "held")
    for ref in [base, top, merge] { try ref.release() }
    try await cache.manager.collectGarbage()
    try cache.close()
    let packing = Process()
    packing.executableURL = URL(filePath: "/usr/bin/env")
    packing.arguments = ["tar", "-C", layout.string, "-cf", tar.string, "."]
    try packing.run()
    packing.waitUntilExit()
  }

  private func id(_ description: String, in cache: EmbeddedCache) throws -> RecordID {
    guard let row = try cache.manager.listing().rows.first(where: { $0.description == description }) else {
      throw CacheError(.notFound, "no record \(description)")
    }
    return row.id
  }

  private func perform(_ work: Work, _ cache: EmbeddedCache) async throws {
    let manager = cache.manager
    func with<T>(_ name: String, _ body: (ImmutableRef) async throws -> T) async throws -> T {
      let ref = try manager.get(id(name, in: cache), countsAsUse: false)
      defer { try? ref.release() }
      return try await body(ref)
    }
    switch work {
    case .open: break
    case .store: try await cache.store(source, RecordOptions(description: "new", retain: true)).release()
    case .storeOver:
      try await with("base") {
        try await cache.store(source, over: $0, RecordOptions(description: "new", retain: true)).release()
      }
    case .importFolder: _ = try await cache.importImage(at: layout, name: "image")
    case .importTar: _ = try await cache.importImage(at: tar, name: "image")
    case .merge:
      try await with("top") { top in
        try await with("base") {
          try await manager.merge([top, $0], RecordOptions(description: "new", retain: true))?.release()
        }
      }
    case .mergeTree: try await with("m") { try await $0.extract() }
    case .diff:
      try await with("top") { top in
        try await with("base") {
          try await manager.diff(lower: $0, upper: top, RecordOptions(description: "new", retain: true)).release()
        }
      }
    case .extract: try await with("m") { try await cache.extract($0, to: scratch.path.appending("out")) }
    case .export: try await with("m") { try await cache.exportImage(of: $0, to: scratch.path.appending("out")) }
    case .tag: try manager.tag("new", id("top", in: cache))
    case .untag: try manager.untag("tagged")
    case .hold: try manager.hold(id("top", in: cache), reason: "why")
    case .unhold: try manager.unhold(id("base", in: cache))
    case .prune: _ = try await manager.prune([PrunePolicy(all: true)])
    case .pruneByLimit: _ = try await manager.prune([PrunePolicy(all: true, keepBytes: 1)])
    case .remove:
      let usage = try manager.listing()
      let row = try #require(usage.index(of: id("m", in: cache)))
      _ = try await cache.manager.carryOut(PrunePlan(usage, removing: [row])) { _ in }
    case .collect: try await manager.collectGarbage()
    case .lostRow: break
    case .repair: _ = try await manager.repair(try await manager.repairPlan())
    }
  }

  /// Makes the cache such that the work has something to do.
  private func prepare(_ work: Work, _ root: FilePath) throws {
    try? FileManager.default.removeItem(atPath: root.string)
    try? FileManager.default.removeItem(atPath: scratch.path.appending("out").string)
    try FileManager.default.copyItem(atPath: origin.string, toPath: root.string)
    let store = try SQLiteMetadataStore(root.appending("cache.db"))
    switch work {
    case .collect:
      let snapshots = try store.inspect().snapshots.keys
      try FileManager.default.createDirectory(
        atPath: root.pushing("trees/77").string, withIntermediateDirectories: true)
      try store.apply([.putSnapshot(Snapshot(id: "orphan", parent: snapshots.first, kind: .committed, tree: 77))])
    case .repair:
      try FileManager.default.removeItem(atPath: root.pushing("trees/2").string)
    case .lostRow:
      let top = try #require(store.load().records.first { $0.metadata.description == "top" }).metadata
      var broken = top
      broken.size = -1
      try store.apply([.updateRecord(broken)])
    default: break
    }
    try store.close()
  }

  @Test("and what was there is there still", arguments: Work.allCases) func faults(_ work: Work) async throws {
    let root = scratch.path.appending("root")
    var tries = 0
    let kinds = long(1) > 1 ? Fault.all : [Fault.all[0], Fault.all[6], Fault.all[1]]
    for fault in kinds {
      var number = 1
      while number < 500 {
        try prepare(work, root)
        let fired = Counter()
        let steps = DurableSteps { [number] step, _, moment in
          let isMine = fault.isReading ? moment == .reading : moment == .before
          guard isMine, fault.isLasting ? step >= number : step == number else { return }
          fired.count.withLock { $0 += 1 }
          throw fault.error
        }
        let context = "\(work.rawValue), \(number). \(fault)"
        let outcome = await run(work, root, steps)
        let didFire = fired.count.withLock { $0 > 0 }
        if case .failure(let error) = outcome {
          #expect(didFire, "\(context): \(error)")
          #expect((error as? CacheError)?.message.contains("injected") == true, "\(context): \(error)")
        }
        try await check(work, root, outcome, context)
        guard didFire else { break }
        tries += 1
        number += 1
      }
      #expect(number > 1 || fault.isReading, "\(work) passes no step")
    }
    print("faults: \(work.rawValue) \(tries)")
  }

  private func run(_ work: Work, _ root: FilePath, _ steps: DurableSteps) async -> Result<Void, any Error> {
    do {
      let cache = try EmbeddedCache(root, .reclaim, steps: steps)
      do { try await perform(work, cache) } catch {
        try? cache.close()
        return .failure(error)
      }
      try cache.close()
      return .success(())
    } catch {
      return .failure(error)
    }
  }

  private func check(_ work: Work, _ root: FilePath, _ outcome: Result<Void, any Error>, _ context: String) async throws
  {
    let out = FileManager.default.fileExists(atPath: scratch.path.appending("out").string)
    if case .failure = outcome { #expect(!out, "\(context): half of it has the final name") }
    let cache = try EmbeddedCache(root, .write)
    if work != .repair {
      let broken = try await cache.manager.verify(deep: true).filter { $0.severity == .broken }
      #expect(broken == [], "\(context)")
    }
    let left = Set(try cache.manager.listing().rows.map(\.description))
    switch work {
    case .prune, .pruneByLimit, .remove, .repair, .lostRow: #expect(left.contains("base"), "\(context): \(left)")
    default: #expect(left.isSuperset(of: ["base", "top", "m"]), "\(context): \(left)")
    }
    if work == .lostRow { #expect(try keptAside(root) == ["m", "top"], "\(context)") }
    let isRedone: Bool
    switch work {  // what it was about may be gone
    case .untag, .unhold, .remove: if case .success = outcome { isRedone = false } else { isRedone = true }
    default: isRedone = true
    }
    if isRedone {
      try? FileManager.default.removeItem(atPath: scratch.path.appending("out").string)
      do { try await perform(work, cache) } catch {
        let isGone = (error as? CacheError)?.code == .notFound
        #expect(isGone && [.untag, .unhold, .remove].contains(work), "\(context), again: \(error)")
      }
    }
    try await cache.manager.collectGarbage()
    let after = try await cache.manager.verify(deep: true).filter { !$0.description.contains("kept aside") }
    #expect(after == [], "\(context), after it was done again")
    try cache.close()
    let names = try FileManager.default.contentsOfDirectory(atPath: root.appending("trees").string)
    #expect(
      names.allSatisfy { Int64($0.prefix { $0 != "." }) != nil && !$0.contains(".unpack") }, "\(context): \(names)")
  }

  private func keptAside(_ root: FilePath) throws -> Set<String> {
    let lost = root.appending("lost")
    guard FileManager.default.fileExists(atPath: lost.string) else { return [] }
    return Set(
      try FileManager.default.contentsOfDirectory(atPath: lost.string).flatMap { number in
        let list = try Data(contentsOf: URL(filePath: lost.appending(number).appending("records.json").string))
        return try JSONDecoder().decode([LostRecord].self, from: list).compactMap { $0.stored["description"] }
      })
  }
}
