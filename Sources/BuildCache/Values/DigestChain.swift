/// What stands for a record where its digest chain is asked for (B7).
package protocol DigestChained {
  /// Its kind.
  var chainKind: RecordKind { get }
  /// Whether it is a diff that has an upper.
  var hasUpper: Bool { get }
  /// The digest of its own blob, where it has one.
  var ownDigest: Digest? { get }
  /// What it stands on, in the order of C5.
  var chainParents: [Self] { get }
  /// Its chain, once it was worked out: it is kept, whatever blobs are made later.
  var knownDigestChain: [Digest?]? { get nonmutating set }
}

extension DigestChained {
  /// The digests of its layers' blobs, lowest first; a layer without a blob has an empty place (B7).
  package var digestChain: [Digest?] {
    if let knownDigestChain { return knownDigestChain }
    let chain: [Digest?]
    switch chainKind {
    case .base: chain = [ownDigest]
    case .layer:
      // A loop, as chains may be long.
      var own: [Digest?] = []
      var beneath: Self? = self
      while let record = beneath, record.knownDigestChain == nil, record.chainKind == .layer {
        own.append(record.ownDigest)
        beneath = record.chainParents.first
      }
      chain = (beneath?.digestChain ?? []) + own.reversed()
    case .merge: chain = chainParents.flatMap(\.digestChain)
    case .diff:
      chain = ownDigest == nil && hasUpper ? chainParents.last?.digestChain ?? [nil] : [ownDigest]
    }
    knownDigestChain = chain
    return chain
  }
}
