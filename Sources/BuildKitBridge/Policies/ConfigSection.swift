import BuildCache
import TOMLKit

/// A table of the file, its keys found in any case, as BuildKit finds them.
struct ConfigSection {
  private let table: TOMLTable
  private let file: String
  /// The table's place, for messages: `worker.oci`.
  let place: String

  init(_ table: TOMLTable, _ file: String, _ place: String) {
    self.table = table
    self.file = file
    self.place = place
  }

  /// The keys of a worker that say something of garbage collection.
  static let garbageKeys = ["gc", "gckeepstorage", "gcpolicy", "reservedSpace", "maxUsedSpace", "minFreeSpace"]

  /// Whether it says anything of garbage collection.
  var hasGarbageKeys: Bool { Self.garbageKeys.contains { has($0) } }

  private func value(_ key: String) -> (any TOMLValueConvertible)? {
    table[key] ?? table.keys.first { $0.lowercased() == key.lowercased() }.flatMap { table[$0] }
  }

  private func failure(_ key: String, _ words: String) -> CacheError {
    CacheError(.badInput, "\(file): \(place.isEmpty ? "" : place + ".")\(key) \(words)")
  }

  /// The keys in it that are none of these, in order.
  func keys(besides known: [String]) -> [String] {
    table.keys.filter { key in !known.contains { $0.lowercased() == key.lowercased() } }.sorted()
  }

  /// The tables in it, by name.
  var sections: [(name: String, section: ConfigSection)] {
    table.keys.sorted().compactMap { key in
      table[key]?.table.map { (key, ConfigSection($0, file, place.isEmpty ? key : "\(place).\(key)")) }
    }
  }

  /// Whether it has a key.
  func has(_ key: String) -> Bool { value(key) != nil }

  func section(_ key: String) throws(CacheError) -> ConfigSection? {
    guard let value = value(key) else { return nil }
    guard let inner = value.table else { throw failure(key, "is no table") }
    return ConfigSection(inner, file, place.isEmpty ? key : "\(place).\(key)")
  }

  func sections(_ key: String) throws(CacheError) -> [ConfigSection] {
    guard let value = value(key) else { return [] }
    let tables = value.array?.map { $0.table } ?? [nil]
    var sections: [ConfigSection] = []
    for (number, table) in tables.enumerated() {
      guard let table else { throw failure(key, "is no list of tables") }
      sections.append(ConfigSection(table, file, "\(place).\(key)[\(number + 1)]"))
    }
    return sections
  }

  func bool(_ key: String) throws(CacheError) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let bool = value.bool else { throw failure(key, "is neither true nor false") }
    return bool
  }

  func strings(_ key: String) throws(CacheError) -> [String] {
    guard let value = value(key) else { return [] }
    let strings = value.array?.map { $0.string } ?? [nil]
    guard strings.allSatisfy({ $0 != nil }) else { throw failure(key, "is no list of texts") }
    return strings.compactMap(\.self)
  }

  func amount(_ key: String) throws(CacheError) -> DiskAmount {
    guard let value = value(key) else { return .none }
    guard let text = value.int.map({ "\($0)" }) ?? value.string, let amount = DiskAmount(parsing: text) else {
      throw failure(key, "is no size: write bytes, a number with a unit as in \"20GB\", or a share as in \"10%\"")
    }
    return amount
  }

  func duration(_ key: String) throws(CacheError) -> TimeSpan {
    guard let value = value(key) else { return TimeSpan(nanoseconds: 0) }
    guard let text = value.int.map({ "\($0)" }) ?? value.string,
      let span = text.isEmpty ? TimeSpan(nanoseconds: 0) : TimeSpan(daemonText: text)
    else { throw failure(key, "is no duration: write seconds, or for instance \"48h\"") }
    return span
  }
}
