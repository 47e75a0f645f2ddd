import BuildCache
import FileTrees
import Foundation
import Glibc
import Programs
import Synchronization
import SystemPackage

/// Asks a BuildKit daemon through `buildctl`.
final class BuildctlClient: DaemonClient {
  private let endpoint: BuildctlEndpoint
  private let patience: DaemonPatience
  /// Whether the client was found to be from before v0.11, and knows no JSON.
  private let isOld = Guarded(false)

  init(_ endpoint: BuildctlEndpoint, patience: DaemonPatience) {
    (self.endpoint, self.patience) = (endpoint, patience)
  }

  private static let json = ["--format", "{{json .}}"]

  // MARK: Lists

  /// As JSON, of an old client as text; of an old daemon, whose messages have an end, in parts.
  func list(into channel: ByteChannel) async throws {
    let sieve = Guarded(JSONSieve())
    do {
      try await asking(["du"], inText: ["--verbose"]) { [self] words in
        let isText = words.contains("--verbose")
        try await endpoint.program(words).ask(endpoint.words, patience: patience.list) { bytes in
          channel.give(isText ? bytes : sieve.withLock { $0.take(bytes) })
        }
      }
    } catch let error as CacheError where Self.isTooLong(error) {
      try await listInParts(into: channel)
    }
  }

  /// Runs it with JSON where it knows that, else as text.
  private func asking(_ words: [String], inText text: [String], _ ask: ([String]) async throws -> Void) async throws {
    if !isOld.withLock({ $0 }) {
      do {
        return try await ask(words + Self.json)
      } catch let error as CacheError where error.cause?.contains("not defined: -format") == true {
        isOld.withLock { $0 = true }
      }
    }
    try await ask(words + text)
  }

  /// What a message says that is longer than its reader takes, as of a large cache's list it is (16 MB).
  private static func isTooLong(_ error: CacheError) -> Bool {
    error.code == .unreachable && error.cause?.contains("message larger than max") == true
  }

  /// The characters that ids are made of.
  private static let idCharacters = Array("0123456789abcdefghijklmnopqrstuvwxyz").map(String.init)

  /// Asks by the beginnings of ids; a part that is too long still is asked for in parts.
  private func listInParts(into channel: ByteChannel) async throws {
    var wanted = ["[^0-9a-z]"] + Self.idCharacters.reversed()
    let count = Guarded(0)
    while let beginning = wanted.popLast() {
      do {
        let words = ["du", "--filter", "id~=^\(beginning)", "--format", "{{range .}}{{json .}}\n{{end}}"]
        let part = try await endpoint.program(words).answer(of: endpoint.words, patience: patience.list)
        count.withLock { $0 += part.count }
        channel.give(part)
      } catch let error as CacheError where Self.isTooLong(error) && beginning.count < Self.longestBeginning {
        wanted += Self.idCharacters.map { beginning + $0 }.reversed() + ["\(beginning)($|[^0-9a-z])"]
      }
    }
    if count.withLock({ $0 }) == 0 { channel.give(Array("[]".utf8)) }
  }

  private static let longestBeginning = 4

