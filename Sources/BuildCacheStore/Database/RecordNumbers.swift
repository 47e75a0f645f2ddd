import BuildCache

/// Finds the numbers of records by the bytes of their ids, without making strings of them.
///
/// A slot has a part of the id's hash, and the number: most that differ are told apart without looking at the id.
struct RecordNumbers {
  private var slots: [UInt64]
  private var count = 0

  /// Makes room for so many records.
  init(capacity: Int) {
    slots = Array(repeating: 0, count: max(16, (capacity * 2).nextPowerOfTwo))
  }

  /// The number of an id; nothing where it has none.
  ///
  /// - Parameter isSame: whether a record of this number has the id.
  func find(_ id: UnsafeRawBufferPointer, isSame: (Int) -> Bool) -> Int32? {
    let hash = Self.hash(id)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let number = Int(slots[slot] & 0xffff_ffff) - 1
      if slots[slot] >> 32 == hash >> 32, isSame(number) { return Int32(number) }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// Gives the next number to an id that has none.
  mutating func append(_ id: UnsafeRawBufferPointer) {
    count += 1
    put(Self.hash(id) >> 32, count, from: Int(truncatingIfNeeded: Self.hash(id)))
  }

  private mutating func put(_ hash: UInt64, _ entry: Int, from start: Int) {
    var slot = start & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = hash << 32 | UInt64(entry)
  }

  /// Seeded anew in each process, so that nobody can choose ids that all meet.
  private static func hash(_ id: UnsafeRawBufferPointer) -> UInt64 {
    var hasher = Hasher()
    hasher.combine(bytes: id)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }
}

extension Int {
  /// The smallest power of two that is no less.
  fileprivate var nextPowerOfTwo: Int { self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
