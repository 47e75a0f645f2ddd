import ArgumentParser
import BuildCache
import BuildCacheStore
import Explorer
import Glibc

/// `strata rm`: prunes just these.
struct Remove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove records with all that stands on them, after asking.")

  @OptionGroup var root: RootOptions
  @Argument(help: ArgumentHelp("Records.", valueName: "id")) var ids: [String]
  @Flag(help: "Don't ask.") var yes = false

  func run() async throws {
    guard yes || isatty(STDIN_FILENO) == 1 else {
      throw Failure.wrongUse("there is no terminal to ask on: add --yes")
    }
    try await root.withCache(.write) { cache in
      let state = try await cache.usage()
      let wanted = try ids.map { try state.resolve($0) }
      let plan = PrunePlan(state, removing: wanted)
      for row in wanted {
        guard let reason = plan.reason(forRow: row) else { continue }
        throw Failure.failed("\(state.rows[row].id) can't go: \(reason.words)")
      }
      let others = plan.count - Set(wanted).count
      if !yes {
        try PlanText.confirm(
          "Remove \(counted(plan.count)), \(others) of them as they stand on what you named, freeing "
            + "\(ByteCount(plan.freed).text)?")
      }
      output.keepGoing()
      let report = try await cache.carryOut(plan, progress: PlanText.tellRemoved)
      PlanText.tell(report)
      try PlanText.end(report)
    }
  }
}

/// `strata verify`: checks every invariant.
struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check every invariant of the store, and every blob; exit code 1 where one is broken.")

  @OptionGroup var root: RootOptions
  @Flag(help: "Mend what can be mended.") var repair = false

  func run() async throws {
    if repair { output.keepGoing() }
    try await root.withCache(repair ? .write : .read) { cache in
      let found = try await cache.manager.verify()
      for finding in found { output.line("\(finding.severity): \(finding)") }
      guard !found.isEmpty else { return output.line("All is well.") }
      let left = repair ? try await cache.manager.repair() : found
      if repair {
        for finding in left { output.line("still \(finding.severity): \(finding)") }
        output.line("Mended \(found.count - left.count) of \(found.count).")
      }
      let broken = left.count { $0.severity == .broken }
      guard broken == 0 else {
        throw Failure.failed("\(broken) broken" + (repair ? "" : ": `strata verify --repair` mends what can be mended"))
      }
    }
  }
}

/// `strata gc`: drops what no lease holds.
struct CollectGarbage: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Drop snapshots and blobs that no lease holds.")

  @OptionGroup var root: RootOptions

  func run() async throws {
    try await root.withCache(.write) { cache in
      let bytes = try await cache.manager.unownedBytes()
      let count = try await cache.manager.collectGarbage()
      output.line("Dropped \(count), freed \(ByteCount(bytes).text).")
    }
  }
}
