/// Looks now and then whether the task was cancelled, in a loop that is too quick to look each time.
package struct CancellationCheck {
  private var count: UInt32 = 0

  package init() {}

  /// Counts a round of the loop.
  ///
  /// - Throws: `CancellationError` where the task was cancelled, at the next of a thousand rounds.
  package mutating func pass() throws(CancellationError) {
    count &+= 1
    if count & 1023 == 0 && Task.isCancelled { throw CancellationError() }
  }
}
