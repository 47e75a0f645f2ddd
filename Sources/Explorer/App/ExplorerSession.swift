import BuildCache
import CacheReport
import Synchronization
import Terminal

/// An explorer at work: the state, the cache that it shows, and the effects that are under way.
///
/// One thread owns it and sends it events; effects run aside as tasks and answer through an inbox. The same session
/// serves a real terminal and keys that are played from a script.
public final class ExplorerSession {
  /// What reaches the world outside the cache.
  public struct Outlets: Sendable {
    /// Copies a text to the clipboard.
    public var copy: @Sendable (String) -> Void
    /// Writes rows into a new file, as `du` prints them, and answers its name.
    public var export: @Sendable (CacheState, [Int]) throws -> String

    /// Reads the rules of a daemon's configuration, for a ranking rule and the cache's disk.
    public var readPolicy: @Sendable (String, RankingRule, CacheSpace?) throws -> [PrunePolicy]

    /// Makes outlets.
    public init(
      copy: @escaping @Sendable (String) -> Void, export: @escaping @Sendable (CacheState, [Int]) throws -> String,
      readPolicy: @escaping @Sendable (String, RankingRule, CacheSpace?) throws -> [PrunePolicy]
    ) {
      self.copy = copy
      self.export = export
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

  /// What tasks left behind, and how many are still to answer.
  fileprivate final class Inbox: Sendable {
    struct Contents {
      var events: [(event: ExplorerEvent, ticket: Ticket?)] = []
      var running = 0
    }
    let contents = Mutex(Contents())
    let wake: @Sendable () -> Void

    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    func add(_ event: ExplorerEvent, endOf ticket: Ticket? = nil) {
      contents.withLock {
        $0.events.append((event, ticket))
        if ticket != nil { $0.running -= 1 }
      }
      wake()
    }
  }

  /// What is shown.
  private(set) var state: ExplorerState
  private let source: any CacheSource
  private let clock: any CacheClock
  private let outlets: Outlets
  private let inbox: Inbox
  /// A reading that was made before there was a session: it is taken in place of the first.
  private var first: Reading?
  private var pruning: Task<Void, Never>?
  /// The last effect of each slot.
  private var slots: [Effect.Slot: (number: Int, task: Task<Void, Never>)] = [:]
  private var effectCount = 0
  /// How often the cache was read: row numbers are of one reading.
  private var reading = 0

  /// Opens an explorer and begins to read the cache.
  ///
  /// - Parameters:
  ///   - source: the cache.
  ///   - first: a reading of it that somebody has made already; absent: it is made.
  ///   - prune: what the Prune screen begins with; absent: what suits the cache.
  ///   - isASCII: whether signs are drawn in ASCII only.
  ///   - size: the window's size.
  ///   - clock: tells the moment from which ages are counted.
  ///   - outlets: what keys that copy and export use.
  ///   - wake: called, from any thread, when ``receive()`` has something to do.
  public init(
    _ source: any CacheSource, first: Reading? = nil, prune: PrunePreset = PrunePreset(), isASCII: Bool, size: Size,
    clock: any CacheClock = SystemClock(), outlets: Outlets, wake: @escaping @Sendable () -> Void
  ) {
    self.source = source
    self.clock = clock
    self.outlets = outlets
    inbox = Inbox(wake: wake)
    state = ExplorerState(
      ExplorerState.Options(name: source.identity.words, prune: prune, isASCII: isASCII), size: size)
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

  /// Whether the cache is to be read anew from time to time: then ``tick()`` is wanted.
  public var isWatching: Bool { state.isWatching }

  /// A key was pressed.
  public func press(_ key: Key) { send(.key(key)) }

  /// A mouse button or wheel was used.
  public func use(_ mouse: Mouse) { send(.mouse(mouse)) }

  /// The window has another size.
  public func resize(to size: Size) { send(.resize(size)) }

  /// It is time to look whether the cache has changed.
  public func tick() { send(.tick) }

  /// Takes one event.
  func send(_ event: ExplorerEvent) {
    if case .loaded = event { reading += 1 }
    for effect in update(&state, event) { start(effect) }
  }

  /// Takes what effects have answered since the last call.
  public func receive() {
    let events = inbox.contents.withLock { contents in
      defer { contents.events = [] }
      return contents.events
    }
    for (event, ticket) in events where ticket.map(isCurrent) ?? true { send(event) }
  }

  private func isCurrent(_ ticket: Ticket) -> Bool {
    if let slot = ticket.slot { guard slots[slot]?.number == ticket.number else { return false } }
    return ticket.reading.map { $0 == reading } ?? true
  }

  /// Whether no effect is under way and nothing waits to be received.
  public var isIdle: Bool {
    inbox.contents.withLock { $0.running == 0 && $0.events.isEmpty }
  }

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
    inbox.contents.withLock { $0.running += 1 }
    effectCount += 1
    let slot = effect.slot
    let ticket = Ticket(slot: slot, number: effectCount, reading: effect.isOfRows ? reading : nil)
    let work = Work(source: source, known: first, clock: clock, outlets: outlets) { [inbox] in inbox.add(.removed($0)) }
    if case .load = effect { first = nil }
    let task = Task.detached { [inbox] in
      let answer = Task.isCancelled ? .nothing : await work.run(effect)
      inbox.add(answer, endOf: ticket)
    }
    if case .carryOut = effect { pruning = task }
    if let slot {
      slots[slot]?.task.cancel()
      slots[slot] = (ticket.number, task)
    }
  }
}

/// Does what effects ask for.
private struct Work: Sendable {
  let source: any CacheSource
  /// A reading that has just been made.
  let known: Reading?
  let clock: any CacheClock
  let outlets: ExplorerSession.Outlets
  /// Told each record that a prune removed.
  let removed: @Sendable (CacheState.Row) -> Void

