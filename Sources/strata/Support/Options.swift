import ArgumentParser
import BuildCache
import BuildCacheStore
import BuildKitBridge
import Glibc
import SystemPackage

/// Where the embedded cache is.
struct RootOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The cache's folder.", valueName: "dir"))
  var root: String?

  /// The folder: `--root`, else `STRATA_ROOT`, else below `XDG_DATA_HOME`, else below the home folder.
  ///
  /// - Throws: ``Failure`` 2 where none of them tells.
  func folder() throws -> FilePath {
    if let root { return try Self.nonEmpty(root) }
    if let root = Self.environment("STRATA_ROOT") { return FilePath(root) }
    if let data = Self.environment("XDG_DATA_HOME") { return FilePath(data).appending("strata") }
    if let home = Self.environment("HOME") { return FilePath(home).appending(".local/share/strata") }
    throw Failure.wrongUse("where is the cache? give --root, or set STRATA_ROOT or HOME")
  }

  private static func nonEmpty(_ root: String) throws -> FilePath {
    guard !root.isEmpty else { throw Failure.wrongUse("--root is empty: give the cache's folder") }
    return FilePath(root)
  }

  private static func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
  }

  /// Opens the embedded cache, runs `body`, and closes it, also where `body` throws.
  func withCache<T: Sendable>(
    _ access: EmbeddedFolder.Access, maxUnpacked: Int64? = nil,
    progress: @escaping @Sendable (Int64) -> Void = { _ in }, _ body: (EmbeddedCache) async throws -> T
  ) async throws -> T {
    let cache = try EmbeddedCache(
      try folder(), access, maxUnpacked: maxUnpacked, progress: progress, steps: durableSteps, logger: quietLogger)
    for note in cache.notes { printError(note) }
    do {
      let result = try await body(cache)
      try cache.close()
      return result
    } catch {
      try? cache.close()
      throw error
    }
  }

  /// Looks at the embedded cache and takes a ref on a record; what has to be made for that is made aside.
  ///
  /// - Parameter place: where that is; absent: where the system keeps what is temporary; see ``EmbeddedCache/looking(at:makingIn:maxUnpacked:progress:logger:_:)``.
  func withRecord(
    _ id: String, makingIn place: FilePath?, progress: @escaping @Sendable (Int64) -> Void = { _ in },
    _ body: (EmbeddedCache, ImmutableRef) async throws -> Void
  ) async throws {
    try await EmbeddedCache.looking(
      at: try folder(), makingIn: place, progress: progress, steps: durableSteps, logger: quietLogger
    ) { cache in
      for note in cache.notes { printError(note) }
      let ref = try cache.manager.get(cache.manager.resolve(id), countsAsUse: false)
      try await body(cache, ref)
    }
  }
}

/// Which cache is looked at.
struct SourceOptions: ParsableArguments {
  @OptionGroup var root: RootOptions

  @Option(
    help: ArgumentHelp(
      "A saved list, as JSON or verbose text: of buildctl, a Docker Engine, docker, buildx or strata; - is standard input.",
      valueName: "file"))
  var from: String?

  @Option(
    help: ArgumentHelp(
      "A daemon's folder, read only: buildkitd's root, a worker's folder, a Docker engine's data root, or a copy.",
      valueName: "dir"))
  var buildkitRoot: String?
  @Option(
    help: ArgumentHelp(
      "Which of several caches: the name of its folder in --buildkit-root; and whose section of --policy.",
      valueName: "name"))
  var worker: String?
  @OptionGroup(title: "Daemons that run") var daemon: DaemonOptions

  /// Whether the list comes from standard input.
  var takesStandardInput: Bool {
    ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"].contains(from)
  }

  func validate() throws {
    let given =
      [("--from", from), ("--root", root.root), ("--buildkit-root", buildkitRoot)].filter { $0.1 != nil }.map(\.0)
      + daemon.given
    try daemon.checkPaths()
    if given.count > 1 { throw ValidationError("\(given[0]) and \(given[1]) are two sources: give one") }
  }

