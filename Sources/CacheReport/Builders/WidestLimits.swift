import BuildCache

/// How far a daemon's rules let its cache grow: the widest limit that there is of each kind.
public struct WidestLimits: Sendable, Equatable {
  /// The bytes that it may have at most; 0: no rule says.
  public let maxUsed: Int64
  /// The bytes of the disk that are to be free; 0: no rule says.
  public let minFree: Int64

  /// The widest of a daemon's rules.
  init(of rules: [PrunePolicy]) {
    let limits = rules.map(\.limits)
    maxUsed = limits.map { max($0.maxUsed, $0.minFree == 0 ? $0.reserved : 0) }.max() ?? 0
    minFree = limits.map(\.minFree).max() ?? 0
  }

  /// The limits in a few words.
  public func words(in units: ByteUnits) -> String {
    let parts = [("max", maxUsed), ("min free", minFree)].filter { $0.1 > 0 }.map { name, bytes in
      "\(name) \(ByteCount(bytes).text(in: units))"
    }
    return parts.isEmpty ? "none" : parts.joined(separator: ", ")
  }
}
