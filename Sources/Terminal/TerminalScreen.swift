import CNcurses
import Foundation
import Glibc

/// What a terminal tells a program.
public enum TerminalEvent: Sendable, Equatable {
  /// A key was pressed.
  case key(Key)
  /// A mouse button or wheel was used.
  case mouse(Mouse)
  /// The window has another size.
  case resize(Size)
  /// ``Waker/wake()`` was called.
  case wake
  /// Nothing came in the time that was waited.
  case timeout
  /// Ctrl-C.
  case interrupt
  /// The program is asked to end (SIGTERM, SIGHUP), or the terminal is gone.
  case terminate
}

/// Why the screen can't be opened, in words for the user.
public struct TerminalError: Error, Equatable, CustomStringConvertible {
  /// What is the matter.
  public let description: String
}

/// The terminal, taken over as a whole screen until ``close()``.
///
/// To be used from the thread that opened it, the main one, as curses is. One at a time.
public final class TerminalScreen {
  /// Whether the user's locale shows more than ASCII.
  public static var localeIsUTF8: Bool {
    setlocale(LC_ALL, "")
    return nl_langinfo(Int32(CODESET)).map { String(cString: $0).uppercased() } == "UTF-8"
  }

  /// Where keys are read from.
  public enum KeySource: Sendable {
    /// Standard input, which has to be the terminal.
    case standardInput
    /// The terminal that this program was started on, as standard input is something else.
    case controllingTerminal
  }

  private let handle: OpaquePointer
  private let keys: Int32
  /// The same for curses; absent where it is standard input.
  private let keysFile: UnsafeMutablePointer<FILE>?
  private let readEnd: Int32
  private let isUTF8: Bool
  private var colors: ColorPairs
  private var shown: Grid?
  private var isOpen = true

  /// Takes the terminal over.
  ///
  /// - Parameters:
  ///   - usesColor: without, only bold, faint, reverse and underline tell things apart.
  ///   - usesMouse: whether the mouse is this program's; without, the terminal selects text with it.
  ///   - source: where keys are read from.
  /// - Throws: ``TerminalError`` where there is no terminal, or it can't place text; nothing was changed.
  public init(usesColor: Bool, usesMouse: Bool = false, keys source: KeySource = .standardInput)
    throws(TerminalError)
  {
    let term = getenv("TERM").map { String(cString: $0) } ?? ""
    guard !term.isEmpty, term != "dumb" else {
      throw TerminalError(
        description:
          "this terminal can't place text (TERM is \(term.isEmpty ? "not set" : term)); `strata du` needs none")
    }
    (keys, keysFile) = try Self.open(source)
    isUTF8 = Self.localeIsUTF8
    Restoration.remember(keys)
    guard let handle = strata_newterm(keysFile) else {
      Self.close(keysFile)
      throw TerminalError(description: "nothing is known of the terminal \(term): set TERM, for instance to xterm")
    }
    guard let move = tigetstr("cup"), Int(bitPattern: move) != -1 else {
      endwin()
      delscreen(handle)
      Self.close(keysFile)
      throw TerminalError(description: "the terminal \(term) can't place text; `strata du` needs no such terminal")
    }
    self.handle = handle
    Restoration.arm()
    readEnd = Signals.install()
    cbreak()
    noecho()
    nonl()  // so that Enter and Ctrl-J differ, and the cursor may stand in the last column
    intrflush(nil, false)
    let window = strata_window()
    keypad(window, true)
    // F1 as other terminals than the one that TERM names send it.
    for sequence in ["\u{1b}OP", "\u{1b}[11~", "\u{1b}[[A"] { define_key(sequence, KEY_F0 + 1) }
    nodelay(window, true)
    leaveok(window, true)
    set_escdelay(25)
    curs_set(0)
    if usesMouse { strata_mouse_on() }
    colors = ColorPairs(isWanted: usesColor)
  }

  deinit { close() }

  /// Whether there is a terminal to show a screen on, and to read keys from.
  public static func isThere(keys source: KeySource) -> Bool {
    guard isatty(STDOUT_FILENO) == 1, let (_, file) = try? open(source) else { return false }
    close(file)
    return true
  }

  private static func open(_ source: KeySource) throws(TerminalError) -> (Int32, UnsafeMutablePointer<FILE>?) {
    let none = TerminalError(description: "there is no terminal to show the explorer on")
    guard isatty(STDOUT_FILENO) == 1 else { throw none }
    switch source {
    case .standardInput:
      guard isatty(STDIN_FILENO) == 1 else { throw none }
      return (STDIN_FILENO, nil)
    case .controllingTerminal:
      guard let file = fopen("/dev/tty", "r+e") else { throw none }
      return (fileno(file), file)
    }
  }

  private static func close(_ keysFile: UnsafeMutablePointer<FILE>?) {
    if let keysFile { fclose(keysFile) }
  }

  /// The window's size now.
  public var size: Size {
    Size(columns: Int(getmaxx(strata_window())), rows: Int(getmaxy(strata_window())))
  }

  /// What other threads wake this one with.
  public var waker: Waker { Waker() }

  /// Waits for what comes next.
  ///
  /// - Parameter patience: milliseconds after which ``TerminalEvent/timeout`` is answered; absent: never.
  public func nextEvent(within patience: Int? = nil) -> TerminalEvent {
    while true {
      if let event = readKey() { return event }
      var sources = [
        pollfd(fd: keys, events: Int16(POLLIN), revents: 0),
        pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
      ]
      let count = poll(&sources, 2, patience.map { Int32(clamping: $0) } ?? -1)
      if count == 0 { return .timeout }
      guard count > 0 else { continue }  // a signal came: its byte is in the pipe
      if sources[1].revents != 0, let event = readMessage() { return event }
      if sources[0].revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 { return .terminate }
    }
  }

