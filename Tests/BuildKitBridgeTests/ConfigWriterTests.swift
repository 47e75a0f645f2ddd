import BuildCache
import CacheReport
import TestSupport
import Testing

@testable import BuildKitBridge

@Suite("Rules written as a daemon's configuration") struct ConfigWriterTests {
  private func read(
    _ text: String, _ ranking: RankingRule, worker: String? = nil
  ) throws -> DaemonConfig.Collection {
    try DaemonConfig(text, name: "w", worker: worker).collection(
      for: ranking, diskSize: nil, now: Timestamp(nanoseconds: 0))
  }

  /// What is refused by the message.
  private func refusal(
    _ policies: [PrunePolicy], _ form: DaemonConfig.Form, _ ranking: RankingRule = .current
  ) -> String? {
    do {
      _ = try DaemonConfig.text(of: policies, as: form, for: ranking)
      return nil
    } catch {
      return error.message
    }
  }

  private func randomPolicy(_ random: inout SeededGenerator) throws -> PrunePolicy {
    let filters: [[String]] = [
      [], [""], ["type==source.local", "type==exec.cachemount"], ["type==regular,mutable"], ["id~=^abc"], ["shared"],
      ["description~=\"say \\\"hi\\\" \\\\ \""], ["parents==a", "inuse"], ["type!=internal"],
      ["description==\u{202e}\u{e9}\u{1f600}"],
    ]
    func bytes() -> Int64 { random.chance(40) ? 0 : Int64(random.pick(1...Int.max)) >> Int64(random.pick(0...60)) }
    var span = TimeSpan(nanoseconds: 0)
    switch random.pick(0...3) {
    case 0: span = .seconds(Int64(random.pick(0...200_000_000)))
    case 1: span = TimeSpan(nanoseconds: Int64(random.pick(0...1_000_000_000_000)))
    default: break
    }
    return PrunePolicy(
      all: random.chance(50), filter: try Filter(parsing: filters[random.pick(0...(filters.count - 1))]),
      keepDuration: span, limits: SpaceLimits(reserved: bytes(), maxUsed: bytes(), minFree: bytes()))
  }

  @Test("what is read back is the same policy, or it is refused by the rule's number and what of it")
  func roundTrip() throws {
    var written = 0
    for seed in 1...UInt64(long(150)) {
      var random = SeededGenerator(seed)
      for form in DaemonConfig.Form.allCases {
        for ranking in RankingRule.allCases {
          var policies = try (0..<random.pick(1...4)).map { _ in try randomPolicy(&random) }
          if ranking == .seed {
            for number in policies.indices {
              policies[number].limits = SpaceLimits(maxUsed: policies[number].limits.maxUsed)
            }
          }
          let worker = [nil, "oci", "containerd"][random.pick(0...2)]
          let text: String
          do {
            text = try DaemonConfig.text(of: policies, as: form, for: ranking, worker: worker)
          } catch {
            #expect(error.message.contains("rule ") && error.message.contains(form.rawValue))
            // All that a buildkitd.toml can't say is left out above.
            #expect(form == .docker, "\(seed): \(error.message)")
            continue
          }
          written += 1
          #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x202e })
          let back = try read(text, ranking, worker: worker).policies
          #expect(back.map(\.all) == policies.map(\.all) && back.map(\.limits) == policies.map(\.limits))
          #expect(back.map(\.keepDuration) == policies.map(\.keepDuration))
          if form == .buildkitd { #expect(back == policies, "\(seed)") }
          // Read again and written again it is the same text.
          #expect(try DaemonConfig.text(of: back, as: form, for: ranking, worker: worker) == text)
        }
      }
    }
    #expect(written > 100)
  }

  @Test("the default rules of both worlds come back as they are") func defaults() throws {
    for (text, form) in [("", DaemonConfig.Form.buildkitd), ("{}", .docker)] {
      for ranking in RankingRule.allCases {
        let source = text.isEmpty || ranking == .current ? text : "{\"builder\":{\"gc\":{\"enabled\":true}}}"
        let rules = try DaemonConfig(source, name: "d").collection(
          for: ranking, diskSize: 500_000_000_000, now: Timestamp(nanoseconds: 0)
        ).policies
        #expect(rules.count == 4)
        let back = try read(try DaemonConfig.text(of: rules, as: .buildkitd, for: ranking), ranking).policies
        #expect(back == rules, "\(form) \(ranking)")
      }
    }
  }

  @Test("a written file has nothing to be told of but whose rules they are") func inOrder() throws {
    let rules = [PrunePolicy(keepDuration: .seconds(172_800)), PrunePolicy(all: true, keepBytes: 20_000_000_000)]
    let toml = try DaemonConfig.text(of: rules, as: .buildkitd, for: .current)
    #expect(
      toml == """
        # Garbage collection for BuildKit v0.22 and newer, sizes in bytes.
        [worker.oci]
          gc = true

          [[worker.oci.gcpolicy]]
            all = false
            keepDuration = 172800

          [[worker.oci.gcpolicy]]
            all = true
            maxUsedSpace = 20000000000

        """)
    #expect(try read(toml, .current).remarks == ["w: planned are worker.oci's own rules"])
    let json = try DaemonConfig.text(of: rules, as: .docker, for: .current)
    #expect(json.contains("{ \"all\": false, \"filter\": [\"until=172800s\"] },"))
    #expect(try read(json, .current).remarks == ["w: planned are the file's own rules"])
    #expect(
      try read(try DaemonConfig.text(of: rules, as: .docker, for: .seed), .seed).policies.map(\.limits.maxUsed)
        == [0, 20_000_000_000])
  }

  @Test("what a form can't say is refused by name") func refused() throws {
    let all = PrunePolicy(limits: SpaceLimits(maxUsed: 5))
    let cases: [([PrunePolicy], DaemonConfig.Form, RankingRule, String)] = [
      (
        [all, PrunePolicy(limits: SpaceLimits(reserved: 5))], .buildkitd, .seed,
        "rule 2 can't be written to a buildkitd.toml: BuildKit v0.10.0 knows no reserved space"
      ),
      ([PrunePolicy(limits: SpaceLimits(minFree: 5))], .docker, .seed, "Docker 20.10 knows no min free"),
      ([PrunePolicy(filter: try Filter(typed: "size>100MB"))], .buildkitd, .current, "which no daemon does"),
      ([PrunePolicy(filter: try Filter(typed: "some words"))], .buildkitd, .current, "which no daemon does"),
      (
        [PrunePolicy(filter: try Filter(parsing: ["shared", "mutable"]))], .docker, .current,
        "rule 1 can't be written to a daemon.json: an engine's filter"
      ),
      ([PrunePolicy(filter: try Filter(parsing: ["type!=regular"]))], .docker, .current, "an engine's filter"),
      ([PrunePolicy(filter: try Filter(parsing: ["id==abc"]))], .docker, .current, "an engine's filter"),
      ([PrunePolicy(filter: try Filter(parsing: ["type==\"a,b\""]))], .docker, .current, "rule 1"),
      ([PrunePolicy(filter: try Filter(parsing: ["type==a,type==b"]))], .docker, .current, "more than one value"),
      ([PrunePolicy](repeating: all, count: 101), .buildkitd, .current, "more than 100 rules"),
    ]
    for (policies, form, ranking, words) in cases {
      let message = refusal(policies, form, ranking)
      #expect(message?.contains(words) == true, "\(words): \(message ?? "written")")
    }
  }
}
