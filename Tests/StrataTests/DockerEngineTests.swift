import Foundation
import SystemPackage
import TestSupport
import Testing

/// What Strata says of an engine's folder and list, beside what that engine then does.
@Suite("A Docker engine", .serialized) struct DockerEngineTests {
  private func strata(_ arguments: [String]) async throws -> String {
    let result = try await Program.run(arguments)
    #expect(result.code == 0, "\(arguments): \(result.errors)")
    return result.output
  }

  /// The ids of a plan, in order.
  private func plan(_ arguments: [String]) async throws -> [String] {
    let output = try await strata(["prune", "--dry-run", "--format", "json"] + arguments)
    let plan = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
    return (plan?["plan"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
  }

  private static let base = "FROM scratch AS base\nCOPY busybox /bin/busybox\nCOPY busybox /bin/sh\n"

  /// A handful of builds: layers over each other, copies, cache mounts that some share, an image over another's files;
  /// some images are removed again.
  private func build(_ round: Int, on engine: DockerEngine) async throws -> String? {
    for number in 0..<4 {
      let steps = """
        RUN /bin/busybox dd if=/dev/zero of=/a bs=1000 count=\(300 + 50 * number + round)
        RUN --mount=type=cache,target=/c,id=mount\(number % 2) /bin/busybox dd if=/dev/zero of=/c/\(round)\(number) bs=1000
        COPY file /file
        """.replacing("bs=1000\n", with: "bs=1000 count=\(200 + number)\n")
      let file = Data(repeating: UInt8(number), count: 10_000 * (number + 1) + round)
      if let problem = try await engine.build("app\(round):\(number)", Self.base + steps, file: file) { return problem }
    }
    let joined = Self.base + "RUN /bin/busybox dd if=/dev/zero of=/b bs=1000 count=\(90 + round)\n"
    let over = joined + "FROM scratch\nCOPY --from=base /b /b\n"
    if let problem = try await engine.build("over\(round)", over, file: Data()) { return problem }
    for number in [0, 2] { try await engine.forget("app\(round):\(number)") }
    return nil
  }

  @Test("lists what it says, and removes what was planned: running, started anew, by limit and without")
  func engine() async throws {
    if let obstacle = DockerEngine.obstacle { return print("no Docker engine is tried: \(obstacle)") }
    let engine = try DockerEngine()
    if let problem = try await engine.start() { return print("no Docker engine is tried, it said: \(problem)") }
    defer { engine.stop() }
    if let problem = try await build(1, on: engine) { return print("no Docker engine is tried: \(problem)") }
    #expect(try await build(2, on: engine) == nil)
    let folder = ["--buildkit-root", engine.dataRoot.string]

    // Its list, and what the folder tells.
    _ = try await engine.ask("/system/df")
    let answer = try await engine.ask("/system/df")
    let listed = try #require(answer["BuildCache"] as? [[String: Any]])
    let told = try #require(
      JSONSerialization.jsonObject(with: Data(try await strata(["du", "--format", "json"] + folder).utf8))
        as? [[String: Any]])
    func facts(_ rows: [[String: Any]], _ id: String, _ size: String, _ shared: String, _ uses: String) -> [String] {
      rows.map { "\($0[id] ?? "") \($0[size] ?? "") \($0[shared] ?? "") \($0[uses] ?? "")" }.sorted()
    }
    #expect(told.count > 30)
    #expect(
      facts(told, "id", "size", "shared", "usageCount") == facts(listed, "ID", "Size", "Shared", "UsageCount"))

    // The list and the folder plan what the running engine does.
    let list = try ScratchFolder()
    let file = list.path.appending("df.json").string
    try JSONSerialization.data(withJSONObject: answer).write(to: URL(filePath: file))
    let some = ["--all", "--keep-storage", "12000000B"]
    let planned = try await plan(folder + some)
    #expect(try await plan(["--from", file, "--ranking", "seed"] + some) == planned)
    #expect(!planned.isEmpty && planned.count < told.count)
    #expect(try await engine.prune(keeping: 12_000_000, all: true) == planned)

    // The same where it is started anew between the plan and the prune, and again while it runs.
    #expect(try await build(3, on: engine) == nil)
    engine.stop()
    let atRest = try await plan(folder + ["--keep-storage", "9000000B"])
    #expect(try await engine.start() == nil)
    #expect(!atRest.isEmpty)
    #expect(try await engine.prune(keeping: 9_000_000) == atRest)
    #expect(try await build(4, on: engine) == nil)
    _ = try await engine.ask("/system/df")
    let again = try await plan(folder + ["--keep-storage", "8000000B"])
    #expect(!again.isEmpty)
    #expect(try await engine.prune(keeping: 8_000_000) == again)

    // Without a limit no order is promised.
    let all = try await plan(folder)
    #expect(Set(try await engine.prune(keeping: nil)) == Set(all))
  }

  /// A prune that an engine carried out, as JSON tells it.
  private struct Pruned: Decodable {
    struct Outcome: Decodable {
      let asForeseen: Bool
      let went: [String]
      let order: String
      let differences: [String]
    }
    let outcome: Outcome
  }

