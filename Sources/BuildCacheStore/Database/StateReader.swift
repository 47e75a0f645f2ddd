import BuildCache
import GRDB

/// Reads all that a look at a cache needs, in one transaction of the caller's: rows by number, straight from SQLite.
struct StateReader {
  private var stored = StoredState()
  private var numbers = RecordNumbers(capacity: 0)
  /// The snapshots that records name, those aside that have the record's own id; empty where they name none.
  private var snapshots: [Int: SnapshotID] = [:]
  /// The mutable halves that records name.
  private var mutables: [Int: RecordID] = [:]
  private var isWhole: [Bool] = []
  /// For each record where its parents begin in ``parents``, and how many it has.
  private var runs: [(start: Int32, count: Int32)] = []
  /// A record that doesn't exist has no number: -1.
  private var parents: [Int32] = []

  /// Reads everything.
  ///
  /// - Parameter treesOnDisk: the trees of which is to be known who owns them.
  /// - Throws: `DatabaseError`; `CancellationError` where the task was cancelled.
  static func state(_ db: Database, treesOnDisk: [TreeID]) throws -> StoredState {
    var reader = StateReader()
    try reader.readRecords(db)
    try reader.readParents(db)
    reader.joinNeeds()
    try reader.readTrees(db)
    if !treesOnDisk.isEmpty { try reader.readOwners(db, Set(treesOnDisk)) }
    reader.stored.held = Set(try db.names("SELECT record FROM hold"))
    reader.stored.tagged = Set(try db.names("SELECT record FROM tag"))
    return reader.stored
  }

  private mutating func readRecords(_ db: Database) throws {
    let count = try db.number("SELECT count(*) FROM record") ?? 0
    stored.rows.reserveCapacity(count)
    stored.records.facts.reserveCapacity(count)
    numbers = RecordNumbers(capacity: count)
    isWhole.reserveCapacity(count)
    var type = RecordType.regular
    try db.makeStatement(sql: RecordFields.query()).forEachRow { row in
      try Task.checkCancellation()
      let fields = RecordFields(row)
      do {
        try read(fields, &type)
      } catch {
        stored.unreadable.append(fields.unreadable(error))
      }
    }
    runs = Array(repeating: (0, 0), count: stored.rows.count)
  }

  private mutating func read(_ fields: RecordFields, _ type: inout RecordType) throws {
    let number = stored.rows.count
    let kind = try fields.kind()
    let size = try fields.size()
    let blob = try fields.blobDigest()
    type = fields.recordType(like: type)
    var row = CacheState.Row(
      id: fields.id, kind: kind, size: size ?? 0, createdAt: fields.createdAt, lastUsedAt: fields.lastUsedAt,
      usageCount: try fields.usageCount(), description: fields.description, recordType: type)
    row.hasKnownSize = size != nil
    try fields.checkTheRest()
    var facts: StoredRecords.Facts = []
    if fields.isCommitted { facts.insert(.isCommitted) }
    if fields.isDeleted { facts.insert(.isDeleted) }
    if fields.lacksSnapshot { facts.insert(.lacksSnapshot) }
    if kind == .merge || kind == .diff { facts.insert(.isJoined) }
    if let mutable = fields.equalMutable {
      facts.insert(.namesMutable)
      mutables[number] = mutable
    }
    let snapshot = fields.snapshot
    if snapshot.text != fields.id.text { snapshots[number] = snapshot }
    if let blob { stored.blobs[number] = blob }
    if fields.isBlobOnly { stored.blobOnly.insert(number) }
    stored.rows.append(row)
    stored.records.facts.append(facts)
    numbers.append(fields.row.bytes(0))
    isWhole.append(ParentRuns.areWhole(EmptyCollection(), for: kind))
  }

  private mutating func readParents(_ db: Database) throws {
    parents.reserveCapacity(stored.rows.count)
    let (numbers, rows) = (numbers, stored.rows)
    try ParentRuns.forEach(db, id: { Self.number($0.bytes($1), numbers, rows) ?? -1 }) { child, run in
      guard child >= 0, let kind = rows[Int(child)].kind else { return }
      let number = Int(child)
      isWhole[number] = ParentRuns.areWhole(run.lazy.map(\.position), for: kind)
      runs[number] = (Int32(parents.count), Int32(run.count))
      if kind == .diff, run.last?.position == 1 { stored.records.facts[number].insert(.hasUpper) }
      for parent in run { parents.append(parent.id) }
    }
  }

