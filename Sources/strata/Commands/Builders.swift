import ArgumentParser
import BuildCache
import CacheReport
import Synchronization

/// `strata builders`: every daemon side by side.
struct Builders: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List every builder that can be found or is named, what hurts most first.",
    discussion: """
      Without options that name some, the docker client's contexts, the builders of buildx with their nodes, and the \
      sockets of this machine are looked for; several may be named at once. All are asked side by side, and one that \
      doesn't answer is a line that says why. Exit code 0 where at least one answered.

      First come builders that no rule takes anything from and whose disk is nearly full, then others whose disk is, then \
      the others by size, then those that don't answer. ITS RULES TAKE says what its own garbage collection would take now, \
      or how much more the cache may grow before it takes something. `strata explore --builders` opens the list on the \
      screen.
      """)

  @OptionGroup(title: "Which builders") var daemon: DaemonOptions
  @Option(
    help: ArgumentHelp("How long one may say nothing before it is passed by; 20s unless said.", valueName: "time"))
  var timeout: String?
  @OptionGroup var sizes: UnitsOptions
  @Option(help: "How to print it.") var format = UsageFormat.table

  /// What is gathered so far, and how far that is.
  private final class Gathering: Sendable {
    struct Contents {
      var list = BuilderList()
      var gauges: [String: Gauges] = [:]
    }
    private let state = Mutex(Contents())
    private let progress = StepProgress("asking builders")

    var contents: Contents { state.withLock { $0 } }

    func take(_ finding: BuilderFinding) -> Builder? { changing { $0.list.take(finding) } }
    func take(_ outcome: BuilderLine.Outcome, of id: String) { changing { $0.list.take(outcome, of: id) } }
    func take(_ gauges: Gauges, of id: String) { changing { $0.gauges[id] = gauges } }
    func end() { progress.end() }

    private func changing<T: Sendable>(_ change: (inout Contents) -> T) -> T {
      let (result, done, all) = state.withLock { state in
        let result = change(&state)
        return (result, state.list.lines.count { !$0.isAsked }, state.list.lines.count)
      }
      progress.show(done, of: all)
      return result
    }
  }

  func run() async throws {
    let patience = try timeout.map { Duration.nanoseconds(try TimeSpan(parsing: $0, of: "--timeout").nanoseconds) }
    if let patience, patience <= .zero { throw Failure.wrongUse("--timeout: nobody answers within no time") }
    let gathered = try await interruptible { [daemon, format] in
      let search = BuilderSearch(
        try await daemon.named(), daemon, patience: patience ?? BuilderSearch.patience)
      let gathered = await Self.gather(search, hasGauges: format == .prometheus)
      try Task.checkCancellation()
      return gathered
    }
    let list = gathered.list
    for note in list.notes { printError(note) }
    switch format {
    case .json: try printJSON(list.lines.count) { BuilderRow(list.lines[$0]) }
    case .prometheus: output.lines(Gauges.lines(of: gauges(gathered)))
    case .table: printTable(list)
    }
    guard !list.lines.isEmpty else {
      throw Failure.failed("no builder was found: --docker, --builder and --buildctl-addr name one")
    }
    guard list.answered > 0 else { throw Failure.failed("no builder answers") }
  }

  /// Looks for all and asks each as soon as it is found.
  private static func gather(_ search: BuilderSearch, hasGauges: Bool) async -> Gathering.Contents {
    let gathering = Gathering()
    let lanes = Lanes(12, patience: .seconds(1))
    let (findings, found) = AsyncStream.makeStream(of: BuilderFinding.self)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await search.find { found.yield($0) }
        found.finish()
      }
      for await finding in findings {
        guard let builder = gathering.take(finding) else { continue }
        group.addTask {
          let outcome = await lanes.run {
            await builder.outcome { reading in
              guard hasGauges, case .success(let way) = builder.way else { return }
              gathering.take(Gauges(reading, of: way.listed.identity), of: builder.id)
            }
          }
          gathering.take(outcome, of: builder.id)
        }
      }
    }
    gathering.end()
    return gathering.contents
  }

  /// For each builder whether it is up, and what it holds where it is.
  private func gauges(_ gathered: Gathering.Contents) -> [Gauges] {
    gathered.list.lines.flatMap { line in
      let words = (try? line.builder.way.get().listed.identity.words) ?? line.builder.name
      let identity = SourceIdentity(kind: .daemon, words: words, key: line.id)
      let up = Gauges(upOf: identity, isUp: line.figures != nil)
      return [up] + [gathered.gauges[line.id]].compactMap(\.self)
    }
  }

  private func printTable(_ list: BuilderList) {
    guard !list.lines.isEmpty else { return }
    output.table(
      [
        .init(title: "BUILDER", least: 12), .init(title: "KIND", dropped: 1), .init(title: "STATE"),
        .init(title: "RECORDS", isNumber: true, dropped: 3), .init(title: "SIZE", isNumber: true),
        .init(title: "RECLAIMABLE", isNumber: true, dropped: 6), .init(title: "IN USE", isNumber: true, dropped: 4),
        .init(title: "DISK FREE", isNumber: true, dropped: 5), .init(title: "LIMITS", dropped: 2),
        .init(title: "ITS RULES TAKE, OR WHY IT DOESN'T ANSWER", least: 24),
      ], rows: list.lines.count
    ) { number in
      let line = list.lines[number]
      let figures = line.figures
      func bytes(_ count: Int64?) -> String { count.map { sizes.amount($0) } ?? "-" }
      return [
        line.builder.name, line.builder.kind, line.state, figures.map { "\($0.totals.all.records)" } ?? "-",
        bytes(figures?.totals.all.bytes), bytes(figures?.totals[.reclaimable].bytes),
        bytes(figures?.totals[.inUse].bytes), bytes(figures?.space?.free),
        figures?.limits?.words(in: sizes.units) ?? "-",
        line.words(in: sizes.units),
      ]
    }
    output.line()
    output.totals(list.totals, in: sizes.units)
    output.line("\(list.summary). `strata explore --builders` opens the list.")
  }
}
