/// Why a pattern can't be compiled.
public enum RegularExpressionError: Error, Equatable {
  /// It is none: RE2 refuses it too.
  case refused(String)
  /// It is larger than its ``RegularExpressionBudget``, whatever RE2 says of it.
  case tooLarge(String)

  /// What is wrong, in a few words for a person.
  public var message: String {
    switch self {
    case .refused(let message), .tooLarge(let message): message
    }
  }
}
