import BuildCache
import CacheReport
import TestSupport
import Testing

@Suite("Growth of a cache") struct GrowthTests {
  private static let now = Timestamp(nanoseconds: 1_790_000_000_000_000_000)

  /// A cache in which each day, counted back from today, made so many records of so many bytes.
  private func cache(
    _ days: [(records: Int, bytes: Int64)], ahead: Int = 0, _ change: (inout CacheState.Row) -> Void = { _ in }
  ) -> CacheState {
    var builder = CacheState.Builder()
    func add(_ id: RecordID, _ hours: Int64, _ bytes: Int64) {
      var row = CacheState.Row(
        id: id, kind: nil, size: bytes, createdAt: Self.now.advanced(by: .seconds(-3600 * hours)))
      change(&row)
      builder.add(row, parents: [])
    }
    for (day, made) in days.enumerated() {
      for number in 0..<made.records { add("d\(day)n\(number)", Int64(day) * 24 + 3, made.bytes) }
    }
    for number in 0..<ahead { add("ahead\(number)", -48, 1000) }
    return builder.finish()
  }

  private let steady = [(records: Int, bytes: Int64)](repeating: (4, 250), count: 15)

  @Test("bytes that a day adds, over the days that there are") func estimate() {
    let growth = GrowthEstimate(cache(steady), now: Self.now)
    #expect(growth?.bytesPerDay == 1000 && growth?.days == 14 && growth?.records == 56)
    // What is older than four weeks tells of another time, and the days off count.
    let old = GrowthEstimate(
      cache((0..<60).map { $0 % 7 < 5 ? (2, 700) : (0, 0) }), now: Self.now)
    #expect(old?.days == 28 && old?.bytesPerDay == 1000)
  }

  @Test("one day that is like no other does not carry the rest") func hugeDay() {
    var days = steady
    days[3] = (1, 1_000_000_000)
    #expect(GrowthEstimate(cache(days), now: Self.now)?.bytesPerDay == 1000)
    days[3] = (0, 0)
    days[4] = (40, 1 << 60)
    #expect((GrowthEstimate(cache(days), now: Self.now)?.bytesPerDay ?? 0) < 1000)
  }

  @Test("where it would be a guess nothing is said") func nothing() {
    let cases: [(String, CacheState)] = [
      ("few days", cache(Array(steady.prefix(6)))), ("few records", cache([(1, 500)] + steady.map { _ in (1, 500) })),
      ("few busy days", cache((0..<15).map { $0 % 5 == 0 ? (20, 100) : (0, 0) })),
      ("all of late", cache((0..<20).map { $0 < 8 ? (4, 250) : ($0 == 19 ? (1, 1) : (0, 0)) })),
      ("a clock ahead", cache(steady, ahead: 10)), ("all shared", cache(steady) { $0.isReferenced = true }),
      ("images' own times", cache(steady) { $0.description = "pulled from docker.io/library/node:20" }),
      ("nothing measured", cache(steady) { $0.size = 0 }), ("no record", .empty),
    ]
    for (name, state) in cases { #expect(GrowthEstimate(state, now: Self.now) == nil, "\(name)") }
    #expect(GrowthEstimate(cache(steady, ahead: 2), now: Self.now) != nil)
  }

  @Test("times at the ends of what can be counted do no harm") func extremes() {
    var builder = CacheState.Builder()
    for (number, time) in [Int64.min, .max, 0, -1, 1].enumerated() {
      for copy in 0..<10 {
        builder.add(
          CacheState.Row(
            id: "r\(number)-\(copy)", kind: nil, size: .max, createdAt: Timestamp(nanoseconds: time)), parents: [])
      }
    }
    let state = builder.finish()
    for now in [Int64.min, .max, 0] { _ = GrowthEstimate(state, now: Timestamp(nanoseconds: now)) }
  }

  private func words(_ limits: SpaceLimits, free: Int64? = nil, _ state: CacheState? = nil) throws -> String? {
    let state = state ?? cache(steady)
    let plan = try PrunePlan(
      state, policies: [PrunePolicy(keepDuration: .seconds(90 * 86_400), limits: limits)],
      behavior: .daemon(.current, restart: .never), now: Self.now, free: free)
    return GrowthForecast(plan, GrowthEstimate(state, now: Self.now))?.words(in: .si)
  }

  @Test("when a plan's limit is met, and nothing where none is ahead") func forecast() throws {
    // 15,000 bytes are there, a thousand come a day.
    #expect(try words(SpaceLimits(maxUsed: 24_000)) == "an estimate: at 1.0 kB a day the cap is met in about 9 days")
    #expect(try words(SpaceLimits(maxUsed: 15_100))?.hasSuffix("the cap is met in less than a day") == true)
    #expect(try words(SpaceLimits(maxUsed: 16_000))?.hasSuffix("in about a day") == true)
    #expect(try words(SpaceLimits(maxUsed: .max))?.hasSuffix("in more than 42 days") == true)
    #expect(
      try words(SpaceLimits(maxUsed: 1 << 50, minFree: 5000), free: 25_000)?.hasSuffix("in about 20 days") == true)
    #expect(try words(.none) == nil)
    #expect(try words(SpaceLimits(maxUsed: 24_000), cache(Array(steady.prefix(5)))) == nil)
    let state = cache(steady)
    let plan = try PrunePlan(state, policies: [PrunePolicy(limits: SpaceLimits(maxUsed: 5250))], now: Self.now)
    #expect(plan.count > 0)
    let again = GrowthForecast(plan, GrowthEstimate(state, now: Self.now))
    #expect(again?.words(in: .si) == "an estimate: at 1.0 kB a day the cap is met again in less than a day")
  }
}
