import Synchronization

/// Lets concurrent callers of the same work share one run of it (B8, B11).
final class SingleFlights<Value: Sendable>: Sendable {
  private let running = Guarded<[String: Task<Value, any Error>]>([:])

  /// Waits for the run under `key` that is under way, or starts one.
  ///
  /// A run goes on when the caller that started it is cancelled: others may wait for it.
  func run(_ key: String, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let task = running.withLock { running in
      if let task = running[key] { return task }
      let task = Task {
        defer { self.running.withLock { $0[key] = nil } }
        return try await work()
      }
      running[key] = task
      return task
    }
    return try await task.value
  }
}
