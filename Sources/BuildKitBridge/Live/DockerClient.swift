import Glibc
import Programs

/// The docker client, which reaches engines wherever its contexts say: here, over ssh, over TLS.
public struct DockerClient: Sendable, Hashable {
  /// The program, to be looked for where programs are, or its path.
  public var path: String
  /// The context; absent: the one that is in use.
  public var context: String?
  /// An engine's address that stands in place of a context, as `--host` takes it.
  public var host: String?

  /// Names a client.
  public init(path: String = "docker", context: String? = nil, host: String? = nil) {
    (self.path, self.context, self.host) = (path, context, host)
  }

  /// Whether the program is there.
  public var isInstalled: Bool {
    if path.contains("/") { return access(path, X_OK) == 0 }
    let folders = getenv("PATH").map { String(cString: $0) } ?? ""
    return folders.split(separator: ":").contains { access("\($0)/\(path)", X_OK) == 0 }
  }

  /// The program with arguments.
  func program(_ arguments: [String]) -> Program {
    var words: [String] = []
    if let context { words += ["--context", context] }
    if let host { words += ["--host", host] }
    return Program(path, words + arguments, in: .users)
  }
}
