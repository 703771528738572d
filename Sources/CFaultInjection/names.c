// What the program does to whole files by itself. In the program, and so in place of the C library's functions: the
// dynamic linker finds the program's first. SQLite's own calls of them, if there are any, come here too.
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "plan.h"

int rename(const char *path, const char *name) {
    int (*next)(const char *, const char *);
    *(void **)&next = dlsym(RTLD_NEXT, "rename");
    if (!faults_strikes(FAULTS_RENAME)) return next(path, name);
    errno = EIO;
    return -1;
}

int link(const char *path, const char *name) {
    int (*next)(const char *, const char *);
    *(void **)&next = dlsym(RTLD_NEXT, "link");
    if (!faults_strikes(FAULTS_LINK)) return next(path, name);
    errno = EIO;
    return -1;
}

int fsync(int descriptor) {
    int (*next)(int);
    *(void **)&next = dlsym(RTLD_NEXT, "fsync");
    if (!faults_strikes(FAULTS_NAME_SYNC)) return next(descriptor);
    errno = EIO;
    return -1;
}
