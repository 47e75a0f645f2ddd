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
    _ access: EmbeddedCache.Access, maxUnpacked: Int64? = nil,
    progress: @escaping @Sendable (Int64) -> Void = { _ in }, _ body: (EmbeddedCache) async throws -> T
  ) async throws -> T {
    let cache = try EmbeddedCache(
      try folder(), access, maxUnpacked: maxUnpacked, progress: progress, steps: durableSteps, logger: quietLogger)
    if access == .read, let reason = cache.readOnlyReason { printError("read only: \(reason)") }
    do {
      let result = try await body(cache)
      try cache.close()
      return result
    } catch {
      try? cache.close()
      throw error
    }
  }
}

extension RootOptions {
  /// Opens the embedded cache for writing and takes a ref on a record, which is no use of it.
  func withRecord(
    _ id: String, progress: @escaping @Sendable (Int64) -> Void = { _ in },
    _ body: (EmbeddedCache, ImmutableRef) async throws -> Void
  ) async throws {
    try await withCache(.write, progress: progress) { cache in
      let ref = try cache.manager.get(cache.manager.resolve(id), countsAsUse: false)
      do {
        try await body(cache, ref)
        try ref.release()
      } catch {
        try? ref.release()
        throw error
      }
    }
  }
}

/// Which cache is looked at.
struct SourceOptions: ParsableArguments {
  @OptionGroup var root: RootOptions

  @Option(
    help: ArgumentHelp(
      "A saved list: `buildctl du --format '{{json .}}'`, or `strata du --format json`; - is standard input.",
      valueName: "file"))
  var from: String?

  func validate() throws {
    if from != nil && root.root != nil {
      throw ValidationError("--from and --root are two sources: give one")
    }
  }

  /// Opens the source.
  ///
  /// - Parameter access: how an embedded cache is opened; a saved list can only be read.
  func open(_ access: EmbeddedCache.Access) throws -> any CacheController {
    if let from { return try SavedCache(readingFrom: from) }
    return try EmbeddedCache(try root.folder(), access, steps: durableSteps, logger: quietLogger)
  }

  /// Opens the source for the explorer: the records of an embedded cache are read aside.
  func openAside() throws -> any CacheController {
    if from != nil { return try open(.read) }
    return OpeningCache(try EmbeddedFolder(try root.folder(), .read, steps: durableSteps), logger: quietLogger)
  }

  /// Opens the source, runs `body`, and closes it, also where `body` throws.
  func withSource<T: Sendable>(_ access: EmbeddedCache.Access, _ body: (any CacheController) async throws -> T)
    async throws -> T
  {
    let source = try open(access)
    if from == nil, access == .read, let reason = source.readOnlyReason { printError("read only: \(reason)") }
    do {
      let result = try await body(source)
      try await source.close()
      return result
    } catch {
      try? await source.close()
      throw error
    }
  }
}

/// How a command prints what it found.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table
  case json
}
