/// Finds records by what they hold (B9, B14).
struct RecordIndex {
  private var chains: [Digest: Set<RecordID>] = [:]
  private var blobChains: [Digest: Set<RecordID>] = [:]

  /// The records of a chain id.
  subscript(chain id: Digest) -> Set<RecordID> { chains[id] ?? [] }
  /// The records of a blob chain id.
  subscript(blobChain id: Digest) -> Set<RecordID> { blobChains[id] ?? [] }

  mutating func insert(_ metadata: RecordMetadata) {
    if let id = metadata.chainID { chains[id, default: []].insert(metadata.id) }
    if let id = metadata.blobChainID { blobChains[id, default: []].insert(metadata.id) }
  }

  mutating func remove(_ metadata: RecordMetadata) {
    if let id = metadata.chainID { Self.remove(metadata.id, from: &chains, id) }
    if let id = metadata.blobChainID { Self.remove(metadata.id, from: &blobChains, id) }
  }

  private static func remove(_ record: RecordID, from sets: inout [Digest: Set<RecordID>], _ id: Digest) {
    sets[id]?.remove(record)
    if sets[id]?.isEmpty == true { sets[id] = nil }
  }
}
