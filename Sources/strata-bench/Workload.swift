import BuildCache
import BuildCacheStore
import SystemPackage

/// The caches that are measured: always the same for a number of records.
///
/// n records in chains of ten, each a layer over the one before; in every fifty one merge of two and one diff of two.
/// All sizes are known (uniform below 10 MB), usage counts uniform from 0 to 19, last use uniform over 60 days to the
/// second, descriptions of 40 characters.
struct Workload {
  let records: [RecordMetadata]

  init(records count: Int) {
    var random = SeededGenerator(2017)
    var records: [RecordMetadata] = []
    records.reserveCapacity(count)
    for number in 0..<count {
      let id = RandomIdentities.id(from: &random)
      let parents: ParentIDs =
        switch number % 50 {
        case 48: .merge([records[number - 1].id, records[number - 30].id])
        case 49: .diff(lower: records[number - 11].id, upper: records[number - 2].id)
        case let place where place % 10 == 0: .none
        default: .layer(records[number - 1].id)
        }
      let age = Int64(random.pick(0...(60 * 86_400))) * 1_000_000_000
      var record = RecordMetadata(
        id: id, parents: parents, isCommitted: true, snapshot: SnapshotID(of: id),
        createdAt: Self.now.advanced(by: TimeSpan(nanoseconds: -age)))
      record.lastUsedAt = record.createdAt
      record.usageCount = random.pick(0...19)
      record.size = Int64(random.pick(0...9_999_999))
      record.isRetained = true
      record.description = "RUN step \(number) ".padded(to: 40)
      records.append(record)
    }
    self.records = records
  }

  /// The moment at which all is measured.
  static let now = Timestamp(nanoseconds: 1_790_000_000_000_000_000)

  /// Writes the records into a new cache, without trees: what is measured never looks at one.
  func write(to root: FilePath) throws {
    let cache = try EmbeddedCache(root, .write)
    try cache.close()
    let store = try SQLiteMetadataStore(root.appending("cache.db"))
    for start in stride(from: 0, to: records.count, by: 10_000) {
      let part = records[start..<min(start + 10_000, records.count)]
      try store.apply(
        zip(part.indices, part).flatMap { number, record -> [StoreChange] in
          [
            .putRecord(record), .putLease(record.id.text, isTemporary: false),
            .leaseSnapshot(record.snapshot, lease: record.id.text),
            .putSnapshot(
              Snapshot(
                id: record.snapshot, parent: nil, kind: .committed, tree: TreeID(number + 1), usage: record.size)),
          ]
        })
    }
    try store.close()
  }
}

extension String {
  /// With points at its end, so that it is so long.
  fileprivate func padded(to length: Int) -> String { self + String(repeating: ".", count: max(0, length - count)) }
}
