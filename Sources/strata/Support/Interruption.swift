import Foundation
import Glibc

/// Runs long work that Ctrl-C and SIGTERM cancel: it takes back what it has half done, or stops between two steps. A
/// second one ends the program at once.
///
/// One such work at a time.
///
/// - Throws: what the work throws; cancelled work mostly `CancellationError`.
func interruptible<T: Sendable>(_ work: @escaping @Sendable () async throws -> T) async throws -> T {
  var ends: [Int32] = [-1, -1]
  guard pipe(&ends) == 0 else { return try await work() }
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  let readEnd = ends[0]
  interruptionPipe = ends[1]
  var action = sigaction()
  action.__sigaction_handler.sa_handler = { _ in
    var byte: UInt8 = 0
    _ = write(interruptionPipe, &byte, 1)
  }
  action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_RESTART
  for number in [SIGINT, SIGTERM] { sigaction(number, &action, nil) }
  defer {
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    close(interruptionPipe)
    interruptionPipe = -1
  }
  let task = Task { try await work() }
  Thread.detachNewThread {
    var byte: UInt8 = 0
    if read(readEnd, &byte, 1) == 1 { task.cancel() }  // else the work has ended, and the other end is closed
    close(readEnd)
  }
  return try await task.value
}

/// Where the handler of a signal tells of it; written before the handler is installed and after it is gone.
private nonisolated(unsafe) var interruptionPipe: Int32 = -1
