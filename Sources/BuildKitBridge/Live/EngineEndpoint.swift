import BuildCache
import Glibc
import Programs

/// How a Docker Engine is reached: its API is plain HTTP on a stream of bytes.
public enum EngineEndpoint: Sendable, Hashable {
  /// Through the docker client, which knows contexts, ssh and TLS.
  case client(DockerClient)
  /// Straight through a socket of this machine.
  case socket(String)

  /// Where an engine has its socket where nobody says otherwise.
  public static let defaultSocket = "/var/run/docker.sock"

  /// What it is, in a few words.
  public var words: String {
    switch self {
    case .client(let docker): "docker" + ((docker.context ?? docker.host).map { " (\($0))" } ?? "")
    case .socket(let path): path
    }
  }

  /// Sends a request and takes what comes back, to its end.
  ///
  /// - Parameters:
  ///   - patience: how long nothing may come; absent: as long as it takes.
  ///   - take: is given what comes, in order.
  /// - Throws: ``Program/Failure``, ``CacheError`` `unreachable` where the socket can't be used; what `take` throws.
  func exchange(
    _ request: [UInt8], patience: Duration?, taking take: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws {
    switch self {
    case .client(let docker):
      // An engine takes the end of a request's stream for that of the one who asks.
      try await docker.program(["system", "dial-stdio"]).run(patience: patience, isTalk: true) { input in
        try await input.write(request)
      } taking: { bytes in
        try await take(bytes)
      }
    case .socket(let path):
      try await waiting {
        let socket = try UnixSocket(path, patience: patience)
        try socket.write(request)
        while let bytes = try socket.next(patience: patience) { try await take(bytes) }
      }
    }
  }
}
