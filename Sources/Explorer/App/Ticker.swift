/// When a cache that is watched is read anew: by the clock, whatever keys are pressed meanwhile.
public struct Ticker {
  /// The time between two readings.
  public static let period = Duration.seconds(5)
  private var next: ContinuousClock.Instant?

  /// Nobody watches so far.
  public init() {}

  /// The time until the next reading; nothing where nobody watches.
  public mutating func wait(isWatching: Bool, at now: ContinuousClock.Instant) -> Duration? {
    guard isWatching else {
      next = nil
      return nil
    }
    let due = next ?? now + Self.period
    next = due
    return max(.zero, due - now)
  }

  /// Whether it is time; the next time then is a whole period later.
  public mutating func isDue(at now: ContinuousClock.Instant) -> Bool {
    guard let due = next, due <= now else { return false }
    next = now + Self.period
    return true
  }
}
