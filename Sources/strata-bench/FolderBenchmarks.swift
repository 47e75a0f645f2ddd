import BoltWriter
import BuildCache
import BuildKitBridge
import Foundation
import SystemPackage

/// The same records as a daemon's folder has them: how long a reading takes, beside reading its pages.
struct FolderBenchmarks {
  let workload: Workload
  let runs: Int

  /// A reading of a worker's three databases, and what it takes to read their pages one by one, as a walk of them would.
  func read() async throws -> [Measurement] {
    let root = FileManager.default.temporaryDirectory.appending(path: "strata-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    let folder = root.appending(path: "runc-overlayfs")
    let snapshots = folder.appending(path: "snapshots")
    try FileManager.default.createDirectory(at: snapshots, withIntermediateDirectories: true)
    let files = [
      (folder.appending(path: "metadata_v2.db"), metadata),
      (folder.appending(path: "containerdmeta.db"), containerd),
      (snapshots.appending(path: "metadata.db"), snapshotter),
    ]
    for (file, entries) in files {
      // Piece by piece, however large: the system takes 2 GB at a time.
      let descriptor = try FileDescriptor.open(
        FilePath(file.path), .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
      try descriptor.closeAfter { _ = try descriptor.writeAll(BoltWriter.file(entries)) }
    }
    let count = workload.records.count
    let source = try StateFolderSource(FilePath(root.path))
    let read = try await Measurement(of: "read a state folder", records: count, runs: runs) {
      guard try await source.read().state.rows.count == count else { throw Errno.ioError }
    }
    let pages = try await Measurement(of: "read its pages", records: count, runs: runs) {
      for (file, _) in files { try Self.readPages(of: FilePath(file.path)) }
    }
    return [read.compared(with: pages), pages]
  }

  private static func readPages(of path: FilePath) throws {
    let file = try FileDescriptor.open(path, .readOnly)
    defer { try? file.close() }
    var offset: Int64 = 0
    while true {
      let page = try [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
        count = try file.read(fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(buffer))
      }
      if page.isEmpty { return }
      offset += Int64(page.count)
    }
  }

  private typealias Entries = [(key: [UInt8], entry: BoltWriter.Entry)]

  private func number(_ number: Int64) -> BoltWriter.Entry { .text("{\"value\":\(number)}") }
  private func text(_ text: String) -> BoltWriter.Entry { .text("{\"value\":\"\(text)\"}") }

  /// `_main` as BuildKit writes it, and its index of what has one.
  private var metadata: Entries {
    let records = workload.records.map { record -> (key: [UInt8], entry: BoltWriter.Entry) in
      var values = [
        "cache.cachePolicy": number(1), "cache.createdAt": number(record.createdAt.nanoseconds),
        "cache.description": text(record.description), "cache.lastUsedAt": number(record.createdAt.nanoseconds),
        "cache.usageCount": number(Int64(record.usageCount)), "cache.snapshot": text(record.id.text),
        "cache.equalMutable": .value([]), "snapshot.committed": .text("{\"value\":true}"),
        "snapshot.size": number(record.size ?? -1),
      ]
      switch record.parents {
      case .none: break
      case .layer(let parent): values["cache.parent"] = text(parent.text)
      case .merge(let parents):
        values["cache.mergeParents"] = .text(
          "{\"value\":[\(parents.map { "\"\($0)\"" }.joined(separator: ","))]}")
      case .diff(let lower, let upper):
        values["cache.lowerDiffParent"] = lower.map { text($0.text) }
        values["cache.upperDiffParent"] = upper.map { text($0.text) }
      }
      return (Array(record.id.text.utf8), .bucket(values))
    }
    return [(Array("_main".utf8), .bucket(records)), (Array("_index".utf8), .bucket([:]))]
  }

  private func name(_ number: Int, _ record: RecordMetadata) -> String { "buildkit/\(number + 1)/\(record.id)" }

  /// A snapshot and a lease a record.
  private var containerd: Entries {
    let time = BoltWriter.Entry.value([UInt8](repeating: 1, count: 15))
    let snapshots = workload.records.enumerated().map { number, record in
      (
        key: Array(record.id.text.utf8),
        entry: BoltWriter.Entry.bucket([
          "name": .text(name(number, record)), "createdat": time, "updatedat": time,
        ])
      )
    }
    let leases = workload.records.map { record in
      (
        key: Array(record.id.text.utf8),
        entry: BoltWriter.Entry.bucket([
          "createdat": time, "labels": .bucket(["containerd.io/gc.flat": .text("2026-11-26T11:00:55.085951026Z")]),
          "snapshots": .bucket(["overlayfs": .bucket([record.id.text: .value([])])]),
        ])
      )
    }
    let namespace = BoltWriter.Entry.bucket([
      "snapshots": .bucket(["overlayfs": .bucket(snapshots)]), "leases": .bucket(leases),
      "content": .bucket(["blob": .bucket([:])]),
    ])
    return [(Array("v1".utf8), .bucket(["buildkit": namespace]))]
  }

  private var snapshotter: Entries {
    let snapshots = workload.records.enumerated().map { number, record in
      (
        key: Array(name(number, record).utf8),
        entry: BoltWriter.Entry.bucket([
          "id": .value(varint(UInt64(number + 1))), "kind": .value([3]), "inodes": .value([4]),
          "size": .value(varint(UInt64(record.size ?? 0) << 1)),
        ])
      )
    }
    return [(Array("v1".utf8), .bucket(["snapshots": .bucket(snapshots)]))]
  }

  private func varint(_ number: UInt64) -> [UInt8] {
    var rest = number
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
