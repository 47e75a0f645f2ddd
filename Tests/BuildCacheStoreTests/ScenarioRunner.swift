import BuildCacheStore
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import BuildCache

/// Plays a conformance scenario on the embedded default and answers each operation as the scenario writes it.
final class ScenarioRunner {
  private enum Ref {
    case mutable(MutableRef)
    case immutable(ImmutableRef)

    var id: RecordID {
      switch self {
      case .mutable(let ref): ref.id
      case .immutable(let ref): ref.id
      }
    }
  }

  /// Between two operations; what `minutesAgo` counts back from lies before the first.
  private static let step: Int64 = 1_000_000
  private static let minute: Int64 = 60_000_000_000

  private let folder: ScratchFolder
  private let clock = TestClock()
  private let start: Int64
  private let references = ToldReferences()
  private var store: SQLiteMetadataStore
  private let snapshotter: SizedSnapshotter
  private let content: KeepingContent
  private var manager: CacheManager
  private var refs: [String: Ref] = [:]
  private var names: [RecordID: String] = [:]
  /// The first record that had a chain id as its snapshot's name.
  private var chains: [SnapshotID: String] = [:]

  init() throws {
    folder = try ScratchFolder()
    start = clock.now().nanoseconds
    store = try SQLiteMetadataStore(folder.path.appending("cache.db"))
    snapshotter = SizedSnapshotter(try DirectorySnapshotter(folder.path.appending("trees")))
    content = KeepingContent(try BlobFolder(folder.path.appending("blobs")))
    manager = try Self.manager(store, snapshotter, content, references, clock)
  }

  private static func manager(
    _ store: any MetadataStore, _ snapshotter: any Snapshotter, _ content: any ContentStore,
    _ references: ToldReferences, _ clock: TestClock
  ) throws -> CacheManager {
    try CacheManager(
      .init(
        store: store, snapshotter: snapshotter, content: content, applier: IdleApplier(), references: references,
        clock: clock))
  }

  func run(_ op: JSON) async throws -> JSON {
    defer { clock.advance(by: Self.step) }
    do {
      return .object(try await answer(op))
    } catch let error as CacheError {
      let listed = [
        "locked", "notFound", "invalid", "needsRemoteProvider", "badFilter", "notAddressable", "missingDiffID",
        "badDigest", "lowerRequired",
      ]
      let name = error.code.description
      return .object(["error": .string(listed.contains(name) ? name : "other")])
    }
  }

  private struct Skipped: Error {}

  private func answer(_ op: JSON) async throws -> [String: JSON] {
    do {
      switch op["op"]?.text {
      case "new": return try await new(op)
      case "merge": return try await merge(op)
      case "diff": return try await diff(op)
      case "commit": return try made(op, .immutable(mutable(op["ref"]).commit()))
      case "clone": return try made(op, .immutable(immutable(op["ref"]).clone()))
      case "get":
        let id = try record(op["record"])
        return made(
          op,
          .immutable(
            try manager.get(
              id, countsAsUse: op["noUpdateLastUsed"]?.isTrue != true, providers: Self.providers(op))))
      case "addBlob":
        try await content.add(Self.bytes(op["blob"]))
        return [:]
      case "getByBlob": return try await getByBlob(op)
      case "getMutable": return made(op, .mutable(try manager.getMutable(try record(op["record"]))))
      case "finalize":
        try await immutable(op["ref"]).finalize()
        return [:]
      case "release":
        switch try ref(op["ref"]) {
        case .mutable(let ref): try ref.release()
        case .immutable(let ref): try ref.release()
        }
        return [:]
      case "write":
        let snapshot = try manager.snapshot(of: try mutable(op["ref"]).handle.record)
        snapshotter.set(op["bytes"]?.int ?? 0, of: snapshot.tree)
        return [:]
      case "setUsage":
        try change(op) { [start] metadata in
          metadata.usageCount = Int(op["usageCount"]?.int ?? 0)
          metadata.lastUsedAt = op["minutesAgo"]?.int.map { Timestamp(nanoseconds: start - $0 * Self.minute) }
        }
        return [:]
      case "setSize":
        try change(op) { $0.size = op["bytes"]?.int }
        return [:]
      case "setRetain":
        try change(op) { $0.isRetained = true }
        return [:]
      case "markDeleted": return try behindTheBack(op) { .updateRecord(with($0) { $0.isDeleted = true }) }
      case "dropMetadata": return try behindTheBack(op) { .removeRecord($0.id) }
      case "external":
        references.set(
          Set((op["records"]?.items ?? []).compactMap { try? record($0) }),
          Set((op["blobs"]?.items ?? []).map { Digest(of: Self.bytes($0)) }))
        return [:]
      case "diskUsage": return try await diskUsage(op)
      case "prune": return try await prune(op)
      case "reopen": return try reopen()
      case "inspect": return try inspect()
      default:
        Issue.record("unknown operation \(op)")
        return [:]
      }
    } catch is Skipped {
      return ["skipped": .bool(true)]
    }
  }

