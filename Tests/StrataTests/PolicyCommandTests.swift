import Foundation
import SystemPackage
import TestSupport
import Testing

/// Groups, the estimate of days, and rules that are carried away in a file, from the command line that a user would type.
@Suite("Groups and policies on the command line", .serialized) struct PolicyCommandTests {
  private let scratch: ScratchFolder
  private var list: String { scratch.path.appending("list.json").string }
  private func file(_ name: String) -> String { scratch.path.appending(name).string }

  /// Two projects on one base, made over two weeks.
  init() throws {
    scratch = try ScratchFolder()
    var rows: [[String: Any]] = []
    func add(_ id: String, _ description: String, _ size: Int, day: Int, _ parents: [String]) {
      let time = "2026-11-\(day < 10 ? "0" : "")\(day)T08:00:00Z"
      rows.append([
        "id": id, "mutable": false, "inUse": false, "size": size, "createdAt": time, "lastUsedAt": time,
        "usageCount": 1, "parents": parents, "description": description, "recordType": "regular", "shared": false,
        "kind": parents.isEmpty ? "base" : "layer",
      ])
    }
    add("node", "pulled from docker.io/library/node:20", 5000, day: 1, [])
    for day in 6...20 {
      add("web\(day)", "[web 2/2] COPY . .", 600, day: day, ["node"])
      add("api\(day)", "[api 2/2] COPY . .", 400, day: day, ["node"])
    }
    try JSONSerialization.data(withJSONObject: rows).write(to: URL(filePath: list))
  }

  private func strata(_ arguments: String...) async throws -> Program.Result {
    try await Program.run(arguments + ["--from", list])
  }

  private func play(_ keys: String, _ more: String...) async throws -> String {
    let result = try await Program.run(
      ["explore", "--from", list, "--keys", keys, "--print", "--size", "180x30"] + more)
    #expect(result.code == 0, "\(result.errors)")
    // A message may take two lines.
    return result.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  @Test("du adds up groups, as a table and as JSON") func groups() async throws {
    let table = try await strata("du", "--group-by", "stage")
    #expect(table.code == 0)
    let lines = table.output.split(separator: "\n").map(String.init)
    #expect(lines[0] == "RECORDS    SIZE    FREES  LAST USED  GROUP")
    #expect(lines[1].contains("15  9.0 kB   9.0 kB") && lines[1].hasSuffix("stage web"))
    #expect(lines[2].contains("15  6.0 kB   6.0 kB") && lines[2].hasSuffix("stage api"))
    #expect(lines[3].contains(" 1  5.0 kB  20.0 kB") && lines[3].hasSuffix("shared by api, web"))
    let json = try await strata("du", "--group-by", "type", "--format", "json", "--filter", "description~=web")
    let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
    #expect(rows.count == 1 && rows[0]["group"] as? String == "regular" && rows[0]["records"] as? Int == 15)
    #expect(rows[0]["size"] as? Int == 9000 && rows[0]["lastUsedAt"] as? String == "2026-11-20T08:00:00Z")
    for wrong in [["--group-by", "colour"], ["--group-by", "age", "--verbose"]] {
      #expect(try await Program.run(["du", "--from", list] + wrong).code == 2, "\(wrong)")
    }
  }

  @Test("a dry run tells when the cap is met at the growth that there is, and says that it is an estimate")
  func growth()
    async throws
  {
    let at = ["--at", "2026-11-20T12:00:00Z"]
    let plan = ["prune", "--dry-run", "--from", list, "--keep-storage", "29kB"] + at
    let text = try await Program.run(plan)
    #expect(text.output.contains("An estimate: at 1.0 kB a day the cap is met in about 9 days."))
    let json = try await Program.run(plan + ["--format", "json"])
    let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    let growth = try #require(report["growth"] as? [String: Any])
    #expect(growth["bytesPerDay"] as? Int == 1000 && growth["capInDays"] as? Int == 9)
    #expect(growth["overDays"] as? Int == 14 && growth["records"] as? Int == 28)
    let none = try await Program.run(["prune", "--dry-run", "--from", list, "--format", "json"] + at)
    #expect(none.code == 0 && !none.output.contains("growth"))
  }

  @Test("a version stands for a ranking") func version() async throws {
    for (version, rule) in [("v0.21.1", "seed"), ("0.22", "current"), ("27.0.3", "seed"), ("seed", "seed")] {
      let result = try await strata(
        "prune", "--dry-run", "--ranking", version, "--keep-storage", "1B", "--format", "json")
      #expect(result.output.contains("\"ranking\":\"\(rule)\""), "\(version): \(result.errors)")
    }
    #expect(try await strata("prune", "--dry-run", "--ranking", "old").code == 2)
  }

  @Test(
    "a policy is tried on the screen, written, and does the same on the command line", arguments: ["p.toml", "d.json"])
  func carriedAway(_ name: String) async throws {
    let path = file(name)
    let shown = try await play("pt12kB<Enter>Ed3d<Enter>EnEbt5kB<Esc>pEw\(path)<Enter>")
    #expect(shown.contains("wrote 2 rules to "), "\(shown)")
    let plan = try await strata("prune", "--dry-run", "--policy", path)
    #expect(plan.output.contains("Rule 2 (unused for 3d, max used 12.0 kB)"), "\(plan.output)\(plan.errors)")
    // What is there stays as it is.
    let before = try Data(contentsOf: URL(filePath: path))
    #expect(try await play("pa" + "Ew\(path)<Enter>").contains("no file is overwritten"))
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.path.string).sorted() == [name, "list.json"].sorted())
    // And it is opened again, by its first letters.
    let reopened = try await play("pEo\(path.dropLast(4))<Tab><Enter>")
    #expect(reopened.contains("2 rules of ") && reopened.contains("rule 2"))
  }

  @Test("what a form can't say is refused by name, and nothing is left of it") func refused() async throws {
    #expect(try await play("p/size>1kB<Enter>Ew\(file("x.toml"))<Enter>").contains("rule 1 can't be written"))
    #expect(try await play("pEr5kB<Enter>Evseed<Enter>Ew\(file("x.toml"))<Enter>").contains("knows no reserved space"))
    #expect(try await play("pEw\(file("none/x.toml"))<Enter>").contains("can't write"))
    let link = file("link.toml")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file("elsewhere"))
    #expect(try await play("pEw\(link)<Enter>").contains("no file is overwritten"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.path.string).sorted() == ["link.toml", "list.json"])
  }

  @Test("the home folder is meant by a tilde") func home() async throws {
    let environment = ["HOME": scratch.path.string]
    let keys = "pEw~/h.toml<Enter>Eo~/h<Tab><Enter>"
    let result = try await Program.run(
      ["explore", "--from", list, "--keys", keys, "--print", "--size", "120x30"], environment: environment)
    #expect(result.output.contains("1 rule of ~/h.toml"), "\(result.output)")
    #expect(FileManager.default.fileExists(atPath: file("h.toml")))
  }
}
