#ifndef STRATA_CNCURSES_SHIM_H
#define STRATA_CNCURSES_SHIM_H

// Wide characters are only declared with these two.
#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <locale.h>
#include <wchar.h>

// The C library shows this one only to programs that ask for X/Open.
int wcwidth(wchar_t c);

// What Swift can't import: macros with casts, and variables that it can't know to be guarded.
static const attr_t strata_bold = A_BOLD;
static const attr_t strata_dim = A_DIM;
static const attr_t strata_reverse = A_REVERSE;
static const attr_t strata_underline = A_UNDERLINE;

static const mmask_t strata_click = BUTTON1_CLICKED;
static const mmask_t strata_double_click = BUTTON1_DOUBLE_CLICKED;
static const mmask_t strata_wheel_up = BUTTON4_PRESSED;
static const mmask_t strata_wheel_down = BUTTON5_PRESSED;
// What is asked for: presses by themselves would come before each click.
static inline void strata_mouse_on(void) {
  mousemask(BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
}

static inline SCREEN *strata_newterm(FILE *keys) { return newterm(NULL, stdout, keys ? keys : stdin); }
static inline WINDOW *strata_window(void) { return stdscr; }
static inline int strata_colors(void) { return COLORS; }
static inline int strata_color_pairs(void) { return COLOR_PAIRS; }

#endif
