import BuildCache
import Foundation
import Glibc
import TestSupport
import Testing

@testable import BuildKitBridge

/// What is read of daemons that run.
@Suite("Readings of daemons") struct LiveReadingTests {
  private let standIns: StandIns

  init() throws { standIns = try StandIns() }

  private func lists() -> Int { standIns.asked.count { $0.contains(" du ") } }

  @Test("a list that may have used what it shows is asked for once more, and then not before something is new")
  func twice() async throws {
    let before = StandIns.row("mount", 10, uses: 1, isMutable: true)
    let after = StandIns.row("mount", 10, uses: 2, isMutable: true, lastUsed: "2026-11-27T00:00:00Z")
    try FileManager.default.createDirectory(atPath: standIns.path("lists"), withIntermediateDirectories: true)
    try standIns.write("[\(before)]", "lists/1")
    try standIns.write("[\(after)]", "list")
    let source = DaemonSource(standIns.buildctl)
    let reading = try await source.read()
    #expect(reading.state.rows.map(\.usageCount) == [2])
    #expect(lists() == 2 && reading.tellsUnmeasured)
    #expect(try await source.read().state == reading.state)
    #expect(lists() == 3, "nothing is new")
    let other = StandIns.row("other", 10, isMutable: true)
    try standIns.write("[\(after),\(other)]", "list")
    _ = try await source.read()
    #expect(lists() == 5)
    let inUse = StandIns.row("other", 10, isMutable: true, inUse: true)
    try standIns.write("[\(after),\(inUse)]", "list")
    _ = try await source.read()
    #expect(lists() == 6, "what is in use isn't measured")
  }

  @Test("what a daemon says of itself: version, start, rules, disk") func facts() async throws {
    let reading = try await DaemonSource(BuildctlEndpoint(.container("builder0", standIns.docker))).read()
    #expect(reading.version == "v0.32.0")
    let start = try Timestamp(parsing: "2026-11-27T01:00:00.5Z")
    #expect(reading.behavior == .daemon(.current, restart: .at(start)))
    #expect(reading.space == CacheSpace(capacity: 1_024_000_000, free: 614_400_000), "what is kept for root is free")
    let rule = try #require(reading.rules?.first)
    #expect(reading.rules?.count == 1 && rule.limits == SpaceLimits(maxUsed: 512_000_000))
    #expect(rule.keepDuration == .seconds(48 * 3600) && rule.filter.strings == ["type==source.local"])
    #expect(reading.notes.isEmpty)
  }

