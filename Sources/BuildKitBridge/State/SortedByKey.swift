import BuildCache

/// Values by key, from a database that gives them in the order of their keys: neither hashed nor looked for one by one.
struct SortedByKey<Value: Sendable>: Sendable {
  private(set) var keys: [String] = []
  private(set) var values: [Value] = []
  private var isSorted = true

  /// Adds one; ``sort()`` comes before anything is looked for.
  mutating func append(_ key: String, _ value: Value) {
    if let last = keys.last, !Self.comes(last, before: key) { isSorted = false }
    keys.append(key)
    values.append(value)
  }

  /// Sorts, where several databases' keys came one after another.
  mutating func sort() {
    guard !isSorted else { return }
    let order = keys.indices.sorted { Self.comes(keys[$0], before: keys[$1]) }
    (keys, values) = (order.map { keys[$0] }, order.map { values[$0] })
    isSorted = true
  }

  /// The place of a key.
  ///
  /// - Parameter expected: where it may well be: the place after that of the key that was looked for last.
  func place(of key: String, expected: Int = 0) -> Int? {
    if keys.indices.contains(expected), keys[expected] == key { return expected }
    let place = keys.indices.partitionPoint { Self.comes(keys[$0], before: key) }
    return place < keys.count && keys[place] == key ? place : nil
  }

  /// The value of a key.
  subscript(key: String) -> Value? { place(of: key).map { values[$0] } }

  /// By their bytes, as databases do.
  private static func comes(_ a: String, before b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}
