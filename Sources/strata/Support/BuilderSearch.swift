import BuildCache
import BuildKitBridge
import CacheReport

/// Looks for builders: those that were named, else all that can be found.
struct BuilderSearch: Sendable {
  /// How long one that is listed may say nothing.
  static let patience = Duration.seconds(20)
  /// And how long it may say nothing of itself, which costs it nothing.
  private static let patienceForFacts = Duration.seconds(5)

  private let named: [NamedDaemon]
  private let discovery: DaemonDiscovery?
  private let patience: DaemonPatience
  private let isReadOnly: Bool

  /// - Parameters:
  ///   - named: those that were named; where there are none all are looked for.
  ///   - options: the programs to ask with.
  ///   - isReadOnly: whether those that are opened may not be changed.
  init(
    _ named: [NamedDaemon], _ options: DaemonOptions, patience: Duration = patience, isReadOnly: Bool = false
  ) {
    self.named = named
    discovery =
      named.isEmpty
      ? DaemonDiscovery(docker: options.client, buildctl: options.buildctlPath ?? "buildctl") : nil
    self.patience = DaemonPatience(list: patience, facts: min(patience, Self.patienceForFacts))
    self.isReadOnly = isReadOnly
  }

  /// Looks, and tells each thing that it comes upon.
  @Sendable func find(_ tell: @escaping @Sendable (BuilderFinding) -> Void) async {
    for daemon in named { tell(.builder(builder(daemon))) }
    await discovery?.find { finding in
      switch finding {
      case .daemon(let daemon): tell(.builder(builder(daemon)))
      case .note(let note): tell(.note(note))
      }
    }
  }

  private func builder(_ daemon: NamedDaemon) -> Builder {
    Builder(
      id: daemon.key, name: daemon.name, kind: daemon.kind, place: daemon.place, waking: daemon.waking,
      way: daemon.endpoint.map { way(to: $0, of: daemon) })
  }

  private func way(to endpoint: DaemonEndpoint, of daemon: NamedDaemon) -> Builder.Way {
    let opened: any CacheSource = isReadOnly ? LookingOnly(endpoint.source()) : endpoint.source()
    let listed = endpoint.source(patience: patience)
    guard daemon.hasRuler else { return Builder.Way(listed: listed, opened: opened) }
    return Builder.Way(listed: listed, opened: opened) { [facts = patience.facts] in
      await daemon.rules(patience: facts)
    }
  }
}
