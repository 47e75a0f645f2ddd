import BuildCache
import CacheReport
import Foundation
import TestSupport
import Testing

@testable import BuildKitBridge

@Suite("Policy files of both worlds") struct PolicyFileTests {
  private static let disk: Int64 = 500_000_000_000
  private static let now = Timestamp(nanoseconds: 1_790_000_000_000_000_000)

  private func collection(
    _ text: String, _ ranking: RankingRule = .current, disk: Int64? = disk, worker: String? = nil
  ) throws -> DaemonConfig.Collection {
    try DaemonConfig(text, name: "p", worker: worker).collection(for: ranking, diskSize: disk, now: Self.now)
  }

  // MARK: buildkitd.toml

  @Test(
    "what BuildKit passes over is told, and what it does is planned",
    arguments: [
      (
        "[cache]\ngc = true\ngckeepstorage = \"10GB\"", 4,
        ["BuildKit's four default rules", "cache.gckeepstorage is no key", "cache.gc is no key"]
      ),
      (
        "[worker.oci]\nmaxUsedSpace = \"5GB\"\n[[worker.oci.gcpolicy]]\nkeepBytes = \"10GB\"", 1,
        ["worker.oci's own rules", "worker.oci.maxUsedSpace is not used: the worker has rules of its own"]
      ),
      ("[worker.oci]\ngcreservedspace = \"5GB\"", 4, ["worker.oci.gcreservedspace is no key"]),
      (
        "[[worker.oci.gcpolicy]]\nkeepStorage = \"10GB\"\nall = true", 1,
        ["worker.oci.gcpolicy[1].keepStorage is no key of a rule", "has no limit: it removes everything"]
      ),
      ("[[worker.oci.gcpolicy]]\nfilters = [\"typ==x\"]", 1, ["there is no \"typ\"", "never matches"]),
      (
        "[[worker.oci.gcpolicy]]\nkeepBytes = 1\n[[worker.oci.gcpolicy]]\nfilters = [\"type=x\"]", 1,
        ["rule 2 of worker.oci", "ends with an error each time"]
      ),
      ("keepStorage = 3", 4, ["keepStorage is no key"]),
      ("[worker]\ngckeepstorage = 3", 4, ["worker.gckeepstorage is no key"]),
      ("[worker.runc]\ngckeepstorage = 3", 4, ["worker.runc.gckeepstorage is no key"]),
      ("[workers.oci]\ngckeepstorage = 3", 4, ["workers.oci.gckeepstorage is no key"]),
    ])
  func passedOver(_ text: String, _ rules: Int, _ words: [String]) throws {
    let collection = try collection(text)
    #expect(collection.policies.count == rules)
    for words in words {
      #expect(collection.remarks.contains { $0.contains(words) }, "\(words): \(collection.remarks)")
    }
  }

  @Test("a file in good order has nothing to be told but whose rules it is") func inOrder() throws {
    let text = "[worker.oci]\nenabled = true\nsnapshotter = \"auto\"\n[[worker.oci.gcpolicy]]\nmaxUsedSpace = \"10GB\""
    #expect(try collection(text).remarks == ["p: planned are worker.oci's own rules"])
    let seed = try collection(text, .seed).remarks
    #expect(seed.contains { $0.contains("newer than v0.10.0") })
  }

  @Test("a host's name is no key, and a share of nothing is no limit") func namesAndNothing() throws {
    #expect(try collection("[registry.\"gcr.io\"]\nmirrors = [\"m\"]").remarks.count == 1)
    let zero = try collection("[worker.oci]\nreservedSpace = \"0%\"\ngckeepstorage = \"1GB\"")
    #expect(zero.policies[2].limits == SpaceLimits(reserved: 1 << 30))
  }

