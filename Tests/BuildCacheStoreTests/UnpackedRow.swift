import TestSupport
import Testing

/// Layers, and how what Strata makes of them stands to what umoci does.
struct UnpackedRow: CustomTestStringConvertible, Sendable {
  let name: String
  let layers: [LayerFact]
  let outcome: Outcome
  /// Why only root can unpack it so.
  let needsRoot: String?

  /// What is known of a row; what is said of it and doesn't happen is an error as well.
  enum Outcome: Sendable {
    /// The trees are the same.
    case same
    /// They differ at these places and at no other.
    case differs([Difference], because: String)
    /// Umoci refuses it; Strata makes this of it, among others.
    case umociRefuses([String: String], because: String)
    /// Strata refuses it, in such words; umoci does not.
    case strataRefuses(String, because: String)
    /// Both do.
    case bothRefuse(String)
  }

  /// A place at which the trees differ: how what is there begins; absent: nothing is there.
  struct Difference: Sendable {
    let path: String
    let strata: String?
    let umoci: String?

    init(_ path: String, strata: String?, umoci: String?) {
      (self.path, self.strata, self.umoci) = (path, strata, umoci)
    }
  }

  var testDescription: String { name }

  init(_ name: String, _ layers: TarBytes..., needsRoot: String? = nil, is outcome: Outcome = .same) {
    self.init(name, facts: layers.map { .tar($0) }, needsRoot: needsRoot, is: outcome)
  }

  init(_ name: String, facts: [LayerFact], needsRoot: String? = nil, is outcome: Outcome = .same) {
    (self.name, layers, self.needsRoot, self.outcome) = (name, facts, needsRoot, outcome)
  }
}

extension UnpackedRow {
  /// Rows about one thing.
  struct Group: CustomTestStringConvertible, Sendable {
    let name: String
    let rows: [UnpackedRow]

    var testDescription: String { name }

    init(_ name: String, _ rows: [UnpackedRow]) {
      (self.name, self.rows) = (name, rows)
    }
  }
}

/// A layer, and how its bytes are made.
enum LayerFact: Sendable {
  /// A tar with its end marks.
  case tar(TarBytes)
  /// Bytes as they are.
  case bytes([UInt8])
  /// A tar that a script packs, from standard input to standard output.
  case packed(TarBytes, by: String, suffix: String)
  /// What a script writes to standard output, in a folder of its own.
  case made(by: String)
}
