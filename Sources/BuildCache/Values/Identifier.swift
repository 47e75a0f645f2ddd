/// A name that its type tells apart from names of other things.
///
/// It is as large as its text, and encoded as that. Its members are there for other modules to compile in: of 100,000 names
/// each call would be felt.
@frozen public struct Identifier<Thing>: Hashable, Comparable, Sendable, CustomStringConvertible, Codable {
  /// The name itself: any text.
  public let text: String

  /// Makes a name of a text.
  @inlinable public init(_ text: String) { self.text = text }

  /// The text.
  @inlinable public var description: String { text }
  /// Whether it is the empty text.
  @inlinable public var isEmpty: Bool { text.isEmpty }

  /// By text.
  @inlinable public static func < (a: Identifier, b: Identifier) -> Bool { a.text < b.text }
  /// By text.
  @inlinable public static func == (a: Identifier, b: Identifier) -> Bool { a.text == b.text }

  /// By text.
  @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(text) }

  /// Reads a text.
  public init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }

  /// Writes the text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension Identifier: ExpressibleByStringInterpolation {
  /// A name that is written in code.
  @inlinable public init(stringLiteral text: String) { self.text = text }
}

/// The id of a record: 25 letters and digits where a manager made it, any text in a list from outside.
public typealias RecordID = Identifier<NamesRecord>

/// The name of a snapshot; not always the id of the record whose tree it is.
public typealias SnapshotID = Identifier<NamesSnapshot>

/// Stands for records in the types of their names.
public enum NamesRecord {}

/// Stands for snapshots in the types of their names.
public enum NamesSnapshot {}

extension SnapshotID {
  /// The snapshot that has a record's own name.
  @inlinable public init(of record: RecordID) { self.init(record.text) }
}
