import BuildCache
import CacheReport
import FileTrees
import Foundation
import Glibc
import Programs
import Synchronization
import SystemPackage

/// What a BuildKit daemon says of itself, and what is to be seen of it.
extension BuildctlClient {
  private struct Worker: Decodable {
    struct Version: Decodable { let version: String? }
    struct Rule: Decodable {
      let all: Bool?
      let filter: [String]?
      let keepDuration: Int64?
      let reservedSpace: Int64?
      let maxUsedSpace: Int64?
      let minFreeSpace: Int64?
      /// What older ones call the limit.
      let keepBytes: Int64?
    }
    let buildkitVersion: Version?
    let gcPolicy: [Rule]?
  }

  func facts() async throws -> DaemonFacts {
    async let started = started()
    async let space = space()
    let answer = Guarded<[UInt8]>([])
    var facts = DaemonFacts()
    try await asking(["debug", "workers"], inText: ["--verbose"]) { [self] words in
      let bytes = try await endpoint.program(words).answer(of: endpoint.words, patience: patience.facts)
      answer.withLock { $0 = bytes }
    }
    let bytes = answer.withLock { $0 }
    if let workers = try? JSONDecoder().decode([Worker].self, from: Data(bytes)) {
      facts.version = workers.first?.buildkitVersion?.version
      facts.workers = max(1, workers.count)
      if let version = facts.version {
        // A daemon that is asked for its version and tells none is from before v0.11.
        facts.era = version.isEmpty ? .beforeHistory : DaemonEra(buildKit: version)
      } else {
        await setClientsEra(&facts)
      }
      facts.rules = workers.first?.gcPolicy.map { $0.compactMap(Self.policy) }
    } else {
      await setClientsEra(&facts)
    }
    facts.started = await started
    facts.space = await space
    return facts
  }

  /// A client from before v0.11 doesn't know its daemon's version: beside the daemon it is of the same one, else that is only
  /// likely.
  private func setClientsEra(_ facts: inout DaemonFacts) async {
    facts.era = .beforeHistory
    facts.isEraSure = false
    guard case .here = endpoint.place else {
      let bytes =
        (try? await endpoint.inside(["buildctl", "--version"]).answer(of: "", patience: patience.facts)) ?? []
      let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      guard words.count > 2, let era = DaemonEra(buildKit: String(words[2])) else { return }
      (facts.era, facts.version, facts.isEraSure) = (era, String(words[2]), true)
      return
    }
  }

  private static func policy(_ rule: Worker.Rule) -> PrunePolicy? {
    guard let filter = try? Filter(parsing: rule.filter ?? []) else { return nil }
    return PrunePolicy(
      all: rule.all ?? false, filter: filter, keepDuration: TimeSpan(nanoseconds: max(0, rule.keepDuration ?? 0)),
      limits: SpaceLimits(
        reserved: rule.reservedSpace ?? rule.keepBytes ?? 0, maxUsed: rule.maxUsedSpace ?? 0,
        minFree: rule.minFreeSpace ?? 0))
  }

  /// The daemon's socket, where it is on this machine.
  private var socket: String? {
    guard case .here = endpoint.place else { return nil }
    let address = endpoint.address ?? getenv("BUILDKIT_HOST").map { String(cString: $0) } ?? Self.defaultAddress
    return address.hasPrefix("unix://") ? String(address.dropFirst(7)) : nil
  }

  /// Where `buildctl` looks where nobody says otherwise.
  static var defaultAddress: String {
    if geteuid() != 0, let folder = getenv("XDG_RUNTIME_DIR").map({ String(cString: $0) }), !folder.isEmpty {
      return "unix://\(folder)/buildkit/buildkitd.sock"
    }
    return "unix:///run/buildkit/buildkitd.sock"
  }

  /// The daemon's process, where it is on this machine and seen from here.
  private func process() async -> RunningProcess? {
    guard let socket, let peer = await UnixSocket.peer(at: socket, patience: patience.facts) else { return nil }
    let process = RunningProcess(peer)
    return process.name?.hasPrefix("buildkitd") == true ? process : nil
  }

  /// When the daemon was started, as whatever runs it tells.
  private func started() async -> Timestamp? {
    switch endpoint.place {
    case .here:
      if let address = endpoint.address, address.hasPrefix("docker-container://") {
        let url = URLComponents(string: address)
        let context = url?.queryItems?.first { $0.name == "context" }?.value
        return await Self.started(ofContainer: url?.host ?? "", DockerClient(context: context), patience.facts)
      }
      return await process()?.started
    case .container(let name, let docker): return await Self.started(ofContainer: name, docker, patience.facts)
    case .pod(let pod):
      let chosen = pod.container.map { "?(@.name==\"\($0)\")" } ?? "*"
      let form = "{.status.containerStatuses[\(chosen)].state.running.startedAt}"
      let words = pod.chosen + ["get", "pod", pod.name, "--output", "jsonpath=\(form)"]
      return await Self.time(Program(pod.client, words, in: .users), patience.facts)
    }
  }

  private static func started(ofContainer name: String, _ docker: DockerClient, _ patience: Duration) async
    -> Timestamp?
  {
    await time(docker.program(["inspect", "--type", "container", "--format", "{{.State.StartedAt}}", name]), patience)
  }

  private static func time(_ program: Program, _ patience: Duration) async -> Timestamp? {
    guard let bytes = try? await program.answer(of: "", patience: patience) else { return nil }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    return words.first.flatMap { try? Timestamp(parsing: String($0)) }
  }

  /// The disk under the cache: of a daemon in a container as that says, else where the daemon's folder is ours to see.
  private func space() async -> CacheSpace? {
    guard case .here = endpoint.place else {
      let program = endpoint.inside(["df", "-P", "-k", "/var/lib/buildkit"])
      return (try? await program.answer(of: "", patience: patience.facts)).flatMap { Self.space(printed: $0) }
    }
    // The daemon's folder is where it holds its lock, whatever configuration says so.
    guard let process = await process(), let lock = process.openFiles.first(where: { $0.hasSuffix("/buildkitd.lock") })
    else { return nil }
    return process.space(under: String(lock.dropLast("/buildkitd.lock".count)))
  }

  /// What `df -P -k` prints: a heading, then the device, KiB in all, used, and free for users.
  static func space(printed bytes: [UInt8]) -> CacheSpace? {
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard let words = lines.last?.split(separator: " "), words.count >= 6, let capacity = Int64(words[words.count - 5]),
      let used = Int64(words[words.count - 4])
    else { return nil }
    return CacheSpace(
      capacity: capacity.multipliedSaturating(by: 1024), free: max(0, capacity - used).multipliedSaturating(by: 1024))
  }
}
