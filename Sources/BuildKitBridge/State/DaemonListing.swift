import BuildCache
import CacheReport

/// The records of a worker as its daemon lists them at rest: one of each equal pair (C1), with what it would measure
/// measured.
struct DaemonListing {
  /// A row to be counted on the disk: the daemon would do it at the next disk usage.
  struct Uncounted: Sendable {
    let row: Int
    let tree: SnapshotTree
    /// What its blobs take besides.
    let blobs: Int64
  }

  private(set) var rows: [CacheState.Row] = []
  /// The parents of each row; numbers from `rows.count` on are of those that aren't listed.
  private(set) var parents = EdgeList()
  private(set) var absentParents: [RecordID] = []
  /// Rows whose size has to be counted.
  private(set) var uncounted: [Uncounted] = []
  /// What has to be known, in sentences.
  private(set) var notes: [String] = []
  /// Bytes that no record owns.
  private(set) var unowned: Int64 = 0

  private let records: [DaemonRecord]
  private let numbers: [RecordID: Int32]
  private let store: (any SnapshotStore)?
  /// The immutable half of a mutable record, by number.
  private var halves: [Int: Int] = [:]
  /// Whether a record, or one that it stands on, is lazy.
  private var standsOnLazy: [Bool]

  /// Lists the records.
  ///
  /// - Parameter store: what lies under them; absent where it isn't here.
  /// - Complexity: O(records and parents).
  init(_ contents: MetadataDatabase.Contents, store: (any SnapshotStore)?) {
    self.store = store
    notes = Self.shortened(contents.problems)
    // A daemon ends what was begun when it starts (E3).
    let deleted = contents.records.count { $0.metadata.isDeleted }
    var records = deleted == 0 ? contents.records : contents.records.filter { !$0.metadata.isDeleted }
    var numbers = Self.numbers(of: records)
    let doubles = records.count - numbers.count
    if doubles > 0 {
      records = records.distinct
      numbers = Self.numbers(of: records)
      notes.append("\(counted(doubles)) left out: damaged ids, which read like those of others")
    }
    (self.records, self.numbers) = (records, numbers)
    standsOnLazy = Array(repeating: false, count: records.count)
    if deleted > 0 { notes.append("\(counted(deleted)) marked deleted: gone when the daemon starts") }
    list()
    finish()
  }

  private static func numbers(of records: [DaemonRecord]) -> [RecordID: Int32] {
    var numbers: [RecordID: Int32] = Dictionary(minimumCapacity: records.count)
    for (number, record) in records.enumerated() { numbers[record.metadata.id] = Int32(number) }
    return numbers
  }

  private mutating func list() {
    let graph = ParentGraph(records, numbers)
    for (number, record) in records.enumerated() {
      guard let mutable = mutableHalf(of: record) else { continue }
      // Of several commits the last one counts (B2).
      if let other = halves[mutable], isLater(records[other], record) { continue }
      halves[mutable] = number
    }
    let chains = DigestChains(records, numbers, longest: store?.longestImage ?? 0)
    var shown: [Int] = []
    var rowOf = [Int32](repeating: -1, count: records.count)
    shown.reserveCapacity(records.count)
    rows.reserveCapacity(records.count)
    for number in graph.parentsFirst {
      let record = records[number]
      let isReferenced = store?.isReferenced(record.metadata) { chains.chain(of: number) } ?? false
      let isLazy = isLazy(record)
      standsOnLazy[number] = isLazy || graph.parents(of: number).contains { standsOnLazy[Int($0)] }
      let isShown =
        if let half = halves[number] { graph.childCount(of: half) == 0 } else {
          mutableHalf(of: record) == nil || graph.childCount(of: number) > 0
        }
      guard isShown else { continue }
      var row = CacheState.Row(record.metadata, kind: record.metadata.parents.kind, size: 0)
      row.isMutable = record.isMutable
      row.isLazy = isLazy
      row.isReferenced = isReferenced
      if let size = record.metadata.size ?? halves[number].flatMap({ records[$0].metadata.size }) {
        row.size = size
      } else {
        row.isMeasuredByUse = row.isMutable && halves[number] == nil
        switch measured(number) {
        case .bytes(let size): row.size = size
        case .uncounted(let tree, let blobs):
          uncounted.append(Uncounted(row: rows.count, tree: tree, blobs: blobs))
          row.hasKnownSize = false
        case .unknown: row.hasKnownSize = false
        }
      }
      rowOf[number] = Int32(rows.count)
      rows.append(row)
      shown.append(number)
    }
    link(shown, rowOf, graph)
    let gone = absentParents.count { numbers[$0] == nil }
    if gone > 0 {
      notes.append(
        "\(gone) parents of records are gone: what stands on them is cleared when the daemon starts")
    }
    if graph.parentsFirst.count < records.count {
      notes.append("\(counted(records.count - graph.parentsFirst.count)) left out: they stand on themselves")
    }
  }

  /// Numbers the parents of the rows.
  private mutating func link(_ shown: [Int], _ rowOf: [Int32], _ graph: ParentGraph) {
    parents.reserve(shown.count)
    for number in shown {
      let known = graph.parents(of: number)
      if known.allSatisfy({ rowOf[Int($0)] >= 0 }), known.count == records[number].metadata.parents.count {
        for parent in known { parents.add(rowOf[Int(parent)]) }
      } else {
        records[number].metadata.parents.forEach { id in
          let row = numbers[id].map { rowOf[Int($0)] } ?? -1
          if row < 0 { absentParents.append(id) }
          parents.add(row < 0 ? Int32(rows.count + absentParents.count - 1) : row)
        }
      }
      parents.endNode()
    }
  }

