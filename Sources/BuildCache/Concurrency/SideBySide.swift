/// The results of so many pieces of work, of which four are under way at a time.
///
/// - Throws: what the first that fails throws; the others are cancelled.
package func sideBySide<T: Sendable>(_ count: Int, _ work: @escaping @Sendable (Int) async throws -> T) async throws
  -> [T]
{
  try await withThrowingTaskGroup(of: (Int, T).self) { group in
    var results = [T?](repeating: nil, count: count)
    var next = 0
    func begin() {
      guard next < count else { return }
      let number = next
      next += 1
      group.addTask { (number, try await work(number)) }
    }
    for _ in 0..<4 { begin() }
    for try await (number, result) in group {
      results[number] = result
      begin()
    }
    return results.compactMap(\.self)
  }
}
