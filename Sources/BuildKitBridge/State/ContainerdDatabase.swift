import BuildCache
import SystemPackage

/// What containerd's metadata say of a namespace: `containerdmeta.db` of BuildKit, `meta.db` of containerd itself.
///
/// Below `v1/NAMESPACE` are the buckets `snapshots/SNAPSHOTTER`, `content/blob`, `leases` and `images`.
struct ContainerdDatabase {
  /// A snapshot of a snapshotter.
  struct Snapshot {
    /// Its number in the namespace: the snapshotter calls it `NAMESPACE/NUMBER/KEY`.
    var number: UInt64 = 0
    /// The size of a merge whose files are links, which the snapshotter counts wrongly.
    var mergeSize: Int64?
    /// Whether it is fetched as it is read.
    var isRemote = false
  }

  /// A blob in the content store.
  struct Blob {
    var size: Int64
    /// The digests of what it names: other compressions of the same layer by their label, what a manifest lists by its
    /// place.
    var references: [(label: Substring, digest: String)] = []

    /// Other compressions of the same layer.
    var variants: [String] { references.filter { $0.label.hasPrefix(Self.variantLabel) }.map(\.digest) }

    private static let variantLabel = "blob-"
  }

  /// What a namespace holds.
  struct Contents {
    var snapshots = SortedByKey<Snapshot>()
    var blobs: [String: Blob] = [:]
    /// Images by name, in the order of the names, with what each points at.
    var images: [(name: String, mediaType: String, digest: String)] = []
  }

  let file: BoltFile
  let namespace: String

  /// Reads what a namespace holds, but for its leases.
  ///
  /// - Throws: as ``BoltFile/read(_:)``.
  func contents() throws -> BoltFile.Result<Contents> {
    try file.read { transaction in
      var contents = Contents()
      var check = CancellationCheck()
      guard let namespace = try transaction.root.bucket("v1", namespace) else { return contents }
      try namespace.bucket("snapshots")?.forEach { _, snapshotter in
        try snapshotter.bucket?.forEach { key, snapshot in
          try check.pass()
          guard let bucket = snapshot.bucket else { return }
          contents.snapshots.append(String(decoding: key, as: UTF8.self), try Self.snapshot(bucket))
        }
      }
      contents.snapshots.sort()
      try namespace.bucket("content", "blob")?.forEach { digest, blob in
        try check.pass()
        guard let bucket = blob.bucket else { return }
        contents.blobs[String(decoding: digest, as: UTF8.self)] = try Self.blob(bucket)
      }
      try namespace.bucket("images")?.forEach { name, image in
        guard let target = try image.bucket?.bucket("target") else { return }
        contents.images.append(
          (
            String(decoding: name, as: UTF8.self), try target.text("mediatype") ?? "",
            try target.text("digest") ?? ""
          ))
      }
      return contents
    }
  }

  /// The bytes of blobs that only the build history has: its namespace is this one's with `_history`; nothing where there
  /// is none.
  ///
  /// - Throws: as ``BoltFile/read(_:)``.
  func history(besides own: Contents) throws -> Int64? {
    try file.read { transaction in
      guard let history = try transaction.root.bucket("v1", "\(namespace)_history") else { return nil }
      var bytes: Int64 = 0
      try history.bucket("content", "blob")?.forEach { digest, blob in
        guard let bucket = blob.bucket, own.blobs[String(decoding: digest, as: UTF8.self)] == nil else { return }
        bytes = bytes.addingSaturating(try Self.blob(bucket).size)
      }
      return bytes
    }.value
  }

  /// The leases that keep a snapshot or a blob, by id, in order.
  ///
  /// - Throws: as ``BoltFile/read(_:)``.
  /// - Complexity: O(leases).
  func leases(holding snapshot: String, or blob: String?) throws -> [String] {
    try file.read { transaction in
      var leases: [String] = []
      try transaction.root.bucket("v1", namespace, "leases")?.forEach { id, lease in
        guard let lease = lease.bucket else { return }
        var isHeld = try blob.map { try lease.bucket("content")?.value($0) != nil } ?? false
        try lease.bucket("snapshots")?.forEach { _, snapshotter in
          if try snapshotter.bucket?.value(snapshot) != nil { isHeld = true }
        }
        if isHeld { leases.append(String(decoding: id, as: UTF8.self)) }
      }
      return leases
    }.value
  }

  private static func snapshot(_ bucket: BoltBucket) throws -> Snapshot {
    var snapshot = Snapshot()
    try bucket.forEach { key, entry in
      switch entry {
      case .value(let bytes):
        if key.elementsEqual("name".utf8) { snapshot.number = ContainerdNumber.ofName(bytes) ?? 0 }
      case .bucket(let labels):
        guard key.elementsEqual("labels".utf8) else { return }
        snapshot.mergeSize = try labels.text("buildkit.mergeUsageSize").flatMap { Int64($0) }.map { max(0, $0) }
        snapshot.isRemote = try labels.value("containerd.io/snapshot/remote") != nil
      }
    }
    return snapshot
  }

  private static let referenceLabel = "containerd.io/gc.ref.content."

  private static func blob(_ bucket: BoltBucket) throws -> Blob {
    var blob = Blob(size: 0)
    try bucket.forEach { key, entry in
      switch entry {
      case .value(let bytes):
        if key.elementsEqual("size".utf8) { blob.size = max(0, ContainerdNumber.signed(bytes) ?? 0) }
      case .bucket(let labels):
        guard key.elementsEqual("labels".utf8) else { return }
        try labels.forEach { label, value in
          guard label.starts(with: referenceLabel.utf8), let value = value.value else { return }
          let name = String(decoding: label, as: UTF8.self).dropFirst(referenceLabel.count)
          blob.references.append((name, String(decoding: value, as: UTF8.self)))
        }
      }
    }
    return blob
  }
}

/// Numbers as containerd's databases have them: Go's variable-length ones.
enum ContainerdNumber {
  /// One that is never below 0; nothing where it is none.
  static func unsigned(_ bytes: ArraySlice<UInt8>) -> UInt64? {
    var number: UInt64 = 0
    for (place, byte) in bytes.prefix(10).enumerated() {
      number |= UInt64(byte & 0x7f) << (7 * place)
      if byte & 0x80 == 0 { return place == 9 && byte > 1 ? nil : number }
    }
    return nil
  }

  /// The one in a snapshotter's name for a snapshot, `NAMESPACE/NUMBER/KEY`.
  static func ofName(_ name: ArraySlice<UInt8>) -> UInt64? {
    let slash = UInt8(ascii: "/")
    guard let start = name.firstIndex(of: slash) else { return nil }
    var number: UInt64 = 0
    for byte in name[(start + 1)...] {
      if byte == slash { return number }
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), number < .max / 10 - 1 else { return nil }
      number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
    }
    return nil
  }

  /// One that may be, with the sign in its lowest bit.
  static func signed(_ bytes: ArraySlice<UInt8>) -> Int64? {
    unsigned(bytes).map { Int64(bitPattern: $0 >> 1) ^ -Int64($0 & 1) }
  }
}

extension BoltBucket {
  /// A value as text.
  func text(_ name: String) throws -> String? { try value(name).map { String(decoding: $0, as: UTF8.self) } }
}
