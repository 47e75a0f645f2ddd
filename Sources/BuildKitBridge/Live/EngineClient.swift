import BuildCache
import CacheReport
import Foundation
import Programs
import Synchronization

/// Asks a Docker Engine through its API.
struct EngineClient: DaemonClient {
  let endpoint: EngineEndpoint
  let patience: DaemonPatience

  /// All rows at once: an engine that knows how to leave out its images does, others measure these, too.
  func list(into channel: ByteChannel) async throws {
    try await request("GET", "/system/df?type=build-cache", patience: patience.list) { try channel.give($0) }
  }

  // MARK: Requests

  /// Sends a request, and hands on the body of the answer.
  ///
  /// A path without a version is for the engine's own, whichever that is.
  ///
  /// - Returns: the answer's head.
  /// - Throws: ``CacheError`` `unreachable` with what the engine said.
  @discardableResult private func request(
    _ method: String, _ path: String, patience: Duration?, taking take: @escaping @Sendable ([UInt8]) throws -> Void
  ) async throws -> HTTPAnswer {
    let head = "\(method) \(path) HTTP/1.0\r\nHost: docker\r\nUser-Agent: strata\r\nContent-Length: 0\r\n\r\n"
    let state = Guarded((answer: HTTPAnswer(), refusal: [UInt8]()))
    do {
      try await endpoint.exchange(Array(head.utf8), patience: patience) { bytes in
        let body = try state.withLock { state in
          let body = try state.answer.take(bytes)
          guard let status = state.answer.status, status != 200 else { return body }
          state.refusal += body.prefix(1 << 16 - min(1 << 16, state.refusal.count))
          return []
        }
        if !body.isEmpty { try take(body) }
      }
    } catch let failure as Program.Failure {
      // A client whose stream an engine has ended may say so, though all is there.
      let isWhole = state.withLock { state in state.answer.status != nil && (try? state.answer.end()) != nil }
      if !isWhole {
        throw DaemonTrouble.error(failure, of: Program(clientPath, []), asking: endpoint.words)
      }
    } catch is UnixSocket.Silence {
      throw DaemonTrouble.silence(of: endpoint.words, patience ?? .zero)
    }
    let (answer, refusal) = state.withLock { ($0.answer, $0.refusal) }
    do { try answer.end() } catch { throw CacheError(.unreachable, "\(endpoint.words): \(error.message)") }
    guard answer.status == 200 else {
      let said = (try? JSONDecoder().decode(Refusal.self, from: Data(refusal)))?.message
      throw CacheError(
        .unreachable, "\(endpoint.words) refuses \(path.prefix { $0 != "?" })",
        cause: said ?? "status \(answer.status ?? 0)")
    }
    return answer
  }

  private struct Refusal: Decodable { let message: String }

  private var clientPath: String {
    switch endpoint {
    case .client(let docker): docker.path
    case .socket(let path): path
    }
  }

  private func answer<T: Decodable>(_ method: String, _ path: String, as type: T.Type, patience: Duration?) async throws
    -> T
  {
    let body = Guarded<[UInt8]>([])
    try await request(method, path, patience: patience) { bytes in
      let count = body.withLock { body in
        body += bytes
        return body.count
      }
      if count > Program.longestAnswer { throw CacheError(.unreachable, "\(endpoint.words) answers without end") }
    }
    let bytes = body.withLock { $0 }
    do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
      throw CacheError(
        .unreachable, "\(endpoint.words): its answer to \(path.prefix { $0 != "?" }) is not what an engine answers")
    }
  }

  // MARK: Facts

  private struct Version: Decodable {
    let Version: String?
    let ApiVersion: String?
  }

  private struct Info: Decodable {
    let DockerRootDir: String?
    let SystemTime: String?
  }

  func facts() async throws -> DaemonFacts {
    let version = try await answer("GET", "/version", as: Version.self, patience: patience.facts)
    let asked = SystemClock().now()
    let info = try? await answer("GET", "/info", as: Info.self, patience: patience.facts)
    var facts = DaemonFacts()
    facts.api = version.ApiVersion ?? ""
    facts.version = version.Version.map { "Docker \($0)" }
    facts.era = version.Version.flatMap { DaemonEra(engine: $0) }
    if let time = info?.SystemTime.flatMap({ try? Timestamp(parsing: $0) }) {
      // Within the time that the answer took the two agree.
      let answered = SystemClock().now()
      facts.clockAhead =
        time < asked ? time.since(asked) : time > answered ? time.since(answered) : TimeSpan(nanoseconds: 0)
    }
    guard let process = try await process() else { return facts }
    facts.started = process.started
    facts.space = info?.DockerRootDir.flatMap { process.space(under: $0) }
    return facts
  }

  /// The engine's process, where it is on this machine and seen from here.
  private func process() async throws -> RunningProcess? {
    guard let path = try await socket(), let peer = await UnixSocket.peer(at: path, patience: patience.facts) else {
      return nil
    }
    let process = RunningProcess(peer)
    if process.name == "dockerd" { return process }
    // Where the system listened before the engine was there, the other end is the system.
    let file = path.hasSuffix("/docker.sock") ? path.dropLast("docker.sock".count) + "docker.pid" : ""
    guard let number = RunningProcess.text(of: String(file)).flatMap({ Int($0.prefix { $0.isNumber }) }) else {
      return nil
    }
    let other = RunningProcess(number)
    return other.name == "dockerd" ? other : nil
  }

  /// The engine's socket, where it is on this machine.
  private func socket() async throws -> String? {
    switch endpoint {
    case .socket(let path): return path
    case .client(let docker):
      if let host = docker.host { return host.hasPrefix("unix://") ? String(host.dropFirst(7)) : nil }
      let words = ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
      let program = DockerClient(path: docker.path).program(words + (docker.context.map { [$0] } ?? []))
      guard let bytes = try? await program.answer(of: endpoint.words, patience: patience.facts) else { return nil }
      let host = String(decoding: bytes, as: UTF8.self).prefix { !$0.isNewline }
      return host.hasPrefix("unix://") ? String(host.dropFirst(7)) : nil
    }
  }

  // MARK: Prunes

  private struct Pruned: Decodable { let CachesDeleted: [String]? }

  func prune(_ rule: PrunePolicy, removed: @escaping @Sendable (RecordID, Int64?) -> Void) async throws {
    let version = try await answer("GET", "/version", as: Version.self, patience: patience.facts)
    let query = try EngineQuery(rule, api: version.ApiVersion ?? "")
    let pruned = try await answer(
      "POST", "/build/prune?" + query.text, as: Pruned.self, patience: nil)
    for id in pruned.CachesDeleted ?? [] { removed(RecordID(id), nil) }
  }

  func rule(for ids: [RecordID], all: Bool) throws -> PrunePolicy {
    let names = try ids.map { id in
      guard id.isPlain else {
        throw CacheError(.badInput, "record \(id) has an id that no filter of an engine can name")
      }
      return id.text
    }
    return PrunePolicy(all: all, filter: try Filter(parsing: ["id~=/^(?:\(names.joined(separator: "|")))$/"]))
  }

  func canSay(_ rule: PrunePolicy, to facts: DaemonFacts) -> Bool {
    (try? EngineQuery(rule, api: facts.api)) != nil
  }
}
