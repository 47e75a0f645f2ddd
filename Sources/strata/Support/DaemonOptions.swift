import ArgumentParser
import BuildCache
import BuildKitBridge
import Glibc

/// Which daemon that runs is asked, and how it is reached.
struct DaemonOptions: ParsableArguments {
  @Flag(help: "Ask the BuildKit daemon that buildctl asks where nobody says otherwise.") var buildctl = false
  @Option(
    help: ArgumentHelp(
      "Ask the BuildKit daemon at this address, as buildctl takes it: unix://, tcp://, docker-container://, ssh:// …",
      valueName: "addr"))
  var buildctlAddr: [String] = []
  @Option(help: ArgumentHelp("The buildctl to ask with.", valueName: "file")) var buildctlPath: String?
  @OptionGroup(title: "Encrypted connections of buildctl") var certificates: CertificateOptions

  @Option(
    name: .customLong("docker"), defaultAsFlag: DockerChoice.inUse,
    help: ArgumentHelp(
      "Ask the Docker Engine of this context of the docker client, or of the one that is in use.", valueName: "context")
  )
  var docker: DockerChoice?
  @Option(help: ArgumentHelp("The docker client to ask with.", valueName: "file")) var dockerPath: String?
  @Option(
    help: ArgumentHelp("Ask the Docker Engine at this socket, without a client.", valueName: "file"))
  var dockerSocket: String?

  @Option(
    help: ArgumentHelp(
      "Ask this builder of docker buildx; of several nodes --worker chooses one.", valueName: "name"))
  var builder: String?

  /// The options that name a daemon, as they were given.
  var given: [String] {
    [
      ("--buildctl", buildctl), ("--buildctl-addr", !buildctlAddr.isEmpty),
      ("--docker", docker != nil), ("--docker-socket", dockerSocket != nil), ("--builder", builder != nil),
    ].filter(\.1).map(\.0)
      // The one says how, the other where.
      .filter { $0 != "--buildctl" || buildctlAddr.isEmpty }
      .filter { $0 != "--docker" || dockerSocket == nil }
  }

  /// Programs to ask with are of use only where somebody is asked.
  func checkPaths() throws {
    if buildctlPath != nil, !buildctl, buildctlAddr.isEmpty {
      throw ValidationError("--buildctl-path says what to ask with: add --buildctl, or --buildctl-addr")
    }
    if certificates.files != BuildctlEndpoint.Certificates(), !buildctl, buildctlAddr.isEmpty {
      throw ValidationError("--buildctl-tls… says how buildctl asks: add --buildctl, or --buildctl-addr")
    }
    if dockerPath != nil, docker == nil, builder == nil {
      throw ValidationError("--docker-path says what to ask with: add --docker, or --builder")
    }
  }

  func validate() throws {
    if dockerSocket != nil, case .context(let name) = docker {
      throw ValidationError("--docker \(name) and --docker-socket are two engines: give one")
    }
    if buildctlAddr.contains("") || dockerSocket == "" || builder == "" || buildctlPath == "" || dockerPath == "" {
      throw ValidationError("an option that says which daemon is empty")
    }
  }

  /// The docker client.
  var client: DockerClient { DockerClient(path: dockerPath ?? "docker") }

  /// The daemons that the options name, each with how it is reached or why it can't be.
  ///
  /// - Parameter node: of a builder with several nodes the one that is meant.
  /// - Throws: ``CacheError`` `badInput` where a builder has no such node.
  func named(node: String? = nil) async throws -> [NamedDaemon] {
    var daemons: [NamedDaemon] = []
    if let builder { daemons += try await nodes(of: builder, node) }
    if let dockerSocket {
      daemons.append(NamedDaemon(.engine(.socket(dockerSocket))))
    } else if let docker {
      var client = client
      if case .context(let name) = docker { client.context = name }
      // Without a client there is but the usual socket, where nothing says that another engine is meant.
      let isSaid = ["DOCKER_HOST", "DOCKER_CONTEXT"].contains { (name: String) in
        getenv(name).map { $0.pointee != 0 } ?? false
      }
      let isSocket = !client.isInstalled && client.context == nil && dockerPath == nil && !isSaid
      daemons.append(NamedDaemon(.engine(isSocket ? .socket(EngineEndpoint.defaultSocket) : .client(client))))
    }
    guard buildctl || !buildctlAddr.isEmpty else { return daemons }
    let place = BuildctlEndpoint.Place.here(path: buildctlPath ?? "buildctl")
    let addresses: [String?] = buildctlAddr.isEmpty ? [nil] : buildctlAddr
    return daemons
      + addresses.map {
        NamedDaemon(.buildkit(BuildctlEndpoint(place, address: $0, certificates: certificates.files)))
      }
  }

  private func nodes(of name: String, _ node: String?) async throws -> [NamedDaemon] {
    let builder: BuildxBuilder
    do {
      builder = try await BuildxBuilder(named: name, by: client)
    } catch let error as CacheError {
      return [NamedDaemon(unreachable: name, error)]
    }
    guard let node else { return await builder.daemons(by: client) }
    guard let chosen = builder.nodes.first(where: { $0.name == node }) else {
      let names = builder.nodes.map(\.name).joined(separator: ", ")
      throw CacheError(.badInput, "--worker: builder \(name) has no node \(node), but \(names)")
    }
    return await builder.daemons(of: chosen, by: client)
  }
}

/// Which engine the docker client asks.
enum DockerChoice: Equatable, ExpressibleByArgument, CustomStringConvertible {
  /// That of the context that is in use.
  case inUse
  /// That of a context.
  case context(String)

  /// A context by its name, which is not empty: a variable that isn't set chooses none.
  init?(argument: String) {
    if argument.isEmpty { return nil }
    self = .context(argument)
  }

  var description: String {
    switch self {
    case .inUse: "the one in use"
    case .context(let name): name
    }
  }
}

/// The files of an encrypted connection, by the names of buildctl's own options.
struct CertificateOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The name that the daemon has to bear.", valueName: "name"))
  var buildctlTlsservername: String?
  @Option(help: ArgumentHelp("The authority's certificate.", valueName: "file")) var buildctlTlscacert: String?
  @Option(help: ArgumentHelp("The client's certificate.", valueName: "file")) var buildctlTlscert: String?
  @Option(help: ArgumentHelp("The client's key.", valueName: "file")) var buildctlTlskey: String?
  @Option(help: ArgumentHelp("A folder with all three.", valueName: "dir")) var buildctlTlsdir: String?

  var files: BuildctlEndpoint.Certificates {
    var files = BuildctlEndpoint.Certificates()
    files.serverName = buildctlTlsservername
    files.authority = buildctlTlscacert
    files.client = buildctlTlscert
    files.key = buildctlTlskey
    files.folder = buildctlTlsdir
    return files
  }
}
