import BuildCache

/// The garbage collection of a daemon's configuration: what a daemon with it prunes by itself.
///
/// It is a `buildkitd.toml`, or the `daemon.json` of a Docker engine, and read as these read it: what the daemon takes is
/// taken, and what it passes over is told.
public struct DaemonConfig: Sendable {
  /// What a configuration comes to for a daemon.
  public struct Collection: Sendable {
    /// The rules that it carries out, in order; none where it collects no garbage.
    public let policies: [PrunePolicy]
    /// What has to be known of them, in sentences: whose they are, what of the file is out of use.
    public let remarks: [String]

    /// Puts it together.
    public init(policies: [PrunePolicy], remarks: [String]) { (self.policies, self.remarks) = (policies, remarks) }
  }

  /// The file's name.
  public let name: String
  private let config: any GarbageConfig

  /// Whose rules they are: `worker.oci`, `worker.containerd`, or `builder.gc` of a Docker engine.
  public var owner: String { config.owner }

  /// No configuration has more bytes.
  private static let mostBytes = 1 << 20

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: a file; `-` is standard input.
  ///   - worker: whose section of a `buildkitd.toml` is meant: `oci` or `containerd`, or the name of a worker's folder;
  ///     absent: the one that collects garbage by rules of its own.
  /// - Throws: ``CacheError`` naming the file: `storage` where it can't be read, `badInput` where it is neither TOML nor
  ///   JSON, or the daemon would not start with it.
  public init(readingFrom path: String, worker: String? = nil) throws {
    let bytes = try readFile(path, limit: Self.mostBytes)
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    let text = String(decoding: bytes.starts(with: mark) ? bytes[3...] : bytes[...], as: UTF8.self)
    try self.init(text, name: path == "-" ? "standard input" : path, worker: worker)
  }

  /// Reads a text: one that begins with a brace is JSON.
  ///
  /// - Parameters:
  ///   - name: the file's name, for messages.
  ///   - worker: as for a file.
  /// - Throws: ``CacheError`` `badInput`, naming the file.
  public init(_ text: String, name: String, worker: String? = nil) throws(CacheError) {
    self.name = name
    if text.first(where: { !$0.isWhitespace }) == "{" {
      config = try DockerConfig(text, name: name)
    } else {
      config = try BuildKitConfig(text, name: name, worker: worker)
    }
  }

  /// What it comes to.
  ///
  /// - Parameters:
  ///   - ranking: `seed` is BuildKit v0.10.0, and Docker 20.10 for an engine: there are keep-bytes only; `current` are
  ///     today's.
  ///   - diskSize: all bytes of the daemon's disk; absent: unknown.
  ///   - now: the moment of the collection.
  /// - Throws: ``CacheError`` `badInput` where a share of the disk is asked for and its size isn't known.
  public func collection(for ranking: RankingRule, diskSize: Int64?, now: Timestamp) throws(CacheError) -> Collection {
    var remarks = config.remarks(for: ranking).map { "\(name): \($0)" }
    var policies: [PrunePolicy] = []
    for (number, rule) in try (config.rules(for: ranking, diskSize: diskSize) ?? []).enumerated() {
      let place = "\(name): rule \(number + 1) of \(owner)"
      let filter: Filter
      do { filter = try Filter(parsing: rule.filters) } catch {
        remarks.append("\(place): \(error.message): there the daemon's collection ends with an error each time")
        break
      }
      do { _ = try filter.checked() } catch {
        remarks.append("\(place): \(error.message): the daemon takes it for what never matches")
      }
      let limits: SpaceLimits
      do { limits = try rule.limits(for: ranking, diskSize: diskSize) } catch {
        throw CacheError(error.code, "\(place): \(error.message)")
      }
      policies.append(
        PrunePolicy(all: rule.all, filter: filter, keepDuration: rule.span(at: now), limits: limits))
    }
    return Collection(policies: policies, remarks: remarks)
  }
}
