import Synchronization

/// Lets concurrent callers of the same work share one run of it (B8, B11).
final class SingleFlights<Value: Sendable>: Sendable {
  private struct Run {
    let task: Task<Value, any Error>
    let number: Int
    var callers = 1
  }
  private struct State {
    var runs: [String: Run] = [:]
    var last = 0
  }
  private let state = Guarded(State())

  /// Waits for the run under `key` that is under way, or starts one.
  ///
  /// A caller that is cancelled leaves the run to the others; when all are, it is cancelled too.
  func run(_ key: String, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let (task, number) = state.withLock { state in
      if let run = state.runs[key] {
        state.runs[key]?.callers += 1
        return (run.task, run.number)
      }
      state.last += 1
      let number = state.last
      let task = Task {
        defer { self.end(key, number) }
        return try await work()
      }
      state.runs[key] = Run(task: task, number: number)
      return (task, number)
    }
    return try await withTaskCancellationHandler {
      let value = try await task.value
      try Task.checkCancellation()
      return value
    } onCancel: {
      leave(key, number)
    }
  }

  private func end(_ key: String, _ number: Int) {
    state.withLock { if $0.runs[key]?.number == number { $0.runs[key] = nil } }
  }

  private func leave(_ key: String, _ number: Int) {
    let abandoned = state.withLock { state -> Task<Value, any Error>? in
      guard var run = state.runs[key], run.number == number else { return nil }
      run.callers -= 1
      // Whoever comes now starts a run of its own.
      state.runs[key] = run.callers == 0 ? nil : run
      return run.callers == 0 ? run.task : nil
    }
    abandoned?.cancel()  // outside the lock, as that run may be waiting for another one here
  }
}