  // MARK: making

  private func options(_ op: JSON) -> RecordOptions {
    RecordOptions(
      description: op["description"]?.text ?? "", recordType: RecordType(rawValue: op["recordType"]?.text ?? ""),
      retain: op["retain"]?.isTrue == true)
  }

  private func new(_ op: JSON) async throws -> [String: JSON] {
    let parent = try op["parent"].map { try immutable($0) }
    return made(op, .mutable(try await manager.new(over: parent, options(op))))
  }

  private func merge(_ op: JSON) async throws -> [String: JSON] {
    let parents = try (op["parents"]?.items ?? []).map { $0 == .null ? nil : try immutable($0) }
    guard let ref = try await manager.merge(parents, options(op)) else { return ["record": .null] }
    return made(op, .immutable(ref))
  }

  private func diff(_ op: JSON) async throws -> [String: JSON] {
    let lower = try op["lower"].flatMap { $0 == .null ? nil : try immutable($0) }
    let upper = try op["upper"].flatMap { $0 == .null ? nil : try immutable($0) }
    return made(op, .immutable(try await manager.diff(lower: lower, upper: upper, options(op))))
  }

  private static func bytes(_ blob: JSON?) -> [UInt8] { Array("blob:\(blob?.text ?? "")".utf8) }

  private static func providers(_ op: JSON) -> BlobProviders {
    let blobs = (op["handlers"]?.items ?? []).map { bytes($0) }
    return Dictionary(blobs.map { (Digest(of: $0), BytesProvider(bytes: $0)) }) { first, _ in first }
  }

  private func getByBlob(_ op: JSON) async throws -> [String: JSON] {
    let parent = try op["parent"].flatMap { $0 == .null ? nil : try immutable($0) }
    let isEmpty = op["blob"]?.text == ""
    let bytes = Self.bytes(op["blob"])
    var blob = BlobDescriptor(
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: isEmpty ? nil : Digest(of: bytes),
      size: isEmpty ? 0 : Int64(bytes.count))
    if let diffID = op["diffID"]?.text {
      blob.annotations[BlobDescriptor.uncompressed] =
        diffID == "malformed" ? "not-a-digest" : Digest(of: "diff:\(diffID)".utf8).description
    }
    let ref = try await manager.getByBlob(
      blob, over: parent, options(op), countsAsUse: op["noUpdateLastUsed"]?.isTrue != true,
      providers: Self.providers(op))
    return made(op, .immutable(ref))
  }

  private func made(_ op: JSON, _ ref: Ref) -> [String: JSON] {
    let name = op["as"]?.text ?? "?"
    refs[name] = ref
    if names[ref.id] == nil { names[ref.id] = name }
    let snapshot = manager.state.withLock { $0.records[ref.id]?.metadata.snapshot }
    if let snapshot, snapshot.text.hasPrefix("sha256:"), chains[snapshot] == nil {
      chains[snapshot] = "chain(\(names[ref.id] ?? "?"))"
    }
    return ["record": .string(names[ref.id] ?? "?")]
  }

