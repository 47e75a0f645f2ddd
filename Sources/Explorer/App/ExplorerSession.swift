import BuildCache
import CacheReport
import Terminal

/// An explorer at work: the state, the cache that it shows, and the effects that are under way.
///
/// One thread owns it and sends it events; effects run aside as tasks and answer through an inbox. The same session
/// serves a real terminal and keys that are played from a script.
public final class ExplorerSession: ScreenSession {
  /// What reaches the world outside the cache.
  public struct Outlets: Sendable {
    /// Copies a text to the clipboard.
    public var copy: @Sendable (String) -> Void
    /// Writes rows into a new file, as `du` prints them, and answers its name.
    public var export: @Sendable (CacheState, [Int]) throws -> String
    /// Writes a plan into a new file, and answers its name.
    public var exportPlan: @Sendable (PlanExport, PlanExport.Form) throws -> String
    /// Reads the rules of a daemon's configuration, for a ranking rule and the cache's disk.
    public var readPolicy:
      @Sendable (String, RankingRule, CacheSpace?) throws -> (policies: [PrunePolicy], remarks: [String])

    /// Makes outlets.
    public init(
      copy: @escaping @Sendable (String) -> Void, export: @escaping @Sendable (CacheState, [Int]) throws -> String,
      exportPlan: @escaping @Sendable (PlanExport, PlanExport.Form) throws -> String,
      readPolicy:
        @escaping @Sendable (String, RankingRule, CacheSpace?) throws -> (policies: [PrunePolicy], remarks: [String])
    ) {
      self.copy = copy
      self.export = export
      self.exportPlan = exportPlan
      self.readPolicy = readPolicy
    }
  }

  /// Which effect an answer is to: it is dropped where a newer one took its slot, or where it speaks of row numbers and
  /// the cache was read anew.
  fileprivate struct Ticket: Sendable {
    let slot: Effect.Slot?
    let number: Int
    let reading: Int?
  }

  /// What is shown.
  private(set) var state: ExplorerState
  private let source: any CacheSource
  private let clock: any CacheClock
  private let outlets: Outlets
  private let inbox: Inbox<(event: ExplorerEvent, ticket: Ticket?)>
  /// A reading that was made before there was a session: it is taken in place of the first.
  private var first: Reading?
  private var pruning: Task<Void, Never>?
  private var pace = Pace()
  /// The last effect of each slot.
  private var slots: [Effect.Slot: (number: Int, task: Task<Void, Never>)] = [:]
  private var effectCount = 0
  /// How often the cache was read: row numbers are of one reading.
  private var reading = 0

  /// Opens an explorer and begins to read the cache.
  ///
  /// - Parameters:
  ///   - source: the cache.
  ///   - name: what it is called on the screen; absent: as the source says.
  ///   - isOfSeveral: whether it was opened from a list of builders, to which it goes back.
  ///   - first: a reading of it that somebody has made already; absent: it is made.
  ///   - prune: what the Prune screen begins with; absent: what suits the cache.
  ///   - isASCII: whether signs are drawn in ASCII only.
  ///   - size: the window's size.
  ///   - clock: tells the moment from which ages are counted.
  ///   - outlets: what keys that copy and export use.
  ///   - wake: called, from any thread, when ``receive()`` has something to do.
  public init(
    _ source: any CacheSource, name: String? = nil, isOfSeveral: Bool = false, first: Reading? = nil,
    prune: PrunePreset = PrunePreset(), isASCII: Bool, size: Size, clock: any CacheClock = SystemClock(),
    outlets: Outlets, wake: @escaping @Sendable () -> Void
  ) {
    self.source = source
    self.clock = clock
    self.outlets = outlets
    inbox = Inbox(wake: wake)
    state = ExplorerState(
      ExplorerState.Options(
        name: name ?? source.identity.words, prune: prune, isASCII: isASCII, isOfSeveral: isOfSeveral), size: size)
    self.first = first
    if first == nil { start(.glimpse(size.rows)) }
    start(.load(ListChoice(), last: nil))
  }

