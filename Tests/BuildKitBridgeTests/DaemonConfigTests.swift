import BuildCache
import CacheReport
import TestSupport
import Testing

@testable import BuildKitBridge

@Suite("buildkitd.toml") struct DaemonConfigTests {
  private func policies(_ text: String, _ ranking: RankingRule = .current, disk: Int64? = nil) throws -> [PrunePolicy] {
    try collection(text, ranking, disk: disk).policies
  }

  private func collection(
    _ text: String, _ ranking: RankingRule = .current, disk: Int64? = 500_000_000_000, worker: String? = nil
  ) throws -> DaemonConfig.Collection {
    try DaemonConfig(text, name: "b.toml", worker: worker).collection(
      for: ranking, diskSize: disk, now: Timestamp(nanoseconds: 0))
  }

  @Test("sizes are powers of 1024 whatever their unit, and shares are rounded up to whole units")
  func amounts() throws {
    let cases: [(String, Int64?)] = [
      ("1000", 1000), ("20GB", 20 << 30), ("20GiB", 20 << 30), ("20g", 20 << 30), ("1.5 kb", 1536), ("7b", 7),
      ("0.5TB", 1 << 39), ("1p", 1 << 50), ("10%", 47_000_000_000), ("0%", 0), ("", 0),
      ("20XB", nil), ("-1", nil), ("GB", nil), ("1 2", nil), ("20GBB", nil), ("1.5%", nil), ("9e99", nil),
    ]
    for (text, bytes) in cases {
      #expect(try DiskAmount(parsing: text)?.bytes(ofDisk: 500_000_000_000) == bytes, "\(text)")
    }
  }

  @Test("durations are seconds, or Go's") func durations() {
    let cases: [(String, Int64?)] = [
      ("172800", 172_800_000_000_000), ("48h", 172_800_000_000_000), ("1h30m", 5_400_000_000_000),
      ("1.5h", 5_400_000_000_000), ("250ms", 250_000_000), ("-3s", -3_000_000_000), ("7d", nil), ("", nil), ("h", nil),
    ]
    for (text, nanoseconds) in cases { #expect(TimeSpan(daemonText: text)?.nanoseconds == nanoseconds, "\(text)") }
  }

  @Test("keepBytes is reserved space for newer daemons, keep-bytes for v0.10.0; keys in any case") func keepBytes()
    throws
  {
    let text = """
      [worker.oci]
      [[worker.oci.gcpolicy]]
      KEEPBYTES = 10
      keepDuration = 3600
      filters = ["type==source.local", "mutable"]
      [[worker.oci.gcpolicy]]
      all = true
      keepBytes = 5
      reservedSpace = "1kb"
      maxUsedSpace = "10%"
      minFreeSpace = "2GB"
      """
    let newer = try policies(text, disk: 100 << 30)
    #expect(newer[0].limits == SpaceLimits(reserved: 10))
    #expect(newer[0].keepDuration == .seconds(3600))
    #expect(newer[0].filter.strings == ["type==source.local", "mutable"])
    #expect(!newer[0].all && newer[1].all)
    #expect(newer[1].limits == SpaceLimits(reserved: 1024, maxUsed: 11_000_000_000, minFree: 2 << 30))
    let seed = try policies(text, .seed)
    #expect(seed.map(\.limits) == [SpaceLimits(maxUsed: 10), SpaceLimits(maxUsed: 5)])
  }

  @Test("the worker that collects garbage by rules is read; one that is off collects none") func workers() throws {
    #expect(try DaemonConfig("[worker.containerd]\ngckeepstorage = 3", name: "").owner == "worker.containerd")
    #expect(try DaemonConfig("[worker.containerd]\ngc=true\n[worker.oci]\ngc=true", name: "").owner == "worker.oci")
    let off = "[worker.containerd]\nreservedSpace=9\n[worker.oci]\nenabled=false\nreservedSpace=3"
    #expect(try DaemonConfig(off, name: "").owner == "worker.containerd")
    #expect(try policies(off)[1].limits == SpaceLimits(reserved: 9))
    #expect(try policies("[worker.oci]\ngc = false").isEmpty)
  }

  @Test(
    "what BuildKit would not take is refused, by file and place",
    arguments: [
      ("[worker.oci", "b.toml: line 1"), ("\n[{", "b.toml: line 2"), ("[", "b.toml: line 1"),
      ("[\r\n]", "b.toml: line 1"),
      ("a = 1 \0", "b.toml: line 1"), ("a = 2026-01-01T", "b.toml: line 1"), ("[[\u{e9}]]", "b.toml: line 1"),
      ("worker = 3", "b.toml: worker is no table"),
      ("[worker.oci]\ngcpolicy = 3", "worker.oci.gcpolicy is no list of tables"),
      ("[[worker.oci.gcpolicy]]\nkeepBytes = true", "worker.oci.gcpolicy[1].keepBytes is no size"),
      ("[[worker.oci.gcpolicy]]\nkeepDuration = \"7d\"", "worker.oci.gcpolicy[1].keepDuration is no duration"),
      ("[[worker.oci.gcpolicy]]\nall = 1", "all is neither true nor false"),
      ("[[worker.oci.gcpolicy]]\nfilters = [1]", "filters is no list of texts"),
      ("[[worker.oci.gcpolicy]]\nmaxUsedSpace = \"10%\"", "rule 1 of worker.oci: the policy takes 10% of the disk"),
      ("[worker.oci]\ngc = true", "takes 10% of the disk, whose size isn't known here: give --disk-size"),
    ])
  func refused(_ text: String, _ words: String) {
    #expect {
      try policies(text)
    } throws: { error in
      ((error as? CacheError)?.message).map { $0.contains(words) } ?? false
    }
  }

