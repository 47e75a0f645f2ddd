import BuildCache
import Foundation
import SystemPackage

/// Fills a cache by calling its manager as a builder does in a week of work: the same few projects are built over and
/// over, most steps are found in the cache, and what comes after a change is made anew.
struct DemoMaker {
  /// A project that is being worked on.
  private struct Work {
    let project: DemoProject
    /// For each stage the records of its last build.
    var stages: [[RecordID]]
    /// Images that were pulled for it, by their names.
    var images: [String: RecordID] = [:]
    /// Its context, its Dockerfile and its cache mounts, by what they are.
    var mutables: [String: RecordID] = [:]

    init(_ project: DemoProject) {
      self.project = project
      stages = project.stages.map { _ in [] }
    }
  }

  private let manager: CacheManager
  private let clock: DemoClock
  private var random: SeededGenerator
  private var works: [Work] = []
  /// Images that all projects share.
  private var shared: [String: RecordID] = [:]
  /// What builds ended in, the last one last.
  private var results: [(tag: String, id: RecordID)] = []
  private var wanted = 0
  private var made = 0
  /// When the build that is under way does its next step.
  private var age = TimeSpan.seconds(0)

  init(_ manager: CacheManager, _ clock: DemoClock, _ random: SeededGenerator) {
    self.manager = manager
    self.clock = clock
    self.random = random
  }

  /// Makes so many records, some tagged and some held.
  mutating func make(records: Int) async throws {
    wanted = records
    while hasRoom { try await build() }
    clock.run()
    try nameSome()
  }

  private var hasRoom: Bool { made < wanted }

  // MARK: builds

  /// Builds a project: each of them in turn at first, then mostly one that is being worked on.
  private mutating func build() async throws {
    let projects = DemoProject.all
    age = ageOfNextBuild()
    var number = works.count
    if works.count < projects.count {
      works.append(Work(projects[works.count]))
    } else if chance(4) {
      works.append(Work(pick(projects)))
    } else {
      number -= 1 + Int.random(in: 0..<min(8, works.count), using: &random)
    }
    try await useTools()
    for name in ["local source for dockerfile", "local source for context"] {
      try await useMutable(
        name, of: number, name, .sourceLocal, kilobytes: name.hasSuffix("context") ? 40...300 : 4...8)
    }
    let showsCommands = chance(40)
    for stage in works[number].project.stages.indices {
      try await build(stage, of: number, showsCommands)
    }
    guard let result = works[number].stages.last?.last else { return }
    results.append((works[number].project.tag, result))
    if works[number].project.takesDiff && (works.count < projects.count || chance(40)) { try await diff(result) }
  }

  /// What builders pull for themselves: the frontend, and a scanner.
  private mutating func useTools() async throws {
    try await usePulled("docker.io/docker/dockerfile:1.10", .frontend, in: \.shared)
    if works.count > 1 {
      try await usePulled("docker.io/docker/buildkit-syft-scanner:stable-1", .internal, in: \.shared)
    }
  }

  /// Builds a stage: the steps before the first change are found, the others made.
  private mutating func build(_ stage: Int, of number: Int, _ showsCommands: Bool) async throws {
    let image = works[number].project.stages[stage].image
    let steps = works[number].project.stages[stage].steps
    guard var below = try await usePulled(image, .regular, in: \.works[number].images) else { return }
    let built = works[number].stages[stage]
    // Sources change more often than what is installed.
    let change = min(
      built.count, max(Int.random(in: 0...steps.count, using: &random), Int.random(in: 0..<steps.count, using: &random))
    )
    works[number].stages[stage] = Array(built.prefix(change))
    for id in built.prefix(change) {
      try use(id)
      below = id
    }
    for place in change..<max(change, steps.count) where hasRoom {
      let name = "[\(works[number].project.stages[stage].name) \(place + 2)/\(steps.count + 1)] "
      guard let made = try await perform(steps[place], name, over: below, for: number, showsCommands) else { return }
      works[number].stages[stage].append(made)
      below = made
    }
  }

  /// Does a step of a stage.
  ///
  /// - Returns: what it made; nothing where there is no room left.
  private mutating func perform(
    _ step: DemoProject.Step, _ name: String, over below: RecordID, for number: Int, _ showsCommands: Bool
  ) async throws -> RecordID? {
    switch step.action {
    case .add: return try await store(over: below, name + step.words, .regular, step.kilobytes, step.files)
    case .run(let mount):
      if let mount {
        try await useMutable(
          mount, of: number, "cached mount \(mount) from exec /bin/sh -c \(step.words) with id \"/\(mount)\"",
          .execCacheMount, kilobytes: 100...900)
        guard hasRoom else { return nil }
      }
      let option = mount.map { "--mount=type=cache,target=\($0) " } ?? ""
      return try await store(
        over: below,
        showsCommands ? "mount / from exec /bin/sh -c \(step.words)" : name + "RUN \(option)\(step.words)", .regular,
        step.kilobytes, step.files)
    case .link(let copied):
      let copy = try await store(over: nil, copied, .regular, step.kilobytes, step.files)
      guard hasRoom else { return nil }
      return try await merge([below, copy], name + step.words)
    }
  }

  // MARK: records

  /// An image that is pulled where that wasn't done before.
  @discardableResult
  private mutating func usePulled(
    _ image: String, _ type: RecordType, in images: WritableKeyPath<DemoMaker, [String: RecordID]>
  ) async throws -> RecordID? {
    if let known = self[keyPath: images][image] {
      try use(known)
      return known
    }
    guard hasRoom else { return nil }
    let digest = (0..<4).map { _ in
      let word = String(UInt64.random(in: 0...(.max), using: &random), radix: 16)
      return String(repeating: "0", count: 16 - word.count) + word
    }.joined()
    let id = try await store(
      over: nil, "pulled from \(image)@sha256:\(digest)", type, 600...2000,
      ["etc/os-release", "usr/lib/libc.so", "bin/sh"])
    self[keyPath: images][image] = id
    return id
  }

