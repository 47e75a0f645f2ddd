/// Does pieces of work side by side, ahead of one who takes their results one by one, in order.
///
/// - Parameters:
///   - count: how many there are.
///   - width: how many results there may be at most that were not taken, those under way included; 1 or more.
///   - work: does the piece of a number.
///   - take: takes the result of a number; the pieces after it are under way meanwhile.
/// - Throws: what the first piece in order that fails throws, or what `take` does; the others are cancelled, and have
///   ended.
package func workingAhead<T: Sendable>(
  _ count: Int, width: Int, _ work: @escaping @Sendable (Int) async throws -> T,
  taking take: (Int, T) async throws -> Void
) async throws {
  try await withThrowingTaskGroup(of: (Int, Result<T, any Error>).self) { group in
    var results: [Int: Result<T, any Error>] = [:]
    var next = 0
    for number in 0..<count {
      while next < min(count, number + max(1, width)) {
        let begun = next
        next += 1
        group.addTask {
          do { return (begun, .success(try await work(begun))) } catch { return (begun, .failure(error)) }
        }
      }
      while results[number] == nil, let (done, result) = try await group.next() { results[done] = result }
      guard let result = results.removeValue(forKey: number) else { throw CancellationError() }
      try await take(number, result.get())
    }
  }
}
