import BuildCache
import FileTrees
import Glibc
import SystemPackage

/// What a name carries beside its content: mode, owner, times, attributes.
struct Look: Sendable {
  /// Absent for a link, which has none.
  var permissions: mode_t?
  var user: uid_t
  var group: gid_t
  var accessed: timespec
  var modified: timespec
  var attributes: ExtendedAttributes

  /// As a name in a folder has it, or the folder itself.
  init(_ status: FileStatus, of name: FilePath.Component?, in folder: Folder) throws {
    permissions = status.isLink ? nil : status.permissions
    (user, group) = (status.raw.st_uid, status.raw.st_gid)
    (accessed, modified) = (status.raw.st_atim, status.raw.st_mtim)
    attributes = try ExtendedAttributes(of: name, in: folder)
  }

  /// As an archive has it.
  init(permissions: mode_t?, user: uid_t, group: gid_t, modified: timespec, attributes: ExtendedAttributes) {
    self.permissions = permissions
    (self.user, self.group) = (user, group)
    (accessed, self.modified) = (modified, modified)
    self.attributes = attributes
  }

  /// Gives it to a name in a folder, or to the folder itself; the owner only where the user is root, who alone may give
  /// files away.
  ///
  /// - Parameter file: the same, where it is open: quicker than by its name.
  /// - Throws: ``CacheError`` `storage` naming the path.
  func dress(_ name: FilePath.Component?, in folder: Folder, _ file: FileDescriptor? = nil) throws {
    // First, as it takes away capabilities and some bits of the mode.
    if isRoot,
      folder.call(
        name, file, { fchownat($0, $1, user, group, AT_SYMLINK_NOFOLLOW) }, { fchown($0, user, group) }) != 0
    {
      throw folder.error("can't change the owner of", name)
    }
    try attributes.set(on: name, in: folder)
    if let permissions { try folder.setPermissions(permissions, of: name, file) }
    try folder.setTimes(accessed, modified, of: name, file)
  }
}

extension Look {
  /// Mode, owner and times of a status.
  init(_ status: FileStatus) {
    permissions = status.isLink ? nil : status.permissions
    (user, group) = (status.raw.st_uid, status.raw.st_gid)
    (accessed, modified) = (status.raw.st_atim, status.raw.st_mtim)
    attributes = ExtendedAttributes()
  }
}
