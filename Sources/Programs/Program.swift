import BuildCache
import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// Another program, run without a shell, its input and output as chunks of bytes.
package struct Program: Sendable, Hashable {
  /// What a program is given of what is around this one.
  package enum Surroundings: Sendable, Hashable {
    /// Nothing but where programs are, and one language: variables such as `TAR_OPTIONS` would change what they do.
    case bare
    /// All that this program has, but for its terminal: it can't ask there, nor draw on it.
    case users
  }

  /// What it is called, to be looked for where programs are; or its path.
  package let name: String
  /// What it is given, each as it is.
  package let arguments: [String]
  /// What it is given of what is around this program.
  package let surroundings: Surroundings

  package init(_ name: String, _ arguments: [String], in surroundings: Surroundings = .bare) {
    (self.name, self.arguments, self.surroundings) = (name, arguments, surroundings)
  }

  /// Where what is fed to a program goes.
  package struct Input: Sendable {
    fileprivate let writer: StandardInputWriter
    fileprivate let watch: Watch

    /// Feeds bytes.
    ///
    /// - Throws: ``EndOfInput`` where the program has ended, or its output is not wanted any more; what ran it knows why.
    package func write(_ bytes: [UInt8]) async throws {
      guard watch.error == nil, (try? await writer.write(bytes)) != nil else { throw EndOfInput() }
    }
  }

  /// Nobody reads on: not the fault of the one who writes.
  package struct EndOfInput: Error {
    package init() {}
  }

  /// How a program failed.
  package struct Failure: Error, Hashable {
    /// What happened to it.
    package enum Cause: Sendable, Hashable {
      /// It isn't there.
      case notInstalled
      /// It ended with a code other than 0; absent: by a signal.
      case ended(code: Int32?, words: String)
      /// It printed nothing for as long as was waited for.
      case silent(Duration)
    }
    /// What happened to it.
    package let cause: Cause
    /// What it said on its standard error, of which the first 4 KiB are kept.
    package let said: String
  }

  /// What went wrong on our side, first; and when the program was last heard of.
  fileprivate final class Watch: Sendable {
    private let first = Guarded<(any Error)?>(nil)
    private let heard = Guarded(ContinuousClock.now)

    var error: (any Error)? { first.withLock { $0 } }
    func note(_ error: any Error) { first.withLock { $0 = $0 ?? error } }
    func hear() { heard.withLock { $0 = .now } }

    /// Returns once it was not heard of for so long.
    func silence(of patience: Duration) async throws {
      while true {
        let end = heard.withLock { $0 } + patience
        if end <= .now { return }
        try await Task.sleep(until: end, clock: .continuous)
      }
    }
  }

  /// The most that is kept of what it says.
  private static let mostSaid = 4096

  /// Runs it to its end: its input ends when `feed` returns or throws, and its output is always read to its end.
  ///
  /// - Parameters:
  ///   - patience: how long it may print nothing; absent: as long as it likes, and it isn't ended with this program.
  ///   - isTalk: whether its input stays open until its output ends.
  ///   - feed: writes to its input.
  ///   - take: is given what it prints, in order, beside `feed`; after it threw it is given no more.
  /// - Throws: what `take` and `feed` throw; ``Failure``; `CancellationError` where the task was cancelled, and the program
  ///   ended with it.
  package func run(
    patience: Duration? = nil, isTalk: Bool = false,
    feeding feed: @Sendable @escaping (Input) async throws -> Void = { _ in },
    taking take: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws {
    Self.ignoreBrokenPipes
    let watch = Watch()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        try await runToEnd(watch, isTalk, mayBeEnded: patience != nil, feeding: feed, taking: take)
        return true
      }
      if let patience {
        group.addTask {
          try await watch.silence(of: patience)
          return false
        }
      }
      let hasEnded = try await group.next() ?? true
      group.cancelAll()
      if hasEnded { return }
      _ = await group.nextResult()
      throw Failure(cause: .silent(patience ?? .zero), said: "")
    }
  }

  private func runToEnd(
    _ watch: Watch, _ isTalk: Bool, mayBeEnded: Bool, feeding feed: @Sendable @escaping (Input) async throws -> Void,
    taking take: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws {
    var options = PlatformOptions()
    options.createSession = surroundings == .users
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
    do {
      let result = try await Subprocess.run(
        name.contains("/") ? .path(FilePath(name)) : .name(name), arguments: Arguments(arguments),
        environment: surroundings == .bare ? .custom(Self.bareEnvironment) : .inherit, platformOptions: options,
        input: .inputWriter, output: .sequence, error: .sequence
      ) { execution in
        let process = execution.processIdentifier.value
        if surroundings == .users && mayBeEnded { Self.running.withLock { _ = $0.insert(process) } }
        defer { Self.running.withLock { _ = $0.remove(process) } }
        return try await withThrowingTaskGroup(of: String.self) { group in
          group.addTask {
            var isWanted = true
            for try await chunk in execution.standardOutput where isWanted {
              watch.hear()
              do { try await take(chunk.withUnsafeBytes { Array($0) }) } catch {
                watch.note(error)
                isWanted = false
              }
            }
            return ""
          }
          group.addTask {
            var said: [UInt8] = []
            for try await chunk in execution.standardError where said.count < Self.mostSaid {
              said += chunk.withUnsafeBytes { Array($0) }
            }
            return String(decoding: said, as: UTF8.self)
          }
          do { try await feed(Input(writer: execution.standardInputWriter, watch: watch)) } catch {
            if !(error is EndOfInput) { watch.note(error) }
          }
          if !isTalk { try await execution.standardInputWriter.finish() }
          let said = try await group.reduce("") { $0 + $1 }
          if isTalk { try await execution.standardInputWriter.finish() }
          return said
        }
      }
      if let error = watch.error { throw error }
      try Task.checkCancellation()
      guard result.terminationStatus != .exited(0) else { return }
      let code: Int32? = if case .exited(let code) = result.terminationStatus { code } else { nil }
      throw Failure(cause: .ended(code: code, words: "\(result.terminationStatus)"), said: result.closureResult)
    } catch let error as SubprocessError where error.code == .executableNotFound {
      throw Failure(cause: .notInstalled, said: "")
    }
  }

  /// Programs that run for their answer alone: nobody wants it once this one has ended.
  private static let running = Guarded<Set<pid_t>>([])

  /// Ends all that run in sessions of their own and may be ended at any time: this program is about to end.
  package static func endOthers() {
    for process in running.withLock({ $0 }) { kill(-process, SIGTERM) }
  }

  private static var bareEnvironment: [Environment.Key: String] {
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    return ["PATH": path, "LC_ALL": "C", "TZ": "UTC0"]
  }

  /// Without this a program that ends before it has read all would end this process with it. A handler that was set stays.
  private static let ignoreBrokenPipes: Void = {
    var action = sigaction()
    sigaction(SIGPIPE, nil, &action)
    if action.__sigaction_handler.sa_handler == nil { signal(SIGPIPE, SIG_IGN) }
  }()
}
