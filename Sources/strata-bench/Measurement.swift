import Foundation

/// What several runs of something took, and how that compares with something else in the same run.
struct Measurement: Encodable {
  /// What was measured.
  let name: String
  /// How many records the cache had.
  let records: Int
  /// What the numbers count.
  var unit = "ms"
  /// Each run, in order of size.
  let values: [Double]
  /// What it is compared with, and how many times that it takes.
  var comparison: Ratio?
  /// The most memory that the process had, in bytes, where it was a process of its own.
  var peakMemory: Int?

  struct Ratio: Encodable {
    let with: String
    let ratio: Double
  }

  init(of name: String, records: Int, values: [Double]) {
    self.name = name
    self.records = records
    self.values = values.sorted()
  }

  /// Runs something so many times, and takes the time of each.
  init(of name: String, records: Int, runs: Int, _ work: () async throws -> Void) async rethrows {
    var times: [Double] = []
    for _ in 0..<runs { times.append(try await milliseconds(work)) }
    self.init(of: name, records: records, values: times)
  }

  /// The middle run; of an even number the upper of the two.
  var median: Double { values[values.count / 2] }
  /// What 99 in 100 don't exceed.
  var percentile99: Double { values[(values.count * 99 + 99) / 100 - 1] }

  /// The same with a word on how it compares.
  func compared(with other: Measurement?) -> Measurement {
    guard let other, other.median > 0 else { return self }
    var copy = self
    copy.comparison = Ratio(with: other.name, ratio: median / other.median)
    return copy
  }

  var text: String {
    var text = String(
      format: "%9d  %@ %10.3f %@  (%.3f to %.3f)", records, name.padding(toLength: 28, withPad: " ", startingAt: 0),
      median, unit, values[0], values[values.count - 1])
    if values.count >= 100 { text += String(format: "  99%%: %.3f", percentile99) }
    if let comparison { text += String(format: "  %.2f times %@", comparison.ratio, comparison.with) }
    if let peakMemory { text += "  \(peakMemory / 1_000_000) MB" }
    return text
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  private enum CodingKeys: CodingKey { case name, records, unit, values, median, percentile99, comparison, peakMemory }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(records, forKey: .records)
    try container.encode(unit, forKey: .unit)
    try container.encode(median, forKey: .median)
    if values.count >= 100 { try container.encode(percentile99, forKey: .percentile99) }
    try container.encode(values, forKey: .values)
    try container.encodeIfPresent(comparison, forKey: .comparison)
    try container.encodeIfPresent(peakMemory, forKey: .peakMemory)
  }
}

/// How long something takes.
func milliseconds(_ work: () async throws -> Void) async rethrows -> Double {
  let start = ContinuousClock.now
  try await work()
  return (ContinuousClock.now - start) / .milliseconds(1)
}
