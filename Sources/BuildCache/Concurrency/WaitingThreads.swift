import Dispatch
import Glibc
import Synchronization

/// Threads for what waits for a disk or another process: on the pool of Swift's tasks, which has a thread a processor, it
/// would keep all other work waiting, too.
///
/// There are more as long as all of them wait: a pool of Dispatch's gets one more a second then, and a hundred daemons that
/// are asked at once would be asked one a second. Where work only takes its time there are not.
package final class WaitingThreads: TaskExecutor {
  /// Those of this program.
  package static let shared = WaitingThreads()

  private struct State {
    var jobs: [UnownedJob] = []
    /// How much work was begun.
    var begun = 0
    /// All threads.
    var threads = 0
    /// Those that wait for work, and were not told that there is some.
    var idle = 0
    /// Whether somebody looks after the work that no thread has begun.
    var isWatched = false
  }
  private let state = Guarded(State())
  private let news = DispatchSemaphore(value: 0)

  /// So many are made as soon as there is work for them.
  private static let usual = 16
  /// More of them wait for memory rather than for daemons.
  private static let most = 512
  /// Where none has begun anything for so long, all of them wait.
  private static let pause = DispatchTimeInterval.milliseconds(10)
  /// How long one without work stays.
  private static let rest = DispatchTimeInterval.seconds(5)

  private enum Call { case idleThread, newThread, watch(begun: Int), nobody }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let call: Call = state.withLock { state in
      state.jobs.append(job)
      if state.idle > 0 {
        state.idle -= 1
        return .idleThread
      }
      if state.threads < Self.usual {
        state.threads += 1
        return .newThread
      }
      if state.isWatched { return .nobody }
      state.isWatched = true
      return .watch(begun: state.begun)
    }
    answer(call)
  }

  private func answer(_ call: Call) {
    switch call {
    case .idleThread: news.signal()
    case .newThread: begin()
    case .watch(let begun): watch(begun)
    case .nobody: break
    }
  }

  /// Makes one more thread where none has begun anything meanwhile, until all work is begun.
  private func watch(_ begun: Int) {
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.pause) { [self] in
      let (isStuck, next): (Bool, Int?) = state.withLock { state in
        guard !state.jobs.isEmpty else {
          state.isWatched = false
          return (false, nil)
        }
        let isStuck = state.begun == begun && state.threads < Self.most
        if isStuck { state.threads += 1 }
        return (isStuck, state.begun)
      }
      if isStuck { begin() }
      if let next { watch(next) }
    }
  }

  private func begin() {
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { threads in
        if let threads { Unmanaged<WaitingThreads>.fromOpaque(threads).takeRetainedValue().work() }
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    guard code != 0 else {
      pthread_detach(thread)
      return
    }
    // The system has no more threads for us: then it has to be one of Dispatch's.
    Unmanaged.passUnretained(self).release()
    DispatchQueue.global().async { [self] in work() }
  }

  private func work() {
    while true {
      while let job = next() { job.runSynchronously(on: asUnownedTaskExecutor()) }
      guard news.wait(timeout: .now() + Self.rest) == .timedOut else { continue }
      let isWanted = state.withLock { state in
        // Where all that are idle were told of work, one of the signals is this one's.
        guard state.idle > 0 else { return true }
        state.idle -= 1
        state.threads -= 1
        return false
      }
      guard isWanted else { return }
      news.wait()
    }
  }

  /// The work that comes next; without any the thread is idle from here on.
  private func next() -> UnownedJob? {
    state.withLock { state in
      guard state.jobs.isEmpty else {
        state.begun += 1
        return state.jobs.removeFirst()
      }
      state.idle += 1
      return nil
    }
  }
}

/// Runs work that waits on threads of its own; it is cancelled as its task is.
package func waiting<T: Sendable>(_ work: @Sendable () async throws -> T) async rethrows -> T {
  try await withTaskExecutorPreference(WaitingThreads.shared, operation: work)
}
