import CLinux
import Foundation
import Glibc

/// A program on a pseudo terminal, as a person would have it before them.
final class TerminalProgram {
  private let terminal: Int32
  private let process: pid_t
  private var written: [UInt8] = []

  /// Starts a program.
  ///
  /// - Throws: `POSIXError` where there is no such program, or no terminal to be had.
  init(_ program: String, _ arguments: [String], columns: UInt16 = 120, rows: UInt16 = 40) throws {
    terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard terminal >= 0, grantpt(terminal) == 0, unlockpt(terminal) == 0, let name = ptsname(terminal) else {
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .ENOTTY)
    }
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(terminal, UInt(TIOCSWINSZ), &size)

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor: Int32 in 0...2 { posix_spawn_file_actions_addopen(&actions, descriptor, name, O_RDWR, 0) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The first of its session, so that the terminal becomes its own.
    posix_spawnattr_setflags(&attributes, strata_spawn_setsid)

    var environment = ProcessInfo.processInfo.environment
    environment["TERM"] = "xterm-256color"
    environment["LC_ALL"] = "C.UTF-8"
    var process: pid_t = 0
    let result = Self.withCStrings([program] + arguments) { arguments in
      Self.withCStrings(environment.map { "\($0)=\($1)" }) { environment in
        posix_spawnp(&process, program, &actions, &attributes, arguments, environment)
      }
    }
    self.process = process
    guard result == 0 else {
      Glibc.close(terminal)
      throw POSIXError(POSIXErrorCode(rawValue: result) ?? .ENOENT)
    }
  }

  private static func withCStrings<T>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T) -> T {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }

  /// Reads until the program has written a text.
  ///
  /// - Throws: ``ProgramError`` where it doesn't within two minutes.
  func wait(for text: String) throws {
    let bytes = Array(text.utf8)
    var searched = 0
    while true {
      if written.count >= bytes.count {
        for start in searched...(written.count - bytes.count) where written[start] == bytes[0] {
          if written[start..<(start + bytes.count)].elementsEqual(bytes) { return }
        }
        searched = written.count - bytes.count + 1
      }
      guard read(within: 120_000) else { throw ProgramError(description: "waited in vain for \(text)") }
    }
  }

  /// Presses a key when all is still, and reads until its frame begins to come, which is written in one go.
  ///
  /// - Returns: the milliseconds between.
  func press(_ key: String) async throws -> Double {
    while read(within: 3) {}
    written = []
    return try await milliseconds {
      send(key)
      guard read(within: 10_000) else { throw ProgramError(description: "no answer to key \(key)") }
    }
  }

  private func send(_ key: String) {
    _ = Array(key.utf8).withUnsafeBytes { Glibc.write(terminal, $0.baseAddress, $0.count) }
  }

  /// Takes what there is; false where nothing comes in time or the program has ended.
  private func read(within milliseconds: Int32) -> Bool {
    var ready = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
    guard poll(&ready, 1, milliseconds) > 0 else { return false }
    let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
      count = max(0, Glibc.read(terminal, buffer.baseAddress, buffer.count))
    }
    written += chunk
    return !chunk.isEmpty
  }

  /// Presses `q` and waits until the program has ended.
  ///
  /// - Returns: the most memory that it had, in bytes.
  func end() -> Int {
    // What `wait4` tells begins with what this process has.
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?.split(separator: " ").dropFirst().first
    send("q")
    while read(within: 10_000) {}
    kill(process, SIGHUP)
    while waitpid(process, nil, 0) < 0 && errno == EINTR {}
    Glibc.close(terminal)
    return (peak.flatMap { Int($0) } ?? 0) * 1024
  }
}

/// A program that doesn't do what it should.
struct ProgramError: Error, CustomStringConvertible {
  let description: String
}

extension TerminalProgram {
  /// Runs a program whose output nobody reads, from its start to its end.
  ///
  /// - Returns: the milliseconds; nothing where there is no such program.
  static func time(_ arguments: [String]) async throws -> Double? {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    let time = try await milliseconds {
      try process.run()
      process.waitUntilExit()
    }
    if process.terminationStatus == 127 { return nil }
    guard process.terminationStatus == 0 else { throw ProgramError(description: "\(arguments[0]) failed") }
    return time
  }
}
