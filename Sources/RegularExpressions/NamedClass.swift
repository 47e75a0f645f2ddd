/// A class of characters that has a name: `\d`, `[:alpha:]`, `\p{Greek}`.
struct NamedClass: Hashable, Sendable {
  private enum Members: Hashable {
    case ranges([ClosedRange<UInt32>])
    case categories(Set<Unicode.GeneralCategory>)
    case script(String)
  }

  private let named: Members
  private let isNegated: Bool
  private let ignoresCase: Bool

  /// `d`, `s` or `w`, or as a capital letter what is not in it; nothing for any other letter.
  ///
  /// All three are ASCII's, but without case `\w` has the long s and the Kelvin sign, too.
  init?(perl letter: Unicode.Scalar, ignoresCase: Bool) {
    switch letter {
    case "d", "D": named = .ranges([0x30...0x39])
    case "s", "S": named = .ranges([9...10, 12...13, 0x20...0x20])
    case "w", "W": named = .ranges(Self.word)
    default: return nil
    }
    isNegated = letter.value < 0x60
    self.ignoresCase = ignoresCase
  }

  /// A class of POSIX's, such as `alpha`; nothing where there is none of the name.
  init?(posix name: String, isNegated: Bool, ignoresCase: Bool) {
    guard let ranges = Self.posix[name] else { return nil }
    named = .ranges(ranges)
    self.isNegated = isNegated
    self.ignoresCase = ignoresCase
  }

  /// A general category of Unicode's, such as `Lu`, `L` or `Letter`, or a script, such as `Greek`; nothing where there
  /// is none of the name.
  ///
  /// Case, spaces, hyphens and underscores in it don't count.
  init?(property name: String, isNegated: Bool, ignoresCase: Bool) {
    let name = Self.plain(name)
    if let categories = GeneralCategories.named(name) {
      named = .categories(categories)
    } else if name == "ascii" {
      named = .ranges([0...0x7f])
    } else if Scripts.members(of: name) != nil {
      named = .script(name)
    } else {
      return nil
    }
    self.isNegated = isNegated
    // The letters that have a case are whole as they are; Go doesn't add the one mark that is like some of them.
    self.ignoresCase = ignoresCase && named != .categories(GeneralCategories.cased)
  }

  /// A property's name in small letters, with nothing between its words.
  static func plain(_ name: String) -> String {
    var plain = String.UnicodeScalarView()
    for scalar in name.unicodeScalars where !" _-".unicodeScalars.contains(scalar) {
      let isCapital = ("A"..."Z").contains(scalar)
      plain.append(isCapital ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar)
    }
    return String(plain)
  }

  /// The characters in it.
  var members: ScalarSet {
    let members =
      switch named {
      case .ranges(let ranges): ScalarSet(ranges)
      case .categories(let categories): GeneralCategories.members(of: categories)
      case .script(let name): Scripts.members(of: name) ?? ScalarSet([])
      }
    let all = ignoresCase ? members.folded : members
    return isNegated ? all.inverted : all
  }

  private static let word: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a]

  private static let posix: [String: [ClosedRange<UInt32>]] = [
    "alnum": [0x30...0x39, 0x41...0x5a, 0x61...0x7a], "alpha": [0x41...0x5a, 0x61...0x7a], "ascii": [0...0x7f],
    "blank": [9...9, 0x20...0x20], "cntrl": [0...0x1f, 0x7f...0x7f], "digit": [0x30...0x39], "graph": [0x21...0x7e],
    "lower": [0x61...0x7a], "print": [0x20...0x7e], "punct": [0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e],
    "space": [9...13, 0x20...0x20], "upper": [0x41...0x5a], "word": word,
    "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
  ]
}
