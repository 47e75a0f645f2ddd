import BuildCache

/// So many records, in words.
public func counted(_ records: Int) -> String { records == 1 ? "1 record" : "\(records) records" }

extension TimeSpan {
  /// How long ago something was that happened so long before: `2h ago`, `now`.
  public var agoText: String { ageText == "now" ? "now" : "\(ageText) ago" }
}

/// A score with three decimals; what the lists show, not what is compared.
public func scoreText(_ score: Double) -> String {
  let thousandths = Int((score * 1000).rounded())
  return "\(thousandths / 1000)." + String(String(1000 + thousandths % 1000).dropFirst())
}

extension PrunePolicy {
  /// The policy in a few words: `all, type==regular, unused for 48h, max used 512.0 MB`.
  public func words(in units: ByteUnits) -> String {
    var parts = [all ? "all" : nil, filterWords].compactMap(\.self)
    if keepDuration.nanoseconds > 0 { parts.append("unused for \(keepDuration.ageText)") }
    for (name, bytes) in [
      ("reserved", limits.reserved), ("max used", limits.maxUsed), ("min free", limits.minFree),
    ] where bytes > 0 {
      parts.append("\(name) \(ByteCount(bytes).text(in: units))")
    }
    return parts.isEmpty ? "everything unused" : parts.joined(separator: ", ")
  }

  /// Its filter's strings; nothing where that leaves nothing out.
  public var filterWords: String? { filter.matchesAll ? nil : filter.strings.joined(separator: " or ") }
}

extension DaemonRestart {
  /// When the daemon is restarted, in a word: `yes`, `no`, a time.
  public var words: String {
    switch self {
    case .never: "no"
    case .before: "yes"
    case .at(let time): time.text
    }
  }
}

extension KeptReason {
  /// The reason as a heading of those that stay for it.
  public var words: String {
    switch self {
    case .inUse: "in use"
    case .holdsInUse: "hold something in use"
    case .shared: "shared"
    case .internal: "internal"
    case .keepDuration: "used within keep-duration"
    case .filter: "not matched by the filter"
    case .pinned: "pinned by what stays"
    case .withinLimit: "within the limit"
    }
  }
}

extension PruneReport {
  /// What a prune did, in a sentence.
  public func words(in units: ByteUnits) -> String {
    var words = "removed \(counted(removed)), freed \(ByteCount(freed).text(in: units))"
    if wasStopped { words += "; stopped, the rest is as it was" }
    if !changed.isEmpty { words += "; \(changed.count) changed since the preview and were left alone" }
    return words
  }
}

extension PrunePlan {
  /// What is to be known of victims that something outside uses, in a sentence; nothing where there are none.
  ///
  /// - Complexity: O(victims).
  public func sharedWords(in units: ByteUnits) -> String? {
    let shared = victims.map { state.rows[$0.row] }.filter(\.isShared)
    guard !shared.isEmpty else { return nil }
    let bytes = ByteCount(shared.reduce(0) { $0.addingSaturating($1.size) }).text(in: units)
    return "\(bytes) of it is shared: on the disk it stays while images use it."
  }
}

extension PrunePromises {
  /// What whoever carries a prune out can't answer for, in sentences; empty where it answers for all.
  public var missingInWords: [String] {
    [
      (PrunePromises.keepsOrder, "Its daemon chooses the order."),
      (.checksVictims, "What changes in the last moment its daemon judges by itself."),
      (.canStop, "It can't be stopped on the way."),
    ].filter { !contains($0.0) }.map(\.1)
  }
}