  func run(_ effect: Effect) async -> ExplorerEvent {
    do {
      return try await result(of: effect)
    } catch is CancellationError {
      return .nothing
    } catch {
      return .failed("\(error)")
    }
  }

  private func result(of effect: Effect) async throws -> ExplorerEvent {
    switch effect {
    case .glimpse(let count):
      guard let cache = try? await source.glimpse(of: count) else { return .nothing }
      let reading = Reading(state: cache, moment: clock.now(), behavior: .embedded)
      return .glimpsed(Inventory(reading), Arrangement(cache, ListChoice(), now: reading.moment))
    case .load(let choice, let last):
      do {
        let reading = if let known { known } else { try await source.read() }
        let rights = await Rights(of: source)
        if reading.state == last { return .unchanged(reading, rights) }
        // Cursors and marks are looked for by id: that is made ready here, and not while a key waits.
        if last != nil { _ = reading.state.index(of: "") }
        async let inventory = Inventory(reading)
        let arrangement = Arrangement(reading.state, choice, now: reading.moment)
        return .loaded(await inventory, arrangement, rights)
      } catch {
        return .notRead("\(error)", clock.now())
      }
    case .arrange(let cache, let choice, let earlier, let now):
      return .arranged(Arrangement(cache, choice, from: earlier, now: now))
    case .plan(let cache, let policies, let behavior, let free):
      return .planned(
        PrunePreview(try PrunePlan(cache, policies: policies, behavior: behavior, now: clock.now(), free: free)))
    case .readPolicy(let file, let ranking, let space):
      return .policyRead(try await waiting { try outlets.readPolicy(file, ranking, space) }, file)
    case .measure(let cache, let rows):
      return .freed(
        try Dictionary(
          uniqueKeysWithValues: rows.map { row in
            try Task.checkCancellation()
            return (row, cache.sizeWithDescendants(of: row))
          }))
    case .layOut(let cache, let arrangement, let unfolded):
      return .laidOut(try GraphPicture(cache, arrangement, unfolded: unfolded))
    case .relate(let cache, let row): return .related(Related(cache, row))
    case .describe(let cache, let row):
      var details: RecordDetails?
      if case .allowed(let insight) = await source.insight() {
        details = try await insight.details(of: cache.rows[row].id)
      }
      return .described(RecordDescription(cache, row, details: details))
    case .stand(let cache, let behavior):
      return .stood(try PrunePlan(cache, policies: [PrunePolicy()], behavior: behavior, now: clock.now()))
    case .choose(let cache, let rows): return .chosen(try PrunePlan(cache, removing: rows))
    case .list(let id, let path):
      do {
        return .listed(id, path, try await source.insight().means(to: "look into a record").files(of: id, at: path))
      } catch let error as CacheError {
        return .notListed(id, path, error.description)
      }
    case .carryOut(let plan):
      return .pruned(try await source.pruning().means(to: "prune").carryOut(plan, progress: removed))
    case .setHeld(let isHeld, let id):
      try await source.insight().means(to: "hold a record").setHeld(isHeld, id, reason: "held in the explorer")
      return .changed(isHeld ? "held: no prune takes it until H lets go" : "let go")
    case .export(let cache, let rows):
      return .told("wrote \(counted(rows.count)) to \(try await waiting { try outlets.export(cache, rows) })")
    case .copy, .stop, .stopListing: return .nothing
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
    let (signals, signal) = AsyncStream.makeStream(of: Void.self)
    let session = ExplorerSession(
      source, first: first, prune: prune, isASCII: isASCII, size: size, clock: clock, outlets: outlets
    ) {
      signal.yield()
    }
    var waits = signals.makeAsyncIterator()
    func settle() async {
      while !session.isIdle {
        session.receive()
        if !session.isIdle { await waits.next() }
      }
    }
    await settle()
    for key in keys where !session.state.hasQuit {
      session.send(.key(key))
      await settle()
    }
    await session.finish()
    return session.frame()
  }
}
