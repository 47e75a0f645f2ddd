/// Unicode's general categories, as the standard library knows them.
enum GeneralCategories {
  /// Those that a name stands for, written as ``NamedClass/plain(_:)`` writes it; nothing where it is none.
  static func named(_ name: String) -> Set<Unicode.GeneralCategory>? {
    switch name {
    case "any": Set(short.values)
    case "assigned": Set(short.values).subtracting([.unassigned])
    case "lc", "casedletter": cased
    default: some(of: long[name] ?? name)
    }
  }

  /// The letters that have a case.
  static let cased: Set<Unicode.GeneralCategory> = [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter]

  /// One category by its two letters, or all that begin with a letter.
  private static func some(of name: String) -> Set<Unicode.GeneralCategory>? {
    if let category = short[name] { return [category] }
    let members = short.filter { name.count == 1 && $0.key.hasPrefix(name) }
    return members.isEmpty ? nil : Set(members.values)
  }

  /// The characters in some of them.
  static func members(of categories: Set<Unicode.GeneralCategory>) -> ScalarSet {
    ScalarSet(categories.flatMap { ranges[$0] ?? [] })
  }

  /// Each category's characters, looked up one by one when the first pattern asks for any.
  private static let ranges: [Unicode.GeneralCategory: [ClosedRange<UInt32>]] = {
    var ranges: [Unicode.GeneralCategory: [ClosedRange<UInt32>]] = [:]
    var start: UInt32 = 0
    var current = Unicode.GeneralCategory.control
    for value in UInt32(0)...0x10ffff {
      let category = Unicode.Scalar(value)?.properties.generalCategory ?? .surrogate
      guard category != current else { continue }
      ranges[current, default: []].append(start...(value - 1))
      (start, current) = (value, category)
    }
    ranges[current, default: []].append(start...0x10ffff)
    return ranges
  }()

  private static let short: [String: Unicode.GeneralCategory] = [
    "lu": .uppercaseLetter, "ll": .lowercaseLetter, "lt": .titlecaseLetter, "lm": .modifierLetter, "lo": .otherLetter,
    "mn": .nonspacingMark, "mc": .spacingMark, "me": .enclosingMark, "nd": .decimalNumber, "nl": .letterNumber,
    "no": .otherNumber, "pc": .connectorPunctuation, "pd": .dashPunctuation, "ps": .openPunctuation,
    "pe": .closePunctuation, "pi": .initialPunctuation, "pf": .finalPunctuation, "po": .otherPunctuation,
    "sm": .mathSymbol, "sc": .currencySymbol, "sk": .modifierSymbol, "so": .otherSymbol, "zs": .spaceSeparator,
    "zl": .lineSeparator, "zp": .paragraphSeparator, "cc": .control, "cf": .format, "cs": .surrogate,
    "co": .privateUse, "cn": .unassigned,
  ]

  /// The names that Unicode gives to the short ones.
  private static let long: [String: String] = [
    "letter": "l", "uppercaseletter": "lu", "lowercaseletter": "ll", "titlecaseletter": "lt", "modifierletter": "lm",
    "otherletter": "lo", "mark": "m", "combiningmark": "m", "nonspacingmark": "mn", "spacingmark": "mc",
    "enclosingmark": "me", "number": "n", "decimalnumber": "nd", "digit": "nd", "letternumber": "nl",
    "othernumber": "no", "punctuation": "p", "punct": "p", "connectorpunctuation": "pc", "dashpunctuation": "pd",
    "openpunctuation": "ps", "closepunctuation": "pe", "initialpunctuation": "pi", "finalpunctuation": "pf",
    "otherpunctuation": "po", "symbol": "s", "mathsymbol": "sm", "currencysymbol": "sc", "modifiersymbol": "sk",
    "othersymbol": "so", "separator": "z", "spaceseparator": "zs", "lineseparator": "zl", "paragraphseparator": "zp",
    "other": "c", "control": "cc", "cntrl": "cc", "format": "cf", "surrogate": "cs", "privateuse": "co",
    "unassigned": "cn",
  ]
}
