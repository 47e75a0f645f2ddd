import BuildCache
import FileTrees
import Programs
import SystemPackage

/// Tools that archives are read and written with, and how they fail.
extension Program {
  /// Runs it to its end, as ``run(patience:feeding:taking:)``.
  ///
  /// - Parameter code: the error's code where it fails.
  /// - Throws: what `take` and `feed` throw; ``CacheError`` with what it said where it failed, `storage` where it isn't
  ///   installed.
  func runAsTool(
    failingWith code: CacheError.Code = .storage, feeding feed: @Sendable @escaping (Input) async throws -> Void,
    taking take: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws {
    do {
      try await run(patience: nil, feeding: feed, taking: take)
    } catch let failure as Failure {
      guard case .ended(_, let status) = failure.cause else {
        throw CacheError(.storage, "\(name) is needed for this, and not installed")
      }
      // Its first complaint is the cause, what follows comes of it; tar's remarks on names are none.
      let lines = failure.said.split(separator: "\n").filter { !$0.contains(": Removing leading `") }
      let isFull = lines.contains { $0.contains(Errno.noSpace.description) }
      throw CacheError(
        isFull ? .diskFull : code, "\(name) failed" + (isFull ? ": the disk is full" : ""),
        cause: lines.first.map(String.init) ?? status)
    }
  }
}
