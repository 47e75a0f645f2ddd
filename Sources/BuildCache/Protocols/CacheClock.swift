import Glibc

/// Tells the time.
public protocol CacheClock: Sendable {
  /// The moment of the call.
  func now() -> Timestamp
}

/// The machine's clock.
public struct SystemClock: CacheClock {
  /// Makes the clock.
  public init() {}

  /// The moment of the call, to the nanosecond.
  public func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }
}
