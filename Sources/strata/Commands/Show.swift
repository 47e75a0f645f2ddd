import ArgumentParser
import BuildCache
import CacheReport
import SystemPackage

/// `strata show`: all about one record.
struct Show: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Show all that is known of one record.")

  @OptionGroup var source: SourceOptions
  @Argument(help: "The record.") var id: String
  @OptionGroup var sizes: UnitsOptions
  @Option(help: "How to print it.") var format = OutputFormat.table

  func run() async throws {
    let source = try await source.source()
    let reading = try await source.told()
    let state = reading.state
    let row = try state.resolve(id)
    var details: RecordDetails?
    if case .allowed(let insight) = await source.insight() {
      details = try await insight.details(of: state.rows[row].id)
    }
    let description = RecordDescription(state, row, details: details)
    switch format {
    case .json: try printJSON(DetailsJSON(state, description))
    case .table:
      output.facts(
        (description.fields + description.technicalFields).map {
          ($0.name, $0.text(in: sizes.units, by: .system, at: reading.moment))
        })
    }
  }
}

/// All about a record as `show` prints it: the keys of `du`, and more.
private struct DetailsJSON: Encodable {
  let usage: UsageRow
  let children: [RecordID]
  let sizeWithAncestors: Int64
  let sizeWithDescendants: Int64
  let details: RecordDetails?

  init(_ state: CacheState, _ description: RecordDescription) {
    usage = UsageRow(state, description.row)
    children = Set(state.children(of: description.row)).sorted().map { state.rows[$0].id }
    sizeWithAncestors = description.sizeWithAncestors
    sizeWithDescendants = description.sizeWithDescendants
    details = description.details
  }

  struct Blob: Encodable {
    let digest: String?
    let diffID: String
    let mediaType: String
    let size: Int64
    let isHere: Bool
  }

  enum CodingKeys: CodingKey {
    case children, sizeWithAncestors, sizeWithDescendants, refs, held, retained, lazy, equalHalf, cacheMount, snapshot,
      tree, blob, chainID, blobChainID, leases, tags, images
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
    try members.encodeIfPresent(details.cacheMount, forKey: .cacheMount)
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