  @Test("the worker that is off has no rules, and another can be chosen") func workers() throws {
    let off = """
      [worker.oci]
        enabled = true
      [worker.containerd]
        enabled = false
        gc = true
      [[worker.containerd.gcpolicy]]
        all = true
        keepBytes = "1GB"
      """
    let usual = try collection(off)
    #expect(
      usual.policies.count == 4
        && usual.remarks == ["p: planned are BuildKit's four default rules (v0.22 and newer) for worker.oci"])
    #expect(
      usual.policies[2].limits
        == SpaceLimits(reserved: 10_000_000_000, maxUsed: 100_000_000_000, minFree: 94_000_000_000))
    let containerd = try collection(off, worker: "containerd-overlayfs")
    #expect(containerd.policies.isEmpty && containerd.remarks == ["p: worker.containerd is off, and has no rules"])
    let both = "[worker.oci]\n[[worker.containerd.gcpolicy]]\nkeepBytes = 5"
    #expect(try collection(both).remarks.first?.contains("worker.containerd's own rules") == true)
    #expect(try collection(both, worker: "runc-overlayfs").remarks.first?.contains("worker.oci") == true)
  }

  // MARK: daemon.json

  @Test("an engine's rules are read as it reads them: keys in any case, powers of 1024, filters in both forms")
  func engineRules() throws {
    let text = """
      { "log-driver": "json-file", "Builder": { "GC": { "enabled": true, "defaultKeepStorage": "3GB", "policy": [
        {"reservedSpace": "10GB", "filter": ["unused-for=2200h", "type = exec.cachemount"]},
        {"keepStorage": "50g", "filter": {"until": {"48h": true}, "inuse": {}}},
        {"maxUsedSpace": "200GB", "minFreeSpace": "10GB", "all": true, "filter": ["id=abc", "foo=bar"]} ] } } }
      """
    let collection = try collection(text)
    #expect(
      collection.policies.map(\.limits) == [
        SpaceLimits(reserved: 10 << 30), SpaceLimits(reserved: 50 << 30),
        SpaceLimits(maxUsed: 200 << 30, minFree: 10 << 30),
      ])
    #expect(
      collection.policies.map(\.keepDuration.nanoseconds) == [2200 * 3_600_000_000_000, 48 * 3_600_000_000_000, 0])
    #expect(collection.policies.map(\.filter.strings) == [["type==exec.cachemount"], ["inuse"], ["id~=abc"]])
    #expect(collection.policies.map(\.all) == [false, false, true])
    #expect(collection.remarks.first == "p: planned are the file's own rules")
    for words in ["there is no \"foo\"", "defaultKeepStorage is not used: there are rules"] {
      #expect(collection.remarks.contains { $0.contains(words) }, "\(words)")
    }
  }

  @Test("an engine's default rules are made of its limits, or of the disk; 20.10's spans are next to none")
  func engineDefaults() throws {
    let now = try collection("{\"builder\":{\"gc\":{\"defaultKeepStorage\":\"20GB\"}}}")
    let kept = Int64(20) << 30
    // e, pi and phi multiplied, of a hundred.
    #expect(
      now.policies.map(\.limits) == [
        SpaceLimits(maxUsed: 2_967_302_759), SpaceLimits(reserved: kept), SpaceLimits(reserved: kept),
        SpaceLimits(reserved: kept),
      ])
    #expect(now.policies.map(\.keepDuration) == [.seconds(172_800), .seconds(5_184_000), .seconds(0), .seconds(0)])
    #expect(now.policies.map(\.all) == [false, false, false, true])
    #expect(now.policies[0].filter.strings.count == 3)
    let ofDisk = try collection("{}").policies
    #expect(
      ofDisk[1].limits == SpaceLimits(reserved: 47_000_000_000, maxUsed: 373_000_000_000, minFree: 94_000_000_000))
    #expect(throws: CacheError.self) { try collection("{}", disk: nil) }
    let old = try collection("{\"builder\":{\"gc\":{\"enabled\":true,\"defaultKeepStorage\":\"20GB\"}}}", .seed)
    #expect(old.policies.map(\.limits.maxUsed) == [2_967_302_759, kept, kept, kept])
    #expect(old.policies.map(\.keepDuration.nanoseconds) == [172_800, 5_184_000, 0, 0])
    #expect(old.policies[0].filter.strings.count == 1)
  }

  @Test("whether an engine collects at all: today's unless it is disabled, 20.10 only where it is enabled")
  func engineEnabled() throws {
    #expect(try collection("{}").policies.count == 4 && collection("{}", .seed).policies.isEmpty)
    let off = try collection("{\"builder\":{\"gc\":{\"enabled\":false}}}")
    #expect(off.policies.isEmpty && off.remarks.first?.contains("removes nothing by itself") == true)
    #expect(try collection("{\"builder\":{\"gc\":{\"policy\":[]}}}").policies.isEmpty)
    #expect(try collection("{\"builder\":null}").policies.count == 4)
  }

  @Test(
    "what an engine doesn't start with is refused by its place",
    arguments: [
      ("{\"builder\":3}", "builder is no object"),
      ("{\"builder\":{\"gc\":{\"enabled\":\"yes\"}}}", "builder.gc.enabled is neither true nor false"),
      ("{\"builder\":{\"gc\":{\"enabled\":1}}}", "builder.gc.enabled is neither true nor false"),
      ("{\"builder\":{\"gc\":{\"policy\":{}}}}", "builder.gc.policy is no list"),
      ("{\"builder\":{\"gc\":{\"policy\":[{\"keepStorage\":5}]}}}", "builder.gc.policy[1].keepStorage is no text"),
      ("{\"builder\":{\"gc\":{\"policy\":[{\"keepStorage\":\"10%\"}]}}}", "policy[1].keepStorage is no size"),
      (
        "{\"builder\":{\"gc\":{\"policy\":[{\"filter\":[\"until=1h\",\"unused-for=1h\"]}]}}}",
        "both until and unused-for"
      ),
      ("{\"builder\":{\"gc\":{\"policy\":[{\"filter\":[\"type=a\",\"type=b\"]}]}}}", "more than one value for type"),
      ("{\"builder\":{\"gc\":{\"policy\":[{\"filter\":[\"until=soon\"]}]}}}", "soon for until"),
      ("{\"builder\":{\"gc\":{\"policy\":[{\"filter\":[3]}]}}}", "filter is no list of texts"),
      ("{\"builder\":{\"gc\":{\"policy\":[{\"filter\":{\"until\":\"1h\"}}]}}}", "filter.until is no object"),
      (
        "{\"builder\":{\"gc\":{\"policy\":[{\"filter\":{\"until\":{\"1h\":1}}}]}}}",
        "filter.until.1h is neither true nor"
      ),
      ("{\"builder\":{\"gc\":{\"policy\":[{\"filter\":[\"until\"]}]}}}", "takes  for until"),
      ("{\"builder\":{\"gc\":{\"policy\":[3]}}}", "policy[1] is no object"),
    ])
  func engineRefuses(_ text: String, _ words: String) {
    #expect { try collection(text) } throws: {
      ($0 as? CacheError)?.code == .badInput && "\($0)".hasPrefix("p") && "\($0)".contains(words)
    }
  }

  @Test(
    "a file that is no JSON to an engine is refused by its line",
    arguments: [
      ("{\"builder\":", 1, "the file ends in the middle of a value"), ("{\n\"a\":1,\n}", 3, "\"}\" can't stand here"),
      ("{\"a\":[1,\n]}", 2, "\"]\" can't stand here"), ("{\"a\":1}\n{}", 2, "\"{\" can't stand here"),
      ("{\"a\":\n01}", 2, "\"0\" can't stand here"), ("{\"a\":\"\\u12g4\"}", 1, "\"\\\" can't stand here"),
      ("{\"a\":\"x\ny\"}", 1, "U+a can't stand here"), ("{\"a\":\u{b}1}", 1, "U+b can't stand here"),
      ("{// words\n}", 1, "\"/\" can't stand here"), ("{'a':1}", 1, "\"'\" can't stand here"),
      ("{\"a\":é}", 1, "\"é\" can't stand here"),
    ])
  func noJSON(_ text: String, _ line: Int, _ words: String) {
    #expect(
      throws: CacheError(.badInput, "p: line \(line): \(words): this is no JSON, and no engine starts with it")
    ) { try collection(text) }
  }

  @Test("an engine's file is read as deep as any is, and the last of several keys counts") func engineJSON() throws {
    func nested(_ depth: Int) -> String {
      "{\"a\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
    }
    #expect(try collection(nested(255)).policies.count == 4)
    #expect(throws: CacheError(.badInput, "p: line 1: it goes deeper than 256 brackets")) {
      try collection(nested(256))
    }
    let twice =
      "{\"builder\":{\"gc\":{\"enabled\":false,\"b\\u0061d\":[null,true,-1.5e3],\"Enabled\":true,\"enabled\":null}}}"
    let both = try collection(twice)
    #expect(both.policies.count == 4 && both.remarks.contains("p: builder.gc.bad is no key, and is passed over"))
  }

  @Test("of old and new keys an engine takes those of its version, and what it passes over is told") func bothKeys()
    throws
  {
    func engine(_ gc: String, _ ranking: RankingRule) throws -> DaemonConfig.Collection {
      try collection("{\"builder\":{\"gc\":{\"enabled\":true,\(gc)}}}", ranking)
    }
    let rule = "\"policy\":[{\"keepStorage\":\"5GB\",\"reservedSpace\":\"0\",\"maxUsedSpace\":\"9GB\"}]"
    let now = try engine(rule, .current)
    #expect(now.policies.map(\.limits) == [SpaceLimits(maxUsed: 9 << 30)])
    #expect(
      now.remarks.contains("p: builder.gc.policy[1].keepStorage is passed over: reservedSpace stands in its place"))
    let then = try engine(rule, .seed)
    #expect(then.policies.map(\.limits) == [SpaceLimits(maxUsed: 5 << 30)])
    #expect(
      Array(then.remarks.dropFirst()) == [
        "p: builder.gc.policy[1].reservedSpace is newer than Docker 20.10, and is passed over",
        "p: builder.gc.policy[1].maxUsedSpace is newer than Docker 20.10, and is passed over",
      ])
    let defaults = "\"defaultKeepStorage\":\"5GB\",\"defaultReservedSpace\":\"7GB\""
    #expect(try engine(defaults, .current).policies[1].limits == SpaceLimits(reserved: 7 << 30))
    #expect(
      try engine(defaults, .current).remarks.contains(
        "p: builder.gc.defaultKeepStorage is passed over: defaultReservedSpace stands in its place"))
    // 20.10 takes the default for a rule that says 0.
    let fallen = "\"defaultKeepStorage\":\"5GB\",\"policy\":[{\"keepStorage\":\"0\"}]"
    #expect(
      try engine(fallen, .current).remarks.contains("p: builder.gc.defaultKeepStorage is not used: there are rules"))
    #expect(try engine(fallen, .seed).remarks == ["p: planned are the file's own rules"])
    let unused = try engine("\"defaultKeepStorage\":\"5GB\",\(rule)", .seed).remarks
    #expect(unused.contains("p: builder.gc.defaultKeepStorage is not used: there are rules"))
    for (text, words) in [
      (
        "[[worker.oci.gcpolicy]]\nkeepBytes = 5\nreservedSpace = 7",
        "worker.oci.gcpolicy[1].keepBytes is passed over: reservedSpace"
      ),
      ("[worker.oci]\ngckeepstorage = 5\nmaxUsedSpace = 7", "worker.oci.gckeepstorage is passed over: reservedSpace,"),
    ] {
      #expect(try collection(text).remarks.contains { $0.contains(words) }, "\(words)")
      #expect(try !collection(text, .seed).remarks.contains { $0.contains(words) }, "\(words)")
    }
  }

  private static func until(_ text: String) -> String {
    "{\"builder\":{\"gc\":{\"enabled\":true,\"policy\":[{\"keepStorage\":\"1GB\",\"filter\":[\"until=\(text)\"]}]}}}"
  }

  @Test("a moment in an engine's filter keeps what was used since then") func moment() throws {
    let text = Self.until(Self.now.advanced(by: .seconds(-3600)).text)
    let now = try collection(text)
    #expect(now.policies.map(\.keepDuration) == [.seconds(3600)])
    #expect(now.remarks.contains { $0.contains("is a moment") && $0.hasSuffix("as if it started now") })
    #expect(
      try collection(Self.until("2026-01-02")).remarks.contains { $0.hasSuffix("in the time zone of this machine") })
    #expect { try collection(text, .seed) } throws: { "\($0)".contains("policy[1].filter has a moment, with which") }
    #expect(try collection(Self.until("1h"), .seed).policies.map(\.keepDuration) == [.seconds(3600)])
  }

  @Test(
    "moments are written as Docker takes them",
    arguments: [
      ("2006-01-02T15:04:05.999999999Z", "2006-01-02T15:04:05.999999999Z"), ("2006-01-02Z", "2006-01-02T00:00:00Z"),
      ("2006-01-02+01:00", "2006-01-01T23:00:00Z"), ("2006-01-02-07:00", "2006-01-02T07:00:00Z"),
      ("2006-01-02T15-07:00", "2006-01-02T22:00:00Z"), ("2006-01-02T15:04Z", "2006-01-02T15:04:00Z"),
      ("2006-01-02T5:04:05Z", "2006-01-02T05:04:05Z"), ("2006-01-02T15:04:05,5Z", "2006-01-02T15:04:05.5Z"),
      ("2006-01-02T15:04:05.1234567899Z", "2006-01-02T15:04:05.123456789Z"), ("0", "1970-01-01T00:00:00Z"),
      ("1136073600", "2006-01-01T00:00:00Z"), ("1136073600.000000001", "2006-01-01T00:00:00.000000001Z"),
      ("1136073600.5", "2006-01-01T00:00:00.5Z"),
    ])
  func moments(_ text: String, _ meant: String) throws {
    let moment = try #require(DockerMoment(text))
    let age = Self.now.since(try Timestamp(parsing: meant))
    #expect(!moment.isLocal && moment.age(at: Self.now) == age)
  }

  @Test(
    "a moment without zone is one of the engine's own, as it is now",
    arguments: [
      "2006-01-02", "2006-01-02T15", "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02T15:04:05.999999999",
    ])
  func localMoments(_ text: String) throws {
    let (local, zoned) = (try #require(DockerMoment(text)), try #require(DockerMoment(text + "Z")))
    let seconds = TimeZone.current.secondsFromGMT(for: Date(timeIntervalSince1970: 1_790_000_000))
    #expect(local.isLocal)
    #expect(
      local.age(at: Self.now).nanoseconds - zoned.age(at: Self.now).nanoseconds == Int64(seconds) * 1_000_000_000)
  }

  @Test(
    "what Docker takes for no moment",
    arguments: [
      "", "soon", "-5", "2006-13-02", "2006-02-30", "2006-01-02T25", "2006-1-2", "2006-01-02 15:04:05",
      "2006-01-02t15:04:05z", "2006-01-02T", "1.2.3", "1e9", "٣", "20060102T150405Z",
    ])
  func noMoments(_ text: String) { #expect(DockerMoment(text) == nil) }

  @Test("a rule without keepStorage: Docker 20.10 doesn't start with it, today's takes it") func withoutStorage() throws
  {
    let text = "{\"builder\":{\"gc\":{\"enabled\":true,\"policy\":[{\"all\":true}]}}}"
    let policies = try collection(text).policies
    #expect(policies == [PrunePolicy(all: true, filter: try Filter(parsing: [""]))])
    // The engine's empty filter string is one (D2 asks), and leaves nothing out.
    #expect(policies.map { $0.words(in: .si) } == ["all"])
    #expect(
      try collection("{\"builder\":{\"gc\":{\"policy\":[{}]}}}").policies.map { $0.words(in: .si) } == [
        "everything unused"
      ])
    #expect { try collection(text, .seed) } throws: { "\($0)".contains("policy[1] has no keepStorage") }
    let zero =
      "{\"builder\":{\"gc\":{\"enabled\":true,\"defaultKeepStorage\":\"1GB\",\"policy\":[{\"keepStorage\":\"0\"}]}}}"
    #expect(try collection(zero, .seed).policies.map(\.limits.maxUsed) == [1 << 30])
  }
}
