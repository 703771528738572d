// The allocator: SQLite's own, which gives nothing when a fault says so, and counts what is not freed.
// https://www.sqlite.org/malloc.html, https://www.sqlite.org/c3ref/mem_methods.html
//
// What SQLCipher 4.6.1 allocates for a key stands apart. sqlite3_key_v2 forgets what it has allocated when it runs out of
// memory, so its allocations are of a kind of their own. The first read, which copies the literal of the key from one
// context to another, would free it twice (`sqlcipher_cipher_ctx_copy`), so allocations of the literal's size do not fail.
// https://github.com/sqlcipher/sqlcipher/blob/v4.6.1/src/sqlcipher.c
#define _GNU_SOURCE 1
#define SQLITE_HAS_CODEC 1
#include <dlfcn.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>

#include "plan.h"

// The literal of a key with its salt, x'…' of 96 digits, rounded up to SQLite's alignment.
static const int key_literal_size = 104;

static sqlite3_mem_methods original;
static atomic_long blocks;
static _Thread_local bool is_keying;

// In the program, and so in place of the library's: the dynamic linker finds the program's first.
int sqlite3_key_v2(sqlite3 *database, const char *name, const void *key, int count) {
    int (*next)(sqlite3 *, const char *, const void *, int);
    *(void **)&next = dlsym(RTLD_NEXT, "sqlite3_key_v2");
    is_keying = true;
    int result = next(database, name, key, count);
    is_keying = false;
    return result;
}

static bool fails(int size) {
    if (is_keying) return faults_strikes(FAULTS_KEYING);
    return size != key_literal_size && faults_strikes(FAULTS_MEMORY);
}

static void *allocate(int size) {
    if (fails(size)) return NULL;
    void *memory = original.xMalloc(size);
    if (memory != NULL) atomic_fetch_add(&blocks, 1);
    return memory;
}

static void *reallocate(void *memory, int size) {
    return fails(size) ? NULL : original.xRealloc(memory, size);
}

static void release(void *memory) {
    if (memory != NULL) atomic_fetch_sub(&blocks, 1);
    original.xFree(memory);
}

int faults_install_allocator(void) {
    int result = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &original);
    if (result != SQLITE_OK) return result;
    sqlite3_mem_methods faulty = original;
    faulty.xMalloc = allocate;
    faulty.xRealloc = reallocate;
    faulty.xFree = release;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &faulty);
}

long faults_blocks(void) { return atomic_load(&blocks); }
