import BuildCache
import CacheReport
import Foundation
import Programs
import Testing

@testable import BuildKitBridge

/// What daemons and their clients print, as values.
@Suite("What daemons say of themselves") struct LiveValueTests {
  @Test("a builder as docker buildx inspect prints it: nodes, options, rules") func builder() throws {
    let text = """
      Name:          two
      Driver:        docker-container
      Last Activity: 2026-11-27 02:29:41 +0000 UTC

      Nodes:
      Name:                  two0
      Endpoint:              unix:///run/docker.sock
      Driver Options:        image="moby/buildkit:x" env.A="say \\"hi\\" there"
      Status:                running
      BuildKit daemon flags: --allow-insecure-entitlement=network.host
      BuildKit version:      v0.32.2
      Platforms:             linux/amd64, linux/386
      Labels:
       org.mobyproject.buildkit.worker.executor: oci
      GC Policy rule#0:
       All:            false
       Filters:        type==source.local type==exec.cachemount
       Keep Duration:  48h0m0s
       Max Used Space: 488.3MiB
      GC Policy rule#1:
       All:            true
       Reserved Space: 9.313GiB

      Name:     two-b
      Endpoint: d1
      Error:    failed to connect to the docker API at unix:///x.sock
      """
    let builder = try BuildxBuilder(parsing: text)
    #expect(builder.name == "two" && builder.driver == "docker-container" && builder.error == nil)
    #expect(builder.nodes.map(\.name) == ["two0", "two-b"])
    let node = builder.nodes[0]
    #expect(node.options == ["image": "moby/buildkit:x", "env.A": "say \"hi\" there"])
    #expect(node.status == "running" && node.version == "v0.32.2")
    #expect(node.rules.count == 2 && node.rules[0].filter.strings == ["type==source.local", "type==exec.cachemount"])
    #expect(node.rules[0].keepDuration == .seconds(48 * 3600) && node.rules[1].all)
    #expect(builder.nodes[1].error?.hasPrefix("failed to connect") == true)
    #expect(throws: CacheError.self) { try BuildxBuilder(parsing: "something else\n") }
  }

  @Test("each driver's node by its own way, and what is asleep with what wakes it") func endpoints() async throws {
    func endpoints(_ driver: String, _ node: BuildxBuilder.Node) async throws -> [DaemonEndpoint] {
      try await BuildxBuilder(parsing: "Name: x\nDriver: \(driver)\n").endpoints(of: node, by: DockerClient())
    }
    var node = BuildxBuilder.Node(name: "x0", address: "desktop", status: "running")
    #expect(try await endpoints("docker", node) == [.engine(.client(DockerClient(context: "desktop")))])
    #expect(
      try await endpoints("docker-container", node)
        == [.buildkit(BuildctlEndpoint(.container("buildx_buildkit_x0", DockerClient(context: "desktop"))))])
    node.address = "tcp://b:1234"
    node.options = ["cacert": "/ca", "cert": "/c", "key": "/k", "servername": "b"]
    guard case .buildkit(let remote) = try await endpoints("remote", node).first else {
      Issue.record("none")
      return
    }
    #expect(
      remote.program(["du"]).arguments == [
        "--addr", "tcp://b:1234", "--tlscacert", "/ca", "--tlscert", "/c", "--tlskey", "/k", "--tlsservername", "b",
        "du",
      ])
    await #expect(throws: CacheError.self) { try await endpoints("cloud", node) }
    node.status = "inactive"
    await #expect { try await endpoints("docker-container", node) } throws: {
      "\($0)".contains("--bootstrap x` wakes it")
    }
  }

  @Test("a pod is asked by kubectl, without a shell") func pod() {
    let pod = BuildctlEndpoint.Pod("b-1", container: "buildkitd", namespace: "ci", context: "prod")
    let program = BuildctlEndpoint(.pod(pod)).program(["du"])
    #expect(program.name == "kubectl")
    #expect(
      program.arguments == [
        "--context", "prod", "--namespace", "ci", "exec", "b-1", "--container", "buildkitd", "--", "buildctl", "du",
      ])
  }

  @Test(
    "versions that prune alike",
    arguments: [
      ("v0.9.3", RankingRule.seed, true, false), ("v0.10.6", .seed, false, false), ("v0.13.2", .seed, false, false),
      ("v0.14.0", .seed, false, true), ("v0.21.1", .seed, false, true), ("v0.22.0-rc1", .current, false, true),
      ("1.0.0", .current, false, true),
    ]) func eras(_ version: String, _ ranking: RankingRule, _ isNever: Bool, _ seesDescription: Bool) throws
  {
    let behavior = try #require(DaemonEra(buildKit: version)).behavior(.before)
    #expect(behavior.ranking == ranking && behavior.filterSeesDescription == seesDescription)
    #expect((behavior.restart == .never) == isNever)
  }

  @Test("engines by the BuildKit in them") func engines() throws {
    for (version, minor) in [
      ("20.10.24", 8), ("23.0.6", 10), ("24.0.9", 11), ("26.1.4", 13), ("27.5.1", 14), ("28.1.1", 20),
      ("28.2.2", Int.max),
      ("29.7.2", .max),
    ] {
      #expect(try #require(DaemonEra(engine: version)).minor == minor)
    }
    for version in ["dev", "0.0.0-dev", ""] { #expect(DaemonEra(engine: version) == nil) }
    #expect(DaemonEra(buildKit: "0.0.0+unknown") == nil)
  }

  @Test("an answer in pieces of any size is the same answer") func answers() throws {
    let text = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"a\":\r\n\r\n1}"
    for size in 1...text.utf8.count {
      var answer = HTTPAnswer()
      var body: [UInt8] = []
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        body += try answer.take(Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
      }
      try answer.end()
      #expect(answer.status == 200 && String(decoding: body, as: UTF8.self) == "{\"a\":\r\n\r\n1}")
    }
    var endless = HTTPAnswer()
    #expect(throws: CacheError.self) {
      for _ in 0..<100 { _ = try endless.take(Array("HTTP/1.0 200 OK".utf8) + [UInt8](repeating: 0x61, count: 1_000)) }
    }
  }

  @Test("the disk as df prints it, however long the device's name is") func disk() {
    let text =
      "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/mapper/a b 100 40 50 45% /var/lib/buildkit\n"
    #expect(BuildctlClient.space(printed: Array(text.utf8)) == CacheSpace(capacity: 102_400, free: 61_440))
    #expect(BuildctlClient.space(printed: Array("df: no such file".utf8)) == nil)
  }
}
