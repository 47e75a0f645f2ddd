import BuildCache

/// What can be watched of a cache, for Prometheus and what reads its text format, version 0.0.4.
///
/// There are as many samples whatever a cache holds: no text from it is a label, but the words of its source.
public struct Gauges: Sendable, Equatable {
  /// A number that goes up and down.
  public struct Gauge: Sendable, Equatable {
    /// Its name, the unit at its end.
    public let name: String
    /// What it tells, in a sentence; the same for every cache.
    public let help: String
    /// Its values, each with labels of its own; empty where it isn't known of this cache.
    public let samples: [Sample]
  }

  /// A value of a gauge.
  public struct Sample: Sendable, Equatable {
    /// What tells it from others beside the source: names, and any texts.
    public let labels: [String: String]
    /// Its value as it is printed: bytes and records are whole, seconds have three decimals.
    public let value: String
  }

  /// The words of the source, by which many caches are told apart.
  public let source: String
  /// All that may be known of a cache.
  public let gauges: [Gauge]

  /// The types that are told apart: those that BuildKit makes, and all others as one.
  private static let types = RecordType.known.map(\.rawValue) + ["other"]

  /// Measures a cache.
  ///
  /// - Parameters:
  ///   - reading: the cache.
  ///   - source: whose it is.
  ///   - findings: what it was held against besides.
  /// - Complexity: O(rows).
  public init(_ reading: Reading, of source: SourceIdentity, findings: [ThresholdFinding] = []) {
    self.source = source.words
    gauges =
      Self.recordGauges(reading.state) + Self.bytesBesides(reading) + Self.times(reading) + [
        Gauge(
          name: "strata_check_ok", help: "Whether the limit is kept that strata check was given: 1 or 0.",
          samples: findings.map {
            Sample(labels: ["limit": $0.limit.kind.label], value: $0.isKept ? "1" : "0")
          })
      ]
  }

  private static func recordGauges(_ state: CacheState) -> [Gauge] {
    var totals = types.map { _ in UsageTotals() }
    for row in state.rows { totals[RecordType.known.firstIndex(of: row.recordType) ?? types.count - 1].add(row) }
    func samples(_ value: (UsageTotals.Sum) -> String) -> [Sample] {
      UsageTotals.Part.allCases.flatMap { part in
        zip(types, totals).map { type, totals in
          Sample(labels: ["state": part.rawValue, "type": type], value: value(totals[part]))
        }
      }
    }
    return [
      Gauge(
        name: "strata_cache_bytes", help: "Bytes of records, each record in one state: together all of them.",
        samples: samples { "\($0.bytes)" }),
      Gauge(
        name: "strata_cache_records", help: "Records, each in one state: together all of them.",
        samples: samples { "\($0.records)" }),
      single(
        "strata_cache_used_bytes", "Bytes of records that are not shared: what limits count.",
        "\(totals.reduce(into: UsageTotals()) { $0.add($1) }.unshared.bytes)"),
    ]
  }

  /// What takes room beside the records, and how much there is.
  private static func bytesBesides(_ reading: Reading) -> [Gauge] {
    let (overhead, space) = (reading.overhead, reading.space)
    return [
      ("strata_cache_unowned_bytes", "Bytes of trees and blobs that no record owns.", overhead?.unowned),
      ("strata_cache_history_bytes", "Bytes of blobs of the build history alone.", overhead?.history),
      ("strata_cache_database_bytes", "Bytes of the databases' files.", overhead?.databases),
      (
        "strata_cache_database_free_bytes", "Bytes of pages in the databases' files that hold nothing.",
        overhead?.freePages
      ),
      ("strata_disk_capacity_bytes", "Bytes of the file system under the cache.", space?.capacity),
      ("strata_disk_free_bytes", "Free bytes of the file system under the cache.", space?.free),
    ].map { name, help, bytes in single(name, help, bytes.map { "\($0)" }) }
  }

  private static func times(_ reading: Reading) -> [Gauge] {
    let unused = reading.state.longestUnused.map { reading.unusedTime(ofRow: $0).nanoseconds }
    return [
      single(
        "strata_cache_oldest_unused_seconds",
        "For how long nobody has used the reclaimable record that was used longest ago; 0 where nothing is reclaimable.",
        seconds(unused ?? 0)),
      single(
        "strata_cache_last_used_timestamp_seconds", "When a record was last used, since 1970.",
        reading.state.rows.compactMap(\.lastUsedAt).max().map { seconds($0.nanoseconds) }),
      single(
        "strata_cache_read_timestamp_seconds", "When the cache was read, since 1970: it gets old where reading fails.",
        seconds(reading.moment.nanoseconds)),
    ]
  }

  private static func single(_ name: String, _ help: String, _ value: String?) -> Gauge {
    Gauge(name: name, help: help, samples: value.map { [Sample(labels: [:], value: $0)] } ?? [])
  }

  /// Nanoseconds as seconds with three decimals, as many as are told apart of a time since 1970.
  private static func seconds(_ nanoseconds: Int64) -> String {
    let milliseconds = (nanoseconds / 1_000_000).magnitude
    let sign = nanoseconds <= -1_000_000 ? "-" : ""
    return "\(sign)\(milliseconds / 1000)." + String(String(1000 + milliseconds % 1000).dropFirst())
  }

  /// What tells only that a daemon can't be asked.
  ///
  /// - Parameters:
  ///   - source: whose cache it would be.
  ///   - isUp: whether it can be asked, all the same.
  public init(upOf source: SourceIdentity, isUp: Bool) {
    self.source = source.words
    gauges = [Self.single("strata_builder_up", "Whether the daemon answered: 1 or 0.", isUp ? "1" : "0")]
  }

  /// The text format, line by line: a gauge's help, its type, its samples.
  public var lines: [String] { Self.lines(of: [self]) }

  /// The same of several caches, in which each gauge stands once with the samples of all.
  ///
  /// - Complexity: O(gauges²).
  public static func lines(of all: [Gauges]) -> [String] {
    var kinds: [Gauge] = []
    for gauge in all.flatMap(\.gauges) where !gauge.samples.isEmpty && !kinds.contains(where: { $0.name == gauge.name })
    {
      kinds.append(gauge)
    }
    return kinds.flatMap { kind in
      ["# HELP \(kind.name) \(kind.help)", "# TYPE \(kind.name) gauge"]
        + all.flatMap { cache in
          cache.gauges.filter { $0.name == kind.name }.flatMap { gauge in
            gauge.samples.map { line(of: $0, gauge, cache.source) }
          }
        }
    }
  }

  private static func line(of sample: Sample, _ gauge: Gauge, _ source: String) -> String {
    let labels = [("source", source)] + sample.labels.sorted { $0.key < $1.key }
    let texts = labels.map { name, value in "\(name)=\(quoted(value))" }
    return "\(gauge.name){\(texts.joined(separator: ","))} \(sample.value)"
  }

  /// A label's value in quotes: nothing in it can end it or the line, and no control character is in it.
  private static func quoted(_ text: String) -> String {
    var quoted = String.UnicodeScalarView("\"".unicodeScalars)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\", "\"": quoted += ["\\", scalar]
      case "\n": quoted += ["\\", "n"]
      default: quoted.append(scalar.isHarmless ? scalar : "\u{fffd}")
      }
    }
    return String(quoted) + "\""
  }
}

extension Unicode.Scalar {
  /// Whether it neither controls anything nor changes how what is around it is read.
  fileprivate var isHarmless: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
}
