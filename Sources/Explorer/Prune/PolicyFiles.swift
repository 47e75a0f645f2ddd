import BuildCache
import CacheReport

/// The files that the Prune screen reads and writes, and what has to be known for that.
public struct PolicyFiles: Sendable {
  /// What a daemon's configuration is read by.
  public struct Request: Sendable, Equatable {
    /// The file.
    public let file: String
    /// Whose section of it is meant; absent: as the file tells.
    public let worker: String?
    /// For which daemons.
    public let ranking: RankingRule
    /// All bytes of the daemon's disk; absent: unknown.
    public let diskSize: Int64?
  }

  /// Reads the rules of a daemon's configuration.
  public var read: @Sendable (Request) throws -> (policies: [PrunePolicy], remarks: [String])
  /// Writes rules as a daemon's configuration into a new file, whole or not at all, and answers what was done, in words.
  public var write: @Sendable ([PrunePolicy], Request) throws -> String
  /// Completes a path.
  public var complete: @Sendable (String) -> PathCompletion

  /// Puts them together.
  public init(
    read: @escaping @Sendable (Request) throws -> (policies: [PrunePolicy], remarks: [String]),
    write: @escaping @Sendable ([PrunePolicy], Request) throws -> String,
    complete: @escaping @Sendable (String) -> PathCompletion
  ) {
    self.read = read
    self.write = write
    self.complete = complete
  }
}
