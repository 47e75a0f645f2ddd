import BuildCache
import Foundation
import TestSupport
import Testing

@testable import BuildKitBridge

/// Every way to a daemon keeps the contract of sources.
@Suite("Daemons keep the contract of sources") struct LiveContractTests {
  private let standIns: StandIns

  init() throws { standIns = try StandIns() }

  private func check(_ source: DaemonSource) async throws {
    try await checkContract(of: source, refusesInsight: true) { standIns.ids }
  }

  @Test("buildctl of this machine") func buildctl() async throws {
    try await check(DaemonSource(standIns.buildctl))
  }

  @Test("buildctl in a container") func container() async throws {
    try await check(DaemonSource(BuildctlEndpoint(.container("builder0", standIns.docker))))
  }

  @Test("an engine through the docker client") func client() async throws {
    try await check(DaemonSource(.client(standIns.docker)))
  }

  @Test("an engine through its socket") func socket() async throws {
    let socket = try standIns.listen()
    try await check(DaemonSource(.socket(socket.path)))
  }
}
