import BuildCache
import Foundation
import Programs

/// A builder of docker buildx, as `docker buildx inspect` tells of it.
public struct BuildxBuilder: Sendable, Equatable {
  /// One daemon of a builder.
  public struct Node: Sendable, Equatable {
    /// Its name.
    public var name = ""
    /// Where it is: a context, an address, as its driver has it.
    public var address = ""
    /// How it was made, by name.
    public var options: [String: String] = [:]
    /// What it does, in a word; absent where that can't be known.
    public var status: String?
    /// Why it can't be reached; absent where it can.
    public var error: String?
    /// Its version of BuildKit.
    public var version: String?
    /// The rules by which it collects garbage, amounts rounded to four digits.
    public var rules: [PrunePolicy] = []
  }

  /// Its name.
  public var name = ""
  /// What runs its nodes: `docker`, `docker-container`, `kubernetes`, `remote`.
  public var driver = ""
  /// Why it can't be told of; absent where it can.
  public var error: String?
  /// Its daemons.
  public var nodes: [Node] = []

  /// Puts one together.
  init(name: String, driver: String, error: String?, nodes: [Node]) {
    (self.name, self.driver, self.error, self.nodes) = (name, driver, error, nodes)
  }

  /// Asks for one.
  ///
  /// - Throws: ``CacheError`` `unreachable` with what to do where there is none, or no docker client with buildx.
  public init(named name: String, by docker: DockerClient, patience: Duration = .seconds(30)) async throws {
    let program = docker.program(["buildx", "inspect", "--", name])
    let bytes: [UInt8]
    do {
      bytes = try await program.answer(of: "builder \(name)", patience: patience)
    } catch let error as CacheError {
      throw Self.explained(error, name)
    }
    try self.init(parsing: String(decoding: bytes, as: UTF8.self))
  }

  private static func explained(_ error: CacheError, _ name: String) -> CacheError {
    let cause = error.cause ?? ""
    if cause.contains("no builder") || cause.contains("not found") {
      return CacheError(.unreachable, "there is no builder \(name): `docker buildx ls` lists them")
    }
    if cause.contains("is not a docker command") || cause.contains("unknown command") || cause.contains("unknown flag")
    {
      return CacheError(.unreachable, "this docker client has no buildx: --docker asks its engine", cause: cause)
    }
    return error
  }

  /// Reads what `docker buildx inspect` prints.
  ///
  /// - Throws: ``CacheError`` `unreachable` where it is not that.
  public init(parsing text: String) throws(CacheError) {
    var isNode = false
    var rule: Rule?
    func take(_ rule: inout Rule?, _ nodes: inout [Node]) {
      if let policy = rule?.policy, !nodes.isEmpty { nodes[nodes.count - 1].rules.append(policy) }
      rule = nil
    }
    for line in text.split(whereSeparator: \.isNewline) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let key = line[..<colon].trimmingPrefix(/\s+/)
      let value = String(line[line.index(after: colon)...].trimmingPrefix(/\s+/))
      if line.first?.isWhitespace == true {
        rule?.set(String(key), value)
        continue
      }
      take(&rule, &nodes)
      switch (isNode, key) {
      case (_, "Nodes"): isNode = true
      case (false, "Name"): name = value
      case (false, "Driver"): driver = value
      case (false, "Error"): error = value
      case (true, "Name"): nodes.append(Node(name: value))
      case (true, _) where nodes.isEmpty: break
      case (true, "Endpoint"): nodes[nodes.count - 1].address = value
      case (true, "Driver Options"): nodes[nodes.count - 1].options = Self.options(value)
      case (true, "Status"): nodes[nodes.count - 1].status = value
      case (true, "Error"): nodes[nodes.count - 1].error = value
      case (true, "BuildKit version"), (true, "Buildkit"): nodes[nodes.count - 1].version = value
      case (true, _) where key.hasPrefix("GC Policy rule"): rule = Rule()
      default: break
      }
    }
    take(&rule, &nodes)
    guard !name.isEmpty, !driver.isEmpty || error != nil else {
      throw CacheError(.unreachable, "what `docker buildx inspect` prints tells of no builder")
    }
  }

  /// `name="value"` one after the other; a quote in a value has a backslash before it.
  private static func options(_ text: String) -> [String: String] {
    var options: [String: String] = [:]
    for match in text.matches(of: /([^\s=]+)="((?:[^"\\]|\\.)*)"/) {
      options[String(match.1)] = String(match.2).replacing(/\\(.)/) { String($0.1) }
    }
    return options
  }

  /// A rule while its lines are read.
  private struct Rule {
    var all = false
    var filters: [String] = []
    var span = TimeSpan(nanoseconds: 0)
    var limits = SpaceLimits.none

    mutating func set(_ key: String, _ value: String) {
      func bytes() -> Int64 {
        if case .bytes(let bytes) = DiskAmount(parsing: value) { bytes } else { 0 }
      }
      switch key {
      case "All": all = value == "true"
      case "Filters": filters = value.split(separator: " ").map(String.init)
      case "Keep Duration": span = TimeSpan(daemonText: value) ?? span
      case "Reserved Space", "Keep Bytes": limits.reserved = bytes()
      case "Max Used Space": limits.maxUsed = bytes()
      case "Min Free Space": limits.minFree = bytes()
      default: break
      }
    }

    var policy: PrunePolicy? {
      guard let filter = try? Filter(parsing: filters) else { return nil }
      return PrunePolicy(all: all, filter: filter, keepDuration: span, limits: limits)
    }
  }
}

