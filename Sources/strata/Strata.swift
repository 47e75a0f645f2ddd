import ArgumentParser
import BuildCache
import Glibc
import Programs

/// The program: see what a build cache holds and why, see what a prune would take, and prune.
@main
struct Strata: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "strata",
    abstract: "See what fills a build cache, why it stays, and exactly what a prune would take.",
    discussion: """
      Without a command it opens the explorer. The cache is in --root, else $STRATA_ROOT, else \
      $XDG_DATA_HOME/strata, else ~/.local/share/strata.

      Flags may also stand in $XDG_CONFIG_HOME/strata/config, else ~/.config/strata/config, one a line, and in \
      $STRATA_OPTS; what is typed wins, and --ignore-config passes them over. There a line such as key ^P=p gives Control \
      with P the work of p in the explorer.

      Exit codes: 0 done; 1 failed, or answered no; 2 wrong use; 3 the cache is being changed by another process; \
      141 nobody reads the output any more.
      """,
    subcommands: [
      Explore.self, Builders.self, Demo.self, DiskUsage.self, Check.self, Prune.self, MakeSnapshot.self, Merge.self,
      Diff.self,
      MakeTag.self,
      Untag.self, Tags.self, MakeHold.self, Unhold.self, Show.self, Why.self, Graph.self, Files.self, Import.self,
      Export.self, Extract.self, Remove.self, Verify.self, CollectGarbage.self,
    ],
    defaultSubcommand: Explore.self)

  static func main() async {
    // Whoever reads our output may stop reading: that is no reason to die of a signal without restoring anything.
    signal(SIGPIPE, SIG_IGN)
    reserveStandardDescriptors()
    var code: Int32 = 0
    var words: CommandLineWords?
    do {
      let line = try CommandLineWords(Array(CommandLine.arguments.dropFirst())) { name in
        getenv(name).map { String(cString: $0) }
      }
      words = line
      var command = try parseAsRoot(line.words)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      code = Failure.report(error, of: words)
    }
    end(code)
  }

  /// Ends the program at once: whoever leaves the explorer doesn't wait for what still looks at the cache aside, and a
  /// usual exit would take the ground from under it.
  static func end(_ code: Int32) -> Never {
    Program.endOthers()
    let code = output.close(code)
    fflush(nil)
    _exit(code)
  }
}

/// Ends the program with an exit code of the command line's contract, its message already told.
struct Failure: Error {
  let code: Int32
  var message: String?

  /// 1: it did not work, or the question was answered no.
  static func failed(_ message: String? = nil) -> Failure { Failure(code: 1, message: message) }
  /// 2: the command was used wrongly.
  static func wrongUse(_ message: String) -> Failure { Failure(code: 2, message: message) }

  /// What options of other tools are called here.
  private static let otherNames = [
    "--keep-storage-min": "--reserved-space", "--free-storage": "--min-free-space", "--max-storage": "--max-used-space",
    "--force": "--yes", "-f": "--yes", "-a": "--all", "--addr": "--buildctl-addr", "--context": "--docker",
    "--until": "--keep-duration",
    "--unused-for": "--keep-duration",
  ]

  private static func hint(on message: String) -> String {
    let words = message.split { " '’‘".contains($0) }.map(String.init)
    guard let other = words.first(where: { otherNames[$0] != nil }), let own = otherNames[other] else { return "" }
    return "\n\(other) is \(own) here."
  }

  /// Tells an error on standard error, and help that was asked for on standard output.
  ///
  /// - Parameter words: the command line; absent where it was not even read.
  /// - Returns: the exit code.
  static func report(_ error: any Error, of words: CommandLineWords? = nil) -> Int32 {
    // Who did not type a flag wants to know where it comes from.
    func tell(_ message: String) {
      printError(message)
      for remark in words?.remarks(on: message) ?? [] { printError(remark) }
    }
    switch error {
    case let failure as Failure:
      if let message = failure.message { tell(message) }
      return failure.code
    case let error as CacheError:
      tell(error.description)
      switch error.code {
      case .heldByOther: return 3
      case .badFilter, .badInput: return 2
      default: return 1
      }
    case is CancellationError:
      printError("stopped: nothing of it is left")
      return 1
    default:
      let code = Strata.exitCode(for: error)
      let message = Strata.fullMessage(for: error) + Self.hint(on: Strata.message(for: error))
      guard code != .success else {
        output.text(message)
        return 0
      }
      writeError(message)
      for remark in words?.remarks(on: Strata.message(for: error)) ?? [] { printError(remark) }
      return code == .validationFailure ? 2 : code.rawValue
    }
  }
}
