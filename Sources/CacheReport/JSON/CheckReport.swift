import BuildCache

/// What holding a cache against limits came to, as JSON has it.
public struct CheckReport: Sendable, Equatable {
  /// The words of the source.
  public let source: String
  /// What each limit came to, in the order in which they were given.
  public let findings: [ThresholdFinding]
  /// What has to be known of the reading, in sentences: figures are as exact as that.
  public let notes: [String]

  /// Whether every limit is kept.
  public var isKept: Bool { findings.allSatisfy(\.isKept) }

  /// Holds a cache against limits.
  ///
  /// - Parameters:
  ///   - reading: the cache.
  ///   - source: whose it is.
  ///   - limits: at most one of a kind.
  ///   - free: free bytes of its disk, where somebody tells them; absent: as the reading has it.
  /// - Throws: ``CacheError`` `badInput` where the free space has to be known and isn't.
  /// - Complexity: O(limits · rows).
  public init(_ reading: Reading, of source: SourceIdentity, against limits: [Threshold], free: Int64? = nil)
    throws(CacheError)
  {
    self.source = source.words
    notes = reading.notes
    var findings: [ThresholdFinding] = []
    for limit in limits { findings.append(try limit.finding(in: reading, free: free)) }
    self.findings = findings
  }
}

extension CheckReport: Encodable {
  enum CodingKeys: String, CodingKey {
    case source, limits, notes
    case isKept = "ok"
  }

  /// Writes `ok`, and what each limit came to by its name.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(isKept, forKey: .isKept)
    try members.encode(source, forKey: .source)
    try members.encode(notes, forKey: .notes)
    var limits = members.nestedContainer(keyedBy: Threshold.Kind.self, forKey: .limits)
    for finding in findings { try limits.encode(finding, forKey: finding.limit.kind) }
  }
}

extension ThresholdFinding: Encodable {
  enum CodingKeys: String, CodingKey {
    case limit, figure, unit, reason, record
    case isKept = "ok"
  }

  /// Writes bytes and records as whole numbers and times as seconds; `reason` where the limit is passed, `record` where
  /// one was looked for and found.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    switch limit {
    case .maxUsed(let bytes), .minFree(let bytes):
      try members.encode("bytes", forKey: .unit)
      try members.encode(bytes.bytes, forKey: .limit)
      try members.encode(figure, forKey: .figure)
    case .maxUnusedFor(let span):
      try members.encode("seconds", forKey: .unit)
      try members.encode(Double(span.nanoseconds) / 1e9, forKey: .limit)
      try members.encode(figure.map { Double($0) / 1e9 }, forKey: .figure)
    case .maxRecords(let count):
      try members.encode("records", forKey: .unit)
      try members.encode(count, forKey: .limit)
      try members.encode(figure, forKey: .figure)
    }
    try members.encode(isKept, forKey: .isKept)
    if !isKept { try members.encode(words(in: .si), forKey: .reason) }
    try members.encodeIfPresent(record, forKey: .record)
  }
}
