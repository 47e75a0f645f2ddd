extension Timestamp {
  /// Reads a time as RFC 3339 has it, with 0 to 9 decimals and any offset: `2026-11-24T03:41:16.536723265Z`.
  ///
  /// A leap second (`:60`) is refused: 1970's nanoseconds have none.
  ///
  /// - Throws: ``CacheError`` `badInput`, also for what nanoseconds can't reach (before September 1677, after
  ///   April 2262).
  public init(parsing text: String) throws(CacheError) {
    var text = text
    guard let time = text.withUTF8({ Timestamp(utf8: $0) }) else {
      throw CacheError(.badInput, "\(text) is no time: write for instance 2026-11-24T03:41:16Z")
    }
    self = time
  }

  /// The same of bytes, of which lists have too many to make a text of each; nothing where they are no time.
  package init?(utf8 text: UnsafeBufferPointer<UInt8>) {
    guard let nanoseconds = Self.nanoseconds(text) else { return nil }
    self.init(nanoseconds: nanoseconds)
  }

  private static func nanoseconds(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
    func number(_ range: Range<Int>) -> Int64? {
      guard range.upperBound <= text.count else { return nil }
      var value: Int64 = 0
      for place in range {
        guard (48...57).contains(text[place]) else { return nil }
        value = value * 10 + Int64(text[place] - 48)
      }
      return value
    }
    func has(_ one: UInt8, _ other: UInt8? = nil, at place: Int) -> Bool {
      place < text.count && (text[place] == one || text[place] == other)
    }
    let (minus, colon) = (UInt8(ascii: "-"), UInt8(ascii: ":"))
    guard let year = number(0..<4), has(minus, at: 4), let month = number(5..<7), has(minus, at: 7),
      let day = number(8..<10), has(UInt8(ascii: "T"), UInt8(ascii: "t"), at: 10), let hour = number(11..<13),
      has(colon, at: 13), let minute = number(14..<16), has(colon, at: 16), let second = number(17..<19),
      (1...12).contains(month), (1...daysIn(month, of: year)).contains(day), hour < 24, minute < 60, second < 60
    else { return nil }

    var place = 19
    var fraction: Int64 = 0
    if has(UInt8(ascii: "."), at: place) {
      place += 1
      var unit: Int64 = 100_000_000
      while place < text.count, (48...57).contains(text[place]) {
        // More than nine decimals are none.
        guard unit > 0 else { return nil }
        fraction += Int64(text[place] - 48) * unit
        unit /= 10
        place += 1
      }
      guard unit < 100_000_000 else { return nil }
    }
    var offset: Int64 = 0
    if has(UInt8(ascii: "Z"), UInt8(ascii: "z"), at: place) {
      place += 1
    } else {
      guard has(UInt8(ascii: "+"), minus, at: place), let hours = number((place + 1)..<(place + 3)),
        has(colon, at: place + 3), let minutes = number((place + 4)..<(place + 6)), hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 60 + minutes) * 60 * (has(minus, at: place) ? -1 : 1)
      place += 6
    }
    guard place == text.count else { return nil }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    return Int64(exactly: Int128(seconds) * 1_000_000_000 + Int128(fraction))
  }

  private static func daysIn(_ month: Int64, of year: Int64) -> Int64 {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Int(month) - 1]
  }

  /// Days from 1970 to a date. Years are counted from March, so that the leap day is the last.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let year = month > 2 ? year : year - 1
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
  }

  /// The time in UTC as RFC 3339 has it, decimals only as far as they say something.
  public var text: String {
    let (days, second) = floorDivide(floorDivide(nanoseconds, 1_000_000_000).quotient, 86_400)
    let fraction = floorDivide(nanoseconds, 1_000_000_000).remainder
    // 400 years have 146,097 days, whichever they are.
    let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)

    var decimals = padded(fraction, 9)
    while decimals.last == "0" { decimals.removeLast() }
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(second / 3600, 2)):"
      + "\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))\(decimals.isEmpty ? "" : "." + decimals)Z"
  }
}

private func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
  let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
  return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

private func padded(_ number: Int64, _ width: Int) -> String {
  let digits = "\(number)"
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
