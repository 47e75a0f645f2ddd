import BuildCache
import Glibc
import Programs

/// What went wrong between this program and a daemon, in words that say what to do.
enum DaemonTrouble {
  /// The error for a program that failed on the way.
  ///
  /// - Parameter whom: what was asked, in a few words.
  static func error(_ failure: Program.Failure, of program: Program, asking whom: String) -> CacheError {
    switch failure.cause {
    case .notInstalled: return CacheError(.unreachable, missing(program))
    case .silent(let patience):
      return silence(of: whom, patience)
    case .ended(code: 127, _) where program.arguments.contains("exec"):
      // Docker says so where the program's own output goes.
      return CacheError(.unreachable, "\(whom) has no buildctl in it")
    case .ended(_, let status):
      let said = meaning(of: failure.said)
      let (words, obstacle) = advice(on: failure.said, asking: whom)
      return CacheError(.unreachable, words, cause: said.isEmpty ? status : said, obstacle: obstacle)
    }
  }

  /// The error for a daemon of which nothing came for so long.
  static func silence(of whom: String, _ patience: Duration) -> CacheError {
    CacheError(
      .unreachable, "\(whom) doesn't answer: nothing came for \(patience.components.seconds) s", obstacle: .silent)
  }

  private static func missing(_ program: Program) -> String {
    let name = program.name
    switch name.split(separator: "/").last.map(String.init) ?? name {
    case "buildctl":
      return
        "\(name) is not installed here: a builder of docker buildx is reached by --builder NAME, a Docker Engine by "
        + "--docker, and buildctl elsewhere by --buildctl-path"
    case "docker":
      return
        "\(name) is not installed here: --docker-socket reaches an engine of this machine without it, --docker-path "
        + "says where it is"
    case "kubectl": return "\(name) is not installed here: it reaches the builder's pod"
    default: return "\(name) can't be run: there is no such program, or it is none"
    }
  }

  /// What a program said, without what programs put around it: its last line that says something, as the first often only
  /// tells where it stood.
  static func meaning(of said: String) -> String {
    let lines = said.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix(/\s*/) }
      .filter { !$0.isEmpty && $0.prefixMatch(of: /(Run|See) '/) == nil }
    let line = lines.last { $0.hasPrefix("error:") || $0.hasPrefix("ERROR:") || $0.hasPrefix("Error") } ?? lines.last
    return String((line ?? "").trimmingPrefix(/(?i)error:\s*/))
  }

  /// What keeps a daemon from answering of which another program said this; absent where that tells nothing known.
  static func obstacle(in said: String) -> CacheError.Obstacle? { advice(on: said, asking: "").1 }

  /// What stands before what the program said, and what that means.
  private static func advice(on said: String, asking whom: String) -> (String, CacheError.Obstacle?) {
    let text = said.lowercased()
    if text.contains("permission denied") {
      if let socket = said.firstMatch(of: /unix:\/\/([^\s":]+)/) ?? said.firstMatch(of: /unix (\/[^\s":]+)/) {
        let path = String(socket.1)
        return ("no permission for \(path)" + SocketTrouble.whoMay(path), .forbidden)
      }
      return ("no permission to ask \(whom)", .forbidden)
    }
    if text.contains("no such container") {
      return (
        "\(whom) isn't there: a builder's container is made, and woken, by `docker buildx inspect --bootstrap NAME`",
        .asleep
      )
    }
    if text.contains("is not running") {
      return ("\(whom) is asleep: `docker buildx inspect --bootstrap NAME` wakes it, or `docker start` does", .asleep)
    }
    if text.contains("is paused") { return ("\(whom) is paused: `docker unpause` lets it go on", nil) }
    if text.contains("context") && (text.contains("not found") || text.contains("does not exist")) {
      return ("there is no such context: `docker context ls` lists them", .gone)
    }
    if text.contains("executable file not found") || text.contains("not found in $path") {
      return ("\(whom) has no buildctl in it", nil)
    }
    if text.contains("certificate") || text.contains("x509") || text.contains("tls:") || text.contains("handshake") {
      return (
        "\(whom) can't be asked with these certificates: --buildctl-tlsdir, --buildctl-tlscacert and so on say which",
        .forbidden
      )
    }
    if ["connection refused", "no such file", "context deadline exceeded", "cannot connect"].contains(
      where: text.contains)
    {
      return ("nobody answers at \(whom): the daemon isn't running, or is elsewhere", .gone)
    }
    return ("can't ask \(whom)", nil)
  }
}
