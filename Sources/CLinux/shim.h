// Calls and constants of Linux that Swift's Glibc module leaves out.

#include <linux/fs.h>
#include <stdio.h>
#include <sys/xattr.h>

// A macro that takes apart a type, which Swift does not read.
static const unsigned long strata_ficlone = FICLONE;

// Linux's own, shown to GNU programs only.
static const int strata_seek_data = 3;
static const int strata_seek_hole = 4;
static const int strata_path_only = 010000000;

// Behind a macro only.
unsigned long long gnu_dev_makedev(unsigned int major, unsigned int minor);

// Pseudo terminals and sessions of their own: shown to X/Open and GNU programs only.
int posix_openpt(int flags);
int grantpt(int terminal);
int unlockpt(int terminal);
char *ptsname(int terminal);
static const short strata_spawn_setsid = 0x80;

// A lock that belongs to an open file, as no other call lets one ask for the holder without taking it. What fcntl.h says
// of it is written out here: the module that includes that header is the one all must name who look at a file's status.
struct strata_file_lock {
  short type, whence;
  long long start, length;
  int process;
};
int fcntl(int file, int command, ...);
// 0, or -1 with errno EAGAIN where another open file has it.
static inline int strata_lock(int file) {
  struct strata_file_lock all = {1 /* F_WRLCK */, 0, 0, 0, 0};
  return fcntl(file, 37 /* F_OFD_SETLK */, &all);
}
static inline int strata_unlock(int file) {
  struct strata_file_lock all = {2 /* F_UNLCK */, 0, 0, 0, 0};
  return fcntl(file, 37 /* F_OFD_SETLK */, &all);
}
// 1 where another open file has the lock, 0 where none has, or -1 with errno.
static inline int strata_is_locked(int file) {
  struct strata_file_lock all = {1 /* F_WRLCK */, 0, 0, 0, 0};
  return fcntl(file, 36 /* F_OFD_GETLK */, &all) != 0 ? -1 : all.type != 2;
}

// GNU's.
int syncfs(int file);
