import BuildCache
import FileTrees
import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// A tool of the system's, run with its input and output as chunks of bytes.
struct Tool: Sendable {
  let name: String
  let arguments: [String]

  init(_ name: String, _ arguments: [String]) {
    self.name = name
    self.arguments = arguments
  }

  /// Where what is fed to a tool goes.
  struct Input: Sendable {
    fileprivate let writer: StandardInputWriter
    fileprivate let failure: ToolFailure

    /// Feeds bytes.
    ///
    /// - Throws: `EndOfInput` where the tool has ended, or its output is not wanted any more; what ran it knows why.
    func write(_ bytes: [UInt8]) async throws {
      guard failure.error == nil, (try? await writer.write(bytes)) != nil else { throw EndOfInput() }
    }
  }

  /// Nobody reads on: not the fault of the one who writes.
  struct EndOfInput: Error {}

  /// What went wrong on our side, first.
  fileprivate final class ToolFailure: Sendable {
    private let first = Guarded<(any Error)?>(nil)
    var error: (any Error)? { first.withLock { $0 } }
    func note(_ error: any Error) { first.withLock { $0 = $0 ?? error } }
  }

  /// Runs it to its end: its input ends when `feed` returns or throws, and its output is always read to its end.
  ///
  /// - Parameters:
  ///   - feed: writes to its input.
  ///   - code: the error's code where the tool fails.
  ///   - take: is given what it prints, in order, beside `feed`; after it threw it is given no more.
  /// - Throws: what `take` and `feed` throw; ``CacheError`` with what the tool said where it failed, `storage` where it
  ///   isn't installed.
  func run(
    failingWith code: CacheError.Code = .storage,
    feeding feed: @Sendable (Input) async throws -> Void,
    taking take: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws {
    Self.ignoreBrokenPipes
    let failure = ToolFailure()
    do {
      let result = try await Subprocess.run(
        .name(name), arguments: Arguments(arguments),
        environment: .custom(Self.environment), input: .inputWriter, output: .sequence,
        error: .sequence
      ) { execution in
        try await withThrowingTaskGroup(of: String.self) { group in
          group.addTask {
            var isWanted = true
            for try await chunk in execution.standardOutput where isWanted {
              do { try await take(chunk.withUnsafeBytes { Array($0) }) } catch {
                failure.note(error)
                isWanted = false
              }
            }
            return ""
          }
          group.addTask {
            var said: [UInt8] = []
            for try await chunk in execution.standardError where said.count < 4096 {
              said += chunk.withUnsafeBytes { Array($0) }
            }
            return String(decoding: said, as: UTF8.self)
          }
          do { try await feed(Input(writer: execution.standardInputWriter, failure: failure)) } catch {
            if !(error is EndOfInput) { failure.note(error) }
          }
          try await execution.standardInputWriter.finish()
          return try await group.reduce("") { $0 + $1 }
        }
      }
      if let error = failure.error { throw error }
      guard result.terminationStatus != .exited(0) else { return }
      // Its first complaint is the cause, what follows comes of it; tar's remarks on names are none.
      let lines = result.closureResult.split(separator: "\n").filter { !$0.contains(": Removing leading `") }
      let isFull = lines.contains { $0.contains(Errno.noSpace.description) }
      throw CacheError(
        isFull ? .diskFull : code, "\(name) failed" + (isFull ? ": the disk is full" : ""),
        cause: lines.first.map(String.init) ?? "\(result.terminationStatus)")
    } catch let error as SubprocessError where error.code == .executableNotFound {
      throw CacheError(.storage, "\(name) is needed for this, and not installed")
    }
  }

  /// Nothing of ours but where tools are: variables such as `TAR_OPTIONS` and `ZSTD_CLEVEL` would change what they do.
  private static var environment: [Environment.Key: String] {
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    return ["PATH": path, "LC_ALL": "C", "TZ": "UTC0"]
  }

  /// Without this a tool that ends before it has read all would end this process with it. A handler that the program
  /// has set stays.
  private static let ignoreBrokenPipes: Void = {
    var action = sigaction()
    sigaction(SIGPIPE, nil, &action)
    if action.__sigaction_handler.sa_handler == nil { signal(SIGPIPE, SIG_IGN) }
  }()
}

/// Reads a file in chunks.
func forEachChunk(of file: FilePath, _ body: ([UInt8]) async throws -> Void) async throws {
  let descriptor = try FileDescriptor.reading(file)
  defer { try? descriptor.close() }
  var chunk = [UInt8](repeating: 0, count: 1 << 18)
  while true {
    try Task.checkCancellation()
    let count: Int
    do { count = try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0) } } catch {
      throw CacheError(.storage, "can't read \(file)", cause: "\(error)")
    }
    if count == 0 { return }
    try await body(Array(chunk[..<count]))
  }
}