  @Test("what docker save writes comes in, of one image and of several, and docker load takes what goes out")
  func images() async throws {
    if let obstacle = DockerEngine.obstacle { return print("no Docker engine is tried: \(obstacle)") }
    let engine = try DockerEngine()
    if let problem = try await engine.start() { return print("no Docker engine is tried, it said: \(problem)") }
    defer { engine.stop() }
    let (one, two) = ("FROM scratch\nCOPY file /one\n", "FROM scratch\nCOPY file /one\nCOPY busybox /two\n")
    for (name, text) in [("one:1", one), ("team/two:2", two)] {
      if let problem = try await engine.build(name, text, file: Data(repeating: 65, count: 300_000)) {
        return print("no Docker engine is tried: \(problem)")
      }
    }
    let scratch = try ScratchFolder()
    let script = """
      export DOCKER_HOST=unix://\(engine.socket) HOME='\(scratch.path)'; cd '\(scratch.path)'
      strata() { '\(try Program.path)' "$@" --root r; }
      before=$('\(engine.client)' images -q --no-trunc team/two:2)
      '\(engine.client)' save one:1 team/two:2 | strata import - --all >all; wc -l <all
      '\(engine.client)' save one:1 team/two:2 >both.tar; strata import both.tar --image two:2 2>/dev/null || echo none
      strata import both.tar --image team/two:2 --tag >two; cut -d' ' -f1 all | grep -c -F -f - two
      '\(engine.client)' save $before | strata import - | cmp - two
      '\(engine.client)' rmi -f team/two:2 one:1 >load; strata export $(tail -1 two) - --docker | '\(engine.client)' load
      test $before = $('\(engine.client)' images -q --no-trunc team/two:2); strata verify
      """
    let result = try await Program.tool("sh", ["-euc", script])
    #expect(
      result.output == "3\nnone\n2\nLoaded image: team/two:2\nAll is well.\n" && result.code == 0, "\(result.errors)")
  }

  private func prune(_ arguments: [String]) async throws -> Pruned.Outcome {
    let output = try await strata(["prune", "--yes", "--expect", "--format", "json"] + arguments)
    return try JSONDecoder().decode(Pruned.self, from: Data(output.utf8)).outcome
  }

  @Test("asked while it runs it lists, and prunes by limit, filter, mark and id just what was foreseen")
  func running() async throws {
    if let obstacle = DockerEngine.obstacle { return print("no Docker engine is tried: \(obstacle)") }
    let engine = try DockerEngine()
    if let problem = try await engine.start() { return print("no Docker engine is tried, it said: \(problem)") }
    defer { engine.stop() }
    if let problem = try await build(1, on: engine) { return print("no Docker engine is tried: \(problem)") }
    #expect(try await build(2, on: engine) == nil)
    let asked = ["--docker-socket", engine.socket.string]

    let listed = try #require(try await engine.ask("/system/df")["BuildCache"] as? [[String: Any]])
    let told = try #require(
      JSONSerialization.jsonObject(with: Data(try await strata(["du", "--format", "json"] + asked).utf8))
        as? [[String: Any]])
    #expect(Set(told.map { "\($0["id"] ?? "")" }) == Set(listed.map { "\($0["ID"] ?? "")" }) && told.count > 30)

    let limit = ["--all", "--keep-storage", "12000000B"]
    let planned = try await plan(asked + limit)
    let byLimit = try await prune(asked + limit)
    #expect(byLimit.asForeseen && byLimit.went == planned && !planned.isEmpty, "\(byLimit.differences)")
    #expect(["kept", "tie"].contains(byLimit.order))

    // Through the docker client, which takes the engine from its own variables.
    let byFilter = try await Program.run(
      [
        "prune", "--yes", "--format", "json", "--docker", "--docker-path", engine.client, "--filter",
        "type==exec.cachemount",
      ],
      environment: ["DOCKER_HOST": "unix://\(engine.socket)"])
    #expect(byFilter.code == 0, "\(byFilter.errors)")
    let cacheMounts = try JSONDecoder().decode(Pruned.self, from: Data(byFilter.output.utf8)).outcome
    #expect(cacheMounts.asForeseen && !cacheMounts.went.isEmpty, "\(cacheMounts.differences)")

    // A filter that no engine can be told: by ids.
    let small = try await prune(asked + ["--filter", "size>300kB"])
    #expect(small.asForeseen && !small.went.isEmpty, "\(small.differences)")

    // The largest, marked with all that hangs on it on the screen.
    #expect(try await build(3, on: engine) == nil)
    let screen = try await strata(["explore", "--keys", "Mdy", "--print"] + asked)
    #expect(screen.contains("removed ") && screen.contains("as foreseen"), "\(screen)")

    let left = try await plan(asked + ["--all"])
    let removed = try await strata(["rm", "--yes"] + asked + [try #require(left.first)])
    #expect(removed.contains("removed \(left[0])"))
    #expect(try await !plan(asked + ["--all"]).contains(left[0]))
  }
}