  @Test("of an old daemon the ranking, and of one that isn't seen from here a word on its start") func oldFacts()
    async throws
  {
    try standIns.write(
      #"[{"gcPolicy":[{"keepBytes":7}],"buildkitVersion":{"version":"v0.13.2"}}]"#, "workers")
    let reading = try await DaemonSource(standIns.buildctl).read()
    #expect(reading.behavior == PruneBehavior(ranking: .seed, restart: .never, filterSeesDescription: false))
    #expect(reading.rules?.first?.limits == SpaceLimits(reserved: 7))
    #expect(reading.notes.count == 1 && reading.notes[0].contains("--restarted-at"))
    // Before v0.11 a daemon tells its client no version.
    try standIns.write(#"[{"id":"w","gcPolicy":null}]"#, "workers")
    let unsure = try await DaemonSource(standIns.buildctl).read()
    #expect(unsure.behavior.ranking == .seed && unsure.notes.contains { $0.contains("too old to tell") })
    try standIns.write(#"[{"buildkitVersion":{"version":"0.0.0+unknown"}}]"#, "workers")
    #expect(try await DaemonSource(standIns.buildctl).read().notes.contains { $0.contains("--ranking") })
  }

  @Test("an engine's clock is told, and ages are counted by it") func clock() async throws {
    struct Fixed: CacheClock { func now() -> Timestamp { Timestamp(nanoseconds: 1_800_000_000_000_000_000) } }
    let reading = try await DaemonSource(.client(standIns.docker), clock: Fixed()).read()
    #expect(reading.version == "Docker 29.7.2" && reading.behavior.ranking == .current)
    let told = SystemClock().now().since(try Timestamp(parsing: "2026-11-27T02:00:00Z"))
    let shift = reading.moment.since(Fixed().now()).nanoseconds + told.nanoseconds
    #expect(abs(shift) < 60_000_000_000, "\(shift)")
    #expect(reading.notes.contains { $0.contains("clock") } == (abs(told.nanoseconds) > DaemonFacts.noticed))
  }

  @Test("a client that knows no JSON is asked for text") func oldClient() async throws {
    try standIns.write("", "old")
    try standIns.write(
      "ID:\t\tabc\nCreated at:\t2026-11-26 10:00:00 +0000 UTC\nMutable:\tfalse\nReclaimable:\ttrue\nShared:\t\tfalse\nSize:\t\t2.00MB\nUsage count:\t1\n\n",
      "list")
    let source = DaemonSource(standIns.buildctl)
    #expect(try await source.read().state.rows.map(\.size) == [2_000_000])
    #expect(lists() == 2)
    _ = try await source.read()
    #expect(lists() == 3, "it is known by now")
  }

  @Test("a list that is longer than a message may be is asked for in parts, by the beginnings of ids")
  func parts() async throws {
    try standIns.write(
      "error: failed to call diskusage: rpc error: code = ResourceExhausted desc = grpc: received message larger than max (20000000 vs. 16777216)\n",
      "toolong")
    let state = try await DaemonSource(standIns.buildctl).read().state
    #expect(Set(state.rows.map(\.id.text)) == ["aaa", "bbb", "ccc"])
    #expect(state.index(of: "bbb").map { state.parentIDs(of: $0) } == ["aaa"])
    for id in standIns.ids { try standIns.remove("rows/\(id)") }
    #expect(try await DaemonSource(standIns.buildctl).read().state.rows.isEmpty)
  }

  @Test("first rows are there while the rest is on its way") func stream() async throws {
    let count = long(2_000)
    let first = (0..<500).map { StandIns.row("a\($0)", 1_000 + $0) }.joined(separator: ",")
    let rest = (500..<count).map { StandIns.row("a\($0)", 1_000 + $0) }.joined(separator: ",")
    mkfifo(standIns.path("fifo"), 0o600)
    try standIns.write("[\(first),", "first")
    // The list comes to its end when somebody writes the rest.
    try standIns.write(
      "#!/bin/sh\nhere=$(dirname \"$0\")\ncase \"$*\" in *\" du \"*) cat \"$here/first\" \"$here/fifo\" ;; *) echo null ;; esac\n",
      "slow")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: standIns.path("slow"))
    let source = DaemonSource(BuildctlEndpoint(.here(path: standIns.path("slow")), address: "x"))
    async let reading = source.read()
    let glimpse = try await source.glimpse(of: 10)
    #expect(glimpse?.rows.count == 10)
    let text = rest + "]\n"
    let path = standIns.path("fifo")
    Thread.detachNewThread { try? Data(text.utf8).write(to: URL(filePath: path)) }
    #expect(try await reading.state.rows.count == count)
  }

  // MARK: How it fails

  private func error(_ source: DaemonSource) async -> String {
    do {
      _ = try await source.read()
      return ""
    } catch {
      #expect((error as? CacheError).map { $0.code == .unreachable || $0.code == .badList } == true, "\(error)")
      return "\(error)"
    }
  }

  @Test("what isn't there, hangs, breaks off or talks nonsense is told, and what to do")
  func failures() async throws {
    let nobody = await error(DaemonSource(BuildctlEndpoint(.here(path: "/nowhere/buildctl"))))
    #expect(nobody.contains("not installed") && nobody.contains("--builder") && nobody.contains("--docker"))
    let noDocker = await error(DaemonSource(.client(DockerClient(path: "/nowhere/docker"))))
    #expect(noDocker.contains("--docker-socket"))
    #expect(await error(DaemonSource(.socket("/nowhere/docker.sock"))).contains("isn't running"))

    for (text, list) in [
      ("breaks off", #"[{"id":"aaa","size":1"#), ("nonsense", "hello"), ("is empty", ""), ("bytes", "\u{1}\u{2}"),
    ] {
      try standIns.write(list, "list")
      #expect(await error(DaemonSource(standIns.buildctl)).isEmpty == false, "\(text)")
    }
    try standIns.remove("list")

    mkfifo(standIns.path("fifo"), 0o600)
    try standIns.write("", "hangs")
    let patience = DaemonPatience(list: .milliseconds(100), facts: .milliseconds(100))
    #expect(await error(DaemonSource(standIns.buildctl, patience: patience)).contains("nothing came for"))
    try standIns.remove("hangs")

    for (said, told) in [
      (
        #"error: failed to list workers: Unavailable: connection error: desc = "transport: Error while dialing: dial unix /run/buildkit/buildkitd.sock: connect: connection refused""#,
        "nobody answers"
      ),
      (
        #"error: failed to list workers: Unavailable: connection error: desc = "transport: Error while dialing: dial unix /nowhere/bk.sock: connect: permission denied""#,
        "sudo"
      ),
      ("Error response from daemon: No such container: buildx_buildkit_x0", "--bootstrap"),
      ("Error response from daemon: container 1c5ac455 is not running", "asleep"),
      (
        #"context "nosuch": context not found: open /root/.docker/contexts/meta/x/meta.json: no such file"#,
        "docker context ls"
      ),
      (
        "docker: unknown command: docker buildx\n\nRun 'docker --help' for more information.",
        "unknown command: docker buildx"
      ),
      (#"error: x509: certificate signed by unknown authority"#, "--buildctl-tls"),
    ] {
      try standIns.write(said + "\n", "failure")
      #expect(await error(DaemonSource(standIns.buildctl)).contains(told), "\(said)")
    }
  }

  @Test("an engine that breaks off, refuses or is none is told") func engineFailures() async throws {
    func told(_ raw: String) async throws -> String {
      try standIns.write(raw, "raw")
      return await error(DaemonSource(.client(standIns.docker)))
    }
    #expect(try await told("HTTP/1.0 200 OK\r\nContent-Length: 500\r\n\r\n{\"BuildCache\":[").contains("broke off"))
    #expect(try await told("").contains("without an answer"))
    #expect(try await told("SSH-2.0-OpenSSH_9.2\r\n").contains("no Docker Engine"))
    #expect(
      try await told("HTTP/1.0 403 Forbidden\r\n\r\n{\"message\":\"authz denied\"}").contains("authz denied"))
  }

  @Test("of two daemons one of which hangs the other answers; a cancelled asking ends its program") func sideBySide()
    async throws
  {
    let other = try StandIns()
    mkfifo(standIns.path("fifo"), 0o600)
    try standIns.write("", "hangs")
    let hanging = Task { [standIns] in try await DaemonSource(standIns.buildctl).read() }
    #expect(try await DaemonSource(other.buildctl).read().state.rows.count == 3)
    while standIns.running.count < 2 { await Task.yield() }
    hanging.cancel()
    await #expect(throws: (any Error).self) { try await hanging.value }
    while standIns.running.contains(where: { kill($0, 0) == 0 }) { await Task.yield() }
  }

  @Test("a glimpse after a reading asks nobody, and leaves no list behind") func lateGlimpse() async throws {
    let source = DaemonSource(standIns.buildctl)
    _ = try await source.read()
    let count = lists()
    #expect(try await source.glimpse(of: 5) == nil)
    try standIns.write(StandIns.row("new", 1), "rows/new")
    #expect(try await source.read().state.rows.count == 4)
    #expect(lists() == count + 1)
  }

  @Test("a list without end is given up, and a daemon that lets nobody in") func endless() async throws {
    let channel = ByteChannel()
    let portion = [UInt8](repeating: 0x20, count: 1 << 24)
    #expect(throws: CacheError.self) { for _ in 0..<70 { try channel.give(portion) } }
    let path = standIns.path("full.sock")
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    listen(descriptor, 0)
    // Who waits first is let wait, the next are not even that.
    let waiting = (0..<4).compactMap { _ in try? UnixSocket(path, patience: .milliseconds(60)) }
    #expect(waiting.count < 4)
    let patience = DaemonPatience(list: .milliseconds(60), facts: .milliseconds(60))
    #expect(await error(DaemonSource(.socket(path), patience: patience)).contains("doesn't answer"))
  }
}
