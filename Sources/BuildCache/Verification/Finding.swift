/// Something about a store that is not as it should be.
public struct Finding: Sendable, Hashable, CustomStringConvertible {
  /// How bad it is.
  public enum Severity: Sendable {
    /// An invariant is broken.
    case broken
    /// Work that was cut off: the next open, garbage collection or a repair ends it.
    case unfinished
  }

  /// How bad it is.
  public var severity: Severity
  /// What it is, naming the record, snapshot, lease or blob.
  public var description: String

  /// Makes a finding.
  public init(_ severity: Severity, _ description: String) {
    self.severity = severity
    self.description = description
  }
}
