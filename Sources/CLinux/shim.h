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