  private func readMessage() -> TerminalEvent? {
    var byte: UInt8 = 0
    guard read(readEnd, &byte, 1) == 1 else { return nil }
    switch Signals.Message(rawValue: byte) {
    case .wake: return .wake
    case .interrupt: return .interrupt
    case .terminate: return .terminate
    case .resize:
      var window = winsize()
      guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_row > 0, window.ws_col > 0 else {
        return nil
      }
      resizeterm(Int32(window.ws_row), Int32(window.ws_col))
      invalidate()
      return .resize(size)
    case nil: return nil
    }
  }

  private func readKey() -> TerminalEvent? {
    var code: wint_t = 0
    switch wget_wch(strata_window(), &code) {
    case KEY_CODE_YES where Int32(bitPattern: code) == KEY_MOUSE: return readMouse().map { .mouse($0) }
    case KEY_CODE_YES: return Key(curses: Int32(bitPattern: code)).map { .key($0) }
    case OK: return Unicode.Scalar(code).flatMap { Key(typed: $0) }.map { .key($0) }
    default: return nil
    }
  }

  private func readMouse() -> Mouse? {
    var event = MEVENT()
    guard getmouse(&event) == OK else { return nil }
    let place = Point(column: Int(event.x), row: Int(event.y))
    let kinds: [(mmask_t, Mouse.Kind)] = [
      (strata_double_click, .doubleClick), (strata_click, .click), (strata_wheel_up, .wheelUp),
      (strata_wheel_down, .wheelDown),
    ]
    return kinds.first { event.bstate & $0.0 != 0 }.map { Mouse($0.1, at: place) }
  }

  /// Puts a text into the user's clipboard, where the terminal lets programs do so (OSC 52); may be called from any
  /// thread. The text is sent encoded, so that it can do nothing else.
  @Sendable public static func copy(_ text: String) {
    let sequence = "\u{1b}]52;c;\(Data(text.utf8).base64EncodedString())\u{07}"
    let bytes = Array(sequence.utf8)
    _ = write(STDOUT_FILENO, bytes, bytes.count)
  }

  /// Shows a grid: only cells that differ from what was shown last are written.
  public func present(_ grid: Grid) {
    let window = strata_window()
    let isSameSize = shown?.size == grid.size
    for row in 0..<grid.size.rows {
      if isSameSize, let shown, shown.row(row) == grid.row(row) { continue }
      draw(grid.row(row), row, window)
    }
    shown = grid
    wrefresh(window)
  }

  /// Makes the next ``present(_:)`` write everything anew.
  public func invalidate() {
    shown = nil
    clearok(strata_window(), true)
  }

  private func draw(_ cells: ArraySlice<Cell>, _ row: Int, _ window: UnsafeMutablePointer<WINDOW>?) {
    wmove(window, Int32(row), 0)
    var run: [wchar_t] = []
    var style = Style.plain
    func flush() {
      guard !run.isEmpty else { return }
      let (attributes, pair) = colors.attributes(of: style)
      wattr_set(window, attributes, pair, nil)
      waddnwstr(window, run, Int32(run.count))
      run.removeAll(keepingCapacity: true)
    }
    for cell in cells where cell.width > 0 {
      if cell.style != style {
        flush()
        style = cell.style
      }
      for scalar in cell.character.unicodeScalars {
        run.append(wchar_t(bitPattern: isUTF8 || scalar.isASCII ? scalar.value : 63))
        if !isUTF8 && !scalar.isASCII { break }
      }
      if !isUTF8 && cell.width == 2 { run.append(32) }
    }
    flush()
  }

  /// Gives the terminal back as it was; does nothing the second time.
  public func close() {
    guard isOpen else { return }
    isOpen = false
    endwin()
    delscreen(handle)
    Signals.uninstall(readEnd: readEnd)
    Restoration.disarm()
    Self.close(keysFile)
  }
}

extension Key {
  /// A key that curses knows by name.
  fileprivate init?(curses code: Int32) {
    let keys: [Int32: Key] = [
      KEY_UP: .up, KEY_DOWN: .down, KEY_LEFT: .left, KEY_RIGHT: .right, KEY_HOME: .home, KEY_END: .end,
      KEY_PPAGE: .pageUp, KEY_NPAGE: .pageDown, KEY_BACKSPACE: .backspace, KEY_DC: .delete, KEY_IC: .insert,
      KEY_BTAB: .backTab, KEY_ENTER: .enter,
    ]
    if let key = keys[code] {
      self = key
    } else if (KEY_F0 + 1...KEY_F0 + 63).contains(code) {
      self = .function(Int(code - KEY_F0))
    } else {
      return nil
    }
  }

  /// A key that sent a character.
  fileprivate init?(typed scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x0a, 0x0d: self = .enter
    case 0x09: self = .tab
    case 0x1b: self = .escape
    case 0x08, 0x7f: self = .backspace
    case 0x01...0x1a:
      guard let letter = Unicode.Scalar(scalar.value + 0x60) else { return nil }
      self = .control(Character(letter))
    case 0..<0x20: return nil
    default: self = .character(Character(scalar))
    }
  }
}
