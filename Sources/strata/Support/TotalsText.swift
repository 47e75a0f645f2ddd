import BuildCache
import CacheReport

extension StandardOutput {
  /// Prints what records take together, a line a sum, and what other tools call by the same words where they count
  /// otherwise.
  func totals(_ totals: UsageTotals, in units: ByteUnits) {
    func amount(_ sum: UsageTotals.Sum) -> String { ByteCount(sum.bytes).text(in: units) }
    func told(_ name: String, _ sum: UsageTotals.Sum, _ more: String = "") {
      line(name.padded(13) + amount(sum) + more)
    }
    told("In use:", totals[.inUse])
    told("Shared:", totals[.sharedUnused])
    if totals[.internal].records > 0 { told("Internal:", totals[.internal]) }
    told("Reclaimable:", totals[.reclaimable])
    told("Total:", totals.all)
    guard totals.hasOtherCounts else { return }
    let reclaimable = "Reclaimable \(amount(totals.notInUse))"
    guard totals.shared.records > 0 else {
      return sentences(["buildctl du, buildx du, docker system df: \(reclaimable), internal ones, too"])
    }
    told("Used:", totals.unshared, ", without what is shared: what limits count")
    sentences([
      "buildctl du, buildx du: Shared \(amount(totals.shared)), in use or not; \(reclaimable), shared and internal ones, "
        + "too",
      "docker system df: \(amount(totals.unshared)), without what is shared; "
        + "Reclaimable \(amount(totals.neitherInUseNorShared)), internal ones, too",
    ])
  }
}

extension String {
  /// With blanks at its end, so that it is so long.
  func padded(_ length: Int) -> String { self + String(repeating: " ", count: max(0, length - count)) }
}