  @Test("whatever a file holds, it is read or refused") func anyBytes() {
    let sample = Array(
      #"""
      root = "/var/lib/buildkit"
      insecure-entitlements = [ "network.host",
        'security.insecure' ]
      [worker.oci] # the only one
        gckeepstorage = 0x10
        labels = { "a.b" = 'c', d = """x\u00e9""" }
      [[worker.oci.gcpolicy]]
        keepDuration = "48h"
        all = true
        f = [ 1.5e-3, 0x1F, 1_000, +inf, [ nan ] ]
      """#.utf8)
    let hostile = Array("[]{}\"'=.,#\\\0\n\t -+_0x9ezT:Z\u{7f}\u{e9}".utf8)
    for seed in 1...UInt64(long(1000)) {
      var random = SeededGenerator(seed)
      var bytes = sample
      for _ in 0..<random.pick(1...8) {
        let place = random.pick(0...(bytes.count - 1))
        switch random.pick(0...3) {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(hostile[random.pick(0...(hostile.count - 1))], at: place)
        case 2: bytes[place] = hostile[random.pick(0...(hostile.count - 1))]
        default: bytes.removeSubrange(place...)
        }
        if bytes.isEmpty { bytes = sample }
      }
      // Refusing is as good as reading; ending the program would end this test.
      let text = String(decoding: bytes, as: UTF8.self)
      if let config = try? DaemonConfig(text, name: "b.toml") {
        _ = try? config.collection(for: .current, diskSize: 1 << 40, now: Timestamp(nanoseconds: 0))
      }
    }
  }

  @Test("default limits are shares of the disk up to a most, or what the worker says") func defaultLimits() throws {
    let large = try policies("", disk: 500_000_000_000)
    #expect(large.count == 4)
    #expect(
      large[1].limits
        == SpaceLimits(reserved: 10_000_000_000, maxUsed: 100_000_000_000, minFree: 94_000_000_000))
    let small = try policies("", disk: 50_000_000_000)
    #expect(
      small[2].limits == SpaceLimits(reserved: 5_000_000_000, maxUsed: 38_000_000_000, minFree: 10_000_000_000))
    #expect(try policies("[worker.oci]\ngckeepstorage = 7")[3].limits == SpaceLimits(reserved: 7))
    #expect(try policies("[worker.oci]\ngckeepstorage = 7\nmaxUsedSpace = 9")[3].limits == SpaceLimits(maxUsed: 9))
    #expect(try policies("", .seed, disk: 500_000_000_000)[1].limits == SpaceLimits(maxUsed: 47_000_000_000))
    #expect(try policies("[worker.oci]\ngckeepstorage = 7", .seed)[1].limits == SpaceLimits(maxUsed: 7))
  }
}

/// BuildKit's four default rules, worked through on one list by hand.
///
/// A builder with a disk of 500 GB, 120 GB of it free, and 130 GB of cache:
///
///     base   10 GB  used 1 h ago, 40 times            a base image
///     ├─ deps   30 GB  used 1 h ago, 12 times         today's builds stand on it
///     ├─ old    25 GB  used 70 days ago, 3 times      a branch long gone
///     └─ june   20 GB  used 20 days ago, twice        a branch that rests
///     gocache   15 GB  used 3 days ago, 8 times       a cache mount
///     npm       10 GB  used 5 h ago, 30 times         a cache mount
///     context    5 GB  used 4 days ago, once          files sent from a laptop
///     frontend  15 GB  used 10 days ago, once         internal
@Suite("The four default rules, by hand") struct DefaultRulesTests {
  private static let now = Timestamp(nanoseconds: 1_790_000_000_000_000_000)

  private static let state: CacheState = {
    var builder = CacheState.Builder()
    let hour: Int64 = 3600
    func add(
      _ id: RecordID, _ gigabytes: Int64, _ age: Int64, _ uses: Int, _ type: RecordType, on parents: [RecordID] = []
    ) {
      let used = now.advanced(by: TimeSpan(nanoseconds: -TimeSpan.seconds(age).nanoseconds))
      builder.add(
        CacheState.Row(
          id: id, kind: parents.isEmpty ? .base : .layer, size: gigabytes * 1_000_000_000, createdAt: used,
          lastUsedAt: used, usageCount: uses, recordType: type), parents: parents)
    }
    add("base", 10, hour, 40, .regular)
    add("deps", 30, hour, 12, .regular, on: ["base"])
    add("old", 25, 70 * 24 * hour, 3, .regular, on: ["base"])
    add("june", 20, 20 * 24 * hour, 2, .regular, on: ["base"])
    add("gocache", 15, 3 * 24 * hour, 8, .execCacheMount)
    add("npm", 10, 5 * hour, 30, .execCacheMount)
    add("context", 5, 4 * 24 * hour, 1, .sourceLocal)
    add("frontend", 15, 10 * 24 * hour, 1, .internal)
    return builder.finish()
  }()

  private func plan(_ ranking: RankingRule) throws -> PrunePlan {
    let policies = try DaemonConfig("", name: "buildkitd.toml").collection(
      for: ranking, diskSize: 500_000_000_000, now: Self.now
    ).policies
    return try PrunePlan(
      Self.state, policies: policies, behavior: .daemon(ranking, restart: .never), now: Self.now,
      free: 120_000_000_000)
  }

  private func removed(by rule: Int, _ plan: PrunePlan) -> [RecordID] {
    plan.rules[rule].victims.map { Self.state.rows[$0.row].id }
  }

  private func why(_ id: RecordID, _ plan: PrunePlan) throws -> [String] {
    plan.explanation(ofRow: try #require(Self.state.index(of: id)), now: Self.now, in: .si, naming: \.id.text)
  }

  @Test("a newer daemon: 94 GB are free, so at most 100 GB may be used") func newer() throws {
    let plan = try plan(.current)
    #expect(plan.rules.map(\.keepBytes) == [512_000_000] + Array(repeating: 100_000_000_000, count: 3))
    // What is made again easily and was not used for two days: the context is older and used less.
    #expect(removed(by: 0, plan) == ["context", "gocache"])
    // 110 GB are left, more than 100: what was not used for sixty days.
    #expect(plan.rules[1].before == 110_000_000_000)
    #expect(removed(by: 1, plan) == ["old"])
    // 85 GB are left, which is below the limit: the last two rules have nothing to do.
    #expect(removed(by: 2, plan).isEmpty && removed(by: 3, plan).isEmpty)
    #expect(plan.after == 85_000_000_000)

    #expect(
      try why("npm", plan) == [
        "Rule 1 (type==source.local or type==exec.cachemount or type==source.git.checkout, unused for 2d, "
          + "max used 512.0 MB) passes it by: used 5h ago, keep-duration 2d.",
        "Rule 2 (unused for 60d, reserved 10.0 GB, max used 100.0 GB, min free 94.0 GB) passes it by: used 5h ago, "
          + "keep-duration 60d.",
        "Rule 3 (reserved 10.0 GB, max used 100.0 GB, min free 94.0 GB) passes it by: the limit is reached before it "
          + "(keep 100.0 GB of 85.0 GB).",
        "Rule 4 (all, reserved 10.0 GB, max used 100.0 GB, min free 94.0 GB) passes it by: the limit is reached "
          + "before it (keep 100.0 GB of 85.0 GB).",
        "So it stays.",
      ])
    #expect(try why("old", plan).last?.hasPrefix("It goes as number 1 of 1 by rule 2 (unused for 60d") == true)
    #expect(try why("frontend", plan)[2].hasSuffix("passes it by: its type is internal (all is off)."))
  }

  @Test("v0.10.0: a tenth of the disk, 47 GB, may be used, and its first rule never finds anything") func seed() throws
  {
    let plan = try plan(.seed)
    #expect(plan.rules.map(\.keepBytes) == [512_000_000] + Array(repeating: 47_000_000_000, count: 3))
    // Its three types are joined by *and*, and no record has three.
    #expect(removed(by: 0, plan).isEmpty)
    #expect(removed(by: 1, plan) == ["old"])
    // 105 GB are left. By age june, context, gocache, npm, deps are 1 to 5 of 5; by uses context, june, gocache, deps,
    // npm are. june (1/5 + 2/5) and context (2/5 + 1/5) tie; the one that was used less goes. At last npm and deps tie
    // the same way. 35 GB are left then, and it ends.
    #expect(removed(by: 2, plan) == ["context", "june", "gocache", "deps"])
    #expect(plan.rules[2].victims.map(\.tied) == [1, 0, 0, 1])
    #expect(plan.rules[2].after == 35_000_000_000)
    // Below the limit: internal records stay.
    #expect(removed(by: 3, plan).isEmpty)
    #expect(Set(plan.kept.map { Self.state.rows[$0.row].id }) == ["base", "npm", "frontend"])
  }
}
