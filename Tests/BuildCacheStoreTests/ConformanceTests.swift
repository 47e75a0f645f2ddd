import Foundation
import Testing

/// A list of operations with the answers that the original manager gave.
struct Scenario: Decodable, CustomTestStringConvertible, Sendable {
  let name: String
  let ops: [JSON]
  var testDescription: String { name }

  /// The scenarios beside this file: all that need no blobs.
  static let all: [Scenario] = {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Conformance")
    let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    return files.sorted { $0.path < $1.path }.flatMap { file -> [Scenario] in
      let data = (try? Data(contentsOf: file)) ?? Data()
      let texts = file.pathExtension == "jsonl" ? data.split(separator: 10).map { Data($0) } : [data]
      return texts.map { text in
        do { return try JSONDecoder().decode(Scenario.self, from: text) } catch {
          return Scenario(name: "\(file.lastPathComponent) can't be read: \(error)", ops: [.null])
        }
      }
    }
  }()
}

@Suite("Conformance with the original") struct ConformanceTests {
  @Test("scenarios are there") func scenariosAreThere() {
    #expect(Scenario.all.count >= 85)
  }

  @Test("scenario", arguments: Scenario.all) func scenario(_ scenario: Scenario) async throws {
    let runner = try ScenarioRunner()
    for (number, op) in scenario.ops.enumerated() {
      let answer = try await runner.run(op)
      guard answer == op["expect"] else {
        Issue.record("operation \(number) \(op["op"] ?? .null)\nexpected \(op["expect"] ?? .null)\nanswered \(answer)")
        return
      }
    }
  }
}
