import BuildCache
import CacheReport

extension StandardOutput {
  /// Prints what records take together, a line a sum.
  func totals(_ totals: UsageTotals, in units: ByteUnits) {
    for (name, sum) in [
      ("In use:", totals[.inUse]), ("Shared:", totals.shared), ("Reclaimable:", totals[.reclaimable]),
      ("Total:", totals.all),
    ] {
      line(name.padded(13) + ByteCount(sum.bytes).text(in: units))
    }
  }
}

extension String {
  /// With blanks at its end, so that it is so long.
  func padded(_ length: Int) -> String { self + String(repeating: " ", count: max(0, length - count)) }
}
