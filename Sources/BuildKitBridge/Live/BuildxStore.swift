import BuildCache
import Foundation

/// The builders of docker buildx, each from what is known of it without asking it: one that doesn't answer holds up
/// none.
enum BuildxStore {
  /// A builder as buildx stores it, and as `docker buildx ls` prints it.
  private struct Stored: Decodable {
    struct Node: Decodable {
      let Name: String?
      let Endpoint: String?
      let DriverOpts: [String: String]?
      let Err: String?
    }
    let Name: String
    let Driver: String?
    let Nodes: [Node]?
    let Err: String?
  }

  /// Where buildx stores them: a file each.
  private static func folder(_ environment: [String: String]) -> String? {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let own = value("BUILDX_CONFIG")
    let docker = value("DOCKER_CONFIG") ?? value("HOME").map { $0 + "/.docker" }
    return (own ?? docker.map { $0 + "/buildx" }).map { $0 + "/instances" }
  }

  /// All that are stored, by name; where buildx stores them elsewhere, those that it lists, which may take its time.
  ///
  /// - Parameter note: is told of what can't be read, in a sentence.
  static func builders(
    of docker: DockerClient, _ environment: [String: String], patience: Duration, note: (String) -> Void
  ) async -> [BuildxBuilder] {
    guard let folder = folder(environment), let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
    else { return await listed(by: docker, patience) }
    return names.sorted().compactMap { name in
      let file = folder + "/" + name
      // Others' files may be of any kind and size.
      guard let size = try? FileManager.default.attributesOfItem(atPath: file),
        size[.type] as? FileAttributeType == .typeRegular,
        (size[.size] as? Int ?? .max) < 1 << 20, let bytes = FileManager.default.contents(atPath: file),
        let stored = try? JSONDecoder().decode(Stored.self, from: bytes)
      else {
        note("\(file) tells of no builder: it is passed over")
        return nil
      }
      return builder(stored)
    }
  }

  /// A line of JSON a node; those before v0.13 know no such form.
  private static func listed(by docker: DockerClient, _ patience: Duration) async -> [BuildxBuilder] {
    let program = docker.program(["buildx", "ls", "--format", "{{json .}}"])
    guard let bytes = try? await program.answer(of: "docker buildx", patience: patience) else { return [] }
    var names: Set<String> = []
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard let stored = try? JSONDecoder().decode(Stored.self, from: Data(line)), stored.Driver?.isEmpty == false,
        stored.Driver != "docker", names.insert(stored.Name).inserted
      else { return nil }
      return builder(stored)
    }
  }

  private static func builder(_ stored: Stored) -> BuildxBuilder {
    BuildxBuilder(
      name: stored.Name, driver: stored.Driver ?? "", error: stored.Err.flatMap { $0.isEmpty ? nil : $0 },
      nodes: (stored.Nodes ?? []).map { node in
        BuildxBuilder.Node(
          name: node.Name ?? "", address: node.Endpoint ?? "", options: node.DriverOpts ?? [:],
          error: node.Err.flatMap { $0.isEmpty ? nil : $0 })
      })
  }
}
