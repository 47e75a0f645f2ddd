import BuildCache
import Testing

@Suite("Sizes, durations and times as text") struct TextFormTests {
  @Test(
    "sizes",
    arguments: [
      ("0", 0), ("512B", 512), ("1B", 1), ("1kB", 1000), ("1.5GB", 1_500_000_000), ("20 GiB", 21_474_836_480),
      ("1mib", 1_048_576), ("9223372036854775807B", Int64.max),
    ])
  func sizes(_ text: String, _ bytes: Int64) throws {
    #expect(try ByteCount(parsing: text, of: "--keep-storage").bytes == bytes)
  }

  @Test(
    "no sizes",
    arguments: ["", "x", "-1", "8000", "0.5", "20G", "1e3", "GB", "9999999TB", "1.2.3MB", "nan", "inf", "٣"])
  func noSizes(_ text: String) {
    #expect {
      try ByteCount(parsing: text, of: "--keep-storage")
    } throws: { error in
      (error as? CacheError)?.code == .badInput && (error as? CacheError)?.message.hasPrefix("--keep-storage: ") == true
    }
  }

  @Test(
    "sizes are printed with one decimal",
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"),
      (1_900_000_000, "1.9 GB"), (512_000_000, "512.0 MB"), (Int64.max, "9.2 EB"), (-2500, "-2.5 kB"),
    ] as [(Int64, String)])
  func printedSizes(_ bytes: Int64, _ text: String) {
    #expect(ByteCount(bytes).text == text)
  }

  @Test(
    "sizes in other units",
    arguments: [
      (0, "0 B", "0 B"), (1023, "1,023 B", "1,023 B"), (1024, "1.0 KiB", "1,024 B"), (1536, "1.5 KiB", "1,536 B"),
      (1_048_524, "1023.9 KiB", "1,048,524 B"), (1_048_525, "1.0 MiB", "1,048,525 B"),
      (1_900_000_000, "1.8 GiB", "1,900,000,000 B"), (320_000_000_000_000, "291.0 TiB", "320,000,000,000,000 B"),
      (Int64.max, "8.0 EiB", "9,223,372,036,854,775,807 B"), (-2500, "-2.4 KiB", "-2,500 B"),
    ] as [(Int64, String, String)])
  func otherUnits(_ bytes: Int64, _ iec: String, _ exact: String) {
    #expect(ByteCount(bytes).text(in: .iec) == iec)
    #expect(ByteCount(bytes).text(in: .bytes) == exact)
  }

  @Test("the widest size of any units fits the width that they name, and units go round")
  func widths() {
    var random = SeededGenerator(7)
    for units in ByteUnits.allCases {
      for _ in 0..<2000 {
        let most = Int64(random.next() >> UInt64.random(in: 1...63, using: &random))
        let bytes = Int64.random(in: 0...most, using: &random)
        #expect(ByteCount(bytes).text(in: units).count <= units.width(upTo: most), "\(bytes) of \(most), \(units)")
      }
      #expect(units.next.next.next == units && units.next != units)
    }
  }

  @Test("a size and all its bytes, where they are more")
  func exactSizes() {
    #expect(ByteCount(999).exactText(in: .si) == "999 B")
    #expect(ByteCount(1_900_000_000).exactText(in: .si) == "1.9 GB (1,900,000,000 B)")
    #expect(ByteCount(1_900_000_000).exactText(in: .iec) == "1.8 GiB (1,900,000,000 B)")
    #expect(ByteCount(1_900_000_000).exactText(in: .bytes) == "1,900,000,000 B")
  }

  @Test("durations", arguments: [("90s", 90), ("45m", 2700), ("48h", 172_800), ("7d", 604_800), ("1h30m", 5400)])
  func durations(_ text: String, _ seconds: Int64) throws {
    #expect(try TimeSpan(parsing: text, of: "--keep-duration") == .seconds(seconds))
  }

  @Test(
    "durations are printed in all their units, and read back",
    arguments: [(0, "0s"), (59, "59s"), (604_801, "7d1s"), (95_400, "1d2h30m"), (Int64.max / 1_000_000_000, nil)]
      as [(Int64, String?)])
  func printedDurations(_ seconds: Int64, _ text: String?) throws {
    let printed = TimeSpan(nanoseconds: seconds * 1_000_000_000 + 854_775_807).text
    if let text { #expect(printed == text) }
    #expect(try TimeSpan(parsing: printed, of: "x") == .seconds(seconds))
    #expect(TimeSpan.seconds(-90).text == "-1m30s")
  }

  @Test("no durations", arguments: ["", "7", "d", "-1h", "1w", "1.5h", "999999999999d", "9999999999999999999s"])
  func noDurations(_ text: String) {
    #expect(throws: CacheError.self) { try TimeSpan(parsing: text, of: "--keep-duration") }
  }

  @Test("ages are short", arguments: [(3, "now"), (45, "45s"), (720, "12m"), (7200, "2h"), (260_000, "3d")])
  func ages(_ seconds: Int64, _ text: String) {
    #expect(TimeSpan.seconds(seconds).ageText == text)
  }

  @Test(
    "times go both ways",
    arguments: [
      "1970-01-01T00:00:00Z", "2026-11-24T03:41:16.536723265Z", "2024-02-29T23:59:59.1Z",
      "1969-12-31T23:59:59.999999999Z",
      "1900-03-01T00:00:00Z", "2261-12-31T00:00:00Z", "1677-09-21T00:12:43.145224192Z",
      "2262-04-11T23:47:16.854775807Z",
    ])
  func times(_ text: String) throws {
    #expect(try Timestamp(parsing: text).text == text)
  }

  @Test("times with offsets") func offsets() throws {
    #expect(try Timestamp(parsing: "2026-11-24T05:41:16.5+02:00").text == "2026-11-24T03:41:16.5Z")
    #expect(try Timestamp(parsing: "2026-01-01t00:00:00-00:30").text == "2026-01-01T00:30:00Z")
  }

  @Test(
    "no times",
    arguments: [
      "", "2026-11-24", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T03:41:16",
      "2026-11-24T03:41:60Z", "2026-11-24T03:41:16.Z", "2026-11-24T03:41:16.1234567890Z", "1500-01-01T00:00:00Z", "x",
      "1677-09-21T00:12:43.145224191Z", "2262-04-11T23:47:16.854775808Z", "2262-04-11T23:47:16.854775807-00:01",
      "0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
    ])
  func noTimes(_ text: String) {
    #expect(throws: CacheError.self) { try Timestamp(parsing: text) }
  }
}
