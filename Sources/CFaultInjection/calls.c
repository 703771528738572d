// Calls of SQLCipher 4.6.1 in which some faults cannot be survived. These functions stand in the program, and so in
// place of the library's: the dynamic linker finds the program's first.
#define _GNU_SOURCE 1
#define SQLITE_HAS_CODEC 1
#include <dlfcn.h>
#include <sqlite3.h>
#include <string.h>

#include "plan.h"

static _Thread_local enum faults_call present = FAULTS_OTHER_CALL;

enum faults_call faults_present_call(void) { return present; }

int sqlite3_key_v2(sqlite3 *database, const char *name, const void *key, int count) {
    int (*next)(sqlite3 *, const char *, const void *, int);
    *(void **)&next = dlsym(RTLD_NEXT, "sqlite3_key_v2");
    present = FAULTS_KEY_CALL;
    int result = next(database, name, key, count);
    present = FAULTS_OTHER_CALL;
    return result;
}

// The check of all pages is made while its statement is prepared.
int sqlite3_prepare_v2(sqlite3 *database, const char *sql, int count, sqlite3_stmt **statement, const char **tail) {
    static const char check[] = "PRAGMA cipher_integrity_check";
    int (*next)(sqlite3 *, const char *, int, sqlite3_stmt **, const char **);
    *(void **)&next = dlsym(RTLD_NEXT, "sqlite3_prepare_v2");
    size_t length = sizeof check - 1;
    bool is_check = (count < 0 || (size_t)count >= length) && strncmp(sql, check, length) == 0;
    if (is_check) present = FAULTS_CHECK_CALL;
    int result = next(database, sql, count, statement, tail);
    present = FAULTS_OTHER_CALL;
    return result;
}
