/// How often a cache that is watched may be asked: one whose answers take their time is left alone for thrice as long.
struct Pace {
  private var began: ContinuousClock.Instant?
  private var restsUntil: ContinuousClock.Instant?

  /// Answers that come sooner are no burden.
  static let quick = Duration.seconds(1)

  /// It is being asked.
  mutating func begin(at now: ContinuousClock.Instant) { began = now }

  /// It has answered.
  mutating func end(at now: ContinuousClock.Instant) {
    guard let began else { return }
    let taken = now - began
    restsUntil = taken > Self.quick ? now + taken * 3 : nil
    self.began = nil
  }

  /// Whether it may be asked anew.
  func allowsAsking(at now: ContinuousClock.Instant) -> Bool { restsUntil.map { $0 <= now } ?? true }
}
