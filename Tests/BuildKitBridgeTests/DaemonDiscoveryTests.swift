import BuildCache
import Foundation
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import BuildKitBridge

/// What the docker client says of contexts, as recorded of its version 29.
private let contexts = """
  {"Current":false,"Description":"old engine, \\"quoted\\" ünï","DockerEndpoint":"unix:///none/d1.sock","Error":"","Name":"d1"}
  {"Current":true,"Description":"Current DOCKER_HOST based configuration","DockerEndpoint":"unix:///none/e1.sock","Error":"","Name":"default"}
  {"Current":false,"Description":"","DockerEndpoint":"unix:///none/e1.sock","Error":"","Name":"e1"}
  {"Current":false,"Description":"","DockerEndpoint":"","Error":"context \\"nosuch\\": context not found: open /t…","Name":"nosuch"}

  """

/// What buildx stores of builders, as recorded of its version 0.36.
private let instances = [
  "two": """
  {"Name":"two","Driver":"docker-container","Nodes":[{"Name":"two0","Endpoint":"unix:///none/e1.sock","Platforms":[],\
  "DriverOpts":{"env.FOO":"bar","network":"host"},"Flags":["--allow-insecure-entitlement=network.host"],"Files":null},\
  {"Name":"two-b","Endpoint":"d1","Platforms":null,"DriverOpts":{},"Flags":[],"Files":null}],"Dynamic":false}
  """,
  "far": """
  {"Name":"far","Driver":"remote","Nodes":[{"Name":"far0","Endpoint":"tcp://192.0.2.1:1234","Platforms":null,\
  "DriverOpts":{"cacert":"/ca.pem","servername":"far"},"Flags":null,"Files":null}],"Dynamic":false}
  """,
  "cloudy": #"{"Name":"cloudy","Driver":"cloud","Nodes":[{"Name":"n","Endpoint":"cloud://x"}]}"#,
]

@Suite("Looking for daemons") struct DaemonDiscoveryTests {
  private let scratch: ScratchFolder
  private var folder: String { scratch.path.string }

  init() throws { scratch = try ScratchFolder() }

  /// A stand-in for the docker client: it says what was recorded, and writes down what it was asked.
  private func docker(_ body: String) throws -> DockerClient {
    let path = folder + "/docker"
    try Data(("#!/bin/sh\n# a stand-in for the docker client\necho \"$*\" >>\(folder)/asked\n" + body).utf8).write(
      to: URL(filePath: path))
    chmod(path, 0o755)
    return DockerClient(path: path)
  }

  /// One that knows these contexts, and nothing else.
  private func docker(contexts: String = contexts) throws -> DockerClient {
    try Data(contexts.utf8).write(to: URL(filePath: folder + "/contexts"))
    return try docker("case \"$*\" in 'context ls'*) cat \(folder)/contexts ;; *) exit 1 ;; esac\n")
  }

