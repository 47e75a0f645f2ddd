import BuildCache
import SystemPackage

extension TreeFile {
  /// Its name, with what tells its kind: a folder's `/`, a link's target, what a layer hides by it.
  public var label: String {
    let kind = isFolder ? "/" : target.map { " -> \($0)" } ?? ""
    return switch hides {
    case nil: name.string + kind
    case .name: name.string + " (removed here)"
    case .content: name.string + kind + " (what is beneath is hidden)"
    }
  }
}
