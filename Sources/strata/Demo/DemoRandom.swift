import BuildCache
import Synchronization

/// Random numbers that a seed decides (SplitMix64), the same on every machine.
struct DemoRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Ids that a seed decides.
final class DemoIdentities: IdentitySource {
  private let random: Mutex<DemoRandom>

  init(seed: UInt64) { random = Mutex(DemoRandom(seed: seed)) }

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