  private func store(_ files: [String: String]) throws {
    let instances = folder + "/buildx/instances"
    try FileManager.default.createDirectory(atPath: instances, withIntermediateDirectories: true)
    for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: instances + "/" + name)) }
  }

  /// A socket at which nobody listens.
  private func makeSocket(_ path: String) throws {
    try FileManager.default.createDirectory(
      at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(result == 0)
  }

  private func find(
    _ docker: DockerClient, _ environment: [String: String] = [:], engine: [String] = [], buildkit: [String] = []
  ) async -> (daemons: [NamedDaemon], notes: [String]) {
    var discovery = DaemonDiscovery(
      docker: docker, environment: ["BUILDX_CONFIG": folder + "/buildx"].merging(environment) { $1 },
      // However much else runs beside it.
      patience: .seconds(600))
    (discovery.engineSockets, discovery.buildkitSockets) = (engine, buildkit)
    let found = Mutex((daemons: [NamedDaemon](), notes: [String]()))
    await discovery.find { finding in
      found.withLock { found in
        switch finding {
        case .daemon(let daemon): found.daemons.append(daemon)
        case .note(let note): found.notes.append(note)
        }
      }
    }
    return found.withLock { $0 }
  }

  private func daemon(_ name: String, _ found: [NamedDaemon]) throws -> NamedDaemon {
    try #require(found.first { $0.name == name }, "\(found.map(\.name))")
  }

  @Test("contexts and builders with their nodes, each once, and none of them is asked") func all() async throws {
    try store(instances)
    let found = await find(try docker())
    #expect(found.notes.isEmpty)
    // `default` is the engine that has a name of its own.
    #expect(found.daemons.map(\.name) == ["cloudy", "far", "two/two0", "two/two-b", "d1", "e1", "nosuch"])
    let client = DockerClient(path: folder + "/docker")
    func container(_ name: String, _ change: (inout DockerClient) -> Void) -> DaemonEndpoint {
      var docker = client
      change(&docker)
      return .buildkit(BuildctlEndpoint(.container("buildx_buildkit_" + name, docker)))
    }
    #expect(
      try daemon("two/two0", found.daemons).endpoint.get()
        == container("two0") { $0.host = "unix:///none/e1.sock" })
    #expect(try daemon("two/two-b", found.daemons).endpoint.get() == container("two-b") { $0.context = "d1" })
    #expect(try daemon("two/two0", found.daemons).waking == "docker buildx inspect --bootstrap two")
    var files = BuildctlEndpoint.Certificates()
    (files.authority, files.serverName) = ("/ca.pem", "far")
    let far = try daemon("far", found.daemons)
    #expect(
      try far.endpoint.get() == .buildkit(BuildctlEndpoint(address: "tcp://192.0.2.1:1234", certificates: files)))
    #expect(far.waking == nil && far.kind == "remote")
    var context = client
    context.context = "d1"
    #expect(try daemon("d1", found.daemons).endpoint.get() == .engine(.client(context)))
    #expect(throws: CacheError.self) { try daemon("nosuch", found.daemons).endpoint.get() }
    #expect(throws: CacheError.self) { try daemon("cloudy", found.daemons).endpoint.get() }
    let asked = try String(contentsOfFile: folder + "/asked", encoding: .utf8)
    #expect(asked == "context ls --format {{json .}}\n")
  }

  @Test("sockets of this machine, where no context and no builder is the same daemon") func sockets() async throws {
    let (engine, buildkit) = (folder + "/run/docker.sock", folder + "/run/buildkit/buildkitd.sock")
    try makeSocket(engine)
    try makeSocket(buildkit)
    try FileManager.default.createSymbolicLink(atPath: folder + "/var", withDestinationPath: folder + "/run")
    let missing = DockerClient(path: folder + "/missing")
    let alone = await find(missing, engine: [engine, folder + "/none.sock"], buildkit: [buildkit])
    #expect(alone.daemons.map(\.name) == ["unix://" + buildkit, engine])
    #expect(alone.daemons.map(\.kind) == ["buildkitd", "docker"])
    #expect(alone.notes.count == 1 && alone.notes[0].contains("not installed"))
    // Through a link, by a variable, for a user, by a context and as a remote builder they are the same.
    try store([
      "r":
        #"{"Name":"r","Driver":"remote","Nodes":[{"Name":"r0","Endpoint":"unix://\#(folder)/var/buildkit/buildkitd.sock"}]}"#
    ])
    let line = #"{"DockerEndpoint":"unix://\#(folder)/var/docker.sock","Error":"","Name":"default"}"# + "\n"
    let named = await find(
      try docker(contexts: line),
      ["DOCKER_HOST": "unix://" + engine, "XDG_RUNTIME_DIR": folder + "/run", "BUILDKIT_HOST": "unix://" + buildkit],
      engine: [engine], buildkit: [buildkit])
    #expect(named.daemons.map(\.name) == ["r", "default"])
    let unlike = await find(missing, ["BUILDKIT_HOST": "tcp://h:1", "DOCKER_HOST": "unix:///elsewhere"])
    #expect(unlike.daemons.map(\.name) == ["tcp://h:1", "/elsewhere"])
  }

  @Test("what is damaged is a note, and the rest is found") func damaged() async throws {
    try store([
      "bad": "{", "none": #"{"Driver":"remote"}"#, "far": instances["far"] ?? "",
      "huge": String(repeating: " ", count: 1 << 20),
    ])
    try FileManager.default.createDirectory(
      atPath: folder + "/buildx/instances/folder", withIntermediateDirectories: false)
    let found = await find(try docker(contexts: "what is this?\n"))
    #expect(found.daemons.map(\.name) == ["far"])
    #expect(found.notes.count == 4)
    #expect(found.notes.allSatisfy { $0.contains("/buildx/instances/") })
    let failing = await find(try docker("echo 'failed to read metadata' >&2; exit 1\n"))
    #expect(failing.daemons.map(\.name) == ["far"])
    #expect(failing.notes.contains { $0.contains("failed to read metadata") })
  }

  @Test("where buildx stores builders elsewhere it is asked, and tells a builder once however many nodes it has")
  func listed() async throws {
    let two = (instances["two"] ?? "").replacing("\n", with: "")
    let engine =
      #"{"Name":"default","Driver":"docker","Nodes":[{"Name":"default","Endpoint":"default","Status":"running"}]}"#
    try Data("\(two)\n\(two)\n\(engine)\n".utf8).write(to: URL(filePath: folder + "/listed"))
    let client = try docker(
      "case \"$*\" in 'context ls'*) ;; 'buildx ls --format {{json .}}') cat \(folder)/listed ;; *) exit 1 ;; esac\n")
    let found = await find(client, ["BUILDX_CONFIG": folder + "/nowhere"])
    #expect(found.daemons.map(\.name) == ["two/two0", "two/two-b"])
    let old = await find(try docker("exit 1\n"), ["BUILDX_CONFIG": folder + "/nowhere"])
    #expect(old.daemons.isEmpty)
  }

  @Test("a builder by name has its nodes one by one, the one that sleeps with how to wake it") func nodes() async throws
  {
    let builder = try BuildxBuilder(
      parsing: """
        Name:          two
        Driver:        docker-container
        Nodes:
        Name:                  two0
        Endpoint:              unix:///none/e1.sock
        Status:                running
        Name:                  two-b
        Endpoint:              d1
        Status:                stopped
        """)
    let daemons = await builder.daemons(by: DockerClient())
    #expect(daemons.map(\.name) == ["two/two0", "two/two-b"])
    #expect((try? daemons[0].endpoint.get()) != nil)
    guard case .failure(let error) = daemons[1].endpoint else {
      Issue.record("it sleeps")
      return
    }
    #expect(error.obstacle == .asleep && error.message.contains("--bootstrap two"))
    // What is remote isn't woken from here: it is asked.
    let remote = try BuildxBuilder(
      parsing: "Name: far\nDriver: remote\nNodes:\nName: far0\nEndpoint: tcp://h:1\nStatus: inactive\n")
    #expect(
      try await remote.daemons(by: DockerClient()).first?.endpoint.get()
        == .buildkit(BuildctlEndpoint(address: "tcp://h:1")))
    let failed = try BuildxBuilder(
      parsing: "Name: gone\nDriver: \nError: dial unix /none.sock: connect: no such file or directory\n")
    let why = await failed.daemons(by: DockerClient()).map(\.endpoint)
    #expect(throws: CacheError.self) { try why[0].get() }
    if case .failure(let error) = why[0] { #expect(error.obstacle == .gone) }
  }

  @Test("an engine's rules are those that buildx tells of it; nothing where that tells none") func rules() async throws
  {
    let inspected = """
      Name:   default
      Driver: docker
      Nodes:
      Name:             default
      Endpoint:         default
      Status:           running
      GC Policy rule#0:
       All:            true
       Reserved Space: 9.313GiB
       Max Used Space: 93.13GiB
      """
    try Data(inspected.utf8).write(to: URL(filePath: folder + "/inspected"))
    let line = #"{"DockerEndpoint":"unix:///none/d.sock","Error":"","Name":"default"}"# + "\n"
    try Data(line.utf8).write(to: URL(filePath: folder + "/contexts"))
    let body = """
      case "$*" in
        'context ls'*) cat \(folder)/contexts ;;
        '--context default buildx inspect -- default') cat \(folder)/inspected ;;
        *) exit 1 ;;
      esac

      """
    let engine = try #require(await find(try docker(body)).daemons.first)
    let rules = try #require(await engine.rules(patience: .seconds(600)))
    #expect(rules.count == 1 && rules[0].all)
    #expect(rules[0].limits.maxUsed == Int64((93.13 * 1_073_741_824).rounded()))
    try Data("Name: default\nDriver: docker\nNodes:\nName: default\n".utf8).write(
      to: URL(filePath: folder + "/inspected"))
    #expect(await engine.rules(patience: .seconds(600)) == nil)
    // A daemon of BuildKit's tells its own.
    #expect(!NamedDaemon(.buildkit(BuildctlEndpoint(address: "tcp://h:1"))).hasRuler)
  }
}