  private func ref(_ name: JSON?) throws -> Ref {
    guard let ref = refs[name?.text ?? ""] else { throw Skipped() }
    return ref
  }

  private func mutable(_ name: JSON?) throws -> MutableRef {
    guard case .mutable(let ref) = try ref(name) else { throw Skipped() }
    return ref
  }

  private func immutable(_ name: JSON?) throws -> ImmutableRef {
    guard case .immutable(let ref) = try ref(name) else { throw Skipped() }
    return ref
  }

  // MARK: names

  private func record(_ name: JSON?) throws -> RecordID {
    nameAll()
    guard let id = names.first(where: { $0.value == name?.text })?.key else {
      throw CacheError(.notFound, "no record is named \(name ?? .null)")
    }
    return id
  }

  /// Names the records that no ref of the scenario ever pointed at, by their make.
  private func nameAll() {
    let records = manager.state.withLock { $0.records.values.map(\.metadata) }
      .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    for metadata in records where names[metadata.id] == nil {
      var name = "?"
      if let mutable = metadata.equalMutable {
        name = "commit(\(names[mutable] ?? "?"))"
      } else if case .diff(let lower, let upper) = metadata.parents {
        name = "diff(\(lower.flatMap { names[$0] } ?? "?"),\(upper.flatMap { names[$0] } ?? "?"))"
      }
      let taken = Set(names.values)
      let spare = [name] + (2...99).map { "\(name)#\($0)" }
      names[metadata.id] = spare.first { !taken.contains($0) } ?? name
    }
  }

  private func symbol(_ id: RecordID) -> JSON { symbol(SnapshotID(of: id)) }
  private func symbol(_ id: SnapshotID) -> JSON {
    .string(id.isEmpty ? "?" : names[RecordID(id.text)] ?? chains[id] ?? "unnamed \(id)")
  }

  private func time(_ time: Timestamp?) -> JSON {
    guard let time else { return .null }
    let since = time.nanoseconds - start
    return since < 0
      ? .object(["minutesAgo": .number(-since / Self.minute)]) : .object(["op": .number(since / Self.step)])
  }

  /// Ids inside descriptions are written `<name>`.
  private func described(_ text: String) -> JSON {
    .string(names.reduce(text) { $0.replacing($1.key.text, with: "<\($1.value)>") })
  }

  // MARK: what a crash or another program does

  private func change(_ op: JSON, _ change: @escaping @Sendable (inout RecordMetadata) -> Void) throws {
    let id = try record(op["record"])
    try manager.state.withLock { state in
      guard let record = state.records[id] else { throw CacheError(.notFound, id.text) }
      change(&record.metadata)
      try store.apply([.updateRecord(record.metadata)])
    }
  }

  private func behindTheBack(_ op: JSON, _ change: (RecordMetadata) -> StoreChange) throws -> [String: JSON] {
    let id = try record(op["record"])
    let metadata = try #require(try store.load().records.first { $0.metadata.id == id }?.metadata)
    try store.apply([change(metadata)])
    return [:]
  }

  private func reopen() throws -> [String: JSON] {
    nameAll()
    refs = [:]
    try store.close()
    store = try SQLiteMetadataStore(folder.path.appending("cache.db"))
    manager = try Self.manager(store, snapshotter, content, references, clock)
    return [:]
  }

  // MARK: looking and pruning

  private func diskUsage(_ op: JSON) async throws -> [String: JSON] {
    nameAll()
    let filter = try filter(op)
    let usage = try await manager.usage(matching: filter)
    let rows = usage.rows.indices.map { number in
      var row = common(usage.rows[number], parents: usage.parentIDs(of: number))
      row["inUse"] = .bool(usage.rows[number].inUse)
      row["shared"] = .bool(usage.rows[number].isShared)
      row["recordType"] = .string(usage.rows[number].recordType.rawValue)
      return row
    }
    return ["rows": .array(byName(rows))]
  }

