import BuildCache
import CacheReport
import Terminal

/// A list of builders at work, with an explorer for each that was opened: these stay as they are left, marks, plans and
/// cursors with them, until the user quits.
public final class BuildersSession: ScreenSession {
  /// Looks for builders, and tells each thing that it comes upon.
  public typealias Search = @Sendable (_ tell: @escaping @Sendable (BuilderFinding) -> Void) async -> Void

  private(set) var state: BuildersState
  private let search: Search
  private let clock: any CacheClock
  private let outlets: ExplorerSession.Outlets
  private let wake: @Sendable () -> Void
  private let inbox: Inbox<BuildersEvent>
  private var explorers: [String: ExplorerSession] = [:]
  /// The search, and what each builder was asked last, by its id.
  private var tasks: [String: Task<Void, Never>] = [:]
  /// A hundred builders are a hundred programs that run here.
  private let lanes = Lanes(12, patience: .seconds(1))

  /// Opens the list, and begins to look for builders and to ask each.
  ///
  /// - Parameters:
  ///   - isASCII: whether signs are drawn in ASCII only.
  ///   - units: the units in which bytes are written first.
  ///   - keys: the keys that the user gave the work of others.
  ///   - size: the window's size.
  ///   - clock: tells the moment from which explorers count ages.
  ///   - outlets: what keys of explorers that copy and export use.
  ///   - search: looks for builders.
  ///   - wake: called, from any thread, when ``receive()`` has something to do.
  public init(
    isASCII: Bool, units: ByteUnits = .si, keys: KeyMap = KeyMap(), size: Size,
    clock: any CacheClock = SystemClock(), outlets: ExplorerSession.Outlets, search: @escaping Search,
    wake: @escaping @Sendable () -> Void
  ) {
    (self.search, self.clock, self.outlets, self.wake) = (search, clock, outlets, wake)
    inbox = Inbox(wake: wake)
    state = BuildersState(size: size, isASCII: isASCII, units: units, keys: keys)
    start(.search)
  }

  /// The explorer that is open; absent where the list is.
  private var shown: ExplorerSession? { state.opened.flatMap { explorers[$0] } }

  /// The screen as it is now.
  public func frame() -> Grid { shown?.frame() ?? state.draw() }

  /// Whether the user left.
  public var hasQuit: Bool { state.hasQuit || shown?.hasQuit ?? false }

  /// Whether what is shown is to be read anew from time to time.
  public var isWatching: Bool { shown?.isWatching ?? state.isWatching }

  /// Whether no builder is being asked and no explorer at work.
  public var isIdle: Bool { inbox.isIdle && explorers.values.allSatisfy(\.isIdle) }

  /// A key was pressed: it is the open explorer's, or the list's.
  public func press(_ key: Key) {
    guard let shown else { return send(.key(key)) }
    shown.press(key)
    comeBack(from: shown)
  }

  /// A mouse button or wheel was used.
  public func use(_ mouse: Mouse) {
    guard let shown else { return send(.mouse(mouse)) }
    shown.use(mouse)
    comeBack(from: shown)
  }

  private func comeBack(from explorer: ExplorerSession) {
    if explorer.leave() { send(.cameBack(explorer.units)) }
  }

  /// The window has another size.
  public func resize(to size: Size) {
    send(.resize(size))
    for explorer in explorers.values { explorer.resize(to: size) }
  }

  /// It is time to look whether what is shown has changed.
  public func tick() { if let shown { shown.tick() } else { send(.tick) } }

  /// Takes what builders and explorers have answered since the last call.
  public func receive() {
    for event in inbox.takeAll() { send(event) }
    for explorer in explorers.values { explorer.receive() }
  }

  /// Stops all that is under way, prunes after the record that each is at, and waits for these.
  public func finish(isolation: isolated (any Actor)? = #isolation) async {
    for task in tasks.values { task.cancel() }
    for explorer in explorers.values { await explorer.finish() }
  }

  private func send(_ event: BuildersEvent) {
    for effect in update(&state, event) { start(effect) }
  }

  private func start(_ effect: BuildersEffect) {
    switch effect {
    case .search:
      run("") { [search, inbox] in
        await search { inbox.add(.found($0)) }
        return .searched
      }
    case .ask(let builder):
      run(builder.id) { [lanes] in .answered(builder.id, await lanes.run { await builder.outcome() }) }
    case .open(let way, let id, let name):
      if let explorer = explorers[id] {
        explorer.units = state.units
        return
      }
      explorers[id] = ExplorerSession(
        way.opened, name: name, isOfSeveral: true, isASCII: state.isASCII, units: state.units, keys: state.keys,
        size: state.size, clock: clock, outlets: outlets, wake: wake)
    case .export(let lines):
      run("export") { [outlets] in
        let exported = Exported.builders(lines)
        do {
          return .told("wrote \(exported.words) to \(try await waiting { try outlets.export(exported) })")
        } catch {
          return .told("\(error)")
        }
      }
    }
  }

  private func run(_ key: String, _ work: @escaping @Sendable () async -> BuildersEvent) {
    inbox.begin()
    tasks[key] = Task.detached { [inbox] in inbox.add(await work(), isLast: true) }
  }
}

extension BuildersSession {
  /// Plays keys without a terminal and answers the last screen; each key waits until every builder has answered, or has
  /// not for as long as is waited for it.
  public static func play(
    _ keys: [Key], size: Size, isASCII: Bool, units: ByteUnits = .si, map: KeyMap = KeyMap(),
    clock: any CacheClock = SystemClock(),
    outlets: ExplorerSession.Outlets, search: @escaping Search
  ) async -> Grid {
    await play(keys) { wake in
      BuildersSession(
        isASCII: isASCII, units: units, keys: map, size: size, clock: clock, outlets: outlets, search: search,
        wake: wake)
    }
  }
}
