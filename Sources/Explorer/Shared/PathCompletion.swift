/// What Tab makes of a path that is being typed.
public struct PathCompletion: Sendable, Equatable {
  /// What a folder holds.
  public struct Entry: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// Whether it is a folder, or leads to one.
    public let isFolder: Bool

    /// Makes an entry.
    public init(name: String, isFolder: Bool) { (self.name, self.isFolder) = (name, isFolder) }
  }

  /// The path as far as it is sure.
  public let text: String
  /// The names that it may go on with, where there are several; folders end with a slash.
  public let candidates: [String]
  /// Why nothing was added.
  public let problem: String?

  /// More names are not shown.
  static let most = 40

  /// Completes the last part of a path.
  ///
  /// - Parameters:
  ///   - typed: what was typed; a leading `~` is the home folder, and stays as it is.
  ///   - home: the home folder; absent: unknown.
  ///   - listing: what a folder holds.
  public init(_ typed: String, home: String?, listing: (String) throws -> [Entry]) {
    guard typed != "~" else {
      (text, candidates, problem) = ("~/", [], nil)
      return
    }
    let split = typed.lastIndex(of: "/").map { typed.index(after: $0) } ?? typed.startIndex
    let (folder, part) = (typed[..<split], typed[split...])
    let entries: [Entry]
    do {
      entries = try listing(folder.isEmpty ? "." : Self.expanded(String(folder), home: home))
    } catch {
      (text, candidates, problem) = (typed, [], "\(error)")
      return
    }
    // What is hidden is offered to those who ask for it.
    let found = entries.filter { $0.name.hasPrefix(part) && (part.hasPrefix(".") || !$0.name.hasPrefix(".")) }
      .sorted { $0.name < $1.name }
    func shown(_ entry: Entry) -> String { entry.name + (entry.isFolder ? "/" : "") }
    guard let first = found.first else {
      (text, candidates) = (typed, [])
      problem = part.isEmpty ? "there is nothing in it" : "nothing there begins so"
      return
    }
    text = folder + (found.count == 1 ? shown(first) : commonPrefix(of: found.map(\.name)))
    candidates = found.count == 1 ? [] : found.prefix(Self.most).map(shown) + (found.count > Self.most ? ["…"] : [])
    problem = nil
  }

  /// A path whose leading `~` is the home folder.
  public static func expanded(_ path: String, home: String?) -> String {
    guard let home, path == "~" || path.hasPrefix("~/") else { return path }
    return home + path.dropFirst()
  }
}
