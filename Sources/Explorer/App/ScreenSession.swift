import Terminal

/// What a terminal shows and sends its events to: an explorer, or a list of builders with their explorers.
///
/// One thread owns it. What it does aside answers through ``receive()``.
public protocol ScreenSession: AnyObject {
  /// The screen as it is now.
  func frame() -> Grid
  /// Whether the user left.
  var hasQuit: Bool { get }
  /// Whether ``tick()`` is wanted from time to time.
  var isWatching: Bool { get }
  /// Whether nothing is under way and nothing waits to be received.
  var isIdle: Bool { get }
  /// A key was pressed.
  func press(_ key: Key)
  /// A mouse button or wheel was used.
  func use(_ mouse: Mouse)
  /// The window has another size.
  func resize(to size: Size)
  /// It is time to look whether anything has changed.
  func tick()
  /// Takes what was done aside since the last call.
  func receive()
  /// Stops all that is under way, a prune after the record that it is at, and waits for that.
  func finish(isolation: isolated (any Actor)?) async
}

extension ScreenSession {
  /// Plays keys without a terminal and answers the last screen.
  ///
  /// Each key is pressed when all that the one before set going has come to its end, so that a script always shows
  /// the same.
  ///
  /// - Parameter open: opens the session, which calls what it is given when there is something to receive.
  static func play(_ keys: [Key], _ open: (_ wake: @escaping @Sendable () -> Void) -> Self) async -> Grid {
    let (signals, signal) = AsyncStream.makeStream(of: Void.self)
    let session = open { signal.yield() }
    var waits = signals.makeAsyncIterator()
    func settle() async {
      while !session.isIdle {
        session.receive()
        if !session.isIdle { await waits.next() }
      }
    }
    await settle()
    for key in keys where !session.hasQuit {
      session.press(key)
      await settle()
    }
    await session.finish(isolation: #isolation)
    return session.frame()
  }
}
