import BuildCache
import BuildKitBridge
import CacheReport
import Foundation
import SystemPackage

/// What a saved list takes: the records as `buildctl du --format '{{json .}}'` prints them, the smallest first.
struct ListBenchmarks {
  let workload: Workload
  let root: FilePath
  let runs: Int
  let screen: ScreenBenchmarks

  private var file: FilePath { root.appending("list.json") }

  /// Reading it, its first rows, and what `jq length` needs for it, from exec to end; then the explorer on it.
  func all() async throws -> [Measurement] {
    try workload.list().write(to: URL(filePath: file.string))
    let count = workload.records.count
    let source = try SavedList(readingFrom: file.string)
    var times: [Double] = []
    for _ in 0..<runs {
      guard let time = try await TerminalProgram.time(["jq", "length", file.string]) else { break }
      times.append(time)
    }
    let jq = times.isEmpty ? nil : Measurement(of: "jq length", records: count, values: times)
    let read = try await Measurement(of: "read a list", records: count, runs: runs) { _ = try await source.read() }
    let first = try await Measurement(of: "first rows of a list", records: count, runs: runs) {
      _ = try await source.glimpse(of: 50)
    }
    return [read.compared(with: jq), first] + [jq].compactMap(\.self)
      + (try await screen.firstFrame(of: ["--from", file.string], named: "list: "))
  }
}

extension Workload {
  /// The records as a list, in the order in which `buildctl` prints them.
  fileprivate func list() throws -> Data {
    let rows = records.sorted { ($0.size ?? 0, $0.id) < ($1.size ?? 0, $1.id) }.map { record in
      var row = UsageRow(id: record.id, size: record.size ?? 0, createdAt: record.createdAt)
      row.lastUsedAt = record.lastUsedAt
      row.usageCount = record.usageCount
      row.parents = record.parents.all
      row.description = record.description
      return row
    }
    return try JSONEncoder().encode(rows)
  }
}
