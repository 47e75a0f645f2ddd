/// A moment as whole nanoseconds since 1970-01-01T00:00:00Z.
///
/// `Foundation.Date` is a double and too coarse to keep the order of two uses a few nanoseconds apart,
/// on which ranking (D5) depends.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Nanoseconds since 1970, negative before.
  public var nanoseconds: Int64

  /// Makes the moment that is `nanoseconds` after 1970-01-01T00:00:00Z.
  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// Whether `lhs` is earlier than `rhs`.
  public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool {
    lhs.nanoseconds < rhs.nanoseconds
  }

  /// The moment `span` later; stays within what the type can hold instead of overflowing.
  public func advanced(by span: TimeSpan) -> Timestamp {
    Timestamp(nanoseconds: nanoseconds.addingSaturating(span.nanoseconds))
  }

  /// How long after `earlier` this moment is; negative where it is before.
  public func since(_ earlier: Timestamp) -> TimeSpan {
    TimeSpan(nanoseconds: nanoseconds.addingSaturating(earlier.nanoseconds == .min ? .max : -earlier.nanoseconds))
  }
}

/// A length of time in whole nanoseconds.
public struct TimeSpan: Hashable, Comparable, Sendable {
  /// The length; negative spans point into the past.
  public var nanoseconds: Int64

  /// Makes a span of so many nanoseconds.
  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// Makes a span of so many whole seconds; stays within what the type can hold.
  public static func seconds(_ count: Int64) -> TimeSpan {
    let (value, overflow) = count.multipliedReportingOverflow(by: 1_000_000_000)
    return TimeSpan(nanoseconds: overflow ? (count < 0 ? -Int64.max : .max) : value)
  }

  /// Whether `lhs` is shorter than `rhs`.
  public static func < (lhs: TimeSpan, rhs: TimeSpan) -> Bool {
    lhs.nanoseconds < rhs.nanoseconds
  }
}

extension Int64 {
  /// The sum, held at the type's ends instead of overflowing (G4).
  package func addingSaturating(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  /// The product, held at the type's ends instead of overflowing.
  package func multipliedSaturating(by other: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
  }
}
