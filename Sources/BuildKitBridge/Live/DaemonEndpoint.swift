import BuildCache

/// How a daemon is reached.
public enum DaemonEndpoint: Sendable, Hashable {
  /// BuildKit's own.
  case buildkit(BuildctlEndpoint)
  /// A Docker Engine.
  case engine(EngineEndpoint)

  /// What it is, in a few words.
  public var words: String {
    switch self {
    case .buildkit(let endpoint): endpoint.words
    case .engine(let endpoint): endpoint.words
    }
  }

  /// Its cache, to be looked at and pruned; it is not asked yet.
  public func source(patience: DaemonPatience = .usual, clock: any CacheClock = SystemClock()) -> DaemonSource {
    switch self {
    case .buildkit(let endpoint): DaemonSource(endpoint, patience: patience, clock: clock)
    case .engine(let endpoint): DaemonSource(endpoint, patience: patience, clock: clock)
    }
  }
}
