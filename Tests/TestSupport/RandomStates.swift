import BuildCache

/// A cache drawn at random: few distinct times, counts and sizes, so that there are ties; some never used, some held,
/// shared or internal; layers, merges and diffs, a parent named twice now and then; some as a diff of several layers makes them by itself.
package func randomState(rows: Int, _ random: inout SeededGenerator) -> CacheState {
  var builder = CacheState.Builder()
  var ids: [RecordID] = []
  let times = random.pick(1...6)
  let counts = random.pick(1...4)
  for number in 0..<rows {
    let id: RecordID = "\(Character(Unicode.Scalar(UInt8(97 + random.pick(0...25)))))\(number)"
    var parents: [RecordID] = []
    if !ids.isEmpty {
      switch random.pick(0...9) {
      case 0...4: parents = [ids[random.pick(0...(ids.count - 1))]]
      case 5: parents = (0..<random.pick(2...3)).map { _ in ids[random.pick(0...(ids.count - 1))] }
      case 6: parents = [ids[random.pick(0...(ids.count - 1))], ids[random.pick(0...(ids.count - 1))]]
      default: break
      }
    }
    let isImplicit = random.chance(10)
    let isNever = random.chance(isImplicit ? 80 : 15)
    var row = CacheState.Row(
      id: id, kind: parents.isEmpty ? .base : .layer, isMutable: random.chance(10),
      size: Int64(random.pick(0...5) * 10), createdAt: Timestamp(nanoseconds: Int64(random.pick(0...3))),
      lastUsedAt: isNever ? nil : Timestamp(nanoseconds: Int64(random.pick(1...times)) * 1_000_000_000),
      usageCount: isImplicit && isNever ? 0 : random.pick(0...counts),
      description: isImplicit ? "diff \"a\" -> \"b\"" : "record \(number)",
      recordType: random.chance(8) ? .internal : .regular, outsideRefs: random.chance(5) ? 1 : 0,
      isReferenced: random.chance(7))
    row.isMeasuredByUse = random.chance(10)
    builder.add(row, parents: parents)
    ids.append(id)
  }
  return builder.finish()
}
