// The allocator: SQLite's own, which gives nothing when a fault says so, and counts what is not freed. SQLite itself
// does not, as its statistics of memory are off.
// https://www.sqlite.org/malloc.html, https://www.sqlite.org/c3ref/mem_methods.html
//
// What SQLCipher 4.6.1 allocates for a key stands apart. sqlite3_key_v2 forgets what it has allocated when it runs out
// of memory, so its allocations are of a kind of their own. The first read, which copies the literal of the key from
// one context to another, would free it twice (`sqlcipher_cipher_ctx_copy`), so allocations of the literal's size do
// not fail. A check of all pages reads into what it may not have got (`sqlcipher_codec_ctx_integrity_check`).
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
static atomic_long bytes;

static bool fails(int requested) {
    int size = original.xRoundup(requested);
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
    if (memory == NULL) return NULL;
    atomic_fetch_add(&blocks, 1);
    atomic_fetch_add(&bytes, original.xSize(memory));
    return memory;
}

static void *reallocate(void *memory, int size) {
    if (fails(size)) return NULL;
    int before = original.xSize(memory);
    void *moved = original.xRealloc(memory, size);
    if (moved != NULL) atomic_fetch_add(&bytes, original.xSize(moved) - before);
    return moved;
}

static void release(void *memory) {
    if (memory == NULL) return;
    atomic_fetch_sub(&blocks, 1);
    atomic_fetch_sub(&bytes, original.xSize(memory));
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

long faults_bytes(void) { return atomic_load(&bytes); }
