import BuildCache
import CacheReport
import SystemPackage

/// What keys write into a file.
public enum Exported: Sendable {
  /// Rows, as `du` prints them.
  case records(CacheState, [Int])
  /// What a folder of a record's tree holds.
  case files(RecordID, FilePath, [TreeFile])
  /// Builders, as `strata builders` prints them.
  case builders([BuilderLine])
  /// A plan, with sizes in these units where it is text.
  case plan(PlanExport, PlanExport.Form, ByteUnits)

  /// What it is, in words.
  var words: String {
    switch self {
    case .records(_, let rows): counted(rows.count)
    case .files(_, _, let files): files.count == 1 ? "1 name" : "\(files.count) names"
    case .plan: "the plan"
    case .builders(let lines): lines.count == 1 ? "1 builder" : "\(lines.count) builders"
    }
  }
}
