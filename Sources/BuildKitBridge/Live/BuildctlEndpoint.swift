import Programs

/// How a BuildKit daemon is reached: through its client `buildctl`, wherever that is.
public struct BuildctlEndpoint: Sendable, Hashable {
  /// Where the client runs.
  public enum Place: Sendable, Hashable {
    /// On this machine: the program, or its path.
    case here(path: String)
    /// In a container of an engine, beside the daemon.
    case container(String, DockerClient)
    /// In a pod, beside the daemon.
    case pod(Pod)
  }

  /// A pod of a Kubernetes cluster.
  public struct Pod: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// The container in it; absent: its only, or default, one.
    public var container: String?
    /// Its namespace; absent: that of the context.
    public var namespace: String?
    /// The context; absent: the one that is in use.
    public var context: String?
    /// The file that says where clusters are; absent: the usual.
    public var configuration: String?
    /// The program that reaches it, or its path.
    public var client: String

    /// Names a pod.
    public init(
      _ name: String, container: String? = nil, namespace: String? = nil, context: String? = nil,
      client: String = "kubectl"
    ) {
      self.name = name
      self.container = container
      self.namespace = namespace
      self.context = context
      self.client = client
    }

    /// The words that choose the cluster and the namespace.
    var chosen: [String] {
      (configuration.map { ["--kubeconfig", $0] } ?? []) + (context.map { ["--context", $0] } ?? [])
        + (namespace.map { ["--namespace", $0] } ?? [])
    }
  }

  /// The files of a connection that is encrypted, as `buildctl` takes them.
  public struct Certificates: Sendable, Hashable {
    /// The authority's.
    public var authority: String?
    /// The client's.
    public var client: String?
    /// The client's key.
    public var key: String?
    /// The name that the daemon has to bear.
    public var serverName: String?
    /// A folder of all three.
    public var folder: String?

    /// Names no files.
    public init() {}

    var arguments: [String] {
      let given = [
        ("--tlscacert", authority), ("--tlscert", client), ("--tlskey", key), ("--tlsservername", serverName),
        ("--tlsdir", folder),
      ]
      return given.flatMap { name, value in value.map { [name, $0] } ?? [] }
    }
  }

  /// Where the client runs.
  public var place: Place
  /// The daemon's address, as `buildctl` takes it; absent: the client's default.
  public var address: String?
  /// The files of an encrypted connection.
  public var certificates: Certificates

  /// Says how a daemon is reached.
  public init(
    _ place: Place = .here(path: "buildctl"), address: String? = nil, certificates: Certificates = Certificates()
  ) {
    (self.place, self.address, self.certificates) = (place, address, certificates)
  }

  /// What it is, in a few words.
  public var words: String {
    switch place {
    case .here: address ?? "buildkitd"
    case .container(let name, let docker):
      "container \(name)" + ((docker.context ?? docker.host).map { " of \($0)" } ?? "")
    case .pod(let pod): "pod \(pod.namespace.map { "\($0)/" } ?? "")\(pod.name)"
    }
  }

  /// The client with arguments.
  func program(_ arguments: [String]) -> Program {
    let own = (address.map { ["--addr", $0] } ?? []) + certificates.arguments + arguments
    switch place {
    case .here(let path): return Program(path, own, in: .users)
    case .container, .pod: return inside(["buildctl"] + own)
    }
  }

  /// Any program beside the daemon.
  func inside(_ words: [String]) -> Program {
    switch place {
    case .here: Program(words.first ?? "", Array(words.dropFirst()), in: .users)
    case .container(let name, let docker): docker.program(["exec", name] + words)
    case .pod(let pod):
      Program(
        pod.client,
        pod.chosen + ["exec", pod.name] + (pod.container.map { ["--container", $0] } ?? []) + ["--"] + words,
        in: .users)
    }
  }
}
