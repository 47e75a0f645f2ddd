import BuildCache

/// A daemon among several: what it is called, and what answers for its cache.
public struct Builder: Sendable, Identifiable {
  /// What answers for a cache.
  public struct Way: Sendable {
    /// Is asked for the list of builders: it is not waited for long.
    public let listed: any CacheSource
    /// Is opened: it is waited for as usual.
    public let opened: any CacheSource
    /// Tells by which rules it collects garbage, where it doesn't tell them itself; absent where nobody else does.
    public let rules: (@Sendable () async -> [PrunePolicy]?)?

    /// Says what answers.
    public init(
      listed: any CacheSource, opened: any CacheSource, rules: (@Sendable () async -> [PrunePolicy]?)? = nil
    ) {
      (self.listed, self.opened, self.rules) = (listed, opened, rules)
    }
  }

  /// The same for the same daemon, however it was found.
  public let id: String
  /// By which name people know it.
  public let name: String
  /// What it is, in a word: `docker`, `docker-container`, `buildkitd` …
  public let kind: String
  /// Where it is, in a few words.
  public let place: String
  /// The command that wakes it; absent where none does.
  public let waking: String?
  /// What answers for it, or why nothing does.
  public let way: Result<Way, CacheError>

  /// Names a builder.
  public init(
    id: String, name: String, kind: String, place: String, waking: String? = nil, way: Result<Way, CacheError>
  ) {
    (self.id, self.name, self.kind, self.place) = (id, name, kind, place)
    (self.waking, self.way) = (waking, way)
  }

  /// What it holds now, and by which rules it collects garbage.
  ///
  /// - Throws: ``CacheError`` where it doesn't answer; `CancellationError`.
  public func read() async throws -> Reading {
    let way = try way.get()
    async let rules = way.rules?()
    var reading = try await way.listed.read()
    if reading.rules == nil { reading.rules = await rules }
    return reading
  }
}

/// What a search for builders comes upon.
public enum BuilderFinding: Sendable {
  /// A builder; each but once.
  case builder(Builder)
  /// Where nothing could be looked for, and why, in a sentence.
  case note(String)
}
