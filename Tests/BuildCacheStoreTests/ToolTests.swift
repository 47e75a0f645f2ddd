import BuildCache
import Foundation
import Glibc
import Programs
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import BuildCacheStore

@Suite("Tools of the system") struct ToolTests {
  private func output(of tool: Program) async throws -> String {
    let bytes = Guarded<[UInt8]>([])
    try await tool.runAsTool { _ in
    } taking: { chunk in
      bytes.withLock { $0 += chunk }
    }
    return bytes.withLock { String(decoding: $0, as: UTF8.self) }
  }

  @Test("they get an environment of our own, and only where tools are from ours") func environment() async throws {
    // This process has more: `TAR_OPTIONS` or `ZSTD_CLEVEL` among it would change what tools do.
    #expect(ProcessInfo.processInfo.environment.count > 3)
    let lines = try await output(of: Program("env", [])).split(separator: "\n").sorted()
    #expect(lines == ["LC_ALL=C", "PATH=\(String(cString: getenv("PATH")))", "TZ=UTC0"])
  }
}
