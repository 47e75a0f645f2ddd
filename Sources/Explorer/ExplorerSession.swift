import BuildCache
import Synchronization
import Terminal

/// An explorer at work: the state, the cache that it shows, and the effects that are under way.
///
/// One thread owns it and sends it events; effects run aside as tasks and answer through an inbox. The same session
/// serves a real terminal and keys that are played from a script.
public final class ExplorerSession {
  /// What tasks left behind, and how many are still to answer.
  fileprivate final class Inbox: Sendable {
    struct Contents {
      var events: [ExplorerEvent] = []
      var running = 0
    }
    let contents = Mutex(Contents())
    let wake: @Sendable () -> Void

    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    func add(_ event: ExplorerEvent, endsEffect: Bool = false) {
      contents.withLock {
        $0.events.append(event)
        if endsEffect { $0.running -= 1 }
      }
      wake()
    }
  }

  /// What is shown.
  public private(set) var state: ExplorerState
  private let controller: any CacheController
  private let clock: any CacheClock
  private let inbox: Inbox
  private var pruning: Task<Void, Never>?

  /// Opens an explorer and begins to read the cache.
  ///
  /// - Parameters:
  ///   - controller: the cache; it stays the caller's to close.
  ///   - isASCII: whether signs are drawn in ASCII only.
  ///   - size: the window's size.
  ///   - clock: tells the moment from which ages are counted.
  ///   - wake: called, from any thread, when ``receive()`` has something to do.
  public init(
    _ controller: any CacheController, isASCII: Bool, size: Size, clock: any CacheClock = SystemClock(),
    wake: @escaping @Sendable () -> Void
  ) {
    self.controller = controller
    self.clock = clock
    inbox = Inbox(wake: wake)
    state = ExplorerState(
      ExplorerState.Options(
        name: controller.name, readOnlyReason: controller.readOnlyReason, behavior: controller.behavior,
        isASCII: isASCII), size: size)
    start(.load)
  }

  /// The screen as it is now.
  public func frame() -> Grid {
    state.draw()
  }

  /// Takes one event from the terminal.
  public func send(_ event: ExplorerEvent) {
    for effect in update(&state, event) { start(effect) }
  }

  /// Takes what effects have answered since the last call.
  public func receive() {
    let events = inbox.contents.withLock { contents in
      defer { contents.events = [] }
      return contents.events
    }
    for event in events { send(event) }
  }

  /// Whether no effect is under way and nothing waits to be received.
  public var isIdle: Bool {
    inbox.contents.withLock { $0.running == 0 && $0.events.isEmpty }
  }

  /// Stops a prune that is under way after the record that it is at, and waits for it.
  public func finish() async {
    pruning?.cancel()
    await pruning?.value
  }

  private func start(_ effect: Effect) {
    if case .stop = effect {
      pruning?.cancel()
      return
    }
    inbox.contents.withLock { $0.running += 1 }
    let (controller, clock, inbox) = (controller, clock, inbox)
    let task = Task.detached {
      let answer = await run(effect, controller, clock, inbox)
      inbox.add(answer, endsEffect: true)
    }
    if case .carryOut = effect { pruning = task }
  }
}

/// Does what an effect asks for.
private func run(
  _ effect: Effect, _ controller: any CacheController, _ clock: any CacheClock, _ inbox: ExplorerSession.Inbox
) async -> ExplorerEvent {
  do {
    switch effect {
    case .load: return .loaded(try await controller.usage(), try await controller.space(), at: clock.now())
    case .plan(let cache, let policy, let behavior):
      return .planned(PrunePlan(cache, policies: [policy], behavior: behavior, now: clock.now()))
    case .measure(let cache, let rows):
      return .freed(Dictionary(uniqueKeysWithValues: rows.map { ($0, cache.sizeWithDescendants(of: $0)) }))
    case .carryOut(let plan):
      return .pruned(try await controller.carryOut(plan) { inbox.add(.removed($0)) })
    case .stop: return .freed([:])
    }
  } catch {
    return .failed("\(error)")
  }
}

extension ExplorerSession {
  /// Plays keys without a terminal and answers the last screen.
  ///
  /// Each key is pressed when all that the one before set going has come to its end, so that a script always shows
  /// the same.
  public static func play(
    _ keys: [Key], on controller: any CacheController, size: Size, isASCII: Bool, clock: any CacheClock = SystemClock()
  ) async -> Grid {
    let (signals, signal) = AsyncStream.makeStream(of: Void.self)
    let session = ExplorerSession(controller, isASCII: isASCII, size: size, clock: clock) { signal.yield() }
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
