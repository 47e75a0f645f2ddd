import ArgumentParser
import BuildCache

extension ByteUnits: ExpressibleByArgument {}

/// How sizes are printed as text.
struct UnitsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The units of sizes: si (kB, MB, GB), iec (KiB, MiB, GiB) or bytes; JSON has bytes in any case.",
      valueName: "units"))
  var units = ByteUnits.si

  /// Bytes in these units.
  func amount(_ bytes: Int64) -> String { ByteCount(bytes).text(in: units) }
}
