import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite("strata builders", .serialized) struct BuildersCommandTests {
  private let scratch: ScratchFolder
  private var folder: String { scratch.path.string }

  init() throws { scratch = try ScratchFolder() }

  /// Rows of `buildctl du --format '{{json .}}'`.
  private func rows(_ sizes: [Int]) -> String {
    let rest =
      #""mutable":false,"inUse":false,"createdAt":"2026-11-01T00:00:00Z","lastUsedAt":"2026-11-02T00:00:00Z","#
      + #""usageCount":1,"parents":[],"description":"x","recordType":"regular","shared":false}"#
    let rows = sizes.enumerated().map { number, size in
      #"{"id":"record\#(number)\#(size)","size":\#(size),"# + rest
    }
    return "[" + rows.joined(separator: ",") + "]"
  }

  /// A stand-in for buildctl: it answers as recorded, by the address that it is asked for. `tcp://silent` never does.
  private func buildctl() throws -> String {
    let worker =
      #"[{"id":"w","buildkitVersion":{"version":"v0.32.2"},"gcPolicy":[{"all":true,"maxUsedSpace":10000}]}]"#
    let script = """
      #!/bin/sh
      # a stand-in for buildctl
      address=$2
      case "$address $3" in
        'tcp://one du') echo '\(rows([4000, 2000]))' ;;
        'tcp://two du') echo '\(rows([9000, 1500, 700]))' ;;
        tcp://silent*) exec sleep 600 ;;
        'tcp://one debug' | 'tcp://two debug') echo '\(worker)' ;;
        'tcp://odd '*) printf 'error: \\033[31mred\\033[0m and \\342\\200\\256back\\n' >&2; exit 1 ;;
        *) echo 'error: failed to call diskusage: Unavailable: dial tcp: connect: connection refused' >&2; exit 1 ;;
      esac
      """
    let path = folder + "/buildctl"
    try Data(script.utf8).write(to: URL(filePath: path))
    chmod(path, 0o755)
    return path
  }

  private func run(_ command: String, _ addresses: [String], _ more: String...) async throws -> Program.Result {
    let path = try buildctl()
    return try await Program.run(
      [command] + addresses.flatMap { ["--buildctl-addr", "tcp://" + $0] } + ["--buildctl-path", path] + more)
  }

  private func objects(_ text: String) throws -> [[String: Any]] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
  }

  @Test("lists those that are named, what hurts most first, with a sum; one that doesn't answer is a line")
  func table() async throws {
    let result = try await run("builders", ["one", "gone", "two"])
    #expect(result.code == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(lines[0].hasPrefix("BUILDER"))
    #expect(lines[1].hasPrefix("tcp://two") && lines[1].contains("1 record, 9.0 kB, now"))
    #expect(
      lines[2].hasPrefix("tcp://one") && lines[2].contains("max 10.0 kB")
        && lines[2].contains("nothing for 4.0 kB more"))
    #expect(lines[3].hasPrefix("tcp://gone") && lines[3].contains("nobody answers at tcp://gone"))
    #expect(lines.contains("Total:       17.2 kB"))
    #expect(lines.last == "2 of 3 builders answered. `strata explore --builders` opens the list.")
    #expect(result.errors == "")
  }

  @Test("one that says nothing is passed by after the time given, and holds up no other") func silent() async throws {
    let result = try await run("builders", ["silent", "one"], "--timeout", "1s", "--format", "json")
    #expect(result.code == 0)
    let rows = try objects(result.output)
    #expect(rows.map { $0["state"] as? String } == ["ok", "slow"])
    #expect((rows[1]["reason"] as? String)?.contains("nothing came for 1 s") == true)
  }

  @Test("exit code 1 where none answers, with all of them as lines") func none() async throws {
    let result = try await run("builders", ["gone", "away"])
    #expect(result.code == 1)
    #expect(result.output.contains("tcp://gone") && result.output.contains("tcp://away"))
    #expect(result.errors == "strata: no builder answers\n")
    let json = try await run("builders", ["gone"], "--format", "json")
    #expect(json.code == 1)
    #expect(try objects(json.output).first?["state"] as? String == "gone")
  }

  @Test("as JSON a builder is an object of what is known") func json() async throws {
    let rows = try objects(try await run("builders", ["one"], "--format", "json").output)
    let row = try #require(rows.first)
    #expect(row["records"] as? Int == 2 && row["size"] as? Int == 6000 && row["reclaimable"] as? Int == 6000)
    #expect(row["version"] as? String == "v0.32.2" && row["kind"] as? String == "buildkitd")
    #expect(row["rules"] as? [String] == ["all, max used 10.0 kB"])
    let collection = try #require(row["collection"] as? [String: Any])
    #expect(collection["state"] as? String == "after" && collection["bytes"] as? Int == 4000)
  }

  @Test("as gauges each has its source, and each gauge stands once") func gauges() async throws {
    let result = try await run("builders", ["one", "two", "gone"], "--format", "prometheus")
    #expect(result.code == 0)
    let lines = result.output.split(separator: "\n").map(String.init)
    let types = lines.filter { $0.hasPrefix("# TYPE") }
    #expect(Set(types).count == types.count)
    #expect(lines.contains(#"strata_builder_up{source="tcp://gone"} 0"#))
    #expect(lines.contains(#"strata_builder_up{source="tcp://one"} 1"#))
    #expect(lines.contains(#"strata_cache_used_bytes{source="tcp://two"} 11200"#))
    #expect(lines.count { $0.hasPrefix("strata_cache_used_bytes") } == 2)
    let samples = lines.filter { !$0.hasPrefix("#") }.map { $0.prefix { $0 != " " } }
    #expect(Set(samples).count == samples.count)
    // As a collector wants it: a gauge's samples in one go.
    let names = samples.map { $0.prefix { $0 != "{" } }
    #expect(zip(names, names.dropFirst()).count { $0 != $1 } == Set(names).count - 1)
  }

  @Test("what a daemon says reaches no terminal raw") func hostile() async throws {
    let result = try await run("builders", ["odd", "one"])
    #expect(result.code == 0)
    #expect(result.output.contains("red"))
    #expect(!result.output.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.value == 0x202e })
  }

  @Test("wrong uses are told") func wrong() async throws {
    #expect(try await run("builders", ["one"], "--timeout", "soon").code == 2)
    #expect(try await run("builders", ["one"], "--timeout", "0s").code == 2)
    #expect(try await Program.run(["explore", "--builders", "--from", "x", "--print"]).code == 2)
    let plan = try await run("explore", ["one", "two"], "--print", "--keep-storage", "1GB")
    #expect(plan.code == 2 && plan.errors.contains("a plan is of one builder"))
    let two = try await run("du", ["one", "two"])
    #expect(two.code == 2 && two.errors.contains("strata builders"))
  }

  @Test("explore opens the list where several are named, and one where one is; keys are played on both")
  func explore() async throws {
    let list = try await run("explore", ["one", "two"], "--print", "--size", "100x20")
    #expect(list.code == 0, "\(list.errors)")
    #expect(list.output.contains("[Builders]") && list.output.contains("2 of 2 builders answered"))
    let opened = try await run("explore", ["one", "two"], "--keys", "j<Enter>", "--print", "--size", "100x20")
    #expect(opened.output.hasPrefix(" strata  tcp://one [b: builders]"))
    let back = try await run("explore", ["one", "two"], "--keys", "<Enter>bq", "--print", "--size", "100x20")
    #expect(back.output.contains("[Builders]"))
    let looking = try await run(
      "explore", ["one", "two"], "--keys", "<Enter>", "--print", "--size", "100x20", "--read-only")
    #expect(looking.output.contains("[read only]"))
    let single = try await run("explore", ["one"], "--print", "--size", "100x20")
    #expect(single.output.contains("[1 Records]") && !single.output.contains("b: builders"))
    let flagged = try await run("explore", ["one"], "--builders", "--print", "--size", "100x20")
    #expect(flagged.output.contains("1 of 1 builder answered"))
  }

  @Test("without options all are found that the docker client and buildx know") func found() async throws {
    let bin = folder + "/bin"
    try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: try buildctl(), toPath: bin + "/buildctl")
    let docker = """
      #!/bin/sh
      # a stand-in for the docker client, whose contexts lead nowhere
      case "$*" in
        'context ls'*) echo '{"Name":"lost","DockerEndpoint":"unix:///none/d.sock","Error":""}' ;;
        *) echo 'dial unix /none/d.sock: connect: no such file or directory' >&2; exit 1 ;;
      esac
      """
    try Data(docker.utf8).write(to: URL(filePath: bin + "/docker"))
    chmod(bin + "/docker", 0o755)
    let instances = folder + "/buildx/instances"
    try FileManager.default.createDirectory(atPath: instances, withIntermediateDirectories: true)
    try Data(#"{"Name":"far","Driver":"remote","Nodes":[{"Name":"far0","Endpoint":"tcp://one"}]}"#.utf8).write(
      to: URL(filePath: instances + "/far"))
    let path = bin + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
    let result = try await Program.run(
      ["builders", "--format", "json"], environment: ["PATH": path, "BUILDX_CONFIG": folder + "/buildx"])
    #expect(result.code == 0, "\(result.errors)")
    // This machine may have daemons of its own besides.
    let rows = try objects(result.output)
    let far = try #require(rows.first { $0["name"] as? String == "far" })
    #expect(far["size"] as? Int == 6000 && far["place"] as? String == "tcp://one")
    #expect(rows.contains { $0["name"] as? String == "lost" && $0["state"] as? String == "gone" })
  }

  @Test("an interruption ends it while one is waited for") func interrupted() async throws {
    let path = try buildctl()
    let strata = try Program.path.string
    // The shell hands the program's number on, and waits for it as a user would.
    let script = """
      "\(strata)" builders --buildctl-path '\(path)' --buildctl-addr tcp://silent --timeout 600s &
      number=$!
      while ! pgrep -P $number sleep >/dev/null; do :; done
      kill -INT $number
      wait $number
      """
    let result = try await Program.tool("sh", ["-c", script])
    #expect(result.code == 1, "\(result.errors)")
    #expect(result.errors.contains("stopped"))
  }
}
