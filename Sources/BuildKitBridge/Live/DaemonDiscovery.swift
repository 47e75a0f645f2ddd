import BuildCache
import Foundation
import Synchronization

/// Looks for the daemons of this machine's user: the docker client's contexts, the builders of buildx with their nodes,
/// and the sockets of this machine. Nobody is asked but programs of this machine: whether a daemon answers comes out
/// when its source is read.
///
/// One that is found in several ways is told once, by the first of these names: a builder's, a context's, `default`, its
/// socket.
public struct DaemonDiscovery: Sendable {
  /// What is come upon.
  public enum Finding: Sendable {
    /// A daemon; each but once.
    case daemon(NamedDaemon)
    /// Where nothing could be looked for, and why, in a sentence.
    case note(String)
  }

  /// The docker client.
  public var docker: DockerClient
  /// The program `buildctl`, or its path.
  public var buildctl: String
  /// The variables that say where daemons are, as programs of this machine are given them.
  public var environment: [String: String]
  /// Where engines have their sockets where nobody says otherwise.
  public var engineSockets = [EngineEndpoint.defaultSocket]
  /// Where daemons of BuildKit's have theirs.
  public var buildkitSockets = ["/run/buildkit/buildkitd.sock"]
  /// How long is waited for programs of this machine.
  public var patience: Duration

  /// Says where to look.
  public init(
    docker: DockerClient = DockerClient(), buildctl: String = "buildctl",
    environment: [String: String] = ProcessInfo.processInfo.environment, patience: Duration = .seconds(15)
  ) {
    (self.docker, self.buildctl, self.environment, self.patience) = (docker, buildctl, environment, patience)
  }

  /// Looks everywhere.
  ///
  /// - Parameter tell: is told of each thing that is come upon, as soon as it is.
  public func find(_ tell: @escaping @Sendable (Finding) -> Void) async {
    let known = Guarded<Set<String>>([])
    let tellOnce: @Sendable (NamedDaemon) -> Void = { daemon in
      if known.withLock({ $0.insert(daemon.key).inserted }) { tell(.daemon(daemon)) }
    }
    guard docker.isInstalled else {
      tell(.note("\(docker.path) is not installed here: no contexts and no builders of buildx are looked for"))
      tellSockets(tellOnce)
      return
    }
    let contexts = await contexts { tell(.note($0)) }
    let builders = await BuildxStore.builders(of: docker, environment, patience: patience) { tell(.note($0)) }
    let hosts = Dictionary(contexts.map { ($0.Name, $0.DockerEndpoint ?? "") }) { first, _ in first }
    await withTaskGroup(of: Void.self) { group in
      for builder in builders {
        // Only where a deployment's pods are asked for does that take time.
        let isSlow = builder.driver == "kubernetes"
        if isSlow {
          group.addTask { for node in await nodes(of: builder, hosts) { tellOnce(node) } }
        } else {
          for node in await nodes(of: builder, hosts) { tellOnce(node) }
        }
      }
      for context in contexts.sorted(by: { $0.Name != "default" && $1.Name == "default" }) {
        tellOnce(daemon(of: context))
      }
      tellSockets(tellOnce)
    }
  }

  // MARK: Contexts

  private struct Context: Decodable {
    let Name: String
    let DockerEndpoint: String?
    let Error: String?
  }

  /// The docker client's contexts: a line of JSON each.
  private func contexts(note: (String) -> Void) async -> [Context] {
    do {
      let program = docker.program(["context", "ls", "--format", "{{json .}}"])
      let bytes = try await program.answer(of: "docker's contexts", patience: patience)
      return bytes.split(separator: UInt8(ascii: "\n")).compactMap {
        try? JSONDecoder().decode(Context.self, from: Data($0))
      }
    } catch {
      note("docker's contexts can't be asked for: \(error)")
      return []
    }
  }

  private func daemon(of context: Context) -> NamedDaemon {
    var client = docker
    client.context = context.Name
    let address = context.DockerEndpoint ?? ""
    let key = address.isEmpty ? "context:\(context.Name)" : DaemonEndpoint.engineKey(address)
    let problem = context.Error.flatMap { $0.isEmpty ? nil : $0 }.map { error in
      CacheError(
        .unreachable, "context \(context.Name) can't be used", cause: error,
        obstacle: DaemonTrouble.obstacle(in: error))
    }
    return NamedDaemon(
      name: context.Name, kind: "docker", place: address, key: key,
      endpoint: problem.map { .failure($0) } ?? .success(.engine(.client(client))), ruler: client)
  }

