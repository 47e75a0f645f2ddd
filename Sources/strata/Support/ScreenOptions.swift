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
  @OptionGroup var sizes: UnitsOptions
  @Option(help: "Use colours: auto, always or never.") var color = ColorMode.auto
  @Option(
    name: .customLong("key"),
    help: ArgumentHelp(
      "Give a key the work of another in the explorer, such as ^P=p or x=prune marked; may be repeated.",
      valueName: "new=old"))
  var keyChanges: [String] = []

  func validate() throws {
    do {
      _ = try KeyMap(keyChanges)
    } catch {
      throw ValidationError("--\(error.description)")
    }
  }

  /// The keys that the user gave the work of others.
  var keyMap: KeyMap { (try? KeyMap(keyChanges)) ?? KeyMap() }

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
        source, first: first, prune: prune, isASCII: isASCII, units: sizes.units, keys: keyMap, size: size,
        clock: clock,
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
        isASCII: isASCII, units: sizes.units, keys: keyMap, size: size,
        outlets: Self.outlets(copy: TerminalScreen.copy), search: search, wake: wake)
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
    var outlets = ExplorerSession.Outlets(
      copy: copy,
      export: { exported in
        let (name, bytes) = try file(of: exported)
        return try writeNew(bytes, named: name.stem, extension: name.extension)
      }, policies: .system)
    outlets.localTime = .system
    return outlets
  }

  /// What a file holds that something is written into, and how it is called.
  private static func file(of exported: Exported) throws -> (name: (stem: String, extension: String), bytes: Data) {
    switch exported {
    case .records(let cache, let rows):
      return (("strata-export", "json"), try encodedJSON(rows.map { UsageRow(cache, $0) }))
    case .files(let record, let folder, let files):
      return (("strata-export", "json"), try encodedJSON(files.map { FileRow($0, of: record, in: folder) }))
    case .builders(let lines): return (("strata-export", "json"), try encodedJSON(lines.map { BuilderRow($0) }))
    case .plan(let plan, .json, _): return (("strata-plan", "json"), try encodedJSON(plan.report()))
    case .plan(let plan, .text, let units):
      let lines = try PlanText(units: units, width: nil).ticket(plan)
      return (("strata-plan", "txt"), Data((lines.joined(separator: "\n") + "\n").utf8))
    }
  }

  /// A crash on purpose, so that a test can see what it leaves of the terminal.
  private func crashIfAsked() {
    #if DEBUG
      if getenv("STRATA_CRASH") != nil { fatalError("a crash on purpose") }
    #endif
  }
}
