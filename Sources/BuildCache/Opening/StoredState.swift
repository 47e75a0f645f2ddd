/// All that a store holds, as whoever only looks reads it: the rows of its records by number, and what decides which of
/// them live and how they stand.
///
/// ``usage(_:)`` makes of it what a manager's disk usage would be that had just opened the store; none is needed, and
/// nothing is loaded, repaired or stored.
package struct StoredState {
  /// The row of each record as it is stored: what depends on others is not worked out.
  package var rows: [CacheState.Row] = []
  /// What decides their fates.
  package var records = StoredRecords()
  /// The trees of those whose size may have to be measured; those that have none are missing.
  package var trees: [Int: StoredTree] = [:]
  /// The digests of their blobs.
  package var blobs: [Int: Digest] = [:]
  /// The other blobs of the same bytes (B15), of those whose size may have to be measured.
  package var variants: [Int: Set<Digest>] = [:]
  /// The records whose tree has still to be made of their blob (B8).
  package var blobOnly: Set<Int> = []
  /// The trees on disk, and which record each of them is the tree of, where there is one.
  package var treesOnDisk: Set<TreeID> = []
  package var owners: [(tree: TreeID, record: Int)] = []
  /// Records that can't be read.
  package var unreadable: [UnreadableRecord] = []
  /// What else is damaged, in sentences.
  package var damage: Set<String> = []
  /// The records that are held (G8).
  package var held: Set<RecordID> = []
  /// The records that a tag names (G7).
  package var tagged: Set<RecordID> = []

  package init() {}
}

/// What a store's records come to, for whoever only looks.
package struct StoredUsage {
  /// A row whose size is not known.
  package struct Unmeasured: Sendable {
    /// Its number.
    package let row: Int
    /// What there is to measure.
    package let subject: TreeMeasure.Subject
  }

  /// The rows that a listing shows, those that are not measured with 0 bytes.
  private var state: CacheState
  /// Those of its rows that are to be measured.
  package let unmeasured: [Unmeasured]
  /// The records that are lazy where their blob is not in the content store, by row.
  package let blobOnly: [(row: Int, blob: Digest)]
  /// The records that can't be used, and why.
  package let unusable: [(id: RecordID, reason: String)]
  /// What else is damaged, in sentences.
  package let damage: Set<String>
  /// The trees on disk that belong to no record.
  package let unownedTrees: Set<TreeID>
  /// The other halves of equal pairs (B2).
  package let halves: [RecordID: RecordID]

  fileprivate init(
    state: CacheState, unmeasured: [Unmeasured], blobOnly: [(row: Int, blob: Digest)],
    unusable: [(id: RecordID, reason: String)], damage: Set<String>, unownedTrees: Set<TreeID>,
    halves: [RecordID: RecordID]
  ) {
    self.state = state
    self.unmeasured = unmeasured
    self.blobOnly = blobOnly
    self.unusable = unusable
    self.damage = damage
    self.unownedTrees = unownedTrees
    self.halves = halves
  }

  /// The rows that a listing shows.
  ///
  /// - Parameters:
  ///   - sizes: the bytes of ``unmeasured``, in their order; absent where they can't be known: then they count 0.
  ///   - isMissing: whether a blob isn't in the content store: a record that is nothing but that one is lazy.
  package consuming func state(sizes: [Int64?], isMissing: (Digest) throws -> Bool) rethrows -> CacheState {
    for (row, blob) in blobOnly { state.rows[row].isLazy = try isMissing(blob) }
    for (unmeasured, size) in zip(unmeasured, sizes) {
      state.rows[unmeasured.row].size = size ?? 0
      state.rows[unmeasured.row].hasKnownSize = size != nil
    }
    return state
  }
}

