import BuildCache
import Testing

@testable import BuildKitBridge

@Suite("Values as lists print them") struct ListValueTests {
  @Test(
    "sizes in words, and what they are rounded to",
    arguments: [
      ("0B", .digits(4), 0, 1), ("64B", .digits(4), 64, 1), ("4.1MB", .digits(4), 4_100_000, 1000),
      ("700kB", .digits(3), 700_000, 1000), ("1.234GB", .digits(4), 1_234_000_000, 1_000_000),
      ("12.38kB", .digits(4), 12_380, 10), ("999.9TB", .digits(4), 999_900_000_000_000, 100_000_000_000),
      ("4.10kB", .decimals(2), 4_100, 10), ("27.07MB", .decimals(2), 27_070_000, 10_000),
      ("8MB", .digits(3), 8_000_000, 10_000),
      ("9.223EB", .digits(4), 9_223_000_000_000_000_000, 1_000_000_000_000_000), ("1.5KiB", .digits(4), 1536, 1),
      ("1000kB", .digits(3), 1_000_000, 10_000), ("1 kB", .digits(4), 1000, 1),
    ] as [(String, RoundedSize.Rounding, Int64, Int64)])
  func sizes(_ text: String, _ rounding: RoundedSize.Rounding, _ bytes: Int64, _ step: Int64) {
    let size = RoundedSize(text, rounding)
    #expect(size?.bytes == bytes)
    #expect(size?.step == step)
  }

  @Test(
    "what is no size", arguments: ["", "B", "1", "-1B", "1.B", ".5kB", "1.2.3MB", "1XB", "9.224EB", "١kB", "1e3kB"])
  func noSizes(_ text: String) { #expect(RoundedSize(text, .digits(4)) == nil) }

  @Test(
    "ages in words",
    arguments: [
      ("Less than a second ago", 0), ("1 second ago", 1), ("59 seconds ago", 59), ("About a minute ago", 60),
      ("10 minutes ago", 600), ("About an hour ago", 3600), ("47 hours ago", 169_200), ("2 days ago", 172_800),
      ("3 weeks ago", 1_814_400), ("2 months ago", 5_184_000), ("2 years ago", 63_072_000),
      ("9223372036854775807 years ago", 9_223_372_036_854_775_807),
    ] as [(String, Int64)])
  func ages(_ text: String, _ seconds: Int64) { #expect(time(text) == .ago(.seconds(seconds))) }

  @Test("times by RFC 3339 and by Go, and none") func times() throws {
    let moment = try Timestamp(parsing: "2026-11-26T10:46:10.089587012Z")
    for text in [
      "2026-11-26T10:46:10.089587012Z", "2026-11-26 10:46:10.089587012 +0000 UTC",
      "2026-11-26 12:46:10.089587012 +0200 CEST",
      "2026-11-26 08:16:10.089587012 -0230 -0230 m=+3.5",
    ] {
      #expect(time(text) == .at(moment), "\(text)")
    }
    #expect(time("2026-11-26 10:46:10 +0000 UTC") == .at(try Timestamp(parsing: "2026-11-26T10:46:10Z")))
    for text in ["", "0001-01-01T00:00:00Z", "0001-01-01 00:00:00 +0000 UTC"] { #expect(time(text) == .never) }
    for text in [
      "yesterday", "ago", "minutes ago", "x minutes ago", "-1 minutes ago", "2026-11-26 10:46:10 UTC",
      "1 fortnight ago",
    ] {
      #expect(time(text) == nil, "\(text)")
    }
  }

  private func time(_ text: String) -> ListedTime? {
    var text = text
    return text.withUTF8 { ListedTime($0) }
  }

  @Test(
    "numbers of JSON are whole and fit, or are not",
    arguments: [
      ("0", 0), ("-0", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min), ("9223372036854775808", nil),
      ("1e3", 1000), ("1.50e1", 15), ("1.5", nil), ("1e-1", nil), ("10e-1", 1), ("0e99999999999999999999", 0),
      ("1e400", nil),
      ("922337203685477580.7e1", .max), ("1e-99999999999999999999", nil),
    ] as [(String, Int64?)])
  func numbers(_ text: String, _ value: Int64?) throws {
    #expect(try #require(JSONNumber(Array(text.utf8)[...])).whole == value)
  }

  @Test("what is no number", arguments: ["", "-", "01", "1.", ".5", "1e", "+1", "1-1", "0x1", "--1"])
  func noNumbers(_ text: String) { #expect(JSONNumber(Array(text.utf8)[...]) == nil) }
}
