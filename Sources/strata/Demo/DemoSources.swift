import BuildCache
import Synchronization

/// Ids that a seed decides.
final class DemoIdentities: IdentitySource {
  private let random: Mutex<SeededGenerator>

  init(seed: UInt64) { random = Mutex(SeededGenerator(seed)) }

  func newID() -> RecordID {
    random.withLock { RandomIdentities.id(from: &$0) }
  }
}

/// A clock that can be set back, so that a cache made in seconds looks as if it had been used for weeks.
final class DemoClock: CacheClock {
  private let start = SystemClock().now()
  private let age = Mutex<TimeSpan?>(nil)

  func now() -> Timestamp {
    guard let age = age.withLock({ $0 }) else { return SystemClock().now() }
    return start.advanced(by: TimeSpan(nanoseconds: -age.nanoseconds))
  }

  /// Stands at so long before the start.
  func set(back age: TimeSpan) { self.age.withLock { $0 = age } }
  /// Goes on as the machine's clock does.
  func run() { age.withLock { $0 = nil } }
}
