import BuildCache
import Foundation
import SystemPackage

/// What somebody waits for at the screen: the real programs, on a pseudo terminal.
struct ScreenBenchmarks {
  let workload: Workload
  let root: FilePath
  let runs: Int
  /// Where `strata` is.
  let strata: String

  private var count: Int { workload.records.count }
  /// What the first row of a list by size begins with.
  private var largest: String {
    let record = workload.records.max { ($0.size ?? 0, $1.id) < ($1.size ?? 0, $0.id) }
    return String((record?.id.text ?? "").prefix(8))
  }

  /// From exec until the largest record stands on the screen, and until all are counted there; and the same of ncdu.
  func firstFrame() async throws -> [Measurement] {
    let ncdu = try await ncduFrame()
    let frames = try await firstFrame(of: ["--root", root.string])
    return frames.map { $0.compared(with: ncdu) } + [ncdu].compactMap(\.self)
  }

  /// The same of any source, without ncdu.
  ///
  /// - Parameters:
  ///   - source: the options that name it.
  ///   - name: what is put before the measurements' names.
  func firstFrame(of source: [String], named name: String = "") async throws -> [Measurement] {
    var (frames, wholes, peak) = ([Double](), [Double](), 0)
    for _ in 0..<runs {
      var program: TerminalProgram?
      frames.append(
        try await milliseconds {
          program = try TerminalProgram(strata, source)
          try program?.wait(for: largest)
        })
      let rest = try await milliseconds { try program?.wait(for: "\(count)") }
      wholes.append((frames.last ?? 0) + rest)
      peak = max(peak, program?.end() ?? 0)
    }
    var whole = Measurement(of: name + "all records on screen", records: count, values: wholes)
    whole.peakMemory = peak
    return [Measurement(of: name + "first frame", records: count, values: frames), whole]
  }

  /// ncdu with a list of as many files; nothing where it isn't installed.
  private func ncduFrame() async throws -> Measurement? {
    let list = root.appending("ncdu.json")
    let files = workload.records.map { #"{"name":"\#($0.id)","asize":\#($0.size ?? 0),"dsize":\#($0.size ?? 0)}"# }
    let text = #"[1,2,{"progname":"strata-bench","progver":"1","timestamp":0},[{"name":"/cache"},"#
    try Data((text + files.joined(separator: ",\n") + "]]").utf8).write(to: URL(filePath: list.string))
    var frames: [Double] = []
    var peak = 0
    for _ in 0..<runs {
      var program: TerminalProgram?
      do {
        frames.append(
          try await milliseconds {
            program = try TerminalProgram("ncdu", ["-f", list.string])
            try program?.wait(for: largest)
          })
      } catch is POSIXError {
        return nil
      }
      peak = max(peak, program?.end() ?? 0)
    }
    var measurement = Measurement(of: "first frame of ncdu -f", records: count, values: frames)
    measurement.peakMemory = peak
    return measurement
  }

  /// From a key until the frame that answers it comes, over keys that move, page, jump, mark and sort.
  func keys() async throws -> [Measurement] {
    let program = try TerminalProgram(strata, ["--root", root.string])
    try program.wait(for: "\(count)")
    var times: [Double] = []
    // No Escape: a terminal program waits a moment whether it begins another key.
    let script = ["j", "j", "j", "k", "\u{4}", "\u{4}", "\u{15}", "G", "g", " ", " ", "U", "?", "q", "j"]
    for _ in 0..<(20 * runs) {
      for key in script { times.append(try await program.press(key)) }
    }
    _ = program.end()
    return [Measurement(of: "key to frame", records: count, values: times)]
  }
}
