import BuildCache
import Foundation

/// A row of disk usage as `du` prints it: BuildKit's own keys, and `kind`.
struct UsageJSON: Encodable {
  let id: RecordID
  let mutable: Bool
  let inUse: Bool
  let size: Int64
  let createdAt: String
  let lastUsedAt: String?
  let usageCount: Int
  let parents: [RecordID]
  let description: String
  let recordType: String
  let shared: Bool
  let kind: String?

  /// The row of a number.
  init(_ state: CacheState, _ number: Int) {
    let row = state.rows[number]
    id = row.id
    mutable = row.isMutable
    inUse = row.inUse
    size = row.size
    createdAt = row.createdAt.text
    lastUsedAt = row.lastUsedAt?.text
    usageCount = row.usageCount
    parents = state.parentIDs(of: number)
    description = row.description
    recordType = row.recordType.rawValue
    shared = row.isShared
    kind = row.kind?.rawValue
  }
}

/// A plan as `prune` prints it, done or dry.
struct PlanJSON: Encodable {
  struct Victim: Encodable {
    let order: Int
    let id: RecordID
    let size: Int64
    let score: Double?
    let lastUsedRank: [Int]?
    let usageRank: [Int]?
    let tied: Int
    let freed: Int64
    let remaining: Int64

    enum CodingKeys: CodingKey { case order, id, size, score, lastUsedRank, usageRank, tied, freed, remaining }

    // Written out, as absent figures are null here, not left out.
    func encode(to encoder: any Encoder) throws {
      var members = encoder.container(keyedBy: CodingKeys.self)
      try members.encode(order, forKey: .order)
      try members.encode(id, forKey: .id)
      try members.encode(size, forKey: .size)
      try members.encode(score, forKey: .score)
      try members.encode(lastUsedRank, forKey: .lastUsedRank)
      try members.encode(usageRank, forKey: .usageRank)
      try members.encode(tied, forKey: .tied)
      try members.encode(freed, forKey: .freed)
      try members.encode(remaining, forKey: .remaining)
    }
  }

  struct Kept: Encodable {
    let id: RecordID
    let reason: String
    let by: [RecordID]?
  }

  let plan: [Victim]
  let before: Int64
  let after: Int64
  let kept: [Kept]

  /// The victims that `isTaken` picks (all, for a dry run), numbered anew, and what stays.
  init(_ plan: PrunePlan, leaving changed: Set<RecordID> = []) {
    let rows = plan.state.rows
    var freed: Int64 = 0
    self.plan = plan.victims.filter { !changed.contains(rows[$0.row].id) }.enumerated().map { number, victim in
      freed += rows[victim.row].size
      return Victim(
        order: number + 1, id: rows[victim.row].id, size: rows[victim.row].size,
        score: plan.isRanked ? victim.score : nil,
        lastUsedRank: plan.isRanked ? [victim.lastUsedRank.number, victim.lastUsedRank.highest] : nil,
        usageRank: plan.isRanked ? [victim.usageRank.number, victim.usageRank.highest] : nil,
        tied: plan.isRanked ? victim.tied : 0, freed: freed, remaining: max(0, plan.before - freed))
    }
    before = plan.before
    after = max(0, plan.before - freed)
    kept = plan.kept.map { kept in
      Kept(
        id: rows[kept.row].id, reason: kept.reason.rawValue,
        by: kept.by.isEmpty ? nil : kept.by.map { rows[$0].id })
    }
  }
}

/// A value as a line of JSON.
func encodedJSON(_ value: some Encodable) throws -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
  return try encoder.encode(value) + Data("\n".utf8)
}

/// Prints a value as JSON on standard output.
func printJSON(_ value: some Encodable) throws {
  FileHandle.standardOutput.write(try encodedJSON(value))
}