  /// Whose section of a policy's file is meant: that of the cache that is looked at, where there is just one.
  var policyWorker: String? {
    if let worker { return worker }
    let workers = buildkitRoot.map { StateFolderSource.workers(in: FilePath($0)) } ?? []
    return workers.count == 1 && workers[0].hasPrefix("containerd-") ? workers[0] : nil
  }

  /// The option of a source that is only looked at, where one was given.
  var lookedAt: String? { from != nil ? "--from" : buildkitRoot != nil ? "--buildkit-root" : nil }

  /// The source; nothing of it is held.
  ///
  /// - Parameters:
  ///   - makingRoot: whether an embedded cache that doesn't exist is made.
  ///   - policy: the policy that is asked for besides: `--worker` chooses in its file, too.
  ///   - daemons: those that run, where they were looked for already.
  func source(
    makingRoot: Bool = false, for policy: PolicyOptions? = nil, among daemons: [NamedDaemon]? = nil
  ) async throws -> any CacheSource {
    if !daemon.given.isEmpty {
      let found = if let daemons { daemons } else { try await self.daemons(for: policy) }
      return try running(found)
    }
    try checkWorker(for: policy)
    if let from { return try SavedList(readingFrom: from) }
    if let buildkitRoot {
      guard !buildkitRoot.isEmpty else { throw Failure.wrongUse("--buildkit-root is empty: give the daemon's folder") }
      return try StateFolderSource(FilePath(buildkitRoot), worker: worker)
    }
    if makingRoot { try root.make() }
    return try root.source()
  }

  /// `--worker` has to choose something.
  private func checkWorker(for policy: PolicyOptions?) throws {
    if worker != nil && buildkitRoot == nil && policy?.policy == nil && daemon.builder == nil {
      throw Failure.wrongUse(
        "--worker chooses one of the caches of --buildkit-root, a node of --builder, or of a --policy: give that, too")
    }
  }

  /// The daemons that are asked, where they run; none where none was named.
  func daemons(for policy: PolicyOptions? = nil) async throws -> [NamedDaemon] {
    try checkWorker(for: policy)
    return try await daemon.named(node: daemon.builder == nil ? nil : worker)
  }

  /// The one daemon that is asked.
  private func running(_ daemons: [NamedDaemon]) throws -> DaemonSource {
    guard daemons.count == 1, let only = daemons.first else {
      let names = daemons.map(\.name).joined(separator: ", ")
      let advice =
        daemon.builder == nil
        ? "give one, or see all with `strata builders` or `strata explore`" : "choose one with --worker"
      throw Failure.wrongUse("these are \(daemons.count) daemons (\(names)): \(advice)")
    }
    return try only.endpoint.get().source()
  }

  /// What the source holds now; what has to be known of that is told.
  func read() async throws -> Reading {
    try await source().told()
  }
}

extension RootOptions {
  /// Makes the folder of a cache where there is none yet.
  func make() throws {
    let folder = try folder()
    do {
      try EmbeddedFolder(folder, .read).close()
    } catch let error as CacheError where error.code == .notFound {
      try EmbeddedFolder(folder, .write, steps: durableSteps).close()
    }
  }

  /// The embedded cache, to be looked at; nothing of it is held.
  func source() throws -> EmbeddedSource {
    try EmbeddedSource(try folder(), steps: durableSteps, logger: quietLogger)
  }
}

extension CacheSource {
  /// What it holds now; what has to be known of that is told on standard error.
  func told() async throws -> Reading {
    // What is asked for it ends with it.
    let reading = try await interruptible { try await read() }
    for note in reading.notes { printError(note) }
    return reading
  }
}

extension FilePath {
  /// The folder that a path is in, which for a bare name is the working folder.
  var parent: FilePath { removingLastComponent().isEmpty ? "." : removingLastComponent() }
}

/// How what a cache takes is printed.
enum UsageFormat: String, ExpressibleByArgument, CaseIterable {
  case table
  case json
  case prometheus
}

/// How a command prints what it found.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table
  case json
}
