import ArgumentParser
import BuildCache
import BuildCacheStore
import BuildKitBridge
import CacheReport
import Explorer
import Glibc
import SystemPackage
import Terminal

/// `strata explore`, and `strata` alone: the explorer.
struct Explore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Open the explorer (this is what `strata` alone does).",
    discussion: """
      The options of prune say what its Prune screen begins with. Where several daemons are named, or --builders looks for \
      all that can be found, a list of them opens: Enter opens one, and b comes back.
      """)

  @OptionGroup var source: SourceOptions
  @OptionGroup var policy: PolicyOptions
  @OptionGroup var screen: ScreenOptions
  @Flag(help: "Open the list of all builders that can be found, as `strata builders` prints it.") var builders = false
  @Flag(help: "Change nothing, whatever is pressed.") var readOnly = false
  @Option(
    help: ArgumentHelp("Play these keys, such as 'jj<Enter>', without a terminal; with --print.", valueName: "keys"))
  var keys: String?
  @Option(help: ArgumentHelp("The screen's size for --print.", valueName: "colsxrows")) var size = "100x30"
  @Flag(help: "Print the last screen as text.") var print = false

  func validate() throws {
    let other = [("--from", source.from), ("--buildkit-root", source.buildkitRoot), ("--root", source.root.root)]
    if builders, let given = other.first(where: { $0.1 != nil }) {
      throw ValidationError("--builders lists daemons that run: leave \(given.0) out")
    }
    if keys != nil && !print { throw ValidationError("--keys plays without a terminal: add --print") }
  }

  func run() async throws {
    let cells = try Self.size(of: size)
    let parsed = try policy.parsed(worker: source.policyWorker)
    if !readOnly && source.lookedAt == nil, let option = policy.pretending {
      throw Failure.wrongUse("\(option) only plans what would be: add --read-only")
    }
    let keys = try Self.keys(in: keys ?? "")
    let keySource: TerminalScreen.KeySource = source.takesStandardInput ? .controllingTerminal : .standardInput
    if !print, source.takesStandardInput, isatty(STDIN_FILENO) == 1 {
      throw Failure.wrongUse("--from -: standard input is the terminal: pipe the list in, or give its file")
    }
    guard print || TerminalScreen.isThere(keys: keySource) else {
      throw Failure.wrongUse(
        "there is no terminal to show the explorer on; `strata du` and `strata prune --dry-run` need none")
    }
    let daemons = source.daemon.given.isEmpty ? [] : try await source.daemons(for: policy)
    if builders || daemons.count > 1 {
      guard parsed.isPlain, parsed.at == nil else {
        throw Failure.wrongUse("a plan is of one builder: leave the options of prune out, or name one builder")
      }
      return try await list(
        BuilderSearch(daemons, source.daemon, isReadOnly: readOnly), keys, cells, from: keySource)
    }
    let opened = try await source.source(for: policy, among: daemons)
    let source: any CacheSource = readOnly || parsed.at != nil ? LookingOnly(opened, at: parsed.at) : opened
    let clock: any CacheClock = parsed.at.map { LookingOnly.Clock(time: $0) } ?? SystemClock()
    // What is said of a policy depends on the cache: then that is read before there is a screen.
    // And without a screen there is no hurry: a list that can't be read is told as elsewhere.
    let isListPrinted = print && source.identity.kind == .list
    let first = parsed.isPlain && !isListPrinted ? nil : try await source.read()
    var preset = PrunePreset(
      policies: try first.flatMap { try parsed.rules(for: $0) }, assumptions: parsed.assumptions, free: parsed.free,
      diskSize: parsed.diskSize, worker: self.source.policyWorker,
      // Standard input can't be read anew.
      file: policy.policy.flatMap { $0 == "-" ? nil : $0 })
    preset.namesRules = policy.namesRules
    preset.remarks = try first.map { try parsed.remarks(for: $0) } ?? []
    guard print else {
      return try await screen.explore(source, first: first, prune: preset, clock: clock, keys: keySource)
    }
    let isASCII = screen.ascii || !TerminalScreen.localeIsUTF8
    let outlets = ScreenOptions.outlets { _ in }
    output.text(
      await ExplorerSession.play(
        keys, on: source, first: first, prune: preset, size: cells, isASCII: isASCII, units: screen.sizes.units,
        map: screen.keyMap,
        clock: clock, outlets: outlets
      ).text)
  }

  /// Opens the list of builders.
  private func list(
    _ search: BuilderSearch, _ keys: [Key], _ size: Size, from keySource: TerminalScreen.KeySource
  ) async throws {
    guard print else { return try await screen.list(search.find, keys: keySource) }
    let isASCII = screen.ascii || !TerminalScreen.localeIsUTF8
    let outlets = ScreenOptions.outlets { _ in }
    output.text(
      await BuildersSession.play(
        keys, size: size, isASCII: isASCII, units: screen.sizes.units, map: screen.keyMap, outlets: outlets,
        search: search.find
      ).text)
  }

  private static func size(of text: String) throws -> Size {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let columns = parts[0], let rows = parts[1], (1...2000).contains(columns),
      (1...2000).contains(rows)
    else { throw Failure.wrongUse("--size: \(text) is no size: write for instance 100x30") }
    return Size(columns: columns, rows: rows)
  }

  /// Each of them may take a look at every record.
  private static let mostKeys = 10_000

  private static func keys(in script: String) throws -> [Key] {
    let keys: [Key]
    do {
      keys = try Key.keys(in: script)
    } catch {
      throw Failure.wrongUse("--keys: \(error)")
    }
    guard keys.count <= mostKeys else {
      throw Failure.wrongUse("--keys: \(keys.count) keys are more than the \(mostKeys) that are played")
    }
    return keys
  }
}