  // MARK: Builders

  private func nodes(of builder: BuildxBuilder, _ hosts: [String: String]) async -> [NamedDaemon] {
    var daemons: [NamedDaemon] = []
    for node in builder.nodes { daemons += await builder.daemons(of: node, by: docker, hosts: hosts) }
    if daemons.isEmpty, let error = builder.error {
      return [
        NamedDaemon(
          name: builder.name, kind: builder.driver, place: "", key: "builder:\(builder.name)",
          endpoint: .failure(builder.unreachable(error)))
      ]
    }
    return daemons
  }

  // MARK: Sockets

  private func tellSockets(_ tell: (NamedDaemon) -> Void) {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let own = value("XDG_RUNTIME_DIR")
    let buildkit =
      [value("BUILDKIT_HOST")].compactMap(\.self)
      + (buildkitSockets + (own.map { [$0 + "/buildkit/buildkitd.sock"] } ?? [])).filter(isSocket).map {
        "unix://" + $0
      }
    for address in buildkit {
      tell(NamedDaemon(.buildkit(BuildctlEndpoint(.here(path: buildctl), address: address))))
    }
    let named = value("DOCKER_HOST").flatMap { $0.hasPrefix("unix://") ? String($0.dropFirst(7)) : nil }
    let engines =
      [named].compactMap(\.self) + (engineSockets + (own.map { [$0 + "/docker.sock"] } ?? [])).filter(isSocket)
    for path in engines { tell(NamedDaemon(.engine(.socket(path)))) }
  }

  private func isSocket(_ path: String) -> Bool {
    (try? FileManager.default.attributesOfItem(atPath: URL(filePath: path).resolvingSymlinksInPath().path))?[.type]
      as? FileAttributeType == .typeSocket
  }
}

extension BuildxBuilder {
  /// The daemons of a node by name, each with how it is asked, or why it can't be.
  ///
  /// - Parameters:
  ///   - node: one of its nodes.
  ///   - docker: the client that knows of it.
  ///   - hosts: the addresses of contexts by name, where they are known.
  public func daemons(of node: Node, by docker: DockerClient, hosts: [String: String] = [:]) async -> [NamedDaemon] {
    let name = nodes.count == 1 ? name : "\(name)/\(node.name)"
    let host = hosts[node.address].flatMap { $0.isEmpty ? nil : $0 } ?? node.address
    func named(_ endpoint: Result<DaemonEndpoint, CacheError>, _ name: String, _ key: String) -> NamedDaemon {
      NamedDaemon(
        name: name, kind: driver, place: node.address, key: key, endpoint: endpoint,
        waking: ["docker-container", "kubernetes"].contains(driver)
          ? "docker buildx inspect --bootstrap \(self.name)" : nil)
    }
    do {
      let endpoints = try await endpoints(of: node, by: docker)
      return endpoints.map { endpoint in
        let key: String
        var title = name
        switch (driver, endpoint) {
        case ("docker", _): key = DaemonEndpoint.engineKey(host)
        case ("docker-container", _): key = "container:\(host):\(node.name)"
        case (_, .buildkit(let daemon)):
          key = endpoint.key
          if case .pod(let pod) = daemon.place, endpoints.count > 1 { title = "\(name)/\(pod.name)" }
        default: key = endpoint.key
        }
        var found = named(.success(endpoint), title, key)
        if driver == "docker", case .engine(.client(let client)) = endpoint { found.ruler = client }
        return found
      }
    } catch let error as CacheError {
      return [named(.failure(error), name, "node:\(self.name)/\(node.name)")]
    } catch {
      return [named(.failure(CacheError(.unreachable, "\(error)")), name, "node:\(self.name)/\(node.name)")]
    }
  }

  /// The daemons of all its nodes by name.
  ///
  /// - Parameter docker: the client that told of it.
  public func daemons(by docker: DockerClient) async -> [NamedDaemon] {
    if let error {
      return [
        NamedDaemon(
          name: name, kind: driver, place: "", key: "builder:\(name)", endpoint: .failure(unreachable(error)))
      ]
    }
    var all: [NamedDaemon] = []
    for node in nodes { all += await daemons(of: node, by: docker) }
    return all
  }
}
