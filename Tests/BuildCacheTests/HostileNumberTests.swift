import CacheReport
import TestSupport
import Testing

@testable import BuildCache

@Suite("Numbers at the ends of what can be counted") struct HostileNumberTests {
  private static let sizes: [Int64] = [.min, -1, 0, 1, 1 << 62, .max - 1, .max]
  private static let counts = [Int.min, -1, 0, 1, Int.max - 1, Int.max]
  private static let times: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]

  private static func state(_ random: inout SeededGenerator) -> CacheState {
    var builder = CacheState.Builder()
    for number in 0..<random.pick(1...8) {
      func pick<T>(_ values: [T]) -> T { values[random.pick(0...(values.count - 1))] }
      let parents: [RecordID] = number > 0 && random.chance(50) ? ["r\(random.pick(0...(number - 1)))"] : []
      builder.add(
        CacheState.Row(
          id: "r\(number)", kind: nil, size: pick(sizes), createdAt: Timestamp(nanoseconds: pick(times)),
          lastUsedAt: random.chance(70) ? Timestamp(nanoseconds: pick(times)) : nil, usageCount: pick(counts),
          outsideRefs: random.chance(10) ? 1 : 0, isReferenced: random.chance(10)),
        parents: parents)
    }
    return builder.finish()
  }

  @Test("nothing overflows in a plan, what it tells, and what a filter compares") func plans() throws {
    let behaviors: [PruneBehavior] = [
      .embedded, .daemon(.current, restart: .before), .daemon(.seed, restart: .before),
      .daemon(.current, restart: .never),
    ]
    let filter = try Filter(parsing: ["age>0s", "size>=9223372036854775807", "uses>9223372036854775806"]).checked()
    for seed in 1...UInt64(long(400)) {
      var random = SeededGenerator(seed)
      let state = Self.state(&random)
      func pick<T>(_ values: [T]) -> T { values[random.pick(0...(values.count - 1))] }
      let policies = (0..<random.pick(1...3)).map { _ in
        PrunePolicy(
          all: random.chance(50), filter: random.chance(20) ? filter : .all,
          keepDuration: TimeSpan(nanoseconds: random.chance(40) ? pick(Self.times) : 0),
          limits: SpaceLimits(
            reserved: pick(Self.sizes + [0, 0, 0]), maxUsed: pick(Self.sizes + [0, 0]), minFree: pick(Self.sizes)))
      }
      let now = Timestamp(nanoseconds: pick(Self.times))
      let plan = try PrunePlan(
        state, policies: policies, behavior: pick(behaviors), now: now, free: random.chance(80) ? pick(Self.sizes) : nil
      )
      #expect(plan.freed >= 0 && plan.before >= 0 && plan.after >= 0)
      for rule in plan.rules {
        for count in 0...rule.order.count {
          #expect(rule.remaining(after: count) >= 0 && rule.freed(after: count) >= 0)
        }
      }
      #expect(plan.count + plan.kept.count == state.rows.count)
      for row in state.rows.indices {
        #expect(!plan.explanation(ofRow: row, now: now, in: .si, naming: \.id.text).isEmpty)
        #expect(state.sizeWithAncestors(of: row) >= 0 && state.sizeWithDescendants(of: row) >= 0)
      }
      #expect(state.sizesWithDescendants() == state.rows.indices.map { state.sizeWithDescendants(of: $0) })
      _ = plan.limited(to: SpaceLimits(maxUsed: pick(Self.sizes)))
      _ = try PrunePlan(state, removing: state.rows.indices)
      _ = state.matches(filter, now: now)
    }
  }

  @Test("sizes, durations and times that are made up are read or refused") func texts() {
    let parts = [
      "9223372036854775807", "9223372036854775808", "99999999999999999999999", "0", "1", "-", "+", ".", "e", "1e400",
      "s",
      "m", "h", "d", " ", "TiB", "GB", "B", "kB", "%", "٣", "nan", "inf", ":", "T", "Z", "2026-11-24T03:41:16",
      "0000-01-01T00:00:00", "1677-09-21T00:12:43.145224192", "2262-04-11T23:47:16.854775807",
      "2261-12-31T23:59:59.999999999", "+23:59", "-23:59", "\u{0}", "é",
    ]
    for seed in 1...UInt64(long(3000)) {
      var random = SeededGenerator(seed)
      let text = (0..<random.pick(1...6)).map { _ in parts[random.pick(0...(parts.count - 1))] }.joined()
      if let count = try? ByteCount(parsing: text, of: "x") { #expect(count.bytes >= 0, "\(text)") }
      if let span = try? TimeSpan(parsing: text, of: "x") { #expect(!span.ageText.isEmpty && span.nanoseconds >= 0) }
      if let time = try? Timestamp(parsing: text) {
        #expect((try? Timestamp(parsing: time.text)) == time, "\(text)")
      }
    }
    for time in Self.times {
      let moment = Timestamp(nanoseconds: time)
      #expect((try? Timestamp(parsing: moment.text)) == moment)
      for other in Self.times {
        #expect(!moment.since(Timestamp(nanoseconds: other)).ageText.isEmpty)
        #expect(moment.advanced(by: TimeSpan(nanoseconds: other)).nanoseconds == time.addingSaturating(other))
      }
      for size in Self.sizes where size >= 0 { #expect(!ByteCount(size).text.isEmpty) }
    }
  }

  @Test(
    "products stay at the ends",
    arguments: [
      (.max, 2, .max), (.max, -2, .min), (.min, -1, .max), (.min, 2, .min), (3, -4, -12), (0, .min, 0),
    ] as [(Int64, Int64, Int64)])
  func products(_ a: Int64, _ b: Int64, _ product: Int64) {
    #expect(a.multipliedSaturating(by: b) == product)
  }
}
