import Foundation
import Testing

/// What may import what: the house stays as its plan says (`House` in the documentation).
@Suite("The house") struct DependencyTests {
  private static let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The targets of this package that each may import; all others are forbidden to it.
  private static let allowed: [String: Set<String>] = [
    "RegularExpressions": [],
    "BuildCache": ["RegularExpressions"],
    "FileTrees": ["BuildCache", "CLinux"],
    "Programs": ["BuildCache"],
    "BuildCacheStore": ["BuildCache", "CLinux", "FileTrees", "Programs"],
    "CacheReport": ["BuildCache"],
    "BuildKitBridge": ["BuildCache", "CacheReport", "FileTrees", "Programs"],
    "Terminal": ["CNcurses"],
    "Explorer": ["BuildCache", "CacheReport", "Terminal"],
    "strata": ["BuildCache", "BuildCacheStore", "BuildKitBridge", "CacheReport", "Explorer", "Programs", "Terminal"],
    "BoltWriter": [],
    "strata-bench": ["BoltWriter", "BuildCache", "BuildCacheStore", "BuildKitBridge", "CacheReport", "CLinux"],
  ]

  /// Modules of others that only some targets may know.
  private static let guarded: [String: Set<String>] = [
    "GRDB": ["BuildCacheStore"], "GRDBSQLite": ["BuildCacheStore"], "Subprocess": ["Programs", "strata"],
    "TOMLKit": ["BuildKitBridge"], "ArgumentParser": ["strata", "strata-bench"], "Crypto": ["BuildCache"],
  ]

  private struct Import: Hashable {
    let target: String
    let file: String
    let module: String
  }

  private static let imports: [Import] = {
    let sources = top.appending(path: "Sources")
    let files = (FileManager.default.enumerator(atPath: sources.path)?.compactMap { $0 as? String } ?? [])
      .filter { $0.hasSuffix(".swift") }
    return files.flatMap { file -> [Import] in
      let text = (try? String(contentsOf: sources.appending(path: file), encoding: .utf8)) ?? ""
      return text.split(separator: "\n").compactMap { line in
        guard let match = line.wholeMatch(of: /(?:@\w+ )?(?:package |public )?import (\w+)/) else { return nil }
        return Import(target: String(file.prefix { $0 != "/" }), file: file, module: String(match.1))
      }
    }
  }()

  @Test("each target imports only what it may know") func targets() {
    #expect(Set(Self.imports.map(\.target)).isSubset(of: Self.allowed.keys))
    let own = Set(Self.allowed.keys).union(["CLinux", "CNcurses"])
    for found in Self.imports {
      if own.contains(found.module) {
        #expect(
          Self.allowed[found.target]?.contains(found.module) == true,
          "\(found.file) imports \(found.module): \(found.target) may not know of it")
      }
      if let users = Self.guarded[found.module] {
        #expect(users.contains(found.target), "\(found.file) imports \(found.module)")
      }
    }
  }

  @Test("of the command line the explorer's own command alone imports the Explorer") func explorer() {
    let users = Self.imports.filter { $0.target == "strata" && $0.module == "Explorer" }.map(\.file)
    #expect(
      Set(users) == [
        "strata/Commands/Explore.swift", "strata/Support/PolicyFiles+System.swift",
        "strata/Configuration/StandingFlags.swift", "strata/Support/ScreenOptions.swift",
      ])
  }

  @Test("every file that the documentation names is there") func documented() throws {
    let sources = Self.top.appending(path: "Sources")
    let pages = sources.appending(path: "BuildCache/BuildCache.docc")
    var count = 0
    for name in try FileManager.default.contentsOfDirectory(atPath: pages.path) where name.hasSuffix(".md") {
      let text = try String(contentsOf: pages.appending(path: name), encoding: .utf8)
      for file in text.matches(of: /`([\w+\/-]+\.swift)`/).map({ String($0.1) }) {
        count += 1
        #expect(FileManager.default.fileExists(atPath: sources.appending(path: file).path), "\(name) names \(file)")
      }
    }
    #expect(count > 25)
  }

  @Test("a protocol of a source has no default implementations") func noDefaults() throws {
    let folder = Self.top.appending(path: "Sources")
    let files = (FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? [])
      .filter { $0.hasSuffix(".swift") }
    for file in files {
      let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
      let extended = text.split(separator: "\n").filter { line in
        line.contains(/extension (CacheSource|CachePruner|CacheInsight)\b/)
      }
      // One of the command line's own, which is no requirement of the protocol's, tells what was read.
      #expect(extended.isEmpty || file == "strata/Support/Options.swift", "\(file): \(extended)")
    }
  }

  /// The lines of all files in a folder of the sources, comments aside.
  private func code(in folder: String) throws -> [(file: String, line: Substring)] {
    let top = Self.top.appending(path: "Sources/\(folder)")
    return try FileManager.default.contentsOfDirectory(atPath: top.path).sorted().flatMap { name in
      let text = try String(contentsOf: top.appending(path: name), encoding: .utf8)
      return text.split(separator: "\n").filter { !$0.contains(/^ *\/\//) }.map { ("\(folder)/\(name)", $0) }
    }
  }

  @Test("values, contracts, filters and plans know no manager; a screen knows no other one") func folders() throws {
    for folder in ["Values", "Protocols", "Prune", "Filter"] {
      for (file, line) in try code(in: "BuildCache/\(folder)") {
        #expect(!line.contains("CacheManager"), "\(file): \(line)")
      }
    }
    let screens = ["Records", "Graph", "Prune", "Files", "Marks", "Builders"]
    for screen in screens + ["Shared", "Detail", "Overlays"] {
      for (file, line) in try code(in: "Explorer/\(screen)") {
        for other in screens where other != screen { #expect(!line.contains("\(other)Screen"), "\(file): \(line)") }
      }
    }
  }

  @Test("the folder of protocols holds contracts, and the folder of values none") func protocols() throws {
    let folder = Self.top.appending(path: "Sources/BuildCache")
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "Values").path) {
      let text = try String(contentsOf: folder.appending(path: "Values/\(name)"), encoding: .utf8)
      #expect(!text.contains("\npublic protocol "), "Values/\(name)")
    }
  }
}
