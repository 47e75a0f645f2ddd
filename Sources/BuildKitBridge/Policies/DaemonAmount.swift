import BuildCache

/// An amount of disk as a `buildkitd.toml` gives it: bytes, or a share of the disk.
enum DiskAmount: Equatable {
  case bytes(Int64)
  case percent(Int64)

  static let none = DiskAmount.bytes(0)

  /// Reads what BuildKit reads: whole bytes, a number with a unit whose every prefix means powers of 1024 (`20GB` is
  /// `20GiB`), or a percentage. The empty text is none.
  init?(parsing text: String) {
    if text.isEmpty {
      self = .none
    } else if text.last == "%" {
      guard let share = Int64(text.dropLast()) else { return nil }
      self = share == 0 ? .none : .percent(share)
    } else {
      guard let bytes = Self.bytes(text) else { return nil }
      self = .bytes(bytes)
    }
  }

  private static func bytes(_ text: String) -> Int64? {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    var unit = text.dropFirst(number.count).lowercased()
    if unit.first == " " { unit.removeFirst() }
    guard let count = Double(number), count >= 0 else { return nil }
    let prefixes = ["k", "m", "g", "t", "p"]
    var factor = 1.0
    if let power = prefixes.firstIndex(where: { unit == $0 || unit == $0 + "b" || unit == $0 + "ib" }) {
      for _ in 0...power { factor *= 1024 }
    } else if !unit.isEmpty && unit != "b" {
      return nil
    }
    if factor == 1, let whole = Int64(number) { return whole }
    return count * factor < Double(Int64.max) ? Int64(count * factor) : nil
  }

  /// The bytes on a disk of this size.
  ///
  /// - Throws: ``CacheError`` `badInput` where it is a share and the disk's size isn't known.
  func bytes(ofDisk size: Int64?) throws(CacheError) -> Int64 {
    switch self {
    case .bytes(let bytes): return bytes
    case .percent(0): return 0
    case .percent(let share):
      guard let size else {
        throw CacheError(
          .badInput, "the policy takes \(share)% of the disk, whose size isn't known here: give --disk-size")
      }
      // BuildKit counts in whole GiB and rounds up, but calls them GB.
      let (product, isTooLarge) = size.multipliedReportingOverflow(by: share)
      let part = isTooLarge ? (size / 100).multipliedSaturating(by: share) : product / 100
      return (part / (1 << 30) + 1) * 1_000_000_000
    }
  }
}

extension TimeSpan {
  /// Reads a duration as a `buildkitd.toml` gives it: Go's form (`48h`, `1h30m`, `1.5h`), or whole seconds.
  init?(daemonText text: String) {
    if let seconds = Int64(text) {
      self = .seconds(seconds)
      return
    }
    let units: [(name: String, nanoseconds: Double)] = [
      ("ns", 1), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ]
    var rest = Substring(text)
    let isNegative = rest.first == "-"
    if isNegative || rest.first == "+" { rest.removeFirst() }
    guard !rest.isEmpty else { return nil }
    var sum = 0.0
    while !rest.isEmpty {
      let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(number.count)
      let name = rest.prefix { !$0.isNumber && $0 != "." }
      rest = rest.dropFirst(name.count)
      guard let count = Double(number), let unit = units.first(where: { $0.name == name }) else { return nil }
      sum += count * unit.nanoseconds
    }
    guard sum < Double(Int64.max) else { return nil }
    self.init(nanoseconds: isNegative ? -Int64(sum) : Int64(sum))
  }
}
