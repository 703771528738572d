#pragma once
// sqlite3.h declares sqlite3_key* only under this macro, and sqlcipher.pc does not define it.
#define SQLITE_HAS_CODEC 1
#include <sqlite3.h>
#include <stdint.h>

// sqlite3_config and sqlite3_db_config are variadic, which Swift cannot call.
static inline int coffer_sqlite3_config_int(int option, int value) { return sqlite3_config(option, value); }

static inline int coffer_sqlite3_config_pagecache(void *memory, int size, int count) {
    return sqlite3_config(SQLITE_CONFIG_PAGECACHE, memory, size, count);
}

static inline int coffer_sqlite3_db_config_flag(sqlite3 *database, int option, int value, int *previous) {
    return sqlite3_db_config(database, option, value, previous);
}

// Fetches the lines around an address into the cache. Never fails, wherever it leads:
// https://gcc.gnu.org/onlinedocs/gcc/Other-Builtins.html
static inline void coffer_prefetch(const void *memory, int bytesBefore, int bytesAfter) {
    uintptr_t address = (uintptr_t)memory, end = address + bytesAfter;
    if (!memory) return;
    for (uintptr_t line = (address - bytesBefore) & ~(uintptr_t)63; line < end; line += 64) {
        __builtin_prefetch((const void *)line);
    }
}

// A cast of -1 to a function pointer, which Swift cannot import.
static inline sqlite3_destructor_type coffer_sqlite3_transient(void) { return SQLITE_TRANSIENT; }
