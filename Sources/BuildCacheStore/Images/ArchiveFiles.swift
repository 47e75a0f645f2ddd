import BuildCache
import FileTrees
import Foundation
import SystemPackage

/// The files of a folder from outside that holds images. It is hostile: names lead nowhere outside of it, and what is
/// read is a regular file of a size that was to be expected.
struct ArchiveFiles {
  /// What the user called it.
  let name: String
  private let interior: TreeInterior

  /// A file in it.
  struct File {
    let path: FilePath
    let status: FileStatus
    var size: Int64 { status.length }
  }

  /// Opens it.
  ///
  /// - Parameter name: what it is called in messages.
  /// - Throws: ``CacheError`` `storage` naming it.
  init(_ folder: FilePath, called name: String) throws {
    self.name = name
    interior = try TreeInterior(top: folder)
  }

  private static let documentLimit: Int64 = 16 << 20

  static func path(of digest: Digest) -> String { "blobs/\(digest.algorithm)/\(digest.hex)" }

  /// The names in it.
  func names() throws -> [String] { try interior.top.names().map(\.string) }

  /// A regular file inside the folder, links to it followed as far as they stay inside.
  func file(_ name: String) throws -> File? { try found(name).map { File(path: $0.path.appending($1), status: $2) } }

  private func found(_ name: String) throws -> (Folder, FilePath.Component, FileStatus)? {
    var path = FilePath(name).lexicallyNormalized()
    for _ in 0..<40 {
      guard let last = path.lastComponent, last.kind == .regular,
        let above = try interior.folder(at: path.removingLastComponent().components.relative, for: name)
      else { return nil }
      guard let status = try above.status(of: last) else { return nil }
      if status.isRegular { return (above, last, status) }
      guard status.isLink else { throw CacheError(.badArchive, "\(name) in \(self.name) is no file") }
      let target = FilePath(platformString: try above.linkText(of: last))
      path = target.isAbsolute ? target : path.removingLastComponent().pushing(target).lexicallyNormalized()
    }
    throw CacheError(.badArchive, "\(name) in \(self.name) goes through links without end")
  }

  /// The bytes of a document; nothing where there is none of that name.
  func read(_ name: String) throws -> [UInt8]? {
    guard let (folder, last, status) = try found(name) else { return nil }
    guard status.length <= Self.documentLimit else {
      throw CacheError(.badArchive, "\(name) in \(self.name) is too large to be true")
    }
    let descriptor = try folder.openFile(last)
    return try descriptor.closeAfter { try readAll(descriptor) }
  }

  /// A document by its descriptor, whose digest it has.
  func blob(_ descriptor: OCI.Descriptor) throws -> [UInt8]? {
    let digest = try digest(descriptor.digest)
    guard let bytes = try read(Self.path(of: digest)) else { return nil }
    guard digest.algorithm == "sha256" else {
      throw CacheError(.badDigest, "\(Self.path(of: digest)) in \(name) can't be checked: only sha256 is known here")
    }
    guard Digest(of: bytes) == digest else {
      throw CacheError(.badDigest, "\(Self.path(of: digest)) in \(name) has the bytes of \(Digest(of: bytes))")
    }
    return bytes
  }

  /// Reads a digest that a document has.
  func digest(_ text: String) throws -> Digest {
    do { return try Digest(parsing: text) } catch let error as CacheError {
      throw CacheError(.badArchive, "\(name) is damaged: \(error.message)")
    }
  }

  /// Reads a document.
  func decode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8], _ document: String) throws -> T {
    do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
      throw CacheError(.badArchive, "\(document) in \(name) is not what it should be", cause: Self.words(for: error))
    }
  }

  private static func words(for error: any Error) -> String {
    func place(_ path: [any CodingKey]) -> String {
      path.reduce("") { $0 + ($1.intValue.map { "[\($0)]" } ?? ($0.isEmpty ? "" : ".") + $1.stringValue) }
    }
    switch error as? DecodingError {
    case .keyNotFound(let key, let context): return "there is no \(place(context.codingPath + [key]))"
    case .valueNotFound(_, let context) where context.codingPath.isEmpty: return "it is null"
    case .valueNotFound(_, let context): return "there is no \(place(context.codingPath))"
    case .typeMismatch(_, let context) where context.codingPath.isEmpty: return "it is JSON of another kind"
    case .typeMismatch(_, let context): return "\(place(context.codingPath)) is of another kind"
    default: return "it is no JSON"
    }
  }
}

extension FilePath.ComponentView {
  /// The same components as a relative path.
  fileprivate var relative: FilePath { FilePath(root: nil, self) }
}
