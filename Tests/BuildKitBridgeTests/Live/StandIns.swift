import Foundation
import Glibc
import SystemPackage
import TestSupport

@testable import BuildKitBridge

/// Stand-ins for `buildctl`, `docker` and an engine's socket: scripts that answer out of a folder in the forms of the real
/// ones, and keep what they were asked. That the real ones answer so is shown by hand and by `DockerEngineTests`.
final class StandIns: Sendable {
  private let scratch: ScratchFolder
  /// The folder that they answer out of.
  let folder: URL

  /// Makes daemons whose list has these rows, by id, as JSON.
  init(rows: [String: String] = StandIns.rows) throws {
    scratch = try ScratchFolder()
    folder = URL(filePath: scratch.path.string)
    try FileManager.default.createDirectory(at: folder.appending(path: "rows"), withIntermediateDirectories: true)
    for (id, row) in rows { try write(row, "rows/\(id)") }
    try write("", "asked")
    try write(Self.workers, "workers")
    try write("2026-11-27T01:00:00.5Z\n", "started")
    try write(#"{"Version":"29.7.2","ApiVersion":"1.56"}"#, "version")
    try write(#"{"DockerRootDir":"/nowhere","SystemTime":"2026-11-27T02:00:00Z"}"#, "info")
    for (name, script) in [("buildctl", Self.buildctlScript), ("docker", Self.dockerScript)] {
      try write(script, name)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path(name))
    }
  }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  /// Puts a file into their folder: `failure` is what they say and end with, `list` stands in place of the rows.
  func write(_ text: String, _ name: String) throws { try Data(text.utf8).write(to: folder.appending(path: name)) }

  func remove(_ name: String) throws { try FileManager.default.removeItem(at: folder.appending(path: name)) }

  /// What they were asked, a line each.
  var asked: [String] {
    let text = (try? String(contentsOf: folder.appending(path: "asked"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map(String.init)
  }

  /// The processes of those that hang.
  var running: [pid_t] {
    let text = (try? String(contentsOf: folder.appending(path: "running"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { pid_t($0) }
  }

  /// The ids that are there.
  var ids: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path("rows"))) ?? []).sorted()
  }

  var buildctl: BuildctlEndpoint { BuildctlEndpoint(.here(path: path("buildctl")), address: "unix:///nowhere/bk.sock") }
  var docker: DockerClient { DockerClient(path: path("docker")) }

  static func row(
    _ id: String, _ size: Int, parents: [String] = [], uses: Int = 1, isMutable: Bool = false, inUse: Bool = false,
    lastUsed: String = "2026-11-26T10:00:00Z"
  ) -> String {
    let names = parents.isEmpty ? "null" : "[\(parents.map { "\"\($0)\"" }.joined(separator: ","))]"
    return #"{"id":"\#(id)","mutable":\#(isMutable),"inUse":\#(inUse),"size":\#(size),"#
      + #""createdAt":"2026-11-26T09:00:00Z","lastUsedAt":"\#(lastUsed)","usageCount":\#(uses),"parents":\#(names),"#
      + #""description":"[1/1] RUN \#(id)","recordType":"\#(isMutable ? "exec.cachemount" : "regular")","shared":false}"#
  }

  /// Three records, one on another.
  static let rows = [
    "aaa": row("aaa", 3_000), "bbb": row("bbb", 2_000, parents: ["aaa"]), "ccc": row("ccc", 1_000),
  ]

