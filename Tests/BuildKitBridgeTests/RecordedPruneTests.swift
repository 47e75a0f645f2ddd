import Foundation
import TestSupport
import Testing

@testable import BuildCache
@testable import BuildKitBridge

/// Prunes of real daemons, recorded with the list of disk usage that stood before each.
@Suite("Prunes of real daemons go as they are planned") struct RecordedPruneTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Recordings")

  /// What one recording says.
  struct Recording: Decodable, CustomStringConvertible {
    let name: String
    let list: String
    let ranking: String
    let restarted: Bool
    /// Where it was started before some of the records were made.
    let daemonStart: String?
    /// Records whose size the list's daemon measured at the list, which the list doesn't tell.
    let measured: [RecordID]?
    let start: String
    /// Of `buildctl prune`.
    let options: [String]
    let removed: [RecordID]

    var description: String { name }

    var behavior: PruneBehavior {
      let start = daemonStart.flatMap { try? Timestamp(parsing: $0) }.map { DaemonRestart.at($0) }
      return .daemon(RankingRule(rawValue: ranking) ?? .current, restart: start ?? (restarted ? .before : .never))
    }

    /// The values of one option.
    private func values(_ option: String) -> [String] {
      zip(options, options.dropFirst()).filter { $0.0 == option }.map(\.1)
    }

    /// `buildctl` counts in MB of a million bytes, and cuts off what is left.
    private func bytes(_ option: String) throws -> Int64 {
      try values(option).first.map { Int64(try #require(Double($0)) * 1e6) } ?? 0
    }

    /// What its list says.
    func state() async throws -> CacheState {
      let cache = try SavedList(readingFrom: RecordedPruneTests.folder.appending(path: list).path)
      // Whether a wish for free space was met or impossible, any free space of a usual disk gives the same.
      var state = try await cache.read().state
      for id in measured ?? [] { state.rows[try #require(state.index(of: id))].isMeasuredByUse = true }
      return state
    }

    func policy() throws -> PrunePolicy {
      PrunePolicy(
        all: options.contains("--all"), filter: try Filter(parsing: values("--filter")),
        keepDuration: try values("--keep-duration").first.map { try TimeSpan(parsing: $0, of: "") }
          ?? TimeSpan(nanoseconds: 0),
        limits: SpaceLimits(
          reserved: try bytes("--keep-storage-min"), maxUsed: try bytes("--keep-storage"),
          minFree: try bytes("--free-storage")))
    }

    /// The same as a daemon's configuration, in its own words.
    func toml() throws -> String {
      let policy = try policy()
      func text(_ strings: [String]) -> String {
        strings.map { "'\($0)'" }.joined(separator: ", ")
      }
      let limits =
        ranking == "seed"
        ? "keepBytes = \(policy.limits.maxUsed)"
        : """
        maxUsedSpace = "\(policy.limits.maxUsed)"
        keepBytes = \(policy.limits.reserved)
        minFreeSpace = \(policy.limits.minFree)
        """
      return """
        [worker.oci]
        gc = true
        [[worker.oci.gcpolicy]]
        all = \(policy.all)
        filters = [\(text(policy.filter.strings))]
        keepDuration = "\(values("--keep-duration").first ?? "0")"
        \(limits)
        """
    }
  }

  static let recordings: [Recording] = {
    let lines = (try? String(contentsOf: folder.appending(path: "prunes.jsonl"), encoding: .utf8)) ?? ""
    return lines.split(separator: "\n").compactMap { try? JSONDecoder().decode(Recording.self, from: Data($0.utf8)) }
  }()

  private func plan(_ recording: Recording, _ policies: [PrunePolicy]) async throws -> PrunePlan {
    try PrunePlan(
      await recording.state(), policies: policies, behavior: recording.behavior,
      now: try Timestamp(parsing: recording.start), free: 40_000_000_000)
  }

  @Test("all recordings are here") func allAreHere() {
    #expect(Self.recordings.count == 57 + 14 + 49 + 7 + 5 + 8)
    #expect(Self.recordings.count { !$0.removed.isEmpty } > 100)
  }

  @Test("the same victims in the same order up to exact ties", arguments: recordings)
  func equalsTheRecording(_ recording: Recording) async throws {
    let policy = try recording.policy()
    let plan = try await plan(recording, [policy])
    let rows = plan.state.rows
    let planned = plan.victims.map { rows[$0.row].id }
    guard let rule = plan.rules.first, rule.isRanked else {
      return #expect(Set(planned) == Set(recording.removed))
    }
    // Where candidates tie the daemon's choice is accidental, and from there on both go their own ways: what was
    // recorded has to be among the lowest at each step, and to end where the limit is reached.
    var walk = NaivePrune(plan.state, behavior: plan.behavior, now: plan.now)
    var hasParted = false
    var total = rule.before
    for (step, id) in recording.removed.enumerated() {
      #expect(total >= rule.keepBytes, "step \(step): the limit was reached")
      let row = try #require(plan.state.index(of: id))
      let lowest = walk.lowest(policy)
      #expect(lowest.contains(row), "step \(step): \(id) is not among the lowest")
      if !hasParted && (step >= planned.count || planned[step] != id) {
        #expect(step < planned.count && rule.victims[step].tied > 0, "step \(step): \(id) is not what was planned")
        hasParted = true
      }
      walk.remove(row)
      total -= rows[row].size
    }
    #expect(total < rule.keepBytes || walk.lowest(policy).isEmpty, "the limit was not reached")
    if !hasParted { #expect(planned == recording.removed) }
  }

  @Test("the prune's rule written as a buildkitd.toml comes back as it is", arguments: recordings)
  func comesBack(_ recording: Recording) throws {
    let policy = try recording.policy()
    let ranking = recording.behavior.ranking
    let text = try DaemonConfig.text(of: [policy], as: .buildkitd, for: ranking)
    let back = try DaemonConfig(text, name: "w").collection(
      for: ranking, diskSize: nil, now: Timestamp(nanoseconds: 0))
    #expect(back.policies == [policy])
  }

  @Test("a buildkitd.toml whose rule equals the prune plans the same", arguments: recordings)
  func equalsByConfiguration(_ recording: Recording) async throws {
    let config = try DaemonConfig(try recording.toml(), name: "buildkitd.toml")
    let policies = try config.collection(
      for: recording.behavior.ranking, diskSize: nil, now: try Timestamp(parsing: recording.start)
    ).policies
    let plan = try await plan(recording, policies)
    let direct = try await self.plan(recording, [try recording.policy()])
    #expect(plan.victims == direct.victims)
    #expect(plan.kept == direct.kept)
  }
}