  /// A record that stays mutable, of a project that has it or gets it.
  private mutating func useMutable(
    _ key: String, of number: Int, _ description: String, _ type: RecordType, kilobytes: ClosedRange<Int>
  ) async throws {
    tick()
    if let known = works[number].mutables[key] { return try manager.getMutable(known).release() }
    guard hasRoom else { return }
    let mutable = try await manager.new(RecordOptions(description: description, recordType: type, retain: true))
    try await write(to: mutable, kilobytes, ["data", "index"])
    try mutable.release()
    works[number].mutables[key] = mutable.id
    made += 1
  }

  private mutating func merge(_ parents: [RecordID], _ description: String) async throws -> RecordID? {
    let refs = try parents.map { try manager.get($0, countsAsUse: false) }
    defer { for ref in refs { try? ref.release() } }
    tick()
    guard let ref = try await manager.merge(refs, RecordOptions(description: description, retain: true)) else {
      return nil
    }
    return try finish(ref)
  }

  /// What the last steps of a stage changed; of two steps it becomes a merge of a diff a layer, three records.
  private mutating func diff(_ id: RecordID) async throws {
    guard hasRoom else { return }
    let upper = try manager.get(id, countsAsUse: false)
    defer { try? upper.release() }
    guard case .layer(let parentID) = upper.metadata.parents else { return }
    let parent = try manager.get(parentID, countsAsUse: false)
    defer { try? parent.release() }
    tick()
    if wanted - made >= 3, chance(50), case .layer(let grandparentID) = parent.metadata.parents,
      case .layer = try metadata(of: grandparentID).parents
    {
      let lower = try manager.get(grandparentID, countsAsUse: false)
      defer { try? lower.release() }
      let chain = try await manager.diff(lower: lower, upper: upper)
      made += chain.metadata.parents.kind == .merge ? 2 : 0
      _ = try finish(chain)
    } else {
      _ = try finish(
        try await manager.diff(
          lower: parent, upper: upper, RecordOptions(description: "diff of the last step", retain: true)))
    }
  }

  private func metadata(of id: RecordID) throws -> RecordMetadata {
    let ref = try manager.get(id, countsAsUse: false)
    defer { try? ref.release() }
    return ref.metadata
  }

  private mutating func store(
    over parent: RecordID?, _ description: String, _ type: RecordType, _ kilobytes: ClosedRange<Int>, _ files: [String]
  ) async throws -> RecordID {
    tick()
    let below = try parent.map { try manager.get($0, countsAsUse: false) }
    let mutable = try await manager.new(over: below, RecordOptions(description: description))
    try below?.release()
    try await write(to: mutable, kilobytes, files)
    let record = try mutable.commit()
    try record.update {
      $0.retain = true
      $0.recordType = type
    }
    try await record.finalize()
    return try finish(record)
  }

  private mutating func finish(_ ref: ImmutableRef) throws -> RecordID {
    let id = ref.id
    try ref.release()
    made += 1
    return id
  }

  /// A build finds a record in the cache.
  private mutating func use(_ id: RecordID) throws {
    tick()
    try manager.get(id).release()
  }

  // MARK: names

  /// The last results are images, and the first builds of the last ones go on.
  private mutating func nameSome() throws {
    var tags: Set<String> = []
    for result in results.reversed() where tags.insert(result.tag).inserted { try manager.tag(result.tag, result.id) }
    let open = works.suffix(2).compactMap { work in work.stages.first { !$0.isEmpty }?.last }
    for (id, reason) in zip(open, ["a build is running", "kept for debugging"]) { try manager.hold(id, reason: reason) }
  }

  // MARK: chance

  private mutating func pick<T>(_ values: [T]) -> T {
    values[Int.random(in: 0..<values.count, using: &random)]
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  // MARK: times

  /// Builds are spread over seven days of nine hours, the first a week ago, the last just now.
  private func ageOfNextBuild() -> TimeSpan {
    let worked = 7 * 9 * 3600 * Double(wanted - made) / Double(max(1, wanted))
    let days = Int64(worked / (9 * 3600))
    return .seconds(days * 24 * 3600 + Int64(worked) - days * 9 * 3600)
  }

  /// Some seconds later.
  private mutating func tick() {
    age = .seconds(max(1, age.nanoseconds / 1_000_000_000 - Int64.random(in: 1...20, using: &random)))
    clock.set(back: age)
  }

  // MARK: files

  private mutating func write(to mutable: MutableRef, _ kilobytes: ClosedRange<Int>, _ files: [String]) async throws {
    let folder = try await mutable.mount()
    let bytes = Int.random(in: (kilobytes.lowerBound * 1000)...(kilobytes.upperBound * 1000), using: &random)
    for (number, file) in files.enumerated() {
      let place = folder.appending(file)
      // A step without bytes makes a folder.
      let parent = bytes == 0 ? place : place.removingLastComponent()
      try FileManager.default.createDirectory(atPath: parent.string, withIntermediateDirectories: true)
      guard bytes > 0 else { continue }
      // The first file has most of it.
      let share = number == 0 ? bytes - bytes / 4 * min(3, files.count - 1) : bytes / 4
      try Data(repeating: UInt8.random(in: 1...255, using: &random), count: share).write(
        to: URL(filePath: place.string))
    }
  }
}