  private static func number(_ id: UnsafeRawBufferPointer, _ numbers: RecordNumbers, _ rows: [CacheState.Row]) -> Int32?
  {
    numbers.find(id) { id.isText(rows[$0].id.text) }
  }

  private func find(_ id: String) -> Int32? {
    var id = id
    return id.withUTF8 { Self.number(UnsafeRawBufferPointer($0), numbers, stored.rows) }
  }

  /// Puts parents and mutable halves in the order of the records, those aside whose parents are not those of their kind.
  private mutating func joinNeeds() {
    var places = [Int32](repeating: -1, count: stored.rows.count)
    var next: Int32 = 0
    for number in stored.rows.indices where isWhole[number] {
      places[number] = next
      next += 1
    }
    stored.records.needs.reserve(Int(next))
    for number in stored.rows.indices where isWhole[number] {
      let run = runs[number]
      for parent in parents[Int(run.start)..<Int(run.start + run.count)] { need(parent, places, next) }
      if let mutable = mutables[number] { need(find(mutable.text) ?? -1, places, next) }
      stored.records.needs.endNode()
    }
    (runs, parents) = ([], [])
    if Int(next) < stored.rows.count { leaveOut(places) }
  }

  private mutating func need(_ number: Int32, _ places: [Int32], _ missing: Int32) {
    let place = number < 0 ? -1 : places[Int(number)]
    stored.records.needs.add(place < 0 ? missing : place)
  }

  /// Leaves records out that have no place, and numbers the others by theirs.
  private mutating func leaveOut(_ places: [Int32]) {
    func moved<Value>(_ values: [Int: Value]) -> [Int: Value] {
      Dictionary(
        uniqueKeysWithValues: values.compactMap { places[$0.key] < 0 ? nil : (Int(places[$0.key]), $0.value) })
    }
    for number in stored.rows.indices where places[number] < 0 {
      let row = stored.rows[number]
      stored.unreadable.append(
        UnreadableRecord(
          id: row.id, problem: ParentRuns.problem(of: row.kind ?? .base), stored: [:],
          snapshot: snapshots[number] ?? SnapshotID(of: row.id)))
    }
    let kept = stored.rows.indices.filter { places[$0] >= 0 }
    stored.rows = kept.map { stored.rows[$0] }
    stored.records.facts = kept.map { stored.records.facts[$0] }
    stored.blobs = moved(stored.blobs)
    stored.blobOnly = Set(stored.blobOnly.filter { places[$0] >= 0 }.map { Int(places[$0]) })
    (snapshots, mutables) = (moved(snapshots), moved(mutables))
    numbers = RecordNumbers(capacity: kept.count)
    for row in stored.rows {
      var id = row.id.text
      id.withUTF8 { numbers.append(UnsafeRawBufferPointer($0)) }
    }
  }

  /// The trees of records, and of those whose size may have to be measured what has to be known for that.
  private mutating func readTrees(_ db: Database) throws {
    let tree = try db.makeStatement(
      sql: """
        SELECT own.tree, own.usage, below.tree FROM snapshot AS own LEFT JOIN snapshot AS below ON below.id = own.parent
        WHERE own.id = ?
        """)
    for number in stored.rows.indices
    where !stored.rows[number].hasKnownSize || !stored.records.facts[number].contains(.isCommitted) {
      if let blob = stored.blobs[number] {
        let (variants, unreadable) = try VariantRow.variants(of: blob, db)
        stored.variants[number] = variants
        stored.damage.formUnion(unreadable)
      }
      let snapshot = snapshots[number] ?? SnapshotID(of: stored.rows[number].id)
      guard !snapshot.isEmpty else { continue }
      try tree.setArguments([snapshot])
      try tree.forEachRow { row in
        stored.trees[number] = StoredTree(
          id: row.int64(0), parent: row.isNull(2) ? nil : row.int64(2), usage: row.count(1))
      }
    }
  }

  /// The records that own the trees on disk.
  private mutating func readOwners(_ db: Database, _ treesOnDisk: Set<TreeID>) throws {
    stored.treesOnDisk = treesOnDisk
    let others = Dictionary(grouping: snapshots, by: \.value)
    try db.makeStatement(sql: "SELECT id, tree FROM snapshot").forEachRow { row in
      try Task.checkCancellation()
      let (snapshot, tree) = (row.name(0) as SnapshotID, row.int64(1))
      guard treesOnDisk.contains(tree) else { return }
      if let number = find(snapshot.text), snapshots[Int(number)]?.isEmpty != false {
        stored.owners.append((tree, Int(number)))
      }
      for other in others[snapshot] ?? [] { stored.owners.append((tree, other.key)) }
    }
  }
}
