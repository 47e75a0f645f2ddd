import BuildCache
import CacheReport

/// A cache as it was read, with what the frame tells of it; made aside, as it takes a look at every record.
struct Inventory: Sendable {
  /// What was read.
  private(set) var reading: Reading
  /// What the records take together.
  let totals: UsageTotals
  /// The letters of an id that tell any two records apart, 8 at least.
  let idWidth: Int

  /// Adds up what was read.
  ///
  /// - Complexity: O(n log n).
  init(_ reading: Reading) {
    self.reading = reading
    totals = UsageTotals(reading.state)
    idWidth = Self.idWidth(reading.state)
  }

  /// Takes a reading of the same records.
  mutating func take(unchanged reading: Reading) {
    let state = self.reading.state
    self.reading = reading
    self.reading.state = state
  }

  /// The first note, and how many more there are; empty where there are none.
  var summary: String {
    guard let first = reading.notes.first else { return "" }
    return reading.notes.count == 1 ? first : "\(reading.notes.count) notes; first: \(first)"
  }

  /// How many letters tell any two ids apart: two neighbours in order are the most alike.
  private static func idWidth(_ cache: CacheState) -> Int {
    let (least, most) = (8, 25)
    // Most caches tell all their records apart by the least: that is a number each, and quick to see.
    let heads = cache.rows.map { row in
      row.id.text.utf8.prefix(least).reduce(UInt64(row.id.text.utf8.count < least ? 1 : 0)) { $0 << 8 | UInt64($1) }
    }.sorted()
    guard zip(heads, heads.dropFirst()).contains(where: { $0 == $1 }) else { return least }
    let ids = cache.rows.map(\.id).sorted()
    let alike =
      zip(ids, ids.dropFirst()).map { a, b in zip(a.text.utf8, b.text.utf8).prefix { $0 == $1 }.count }.max() ?? 0
    return min(most, max(least, alike + 1))
  }
}
