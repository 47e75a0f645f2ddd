import Dispatch

/// Threads for what waits for a disk or another process: on the pool of Swift's tasks, which has a thread a processor, it
/// would keep all other work waiting, too.
package final class WaitingThreads: TaskExecutor {
  /// Those of this program.
  package static let shared = WaitingThreads()

  private let queue = DispatchQueue(label: "strata.waiting", attributes: .concurrent)

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// Runs work that waits on threads of its own; it is cancelled as its task is.
package func waiting<T: Sendable>(_ work: @Sendable () async throws -> T) async rethrows -> T {
  try await withTaskExecutorPreference(WaitingThreads.shared, operation: work)
}