  // MARK: Facts

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
      // A daemon that its client asks for a version, and that tells none, is from before v0.11.
      facts.version = workers.first?.buildkitVersion?.version
      facts.era = facts.version.map { $0.isEmpty ? .beforeHistory : DaemonEra(buildKit: $0) } ?? .beforeHistory
      facts.rules = workers.first?.gcPolicy.map { $0.compactMap(Self.policy) }
    } else {
      // So old a client doesn't know what its daemon says.
      facts.era = isOld.withLock { $0 } ? .beforeHistory : nil
    }
    facts.started = await started
    facts.space = await space
    return facts
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
  private var process: RunningProcess? {
    guard let socket, let peer = (try? UnixSocket(socket))?.peer else { return nil }
    let process = RunningProcess(peer)
    return process.name?.hasPrefix("buildkitd") == true ? process : nil
  }

  /// When the daemon was started, as whatever runs it tells.
  private func started() async -> Timestamp? {
    switch endpoint.place {
    case .here:
      if let address = endpoint.address, address.hasPrefix("docker-container://") {
        let name = String(address.dropFirst("docker-container://".count).prefix { $0 != "?" && $0 != "/" })
        return await Self.started(ofContainer: name, DockerClient(), patience.facts)
      }
      return process?.started
    case .container(let name, let docker): return await Self.started(ofContainer: name, docker, patience.facts)
    case .pod(let pod):
      let form = "{.status.containerStatuses[*].state.running.startedAt}"
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
    guard let words = process?.words else { return nil }
    let root =
      words.first { $0.hasPrefix("--root=") }.map { String($0.dropFirst(7)) }
      ?? words.firstIndex(of: "--root").flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil } ?? "/var/lib/buildkit"
    guard let disk = try? FileSystemStatus(of: FilePath(root)) else { return nil }
    return CacheSpace(capacity: disk.capacity, free: disk.free)
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

  // MARK: Prunes

  func prune(_ rule: PrunePolicy, removed: @escaping @Sendable (RecordID, Int64?) -> Void) async throws {
    let words = ["prune"] + Self.words(for: rule)
    try await asking(words, inText: ["--verbose"]) { [self] words in
      let channel = ByteChannel()
      async let told: Void = waiting { try RemovedList.read(channel, of: endpoint.words, removed) }
      let sieve = Guarded(JSONSieve())
      let isText = words.contains("--verbose")
      do {
        // A daemon before v0.12 hangs for good where the one who asked for a prune goes away.
        try await endpoint.program(words).ask(endpoint.words, patience: nil) { bytes in
          channel.give(isText ? bytes : sieve.withLock { $0.take(bytes) })
        }
        channel.end(.success(()))
      } catch {
        channel.end(.success(()))  // what went before is told
        try? await told
        throw Self.explained(error)
      }
      try await told
    }
  }

  /// A client that doesn't know an option of a newer one.
  private static func explained(_ error: any Error) -> any Error {
    guard let error = error as? CacheError, let option = error.cause?.firstMatch(of: /not defined: -([a-z-]+)/)?.1,
      option != "format"
    else { return error }
    return CacheError(
      .unreachable,
      "this buildctl is too old for --\(option): nothing was removed; a policy without min free, or with "
        + "one limit alone, needs no newer one")
  }

  /// A rule in the options of `buildctl prune`, whose amounts are megabytes of a million bytes.
  static func words(for rule: PrunePolicy) -> [String] {
    var words: [String] = rule.all ? ["--all"] : []
    for filter in rule.filter.strings { words += ["--filter", filter] }
    if rule.keepDuration.nanoseconds > 0 { words += ["--keep-duration", "\(rule.keepDuration.nanoseconds)ns"] }
    var limits = rule.limits
    // Alone it is the limit itself, which every client has an option for.
    if limits.maxUsed == 0 && limits.minFree == 0 { limits = SpaceLimits(maxUsed: limits.reserved) }
    let amounts = [
      ("--keep-storage", limits.maxUsed), ("--keep-storage-min", limits.reserved), ("--free-storage", limits.minFree),
    ]
    for (option, bytes) in amounts where bytes > 0 { words += [option, megabytes(bytes)] }
    return words
  }

  /// So many bytes as the number from which `buildctl` makes just as many: it multiplies by a million, and cuts off.
  static func megabytes(_ bytes: Int64) -> String {
    var number = Double(bytes) / 1e6
    if Int64(exactly: (number * 1e6).rounded(.towardZero)) ?? .max < bytes { number = number.nextUp }
    return "\(number)"
  }

  func rule(for ids: [RecordID]) throws -> PrunePolicy {
    PrunePolicy(all: true, filter: try Filter(parsing: ids.map { "id==\(try $0.quotedForFilter)" }))
  }

  func refusal(of rule: PrunePolicy) -> String? {
    rule.filter.isBuildKits ? nil : "no daemon compares sizes, uses or ages"
  }
}

/// Lets through what is JSON: what is wrong about its options an old client prints where a list belongs.
struct JSONSieve {
  private var isJSON: Bool?

  mutating func take(_ bytes: [UInt8]) -> [UInt8] {
    if isJSON == nil, let first = bytes.first(where: { ![0x20, 0x0a, 0x0d, 0x09].contains($0) }) {
      isJSON = [UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "n")].contains(first)
    }
    return isJSON == true ? bytes : []
  }
}

extension RecordID {
  /// As a filter has it, in quotes where it is not of letters and digits alone.
  ///
  /// - Throws: ``CacheError`` `badInput` where no filter can have it.
  var quotedForFilter: String {
    get throws(CacheError) {
      let bytes = text.utf8
      if bytes.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) }) { return text }
      guard bytes.allSatisfy({ (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
      else { throw CacheError(.badInput, "record \(text) has an id that no filter can name") }
      return "\"\(text)\""
    }
  }
}