  private func filter(_ op: JSON) throws -> Filter {
    try Filter(parsing: op["filter"]?.text.map { [$0] } ?? op["filter"]?.items.compactMap(\.text) ?? [])
  }

  private func common(_ row: CacheState.Row, parents: [RecordID]) -> [String: JSON] {
    [
      "record": symbol(row.id), "description": described(row.description), "lastUsed": time(row.lastUsedAt),
      "mutable": .bool(row.isMutable), "parents": .array(parents.map(symbol)), "size": .number(row.size),
      "usageCount": .number(Int64(row.usageCount)),
    ]
  }

  private func byName(_ rows: [[String: JSON]]) -> [JSON] {
    rows.sorted { ($0["record"]?.text ?? "") < ($1["record"]?.text ?? "") }.map { .object($0) }
  }

  private func prune(_ op: JSON) async throws -> [String: JSON] {
    nameAll()
    let isOrdered = (op["policies"]?.items ?? []).contains { ($0["keepBytes"]?.int ?? 0) > 0 }
    let policies: [PrunePolicy]
    do {
      policies = try self.policies(op)
    } catch let error as CacheError where error.code == .badFilter {
      // G9: all are parsed before the first is carried out, so nothing is removed.
      return ["error": .string("badFilter"), "ordered": .bool(isOrdered), "removed": .array([])]
    }
    let before = manager.state.withLock { manager.rows($0) { _ in false } }.0  // the call proper would measure
    let removed = Guarded<[CacheState.Row]>([])
    try await manager.prune(policies) { row in removed.withLock { $0.append(row) } }
    let rows = removed.withLock { $0 }.map { row in
      var object = common(row, parents: before.index(of: row.id).map { before.parentIDs(of: $0) } ?? [])
      if !row.hasKnownSize { object["size"] = .number(-1) }
      return object
    }
    return ["ordered": .bool(isOrdered), "removed": .array(isOrdered ? rows.map { .object($0) } : byName(rows))]
  }

  private func policies(_ op: JSON) throws -> [PrunePolicy] {
    try (op["policies"]?.items ?? []).map { policy in
      PrunePolicy(
        all: policy["all"]?.isTrue == true,
        filter: try filter(policy),
        keepDuration: TimeSpan(nanoseconds: (policy["keepMinutes"]?.int ?? 0) * Self.minute),
        keepBytes: policy["keepBytes"]?.int ?? 0)
    }
  }

  private func inspect() throws -> [String: JSON] {
    nameAll()
    let rows = manager.state.withLock { state in
      state.records.values.map { record -> [String: JSON] in
        var row: [String: JSON] = [
          "record": symbol(record.id), "blobOnly": .bool(record.metadata.isBlobOnly),
          "kind": .string(record.kind.rawValue),
          "lastUsed": time(record.metadata.lastUsedAt), "mutable": .bool(record.isMutable),
          "parents": .array(record.metadata.parents.all.map(symbol)), "refs": .number(Int64(record.refCount)),
          "retain": .bool(record.metadata.isRetained), "snapshot": symbol(record.metadata.snapshot),
          "usageCount": .number(Int64(record.metadata.usageCount)),
        ]
        if let half = record.equalMutable { row["equalMutable"] = symbol(half.record.id) }
        if let half = record.equalImmutable { row["equalImmutable"] = symbol(half.id) }
        return row
      }
    }
    let leases = try store.leases().filter { !$0.isTemporary }.map { names[RecordID($0.id)] ?? "unnamed \($0.id)" }
    let snapshots = try store.snapshots().filter { $0.kind != .view }.map { symbol($0.id).text ?? "?" }
    return [
      "records": .array(byName(rows)), "leases": .array(leases.sorted().map { .string($0) }),
      "snapshots": .array(snapshots.sorted().map { .string($0) }),
    ]
  }
}

private func with(_ metadata: RecordMetadata, _ change: (inout RecordMetadata) -> Void) -> RecordMetadata {
  var metadata = metadata
  change(&metadata)
  return metadata
}
