import BuildCache
import BuildKitBridge
import Explorer
import Foundation

extension PolicyFiles {
  /// Those of this machine.
  static let system = PolicyFiles(
    read: { request in
      // Standard input is where the keys come from.
      let file = request.file == "-" ? "./-" : PathCompletion.expanded(request.file, home: home)
      let collection = try DaemonConfig(readingFrom: file, worker: request.worker).collection(
        for: request.ranking, diskSize: request.diskSize, now: SystemClock().now())
      return (collection.policies, collection.remarks)
    },
    write: { policies, request in
      let form = DaemonConfig.Form(ofFile: request.file)
      let text = try DaemonConfig.text(of: policies, as: form, for: request.ranking, worker: request.worker)
      try writeNew(Data(text.utf8), to: PathCompletion.expanded(request.file, home: home))
      let rules = policies.count == 1 ? "1 rule" : "\(policies.count) rules"
      // An engine's file may say more, and none is ever changed.
      return "wrote \(rules) to \(request.file)" + (form == .docker ? ", which holds builder.gc alone" : "")
    },
    complete: { typed in PathCompletion(typed, home: home, listing: entries) })

  private static var home: String? {
    ProcessInfo.processInfo.environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// What a folder holds, but for names that nobody can type.
  private static func entries(of folder: String) throws -> [PathCompletion.Entry] {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
      throw CacheError(.storage, "can't list \(folder)")
    }
    return names.filter { !$0.unicodeScalars.contains("\u{fffd}") }.map { name in
      var isFolder = ObjCBool(false)
      let isThere = FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder)
      return PathCompletion.Entry(name: name, isFolder: isThere && isFolder.boolValue)
    }
  }
}
