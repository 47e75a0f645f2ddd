import ArgumentParser
import BuildCache
import BuildCacheStore
import BuildKitBridge
import CacheReport
import Explorer
import Foundation
import Glibc
import SystemPackage
import Terminal

/// When colours are used.
enum ColorMode: String, ExpressibleByArgument, CaseIterable {
  case auto
  case always
  case never

  /// Whether to use colours: `auto` heeds `NO_COLOR`.
  var usesColor: Bool {
    switch self {
    case .always: true
    case .never: false
    case .auto: getenv("NO_COLOR").map { $0.pointee == 0 } ?? true
    }
  }
}

/// How the explorer looks; shared with `demo`, which ends in it.
struct ScreenOptions: ParsableArguments {
  @Flag(help: "Draw with ASCII signs only, as is done where the locale has no UTF-8.") var ascii = false
  @Flag(help: "Let the mouse click, double click and scroll; the terminal then no longer selects text with it.")
  var mouse = false
  @Option(help: "Use colours: auto, always or never.") var color = ColorMode.auto

  /// Opens the explorer on a cache, and comes back when the user leaves it.
  ///
  /// On the main thread, which may wait for keys: a thread of the pool that waits is missing there, and on a machine
  /// with one processor it would be the only one.
  ///
  /// - Parameter keys: where keys are read from.
  /// - Throws: ``Failure`` 2 where there is no terminal, or one that can't place text; 1 where a list can't be read.
  @MainActor func explore(
    _ source: any CacheSource, first: Reading? = nil, prune: PrunePreset = PrunePreset(),
    clock: any CacheClock = SystemClock(), keys: TerminalScreen.KeySource = .standardInput
  ) async throws {
    let isASCII = ascii || !TerminalScreen.localeIsUTF8
    // A list that can't be read has nothing to show, and what is wrong is more than a line of the screen.
    let isList = source.identity.kind == .list
    let session = try await show(keys) { size, wake in
      ExplorerSession(
        source, first: first, prune: prune, isASCII: isASCII, size: size, clock: clock,
        outlets: Self.outlets(copy: TerminalScreen.copy), wake: wake)
    } isHopeless: { session in
      isList && session.openingFailure != nil
    }
    if isList, let failure = session.openingFailure { throw Failure.failed(failure) }
  }

  /// Opens the list of builders, and comes back when the user leaves it; as ``explore(_:first:prune:clock:keys:)``.
  ///
  /// - Parameter search: looks for builders.
  @MainActor func list(
    _ search: @escaping BuildersSession.Search, keys: TerminalScreen.KeySource = .standardInput
  ) async throws {
    let isASCII = ascii || !TerminalScreen.localeIsUTF8
    _ = try await show(keys) { size, wake in
      BuildersSession(
        isASCII: isASCII, size: size, outlets: Self.outlets(copy: TerminalScreen.copy), search: search, wake: wake)
    }
  }

  /// Shows a session on the terminal until the user leaves it.
  @MainActor private func show<Session: ScreenSession>(
    _ keys: TerminalScreen.KeySource, _ open: (Size, _ wake: @escaping @Sendable () -> Void) -> Session,
    isHopeless: (Session) -> Bool = { _ in false }
  ) async throws -> Session {
    let screen: TerminalScreen
    do {
      screen = try TerminalScreen(usesColor: color.usesColor, usesMouse: mouse, keys: keys)
    } catch {
      throw Failure.wrongUse(error.description)
    }
    defer { screen.close() }
    let waker = screen.waker
    let session = open(screen.size) { waker.wake() }
    var ticker = Ticker()
    loop: while !session.hasQuit && !isHopeless(session) {
      screen.present(session.frame())
      crashIfAsked()
      let wait = ticker.wait(isWatching: session.isWatching, at: .now)
      switch screen.nextEvent(within: wait.map { Int($0 / .milliseconds(1)) + 1 }) {
      case .key(let key): session.press(key)
      case .mouse(let mouse): session.use(mouse)
      case .resize(let size): session.resize(to: size)
      case .wake: session.receive()
      case .timeout: break
      case .interrupt: break loop
      case .terminate:
        await session.finish(isolation: #isolation)
        screen.close()
        Strata.end(128 + SIGTERM)
      }
      if ticker.isDue(at: .now) { session.tick() }
    }
    await session.finish(isolation: #isolation)
    return session
  }

  /// What keys of the explorer reach outside the cache.
  static func outlets(copy: @escaping @Sendable (String) -> Void) -> ExplorerSession.Outlets {
    ExplorerSession.Outlets(copy: copy) { cache, rows in
      let json = try encodedJSON(rows.map { UsageRow(cache, $0) })
      return try writeNew(json, named: "strata-export", extension: "json")
    } exportPlan: { export, form in
      let bytes: Data
      switch form {
      case .json: bytes = try encodedJSON(export.report())
      case .text: bytes = Data((try PlanText.ticket(export).joined(separator: "\n") + "\n").utf8)
      }
      return try writeNew(bytes, named: "strata-plan", extension: form == .json ? "json" : "txt")
    } readPolicy: { file, ranking, space in
      // Standard input is where the keys come from.
      let collection = try DaemonConfig(readingFrom: file == "-" ? "./-" : file).collection(
        for: ranking, diskSize: space?.capacity, now: SystemClock().now())
      return (collection.policies, collection.remarks)
    }
  }

  /// A crash on purpose, so that a test can see what it leaves of the terminal.
  private func crashIfAsked() {
    #if DEBUG
      if getenv("STRATA_CRASH") != nil { fatalError("a crash on purpose") }
    #endif
  }
}
