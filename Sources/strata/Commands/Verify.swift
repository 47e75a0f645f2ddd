import ArgumentParser
import BuildCache
import BuildCacheStore
import Glibc

/// `strata verify`: checks every invariant.
struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check every invariant of the store, every tree and blob; exit code 1 where one is broken.",
    discussion: """
      Trees are compared by names, kinds, owners and sizes, and by contents where times have changed, blobs by sizes; \
      with --deep all by contents. What is unfinished was cut off, and is ended by the next command that changes the \
      cache, or by `strata gc`.
      """)

  @OptionGroup var root: RootOptions
  @Flag(help: "Read the contents of all trees and blobs, too.") var deep = false
  @Flag(help: "Say what can be mended and what would have to go, ask, and do it.") var repair = false
  @Flag(help: "With --repair, don't ask.") var yes = false

  func validate() throws {
    if yes && !repair { throw ValidationError("--yes answers the question of --repair: add that") }
  }

  func run() async throws {
    guard !repair || yes || isatty(STDIN_FILENO) == 1 else {
      throw Failure.wrongUse("there is no terminal to ask on: add --yes, or leave --repair out to only look")
    }
    if repair { output.keepGoing() }
    try await root.withCache(repair ? .reclaim : .read) { cache in
      try await repair ? self.mend(cache.manager) : self.look(cache.manager)
    }
  }

  private func look(_ manager: CacheManager) async throws {
    let (checking, deep) = (StepProgress("checking"), deep)
    let found = try await interruptible {
      try await manager.verify(deep: deep) { checking.show($0.done, of: $0.total) }
    }
    checking.end()
    for finding in found { output.line("\(finding.severity): \(finding)") }
    guard !found.isEmpty else { return output.line("All is well.") }
    let broken = found.count { $0.severity == .broken }
    guard broken == 0 else {
      throw Failure.failed("\(broken) broken: `strata verify --repair` says what it would mend and drop, and asks")
    }
  }

  private func mend(_ manager: CacheManager) async throws {
    let checking = StepProgress("checking")
    let plan = try await interruptible { try await manager.repairPlan { checking.show($0.done, of: $0.total) } }
    checking.end()
    guard !plan.isEmpty else { return output.line("All is well.") }
    for line in plan.mended { output.line("mend: \(line)") }
    for line in plan.dropped { output.line("drop: \(line)") }
    if !yes { try PlanText.confirm("Mend \(plan.mended.count), drop \(plan.dropped.count)?") }
    let left = try await manager.repair(plan)
    for finding in left { output.line("still \(finding.severity): \(finding)") }
    let broken = left.count { $0.severity == .broken }
    guard broken == 0 else { throw Failure.failed("\(broken) still broken") }
    output.line("Done.")
  }
}