  /// Adds what is said of the whole.
  private mutating func finish() {
    let unmeasured = rows.count { !$0.hasKnownSize } - uncounted.count
    if unmeasured > 0 {
      notes.append(
        "the size of \(counted(unmeasured)) isn't known: the daemon hasn't measured it yet, and what it would measure "
          + "isn't here")
    }
    guard let store else { return }
    notes += store.notes
    let blobs = Set(records.lazy.compactMap(\.metadata.blob?.digest))
    let variants = blobs.flatMap { store.variants(of: $0) }
    let snapshots = records.lazy.map(\.metadata.ownSnapshot)
    unowned = store.unowned(snapshots: snapshots, blobs: blobs.union(variants))
  }

  /// Both halves of each equal pair, either way.
  var pairs: [RecordID: RecordID] {
    var pairs: [RecordID: RecordID] = [:]
    for (mutable, immutable) in halves { pairs[records[mutable].metadata.id] = records[immutable].metadata.id }
    for record in records {
      if let mutable = mutableHalf(of: record) { pairs[record.metadata.id] = records[mutable].metadata.id }
    }
    return pairs
  }

  private func mutableHalf(of record: DaemonRecord) -> Int? {
    record.metadata.equalMutable.flatMap { numbers[$0] }.map { Int($0) }
  }

  private func isLater(_ a: DaemonRecord, _ b: DaemonRecord) -> Bool {
    (a.metadata.createdAt, a.metadata.id) > (b.metadata.createdAt, b.metadata.id)
  }

  private enum Measured {
    case bytes(Int64)
    case uncounted(SnapshotTree, blobs: Int64)
    case unknown
  }

  /// What a daemon would find for a record whose size isn't stored (B11).
  private func measured(_ number: Int) -> Measured {
    let metadata = records[number].metadata
    guard let store else { return .unknown }
    // One that stands on a lazy one can't be got, and counts 0 until it can.
    if standsOnLazy[number] { return .bytes(0) }
    var blobs: Int64 = 0
    if let digest = metadata.blob?.digest {
      blobs = ([digest] + store.variants(of: digest)).reduce(0) { $0.addingSaturating(store.blobSize($1) ?? 0) }
    }
    if metadata.isBlobOnly { return .bytes(blobs) }
    switch store.usage(of: metadata.ownSnapshot) {
    case .bytes(let bytes): return .bytes(blobs.addingSaturating(bytes))
    case .absent: return .bytes(blobs)
    case .uncounted(let tree): return .uncounted(tree, blobs: blobs)
    case .unknown: return .unknown
    }
  }

  private func isLazy(_ record: DaemonRecord) -> Bool {
    guard record.metadata.isBlobOnly, let store, let digest = record.metadata.blob?.digest else { return false }
    return store.blobSize(digest) == nil
  }

  /// A few of many.
  private static func shortened(_ problems: [String]) -> [String] {
    problems.count > 5 ? problems.prefix(5) + ["and \(problems.count - 5) more values can't be read"] : problems
  }
}

/// Records by number, each after all that it stands on.
private struct ParentGraph {
  private let edges: EdgeList
  private let back: EdgeList
  /// All records but those that stand on themselves.
  private(set) var parentsFirst: [Int] = []

  init(_ records: [DaemonRecord], _ numbers: [RecordID: Int32]) {
    var edges = EdgeList()
    edges.reserve(records.count)
    for record in records {
      record.metadata.parents.forEach { if let parent = numbers[$0] { edges.add(parent) } }
      edges.endNode()
    }
    self.edges = edges
    back = edges.reversed(count: records.count)
    var open = records.indices.map { edges[$0].count }
    parentsFirst = records.indices.filter { open[$0] == 0 }
    parentsFirst.reserveCapacity(records.count)
    var next = 0
    while next < parentsFirst.count {
      for child in back[parentsFirst[next]] {
        open[Int(child)] -= 1
        if open[Int(child)] == 0 { parentsFirst.append(Int(child)) }
      }
      next += 1
    }
  }

  func parents(of number: Int) -> ArraySlice<Int32> { edges[number] }
  func childCount(of number: Int) -> Int { back[number].count }
}

/// Digest chains of records (B7), asked for parents first.
///
/// One that is longer than that of any image is cut: it equals none, however long.
private final class DigestChains {
  private let records: [DaemonRecord]
  private let numbers: [RecordID: Int32]
  private let longest: Int
  private var known: [Int: [Digest?]] = [:]

  init(_ records: [DaemonRecord], _ numbers: [RecordID: Int32], longest: Int) {
    (self.records, self.numbers, self.longest) = (records, numbers, longest)
  }

  func chain(of number: Int) -> [Digest?] { Node(chains: self, number: number).digestChain }

  private struct Node: DigestChained {
    let chains: DigestChains
    let number: Int

    var metadata: RecordMetadata { chains.records[number].metadata }
    var chainKind: RecordKind { metadata.parents.kind }
    var hasUpper: Bool { if case .diff(_, .some) = metadata.parents { true } else { false } }
    var ownDigest: Digest? { metadata.blob?.digest }
    var chainParents: [Node] {
      metadata.parents.all.compactMap { chains.numbers[$0] }.map { Node(chains: chains, number: Int($0)) }
    }
    var knownDigestChain: [Digest?]? {
      get { chains.known[number] }
      nonmutating set {
        chains.known[number] = newValue.map { Array($0.filter { $0 != nil }.prefix(chains.longest + 1)) }
      }
    }
  }
}
