// The allocator: SQLite's own, which gives nothing when a fault says so, and counts what is not freed.
// https://www.sqlite.org/malloc.html, https://www.sqlite.org/c3ref/mem_methods.html
//
// What SQLCipher 4.6.1 allocates for a key stands apart. sqlite3_key_v2 forgets what it has allocated when it runs out of
// memory, so its allocations are of a kind of their own. The first read, which copies the literal of the key from one
// context to another, would free it twice (`sqlcipher_cipher_ctx_copy`), so allocations of the literal's size do not fail.
// A check of all pages reads into what it may not have got (`sqlcipher_codec_ctx_integrity_check`).
// https://github.com/sqlcipher/sqlcipher/blob/v4.6.1/src/sqlcipher.c
#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>

#include "plan.h"

// The literal of a key with its salt, x'…' of 96 digits, rounded up to SQLite's alignment.
static const int key_literal_size = 104;

// The authentication code of a page, HMAC-SHA512.
static const int authentication_size = 64;

static sqlite3_mem_methods original;
static atomic_long blocks;

static bool fails(int size) {
    switch (faults_present_call()) {
    case FAULTS_KEY_CALL: return faults_strikes(FAULTS_KEYING);
    case FAULTS_CHECK_CALL: return size != authentication_size && faults_strikes(FAULTS_MEMORY);
    case FAULTS_OTHER_CALL: break;
    }
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
