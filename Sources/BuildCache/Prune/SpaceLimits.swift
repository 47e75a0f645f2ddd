/// How much a prune leaves: keep-bytes, or the newer three of which it is worked out (F9).
public struct SpaceLimits: Sendable, Hashable {
  /// Bytes that stay whatever the other two say; alone it acts as ``maxUsed`` does. 0: none.
  public var reserved: Int64
  /// Bytes to stop below: keep-bytes. 0: no limit.
  public var maxUsed: Int64
  /// Bytes that should be free on the disk afterwards. 0: none.
  public var minFree: Int64

  /// No limit: everything that may go goes.
  public static let none = SpaceLimits()

  /// Makes limits; what is below 0 counts as 0.
  public init(reserved: Int64 = 0, maxUsed: Int64 = 0, minFree: Int64 = 0) {
    self.reserved = max(0, reserved)
    self.maxUsed = max(0, maxUsed)
    self.minFree = max(0, minFree)
  }

  /// The bytes to stop below, for a cache of a certain size.
  ///
  /// - Parameters:
  ///   - total: D4's total.
  ///   - free: free bytes of the disk; absent: unknown, and ``minFree`` is not heeded.
  ///   - isDaemon: whether a min free that is met leaves one more record to go, as a real daemon does (G12).
  /// - Returns: 0 where there is no cap: also where the disk can't be freed so far that anything would be left.
  public func keepBytes(total: Int64, free: Int64?, isDaemon: Bool) -> Int64 {
    var keep = maxUsed
    if let free, minFree > 0 {
      let lack = minFree.addingSaturating(-max(0, free))
      if lack > 0 {
        keep = keep == 0 ? total - lack : min(keep, total - lack)
      } else if keep == 0 {
        // D4 goes on at exactly the limit; one byte more stops it at once.
        keep = isDaemon ? total : total.addingSaturating(1)
      }
    }
    return max(keep, reserved, 0)
  }
}
