import Testing

@testable import BuildCache

@Suite struct TimestampTests {
  @Test func sumsStayWithinTheType() {
    #expect(Timestamp(nanoseconds: .max).advanced(by: .seconds(1)).nanoseconds == .max)
    #expect(Timestamp(nanoseconds: 0).since(Timestamp(nanoseconds: .min)).nanoseconds == .max)
    #expect(TimeSpan.seconds(.max).nanoseconds == .max)
  }
}
