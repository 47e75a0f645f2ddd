import BuildCache
import Foundation
import SystemPackage

/// Fills a cache by calling its manager as a builder does: stages of layers, copies, merges, diffs, cache mounts.
struct DemoMaker {
  private let manager: CacheManager
  private let clock: DemoClock
  private var random: SeededGenerator
  /// Immutable records that may be built upon, with the length of the chain beneath them.
  private var pool: [(id: RecordID, depth: Int)] = []
  private var made = 0

  init(_ manager: CacheManager, _ clock: DemoClock, _ random: SeededGenerator) {
    self.manager = manager
    self.clock = clock
    self.random = random
  }

  /// Makes so many records, some tagged and some held.
  mutating func make(records: Int) async throws {
    while made < records {
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<6: try await base()
      case 6..<12: try await cacheMount()
      case 12..<20: try await merge()
      case 20..<28: try await diff(room: records - made)
      default: try await layer()
      }
    }
    clock.run()
    try nameSome()
  }

  // MARK: records

  private mutating func base() async throws {
    let images = ["alpine:3.20", "debian:12", "golang:1.23", "node:22", "swift:6.3", "python:3.13"]
    let sources = ["local source for context", "local source for dockerfile"]
    if Int.random(in: 0..<3, using: &random) == 0 {
      try await store(over: nil, pick(sources), .sourceLocal, files: 1...4)
    } else {
      try await store(over: nil, "pulled from docker.io/library/" + pick(images), .regular, files: 2...6)
    }
  }

  private mutating func layer() async throws {
    guard let parent = recent() else { return try await base() }
    let stage = pick(["build", "app", "web", "test", "tools"])
    let steps = [
      "RUN make -j8", "RUN apt-get update && apt-get install -y curl", "COPY . /src", "RUN npm ci",
      "RUN go build ./...",
      "RUN swift build -c release", "WORKDIR /src", "RUN ctest --output-on-failure", "COPY dist /srv",
      "RUN pip install -r requirements.txt",
    ]
    let types: [RecordType] = [
      .regular, .regular, .regular, .regular, .regular, .regular, .regular, .internal, .frontend,
    ]
    try await store(
      over: parent, "[\(stage) \(parent.depth + 1)/\(parent.depth + 4)] \(pick(steps))", pick(types), files: 1...3)
  }

  private mutating func cacheMount() async throws {
    let mounts = ["/root/.cache", "/go/pkg/mod", "/var/cache/apt", "/root/.npm", "/src/.build"]
    let options = RecordOptions(
      description: "cached mount \(pick(mounts)) from exec", recordType: .execCacheMount, retain: true)
    let uses = useCount()
    let age = newAge(uses)
    let mutable = try await manager.new(options)
    try await write(to: mutable, files: 1...4)
    try mutable.release()
    made += 1
    for use in 1..<max(1, uses) {
      clock.set(back: ageOfUse(use, of: uses, age))
      try manager.getMutable(mutable.id).release()
    }
  }

  private mutating func merge() async throws {
    guard pool.count >= 4 else { return try await layer() }
    let parents = try (0..<Int.random(in: 2...3, using: &random)).map { _ in try get(recent(within: 30)) }
    let distinct = Set(parents.compactMap { $0?.id })
    defer { for parent in parents { try? parent?.release() } }
    guard distinct.count == parents.count, parents.allSatisfy({ $0?.metadata.parents.kind != .merge }) else {
      return try await layer()
    }
    let uses = useCount()
    let age = newAge(uses)
    let words = "merge of \(parents.count) stages"
    guard let ref = try await manager.merge(parents, RecordOptions(description: words, retain: true)) else { return }
    try finish(ref, depth: 1, uses: uses, age)
  }

  private mutating func diff(room: Int) async throws {
    guard let upper = recent(), let ref = try get(upper) else { return try await layer() }
    defer { try? ref.release() }
    guard case .layer(let parentID) = ref.metadata.parents else { return try await layer() }
    let parent = try manager.get(parentID, countsAsUse: false)
    defer { try? parent.release() }
    let uses = useCount()
    let age = newAge(uses)
    // From two layers further down it becomes a merge of a diff a layer, three records.
    if room >= 3, case .layer(let grandparentID) = parent.metadata.parents,
      case .layer = try metadata(of: grandparentID).parents
    {
      let lower = try manager.get(grandparentID, countsAsUse: false)
      defer { try? lower.release() }
      let chain = try await manager.diff(lower: lower, upper: ref)
      made += chain.metadata.parents.kind == .merge ? 2 : 0
      return try finish(chain, depth: 1, uses: uses, age)
    }
    let made = try await manager.diff(
      lower: parent, upper: ref, RecordOptions(description: "diff of the last step", retain: true))
    try finish(made, depth: 1, uses: uses, age)
  }

  private func metadata(of id: RecordID) throws -> RecordMetadata {
    let ref = try manager.get(id, countsAsUse: false)
    defer { try? ref.release() }
    return ref.metadata
  }

  private mutating func store(
    over parent: (id: RecordID, depth: Int)?, _ description: String, _ type: RecordType, files: ClosedRange<Int>
  ) async throws {
    let uses = useCount()
    let age = newAge(uses)
    let below = try get(parent)
    let mutable = try await manager.new(over: below, RecordOptions(description: description))
    try below?.release()
    try await write(to: mutable, files: files)
    let record = try mutable.commit()
    try record.update {
      $0.retain = true
      $0.recordType = type
    }
    try await record.finalize()
    try finish(record, depth: (parent?.depth ?? 0) + 1, uses: uses, age)
  }

  /// Uses a record as often as it should have been used, the last time at its age, and lets it go.
  private mutating func finish(_ ref: ImmutableRef, depth: Int, uses: Int, _ age: TimeSpan) throws {
    clock.set(back: ageOfUse(0, of: uses, age))
    try ref.release()
    for use in 1..<max(1, uses) {
      clock.set(back: ageOfUse(use, of: uses, age))
      try manager.get(ref.id).release()
    }
    made += 1
    pool.append((ref.id, depth))
  }

  // MARK: names

  private mutating func nameSome() throws {
    for (number, name) in ["docker.io/acme/app:latest", "docker.io/acme/web:1.4", "docker.io/acme/tools:dev"]
      .enumerated()
    where pool.count > number * 7 + 3 {
      try manager.tag(name, pool[pool.count - 1 - number * 7].id)
    }
    for (number, reason) in ["a build is running", "kept for debugging"].enumerated() where pool.count > number * 11 + 9
    {
      try manager.hold(pool[pool.count - 5 - number * 11].id, reason: reason)
    }
  }

  // MARK: chance

  private mutating func pick<T>(_ values: [T]) -> T {
    values[Int.random(in: 0..<values.count, using: &random)]
  }

  /// A record to build upon: mostly a late one, so that stages grow.
  private mutating func recent(within count: Int = 12) -> (id: RecordID, depth: Int)? {
    guard !pool.isEmpty else { return nil }
    let back = Int.random(in: 0..<min(count, pool.count), using: &random)
    let found = pool[pool.count - 1 - back]
    return found.depth < 14 ? found : nil
  }

  private func get(_ record: (id: RecordID, depth: Int)?) throws -> ImmutableRef? {
    try record.map { try manager.get($0.id, countsAsUse: false) }
  }

  private mutating func useCount() -> Int {
    pick([1, 1, 1, 2, 2, 3, 4, 5, 8, 12])
  }

  /// An age between a minute and sixty days, as many short as long ones, and the clock set to when it was made.
  private mutating func newAge(_ uses: Int) -> TimeSpan {
    let minutes = exp(Double.random(in: 0..<log(60.0 * 24 * 60), using: &random))
    let age = TimeSpan.seconds(Int64(minutes * 60) + Int64.random(in: 0..<60, using: &random))
    clock.set(back: ageOfUse(-1, of: uses, age))
    return age
  }

  /// When a use was: the last at the age itself, each before it an hour earlier.
  private func ageOfUse(_ use: Int, of uses: Int, _ age: TimeSpan) -> TimeSpan {
    TimeSpan(nanoseconds: age.nanoseconds + Int64(uses - 1 - use) * 3_600_000_000_000)
  }

  // MARK: files

  private mutating func write(to mutable: MutableRef, files: ClosedRange<Int>) async throws {
    let folder = try await mutable.mount()
    for _ in 0..<Int.random(in: files, using: &random) {
      let name = "\(pick(["app", "lib", "data", "index", "main"]))-\(UInt16.random(in: 0...999, using: &random)).bin"
      let place = folder.appending(pick(["bin", "lib", "srv", "src"]))
      try FileManager.default.createDirectory(atPath: place.string, withIntermediateDirectories: true)
      // Sizes as they are met: many small, few large; 4 MB at most, so that a demo takes seconds.
      let bytes = Int(exp(Double.random(in: log(500.0)..<log(600_000.0), using: &random)))
      try Data(repeating: UInt8.random(in: 1...255, using: &random), count: bytes).write(
        to: URL(filePath: place.appending(name).string))
    }
  }
}
