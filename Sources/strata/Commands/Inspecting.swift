import ArgumentParser
import BuildCache
import BuildCacheStore
import Foundation
import SystemPackage
import Terminal

/// `strata show`: all about one record.
struct Show: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Show all that is known of one record.")

  @OptionGroup var source: SourceOptions
  @Argument(help: "The record.") var id: String
  @Option(help: "How to print it.") var format = OutputFormat.table

  func run() async throws {
    try await source.withSource(.read) { source in
      let state = try await source.usage()
      let row = try state.resolve(id)
      let details = try (source as? EmbeddedCache)?.manager.details(of: state.rows[row].id)
      switch format {
      case .json: try printJSON(DetailsJSON(state, row, details))
      case .table: for line in lines(state, row, details) { print(line) }
      }
    }
  }

  private func lines(_ state: CacheState, _ number: Int, _ details: RecordDetails?) -> [String] {
    let row = state.rows[number]
    func bytes(_ size: Int64) -> String { "\(ByteCount(size).text) (\(size) B)" }
    func ids(_ ids: [RecordID]) -> String { ids.isEmpty ? "none" : ids.joined(separator: ", ") }
    var table = TextTable([.init(title: "ID:"), .init(title: row.id)])
    table.add(["Kind:", row.kind?.rawValue ?? "unknown"])
    table.add(["Description:", row.description])
    table.add(["State:", row.stateWords])
    table.add(["Type:", row.recordType.rawValue])
    table.add(["Parents:", ids(state.parentIDs(of: number))])
    table.add(["Children:", ids(Set(state.children(of: number)).sorted().map { state.rows[$0].id })])
    table.add(["Size:", bytes(row.size)])
    table.add(["With all beneath:", bytes(state.sizeWithAncestors(of: number))])
    table.add(["Freed if pruned:", bytes(state.sizeWithDescendants(of: number))])
    table.add(["Created at:", row.createdAt.text])
    table.add(["Last used:", row.lastUsedAt?.text ?? "never"])
    table.add(["Usage count:", "\(row.usageCount)"])
    if let details { add(details, to: &table) }
    return table.lines
  }

  private func add(_ details: RecordDetails, to table: inout TextTable) {
    let metadata = details.metadata
    table.add(["Refs:", "\(details.refCount)" + (details.isHeld ? ", one of them a hold" : "")])
    table.add(["Retained:", metadata.isRetained ? "yes" : "no"])
    if let half = details.equalHalf { table.add(["Equal half:", half]) }
    table.add(["Snapshot:", metadata.ownSnapshot])
    table.add(["Tree:", details.folder?.string ?? "not made yet"])
    if let blob = metadata.blob {
      table.add(["Blob:", (blob.digest?.description ?? "none of its own") + (details.isLazy ? " (not here)" : "")])
      table.add(["Blob size:", "\(ByteCount(blob.size).text) (\(blob.size) B), \(blob.mediaType)"])
      table.add(["Diff id:", blob.diffID.description])
    }
    if let id = metadata.chainID { table.add(["Chain id:", id.description]) }
    if let id = metadata.blobChainID { table.add(["Blob chain id:", id.description]) }
    for (name, values) in [("Leases:", details.leases), ("Tags:", details.tags), ("Images:", metadata.imageRefs)]
    where !values.isEmpty {
      table.add([name, values.joined(separator: ", ")])
    }
  }
}

/// `strata why`: why a record is prunable, or is not.
struct Why: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell why a record would be pruned or not, with the chain of records that hold it.",
    discussion: "Takes the options of prune; without any, the question is whether it can be pruned at all.")

  @OptionGroup var source: SourceOptions
  @Argument(help: "The record.") var id: String
  @OptionGroup var policy: PolicyOptions

  func run() async throws {
    let parsed = try policy.parsed()
    try await source.withSource(.read) { source in
      let plan = try await parsed.plan(source)
      let row = try plan.state.resolve(id)
      for line in plan.explanation(ofRow: row, now: plan.now, naming: { $0 }) { print(safeText(line)) }
    }
  }
}

/// `strata files`: what a record holds.
struct Files: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List what a record's tree holds, the largest first, with the bytes of all beneath.")

  @OptionGroup var root: RootOptions
  @Argument(help: "The record.") var id: String
  @Argument(help: "A path in it.") var path = "/"

  func run() async throws {
    try await root.withRecord(id) { cache, ref in
      var table = TextTable([.init(title: "SIZE", isNumber: true), .init(title: "NAME")])
      for file in try await cache.files(of: ref, at: FilePath(path)) {
        table.add([
          ByteCount(file.bytes).text,
          file.name.string + (file.isFolder ? "/" : file.target.map { " -> \($0)" } ?? ""),
        ])
      }
      for line in table.lines { print(line) }
    }
  }
}

/// All about a record as `show` prints it: the keys of `du`, and more.
private struct DetailsJSON: Encodable {
  let usage: UsageJSON
  let children: [RecordID]
  let sizeWithAncestors: Int64
  let sizeWithDescendants: Int64
  let details: RecordDetails?

  init(_ state: CacheState, _ row: Int, _ details: RecordDetails?) {
    usage = UsageJSON(state, row)
    children = Set(state.children(of: row)).sorted().map { state.rows[$0].id }
    sizeWithAncestors = state.sizeWithAncestors(of: row)
    sizeWithDescendants = state.sizeWithDescendants(of: row)
    self.details = details
  }

  struct Blob: Encodable {
    let digest: String?
    let diffID: String
    let mediaType: String
    let size: Int64
    let isHere: Bool
  }

  enum CodingKeys: CodingKey {
    case children, sizeWithAncestors, sizeWithDescendants, refs, held, retained, lazy, equalHalf, snapshot, tree, blob,
      chainID, blobChainID, leases, tags, images
  }

  func encode(to encoder: any Encoder) throws {
    try usage.encode(to: encoder)
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(children, forKey: .children)
    try members.encode(sizeWithAncestors, forKey: .sizeWithAncestors)
    try members.encode(sizeWithDescendants, forKey: .sizeWithDescendants)
    guard let details else { return }
    let metadata = details.metadata
    try members.encode(details.refCount, forKey: .refs)
    try members.encode(details.isHeld, forKey: .held)
    try members.encode(metadata.isRetained, forKey: .retained)
    try members.encode(details.isLazy, forKey: .lazy)
    try members.encodeIfPresent(details.equalHalf, forKey: .equalHalf)
    try members.encode(metadata.ownSnapshot, forKey: .snapshot)
    try members.encodeIfPresent(details.folder?.string, forKey: .tree)
    try members.encodeIfPresent(metadata.chainID?.description, forKey: .chainID)
    try members.encodeIfPresent(metadata.blobChainID?.description, forKey: .blobChainID)
    try members.encode(details.leases, forKey: .leases)
    try members.encode(details.tags, forKey: .tags)
    try members.encode(metadata.imageRefs, forKey: .images)
    let blob = metadata.blob.map {
      Blob(
        digest: $0.digest?.description, diffID: $0.diffID.description, mediaType: $0.mediaType, size: $0.size,
        isHere: !details.isLazy)
    }
    try members.encodeIfPresent(blob, forKey: .blob)
  }
}
