/// The program that a list is of, and the command that gets a better one from the same installation.
enum ListOrigin {
  /// BuildKit's own, or this program's.
  case buildctl
  /// The Docker Engine's API.
  case engine
  /// The docker client.
  case docker
  /// The docker client's buildx, before a Docker Engine or a builder of its own.
  case buildx
  /// Not known.
  case unknown

  /// The command for BuildKit's own daemon.
  static let buildctlCommand = "`buildctl du --format '{{json .}}'`"
  /// The command for a Docker Engine, without a version in its path: it answers every client so.
  static let engineCommand = "`curl --unix-socket /var/run/docker.sock http://localhost/system/df`"
  /// The command for a builder in a container.
  static let containerCommand = "`docker exec buildx_buildkit_NAME0 buildctl du --format '{{json .}}'`"

  /// What to do to get a list that serves.
  var advice: String {
    switch self {
    case .buildctl: "save it again with \(Self.buildctlCommand) or `strata du --format json`"
    case .engine, .docker: "save \(Self.engineCommand)"
    case .buildx:
      "save \(Self.engineCommand) where the builder is the Docker Engine's own, or \(Self.containerCommand) where it "
        + "is a docker-container builder"
    case .unknown:
      "save it again with \(Self.buildctlCommand), for a Docker Engine \(Self.engineCommand), for a docker-container "
        + "builder \(Self.containerCommand)"
    }
  }
}
