import BuildCache
import Foundation

/// A daemon that was found or given: by which name people know it, and how it is asked.
public struct NamedDaemon: Sendable {
  /// Its name: that of a context, of a builder (with its node, where it has several), else its address.
  public var name: String
  /// What it is, in a word: `docker`, `buildkitd`, or what runs the node of a builder.
  public var kind: String
  /// Where it is: an address, or a context.
  public var place: String
  /// The same for the same daemon, however it was found.
  public var key: String
  /// How it is asked, or why it can't be.
  public var endpoint: Result<DaemonEndpoint, CacheError>
  /// The command that wakes it; absent where none does.
  public var waking: String?
  /// The builder that knows its rules, where it doesn't tell them itself.
  var ruler: DockerClient?

  init(
    name: String, kind: String, place: String, key: String, endpoint: Result<DaemonEndpoint, CacheError>,
    waking: String? = nil, ruler: DockerClient? = nil
  ) {
    self.waking = waking
    (self.name, self.kind, self.place, self.key) = (name, kind, place, key)
    (self.endpoint, self.ruler) = (endpoint, ruler)
  }

  /// Names a daemon by how it is asked.
  public init(_ endpoint: DaemonEndpoint) {
    name = endpoint.words
    key = endpoint.key
    self.endpoint = .success(endpoint)
    switch endpoint {
    case .buildkit(let buildctl):
      kind =
        switch buildctl.place {
        case .here: "buildkitd"
        case .container: "docker-container"
        case .pod: "kubernetes"
        }
      place = buildctl.address ?? ""
    case .engine(let engine):
      kind = "docker"
      place = ""
      if case .client(let docker) = engine { ruler = docker }
    }
  }

  /// Names a builder that can't be told of.
  public init(unreachable builder: String, _ error: CacheError) {
    (name, kind, place, key, endpoint) = (builder, "", "", "builder:\(builder)", .failure(error))
  }

  /// The rules by which it collects garbage, where only buildx tells them, its amounts rounded to four digits; nothing
  /// where that doesn't either.
  ///
  /// - Parameter patience: how long is waited for them.
  public func rules(patience: Duration) async -> [PrunePolicy]? {
    guard let ruler else { return nil }
    let name = ruler.context ?? "default"
    let node = try? await BuildxBuilder(named: name, by: ruler, patience: patience).nodes.first
    return node.flatMap { $0.rules.isEmpty ? nil : $0.rules }
  }

  /// Whether ``rules(patience:)`` may know some.
  public var hasRuler: Bool { ruler != nil }
}

extension DaemonEndpoint {
  /// The same for all ways to the same daemon, as far as their addresses tell.
  var key: String {
    switch self {
    case .engine(.socket(let path)): Self.engineKey("unix://" + path)
    case .engine(.client(let docker)):
      docker.host.map(Self.engineKey) ?? "context:" + (docker.context ?? "")
    case .buildkit(let endpoint):
      switch endpoint.place {
      case .here: Self.buildkitKey(endpoint.address ?? BuildctlClient.defaultAddress)
      case .container(let name, let docker): "container:\(docker.host ?? docker.context ?? ""):\(name)"
      case .pod(let pod):
        "pod:\(pod.configuration ?? ""):\(pod.context ?? ""):\(pod.namespace ?? ""):\(pod.name)"
      }
    }
  }

  /// That of an engine at an address.
  static func engineKey(_ address: String) -> String { "engine:" + canonical(address) }

  /// That of a daemon of BuildKit's at an address.
  static func buildkitKey(_ address: String) -> String { "buildkit:" + canonical(address) }

  /// An address by which two that name the same socket are one: links on its way are gone.
  private static func canonical(_ address: String) -> String {
    guard address.hasPrefix("unix://") else { return address }
    return "unix://" + URL(filePath: String(address.dropFirst(7))).resolvingSymlinksInPath().path(percentEncoded: false)
  }
}
