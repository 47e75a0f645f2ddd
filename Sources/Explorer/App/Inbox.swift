import Synchronization

/// What tasks left behind for the thread that owns a session, and how many are still to answer.
final class Inbox<Message: Sendable>: Sendable {
  private struct Contents {
    var messages: [Message] = []
    var running = 0
  }
  private let contents = Mutex(Contents())
  private let wake: @Sendable () -> Void

  /// - Parameter wake: called, from any thread, when there is something new.
  init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

  /// One more task is going to answer.
  func begin() { contents.withLock { $0.running += 1 } }

  /// Leaves a message.
  ///
  /// - Parameter isLast: whether the task has come to its end with it.
  func add(_ message: Message, isLast: Bool = false) {
    contents.withLock {
      $0.messages.append(message)
      if isLast { $0.running -= 1 }
    }
    wake()
  }

  /// All that was left since the last call, in order.
  func takeAll() -> [Message] {
    contents.withLock { contents in
      defer { contents.messages = [] }
      return contents.messages
    }
  }

  /// Whether no task is under way and nothing waits to be taken.
  var isIdle: Bool { contents.withLock { $0.running == 0 && $0.messages.isEmpty } }
}