  /// The screen as it is now.
  public func frame() -> Grid {
    state.draw()
  }

  /// Whether the user left.
  public var hasQuit: Bool { state.hasQuit }

  /// Goes back to the list of builders, where the user wants that.
  ///
  /// - Returns: whether that is so; the next time it isn't, until the user wants it again.
  func leave() -> Bool {
    defer { state.isLeft = false }
    return state.isLeft
  }

  /// Why nothing could be read yet; absent where something was, or still may be.
  public var openingFailure: String? { state.failedAt != nil && !state.isLoaded ? state.message : nil }

  /// Whether the cache is to be read anew from time to time: then ``tick()`` is wanted.
  public var isWatching: Bool { state.isWatching }

  /// A key was pressed.
  public func press(_ key: Key) { send(.key(key)) }

  /// A mouse button or wheel was used.
  public func use(_ mouse: Mouse) { send(.mouse(mouse)) }

  /// The window has another size.
  public func resize(to size: Size) { send(.resize(size)) }

  /// It is time to look whether the cache has changed; where its answers take their time it is let rest.
  public func tick() { if pace.allowsAsking(at: .now) { send(.tick) } }

  /// Takes one event.
  func send(_ event: ExplorerEvent) {
    switch event {
    case .loaded:
      reading += 1
      pace.end(at: .now)
    case .unchanged, .notRead: pace.end(at: .now)
    default: break
    }
    for effect in update(&state, event) { start(effect) }
  }

  /// Takes what effects have answered since the last call.
  public func receive() {
    for (event, ticket) in inbox.takeAll() where ticket.map(isCurrent) ?? true { send(event) }
  }

  private func isCurrent(_ ticket: Ticket) -> Bool {
    if let slot = ticket.slot { guard slots[slot]?.number == ticket.number else { return false } }
    return ticket.reading.map { $0 == reading } ?? true
  }

  /// Whether no effect is under way and nothing waits to be received.
  public var isIdle: Bool { inbox.isIdle }

  /// Stops all that is under way, a prune after the record that it is at, and waits for that.
  public func finish(isolation: isolated (any Actor)? = #isolation) async {
    for (_, task) in slots.values { task.cancel() }
    pruning?.cancel()
    await pruning?.value
  }

  private func start(_ effect: Effect) {
    if case .stop = effect {
      pruning?.cancel()
      return
    }
    if case .stopListing = effect {
      slots[.list]?.task.cancel()
      return
    }
    if case .copy(let text) = effect {
      outlets.copy(text)
      send(.told("copied \(text), where the terminal allows it"))
      return
    }
    inbox.begin()
    effectCount += 1
    let slot = effect.slot
    let ticket = Ticket(slot: slot, number: effectCount, reading: effect.isOfRows ? reading : nil)
    let runner = EffectRunner(source: source, known: first, clock: clock, outlets: outlets) { [inbox] in
      inbox.add((.removed($0), nil))
    }
    if case .load = effect {
      first = nil
      pace.begin(at: .now)
    }
    let task = Task.detached { [inbox] in
      inbox.add((await runner.run(effect), ticket), isLast: true)
    }
    if case .carryOut = effect { pruning = task }
    if let slot {
      slots[slot]?.task.cancel()
      slots[slot] = (ticket.number, task)
    }
  }
}

extension ExplorerSession {
  /// Plays keys without a terminal and answers the last screen.
  ///
  /// Each key is pressed when all that the one before set going has come to its end, so that a script always shows
  /// the same.
  public static func play(
    _ keys: [Key], on source: any CacheSource, first: Reading? = nil, prune: PrunePreset = PrunePreset(), size: Size,
    isASCII: Bool,
    clock: any CacheClock = SystemClock(), outlets: Outlets
  ) async -> Grid {
    await play(keys) { wake in
      ExplorerSession(
        source, first: first, prune: prune, isASCII: isASCII, size: size, clock: clock, outlets: outlets, wake: wake)
    }
  }
}