extension StoredState {
  /// Joins the records as opening the store would (E), and lists them as the manager does (C1, C2, G7).
  ///
  /// One difference: where opening would commit a mutable record, as another stands on it (A7), the mutable one is shown.
  ///
  /// - Complexity: O(records and parents).
  package consuming func usage() -> StoredUsage {
    let count = rows.count
    let fates = RecordFates(records)
    let heldRecords = held.isEmpty ? [] : rows.indices.filter { held.contains(rows[$0].id) }
    let refs = self.refs(fates, heldRecords)
    let halves = self.halves(fates)
    let isShown = (0..<count).map { number in
      guard fates.lives(number) else { return false }
      if let immutable = halves[number], refs[immutable] > 0 { return fates.committed.contains(number) }
      return !isPaired(number, fates) || refs[number] > 0
    }
    var outside = refs  // but those that rows hold on parents (C2)
    for number in 0..<count where isShown[number] {
      let own: Int32 = halves[number] == nil || fates.committed.contains(number) ? 1 : 2
      for parent in parents(of: number) { outside[parent] -= own }
    }
    let isReferenced = referenced(fates)
    var pairs: [RecordID: RecordID] = [:]
    for (mutable, immutable) in halves { pairs[rows[mutable].id] = rows[immutable].id }
    for number in 0..<count where isPaired(number, fates) {
      pairs[rows[number].id] = records.needs[number].last.map { rows[Int($0)].id }
    }
    // The tree of a pair is its mutable half's.
    let owned = owners.lazy.filter { fates.lives($0.record) && !self.isPaired($0.record, fates) }.map(\.tree)
    let unowned = treesOnDisk.subtracting(owned)
    let lists = list(isShown, fates, refs, halves)
    let unusable = (0..<count).compactMap { number -> (RecordID, String)? in
      guard case .isCleared(let reason) = fates.fates[number] else { return nil }
      return (rows[number].id, reason)
    }
    for number in 0..<count where isShown[number] {
      rows[number].outsideRefs = Int(max(0, outside[number]))
      rows[number].isReferenced = isReferenced[number]
    }
    var shown: [CacheState.Row] = []
    if lists.numbers.count == count { swap(&shown, &rows) } else { shown = lists.numbers.map { rows[Int($0)] } }
    let state = CacheState(rows: consume shown, parents: lists.parents, absentParents: lists.absent)
    return StoredUsage(
      state: state, unmeasured: lists.unmeasured, blobOnly: lists.blobOnly,
      unusable: unusable + unreadable.map { ($0.id, $0.problem) },
      damage: damage, unownedTrees: unowned, halves: pairs)
  }

  /// The parents of a record; its mutable half is none.
  fileprivate func parents(of number: Int) -> some Sequence<Int> {
    let needs = records.needs[number]
    return (records.facts[number].contains(.namesMutable) ? needs.dropLast() : needs).lazy.map { Int($0) }
  }

  private func isPaired(_ number: Int, _ fates: RecordFates) -> Bool {
    guard records.facts[number].contains(.namesMutable), case .lives = fates.fates[number] else { return false }
    return true
  }

  /// All refs on each record: those of records on it, holds, and what a cleared merge left (A1, G8).
  private func refs(_ fates: RecordFates, _ held: [Int]) -> [Int32] {
    var refs = [Int32](repeating: 0, count: rows.count)
    for number in rows.indices where fates.lives(number) {
      // The commit of a mutable record holds its parents, too.
      let own: Int32 = fates.committed.contains(number) ? 2 : 1
      for parent in parents(of: number) { refs[parent] += own }
    }
    for number in held where fates.lives(number) { refs[number] += 1 }
    for (number, stray) in fates.strayRefs { refs[number] += Int32(stray) }
    return refs
  }

  /// For each mutable record that has one its immutable half: of several the one committed last (B2).
  private func halves(_ fates: RecordFates) -> [Int: Int] {
    var halves: [Int: Int] = [:]
    for number in rows.indices where isPaired(number, fates) {
      guard let mutable = records.needs[number].last.map({ Int($0) }) else { continue }
      if let other = halves[mutable],
        (rows[other].createdAt, rows[other].id) > (rows[number].createdAt, rows[number].id)
      {
        continue
      }
      halves[mutable] = number
    }
    return halves
  }

