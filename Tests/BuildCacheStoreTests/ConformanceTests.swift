import Foundation
import Testing

/// A list of operations with the answers that the original manager gave.
struct Scenario: Decodable, CustomTestStringConvertible, Sendable {
  let name: String
  let ops: [JSON]
  var testDescription: String { name }

  /// The scenarios beside this file, and those in the folder that `STRATA_CONFORMANCE` names.
  static let all: [Scenario] = {
    let own = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Conformance")
    let more = ProcessInfo.processInfo.environment["STRATA_CONFORMANCE"].map { URL(filePath: $0) }
    return ([own] + [more].compactMap(\.self)).flatMap(scenarios)
  }()

  private static func scenarios(in folder: URL) -> [Scenario] {
    let files: [URL]
    do { files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) } catch {
      return [Scenario(name: "\(folder.path) can't be read: \(error)", ops: [.null])]
    }
    return files.filter { ["json", "jsonl"].contains($0.pathExtension) }.sorted { $0.path < $1.path }
      .flatMap { file -> [Scenario] in
        let data = (try? Data(contentsOf: file)) ?? Data()
        let texts = file.pathExtension == "jsonl" ? data.split(separator: 10).map { Data($0) } : [data]
        return texts.map { text in
          do { return try JSONDecoder().decode(Scenario.self, from: text) } catch {
            return Scenario(name: "\(file.lastPathComponent) can't be read: \(error)", ops: [.null])
          }
        }
      }
  }
}

@Suite("Conformance with the original") struct ConformanceTests {
  @Test("every scenario is answered as the original answered it") func scenarios() async throws {
    let scenarios = Scenario.all
    let operations = try await withThrowingTaskGroup(of: Int.self) { group in
      for scenario in scenarios { group.addTask { try await Self.play(scenario) } }
      return try await group.reduce(0, +)
    }
    print("ran \(scenarios.count) scenarios, \(operations) operations")
    #expect(scenarios.count >= 331)
  }

  /// Plays a scenario as far as its answers are right.
  ///
  /// - Returns: how many operations were run.
  private static func play(_ scenario: Scenario) async throws -> Int {
    let runner = try ScenarioRunner()
    for (number, op) in scenario.ops.enumerated() {
      let answer: JSON
      do { answer = try await runner.run(op) } catch { answer = .string("threw \(error)") }
      guard answer == op["expect"] else {
        Issue.record(
          "\(scenario.name), operation \(number): \(op["op"] ?? .null)\nexpected \(op["expect"] ?? .null)\nanswered \(answer)"
        )
        return number + 1
      }
    }
    return scenario.ops.count
  }
}
