import ArgumentParser
import BuildCache
import BuildKitBridge

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
    name: .customLong("docker"), defaultAsFlag: "",
    help: ArgumentHelp(
      "Ask the Docker Engine of this context of the docker client, or of the one that is in use.", valueName: "context")
  )
  var docker: String?
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
    if dockerPath != nil, docker == nil, builder == nil {
      throw ValidationError("--docker-path says what to ask with: add --docker, or --builder")
    }
  }

  func validate() throws {
    if dockerSocket != nil, let docker, !docker.isEmpty {
      throw ValidationError("--docker \(docker) and --docker-socket are two engines: give one")
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
      client.context = docker.isEmpty ? nil : docker
      let isSocket = !client.isInstalled && client.context == nil
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
