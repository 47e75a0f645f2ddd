import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

/// A Docker engine of this machine's, with a data root of its own and no network: Debian's `docker.io`.
final class DockerEngine {
  private let scratch: ScratchFolder
  /// Debian's own client.
  let client: String
  private var process: Process?

  var dataRoot: FilePath { scratch.path.appending("data") }
  var socket: FilePath { scratch.path.appending("sock") }
  private var log: FilePath { scratch.path.appending("log") }

  /// Why none can run here; nothing where one may.
  static var obstacle: String? {
    if geteuid() != 0 { return "only root can start one" }
    return ["dockerd", "docker", "curl", "busybox"].first { !isInstalled($0) }.map { "there is no \($0)" }
  }

  /// Debian's own client, which has BuildKit inside; another one needs a plugin.
  init() throws {
    scratch = try ScratchFolder()
    client = FileManager.default.isExecutableFile(atPath: "/usr/bin/docker") ? "/usr/bin/docker" : "docker"
  }

  deinit { process?.terminate() }

  /// Starts it.
  ///
  /// - Returns: what it said, where it didn't come up.
  func start() async throws -> String? {
    _ = FileManager.default.createFile(atPath: log.string, contents: nil)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "dockerd", "--data-root", dataRoot.string, "--exec-root", scratch.path.appending("exec").string, "--pidfile",
      scratch.path.appending("pid").string, "--host", "unix://\(socket)", "--iptables=false", "--bridge=none",
      "--ip-forward=false", "--ip-masq=false",
    ]
    let output = try FileHandle(forWritingTo: URL(filePath: log.string))
    process.standardOutput = output
    process.standardError = output
    try process.run()
    self.process = process
    let ping = try await Program.tool(
      "curl",
      [
        "-s", "--retry", "40", "--retry-delay", "1", "--retry-all-errors", "--unix-socket", socket.string,
        "http://d/_ping",
      ])
    if ping.output == "OK" { return nil }
    process.terminate()
    process.waitUntilExit()
    return String(decoding: try Data(contentsOf: URL(filePath: log.string)).suffix(400), as: UTF8.self)
  }

  /// Ends it, and waits until it has ended.
  func stop() {
    process?.terminate()
    process?.waitUntilExit()
    process = nil
  }

  /// Asks its API.
  func ask(_ path: String, method: String = "GET") async throws -> [String: Any] {
    let answer = try await Program.tool(
      "curl", ["-s", "-X", method, "--unix-socket", socket.string, "http://d\(path)"])
    return try #require(JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any])
  }

  /// The ids that a prune removes, in order.
  func prune(keeping bytes: Int?, all: Bool = false) async throws -> [String] {
    let options = [bytes.map { "keep-storage=\($0)" }, all ? "all=1" : nil].compactMap(\.self).joined(separator: "&")
    return try await ask("/build/prune?\(options)", method: "POST")["CachesDeleted"] as? [String] ?? []
  }

  /// Builds an image.
  ///
  /// - Returns: what went wrong, where something did.
  func build(_ name: String, _ dockerfile: String, file: Data) async throws -> String? {
    let context = scratch.path.appending("context-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: context.string, withIntermediateDirectories: true)
    let busybox = try #require(
      (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/busybox" }
        .first { FileManager.default.isExecutableFile(atPath: $0) })
    try FileManager.default.copyItem(atPath: busybox, toPath: context.appending("busybox").string)
    try file.write(to: URL(filePath: context.appending("file").string))
    try Data(dockerfile.utf8).write(to: URL(filePath: context.appending("Dockerfile").string))
    let result = try await Program.tool(
      "env",
      [
        "DOCKER_HOST=unix://\(socket)", "DOCKER_BUILDKIT=1", "HOME=\(scratch.path)", client, "build", "--network=host",
        "-q", "-t", name, context.string,
      ])
    return result.code == 0 ? nil : result.errors
  }

  /// Removes an image.
  func forget(_ name: String) async throws {
    _ = try await Program.tool(
      "curl", ["-s", "-X", "DELETE", "--unix-socket", socket.string, "http://d/images/\(name)?force=1"])
  }
}