extension BuildxBuilder {
  /// Why it can't be reached, as buildx says it.
  func unreachable(_ error: String) -> CacheError {
    CacheError(
      .unreachable, "builder \(name) can't be reached", cause: error, obstacle: DaemonTrouble.obstacle(in: error))
  }

  /// How the daemons of a node are reached; of a deployment with several pods there are several.
  ///
  /// - Parameter docker: the client that told of it.
  /// - Throws: ``CacheError`` `unreachable` with what to do where it is asleep, can't be reached, or is of a kind that can't
  ///   be asked.
  public func endpoints(of node: Node, by docker: DockerClient, patience: Duration = .seconds(15)) async throws
    -> [DaemonEndpoint]
  {
    if let error = node.error { throw unreachable(error) }
    // What is remote isn't woken from here: why it doesn't answer comes out when it is asked.
    if let status = node.status, status != "running", driver != "remote" {
      throw CacheError(
        .unreachable, "builder \(name) is asleep (\(status)): `docker buildx inspect --bootstrap \(name)` wakes it",
        obstacle: .asleep)
    }
    var docker = docker
    switch driver {
    case "docker":
      node.direct(&docker)
      return [.engine(.client(docker))]
    case "docker-container":
      node.direct(&docker)
      return [.buildkit(BuildctlEndpoint(.container("buildx_buildkit_\(node.name)", docker)))]
    case "remote":
      var files = BuildctlEndpoint.Certificates()
      (files.authority, files.client) = (node.options["cacert"], node.options["cert"])
      (files.key, files.serverName) = (node.options["key"], node.options["servername"])
      return [.buildkit(BuildctlEndpoint(address: node.address, certificates: files))]
    case "kubernetes":
      return try await node.pods(patience).map { .buildkit(BuildctlEndpoint(.pod($0))) }
    default:
      throw CacheError(.unreachable, "builder \(name) is of the kind \(driver), which nobody but buildx can ask")
    }
  }
}

extension BuildxBuilder.Node {
  /// Has the client go where the node is: a context's name, or an address.
  fileprivate func direct(_ docker: inout DockerClient) {
    if address.contains("://") {
      (docker.host, docker.context) = (address, nil)
    } else if !address.isEmpty {
      docker.context = address
    }
  }

  /// The pods of its deployment, as `kubernetes:///builder?deployment=name&kubeconfig=file` says which.
  fileprivate func pods(_ patience: Duration) async throws -> [BuildctlEndpoint.Pod] {
    let items = URLComponents(string: address)?.queryItems ?? []
    func parameter(_ name: String) -> String? {
      items.first { $0.name == name }?.value.flatMap { $0.isEmpty ? nil : $0 }
    }
    var pod = BuildctlEndpoint.Pod("", container: "buildkitd", namespace: options["namespace"])
    pod.configuration = parameter("kubeconfig")
    let deployment = parameter("deployment") ?? name
    let words =
      pod.chosen + [
        "get", "pods", "--selector", "app=\(deployment)", "--field-selector", "status.phase=Running", "--output",
        "jsonpath={range .items[*]}{.metadata.name}{\"\\n\"}{end}",
      ]
    let bytes = try await Program(pod.client, words, in: .users).answer(
      of: "deployment \(deployment)", patience: patience)
    let names = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard !names.isEmpty else {
      throw CacheError(.unreachable, "deployment \(deployment) has no pod that runs: it is asleep, or elsewhere")
    }
    return names.map { name in
      var pod = pod
      pod.name = String(name)
      return pod
    }
  }
}
