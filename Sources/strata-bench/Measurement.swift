import Foundation

/// How long something took, over several runs.
struct Measurement: Encodable {
  let name: String
  let records: Int
  /// Milliseconds of each run, in order of size.
  let milliseconds: [Double]

  /// Runs something so many times.
  init(of name: String, records: Int, runs: Int, _ work: () async throws -> Void) async rethrows {
    var times: [Double] = []
    for _ in 0..<runs {
      let start = ContinuousClock.now
      try await work()
      times.append((ContinuousClock.now - start) / .milliseconds(1))
    }
    self.name = name
    self.records = records
    milliseconds = times.sorted()
  }

  /// The middle run; of an even number the upper of the two.
  var median: Double { milliseconds[milliseconds.count / 2] }

  var text: String {
    String(
      format: "%9d  %@ %10.3f ms  (%.3f to %.3f)", records, name.padding(toLength: 16, withPad: " ", startingAt: 0),
      median, milliseconds[0], milliseconds[milliseconds.count - 1])
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