  /// For each record whether something outside uses it: a tag names it, or one of the same blobs (G7).
  private func referenced(_ fates: RecordFates) -> [Bool] {
    guard !tagged.isEmpty else { return Array(repeating: false, count: rows.count) }
    let chains = StoredChains(self)
    func chain(_ number: Int) -> [Digest?] { StoredChains.Node(chains: chains, number: number).digestChain }
    let living = rows.indices.filter { fates.lives($0) }
    // A foreign database may hold ids of other bytes that are equal as texts.
    let numbers = Dictionary(living.lazy.filter { tagged.contains(rows[$0].id) }.map { (rows[$0].id, $0) }) { $1 }
    let isUsed = TagReferences.rule(tagged) { id in numbers[id].map(chain) }
    var isReferenced = Array(repeating: false, count: rows.count)
    for number in living { isReferenced[number] = isUsed(rows[number].id) { chain(number) } }
    return isReferenced
  }

  private struct Lists {
    var numbers: [Int32] = []
    var parents = EdgeList()
    var absent: [RecordID] = []
    var unmeasured: [StoredUsage.Unmeasured] = []
    var blobOnly: [(row: Int, blob: Digest)] = []
  }

  /// Numbers the rows that are shown, and says what is to be found out about them.
  private mutating func list(_ isShown: [Bool], _ fates: RecordFates, _ refs: [Int32], _ halves: [Int: Int]) -> Lists {
    var lists = Lists()
    lists.numbers = rows.indices.lazy.filter { isShown[$0] }.map { Int32($0) }
    lists.parents.reserve(lists.numbers.count)
    var rowOf = [Int32](repeating: -1, count: rows.count)
    for (row, number) in lists.numbers.enumerated() { rowOf[Int(number)] = Int32(row) }
    for (row, number) in lists.numbers.enumerated() {
      let number = Int(number)
      for parent in parents(of: number) {
        if rowOf[parent] < 0 { lists.absent.append(rows[parent].id) }
        lists.parents.add(rowOf[parent] < 0 ? Int32(lists.numbers.count + lists.absent.count - 1) : rowOf[parent])
      }
      lists.parents.endNode()
      rows[number].isMutable = records.isMutable(number)
      if blobOnly.contains(number), let blob = blobs[number] { lists.blobOnly.append((row, blob)) }
      guard let subject = unmeasured(number, fates, refs, halves) else { continue }
      lists.unmeasured.append(StoredUsage.Unmeasured(row: row, subject: subject))
    }
    return lists
  }

  /// What is to be measured of a record whose size isn't known: a mutable one in use counts 0 (C3), a pair's size is kept
  /// by its immutable half.
  private mutating func unmeasured(_ number: Int, _ fates: RecordFates, _ refs: [Int32], _ halves: [Int: Int])
    -> TreeMeasure.Subject?
  {
    if records.isMutable(number) && refs[number] > 0 && !fates.committed.contains(number) {
      rows[number].size = 0
      rows[number].hasKnownSize = true
      return nil
    }
    if rows[number].hasKnownSize { return nil }
    if let half = halves[number], rows[half].hasKnownSize {
      rows[number].size = rows[half].size
      rows[number].hasKnownSize = true
      return nil
    }
    let tree = isPaired(number, fates) ? records.needs[number].last.map { Int($0) } ?? number : number
    return TreeMeasure.Subject(
      blobs: blobs[number].map { [$0] + (variants[number] ?? []) } ?? [],
      tree: blobOnly.contains(number) ? nil : trees[tree], isMutable: records.isMutable(number))
  }
}

/// Digest chains of stored records, by number.
private final class StoredChains {
  let stored: StoredState
  var known: [Int: [Digest?]] = [:]

  init(_ stored: StoredState) { self.stored = stored }

  struct Node: DigestChained {
    let chains: StoredChains
    let number: Int

    var chainKind: RecordKind { chains.stored.rows[number].kind ?? .base }
    var hasUpper: Bool { chains.stored.records.facts[number].contains(.hasUpper) }
    var ownDigest: Digest? { chains.stored.blobs[number] }
    var chainParents: [Node] { chains.stored.parents(of: number).map { Node(chains: chains, number: $0) } }
    var knownDigestChain: [Digest?]? {
      get { chains.known[number] }
      nonmutating set { chains.known[number] = newValue }
    }
  }
}