  /// As `buildctl debug workers` prints it.
  static let workers = #"""
    [{"id":"w","labels":{},"platforms":[],"gcPolicy":[{"all":false,"filter":["type==source.local"],"keepDuration":172800000000000,"reservedSpace":0,"maxUsedSpace":512000000,"minFreeSpace":0}],"buildkitVersion":{"package":"github.com/moby/buildkit","version":"v0.32.0","revision":"x"}}]
    """#

  private static let buildctlScript = #"""
    #!/bin/sh
    # A stand-in for buildctl.
    here=$(dirname "$0")
    printf '%s\n' "$*" >>"$here/asked"
    while :; do case $1 in --addr | --tls*) shift 2 ;; *) break ;; esac; done
    if [ -f "$here/failure" ]; then cat "$here/failure" >&2; exit 1; fi
    if [ -f "$here/hangs" ]; then echo $$ >>"$here/running"; exec cat "$here/fifo"; fi
    if [ -f "$here/old" ]; then
      case "$*" in *--format*)
        printf 'Incorrect Usage: flag provided but not defined: -format\n\nNAME:\n   buildctl du\n'
        echo 'error: flag provided but not defined: -format' >&2
        exit 1 ;;
      esac
    fi
    case "$1 $2" in
    "debug workers") cat "$here/workers" ;;
    "du "*)
      case "$*" in *--filter*) prefix=${3#id~=^} ;; *)
        prefix=
        if [ -f "$here/toolong" ]; then cat "$here/toolong" >&2; exit 1; fi ;;
      esac
      if [ -f "$here/lists/1" ]; then
        cat "$here/lists/1"; rm "$here/lists/1"
        [ ! -f "$here/lists/2" ] || mv "$here/lists/2" "$here/lists/1"
      elif [ -f "$here/list" ]; then cat "$here/list"
      elif [ -n "$prefix" ]; then
        for row in "$here/rows/$prefix"*; do [ ! -f "$row" ] || { cat "$row"; echo; }; done
      else
        printf '['; comma=
        for row in "$here"/rows/*; do [ ! -f "$row" ] || { printf '%s' "$comma"; cat "$row"; comma=,; }; done
        printf ']\n'
      fi ;;
    "prune "*)
      ids= all=1
      while [ $# -gt 0 ]; do case $1 in --filter) all= ids="$ids ${2#id==}"; shift ;; esac; shift; done
      [ -z "$all" ] || ids=$(ls "$here/rows")
      for id in $ids; do
        [ ! -f "$here/rows/$id" ] || { cat "$here/rows/$id"; echo; rm "$here/rows/$id"; }
      done
      if [ -f "$here/pruned" ]; then exec "$here/pruned"; fi ;;
    esac
    """#

  private static let dockerScript = #"""
    #!/bin/sh
    # A stand-in for docker, and behind it for an engine.
    here=$(dirname "$0")
    while :; do case $1 in --context | --host) shift 2 ;; *) break ;; esac; done
    case "$1 $2" in
    "exec "*)
      shift 2
      case $1 in buildctl) shift; exec "$here/buildctl" "$@" ;; esac
      printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\noverlay 1000000 400000 550000 42%% /var/lib/buildkit\n'
      exit 0 ;;
    "inspect "*) cat "$here/started"; exit 0 ;;
    "context "*) echo "unix:///nowhere/docker.sock"; exit 0 ;;
    "system dial-stdio") ;;
    *) echo "unknown" >&2; exit 1 ;;
    esac
    read -r method path version
    printf '%s\n' "$method $path" >>"$here/asked"
    while read -r line; do [ "$line" = "$(printf '\r')" ] && break; done
    if [ -f "$here/raw" ]; then cat "$here/raw"; exit 0; fi
    printf 'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n'
    case $path in
    /version) cat "$here/version" ;;
    /info) cat "$here/info" ;;
    /system/df*)
      printf '{"BuildCache":['; comma=
      for row in "$here"/rows/*; do
        [ -f "$row" ] || continue
        printf '%s' "$comma"
        sed -e 's/"id"/"ID"/; s/"inUse"/"InUse"/; s/"size"/"Size"/; s/"createdAt"/"CreatedAt"/; s/"lastUsedAt"/"LastUsedAt"/' \
          -e 's/"usageCount"/"UsageCount"/; s/"parents":null/"Parents":null/; s/"parents"/" Parents"/' \
          -e 's/"description"/"Description"/; s/"recordType"/"Type"/; s/"shared"/"Shared"/; s/"mutable":[a-z]*,//' "$row"
        comma=,
      done
      printf ']}' ;;
    /build/prune*)
      printf '{"CachesDeleted":['; comma=
      for row in "$here"/rows/*; do
        [ -f "$row" ] || continue
        id=$(basename "$row")
        case $path in *filters*) case $path in *"$id"*) ;; *) continue ;; esac ;; esac
        printf '%s"%s"' "$comma" "$id"; comma=,; rm "$row"
      done
      printf '],"SpaceReclaimed":1}' ;;
    esac
    """#

  /// Lets the engine's stand-in answer at a socket, for as many connections as come.
  func listen() throws -> StandInSocket { try StandInSocket(path("docker.sock"), answering: path("docker")) }
}

/// A socket at which each connection is answered by a program; it is closed with the last reference.
final class StandInSocket: Sendable {
  let path: String
  private let descriptor: Int32

  init(_ path: String, answering program: String) throws {
    self.path = path
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0, Glibc.listen(descriptor, 16) == 0 else { throw POSIXError(.EADDRINUSE) }
    let listening = descriptor
    Thread.detachNewThread {
      while true {
        let connection = accept(listening, nil, nil)
        guard connection >= 0 else { return }
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = ["system", "dial-stdio"]
        let handle = FileHandle(fileDescriptor: connection, closeOnDealloc: true)
        (process.standardInput, process.standardOutput) = (handle, handle)
        try? process.run()
        try? handle.close()
      }
    }
  }

  deinit {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
  }
}
