/// In which units bytes are written for people.
public enum ByteUnits: String, Sendable, CaseIterable {
  /// kB, MB, GB and so on, of powers of 1000.
  case si
  /// KiB, MiB, GiB and so on, of powers of 1024.
  case iec
  /// To the byte.
  case bytes

  /// The next of them, round the end.
  public var next: ByteUnits {
    switch self {
    case .si: .iec
    case .iec: .bytes
    case .bytes: .si
    }
  }

  /// What the units are, in a few words.
  public var words: String {
    switch self {
    case .si: "kB, MB, GB: powers of 1000"
    case .iec: "KiB, MiB, GiB: powers of 1024"
    case .bytes: "bytes, to the last"
    }
  }

  /// The columns that hold any number of bytes from 0 to `most` as ``ByteCount/text(in:)`` writes it.
  public func width(upTo most: Int64) -> Int {
    switch self {
    case .si: "999.9 MB".count
    case .iec: "1023.9 MiB".count
    case .bytes: ByteCount(most).text(in: self).count
    }
  }

  /// The factor from unit to unit, and their names from the byte on; none where all is told to the byte.
  fileprivate var scale: (factor: UInt64, names: [String]) {
    switch self {
    case .si: (1000, ["kB", "MB", "GB", "TB", "PB", "EB"])
    case .iec: (1024, ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"])
    case .bytes: (1000, [])
    }
  }
}

extension ByteCount {
  /// The count in these units, with one decimal where it isn't exact: `1.9 GB`, `1.8 GiB`, `1,900,000,000 B`.
  public func text(in units: ByteUnits) -> String {
    let count = bytes.magnitude
    let sign = bytes < 0 ? "-" : ""
    let (factor, names) = units.scale
    var unit: UInt64 = 1
    for name in names where count >= factor {
      unit *= factor
      let (whole, rest) = count.quotientAndRemainder(dividingBy: unit)
      let tenths = whole * 10 + (rest * 10 + unit / 2) / unit
      // 999,950 kB and more would read 1000.0: that is the next unit's 1.0.
      if tenths < factor * 10 { return "\(sign)\(tenths / 10).\(tenths % 10) \(name)" }
    }
    return "\(sign)\(Self.grouped(count)) B"
  }

  /// The count in units of powers of 1000, for messages that no one chose the units of: `1.9 GB`, `512.0 MB`, `0 B`.
  public var text: String { text(in: .si) }

  /// The count in these units, and to the byte where that is more: `1.9 GB (1,900,000,000 B)`.
  public func exactText(in units: ByteUnits) -> String {
    let (text, exact) = (text(in: units), text(in: .bytes))
    return text == exact ? text : "\(text) (\(exact))"
  }

  /// Digits in groups of three.
  private static func grouped(_ count: UInt64) -> String {
    let digits = Array(String(count))
    return digits.indices.reduce(into: "") { text, place in
      if place > 0, (digits.count - place).isMultiple(of: 3) { text.append(",") }
      text.append(digits[place])
    }
  }
}
