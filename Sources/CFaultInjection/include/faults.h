// Faults for SQLite, by its own interfaces: an allocator and file systems that fail on demand; and for what is done to
// whole files past it. For tests only.
//
// Everything here holds for the whole process. One fault is armed at a time, and counted calls may come from any
// thread.
#pragma once
#include <stdbool.h>

// What goes wrong. Each kind counts the calls of its own sort.
enum faults_kind {
    FAULTS_MEMORY,      // an allocation gives nothing, if it is not for a key
    FAULTS_KEYING,      // an allocation within sqlite3_key_v2 gives nothing, and what the call had allocated is lost
    FAULTS_OPEN,        // a file does not open: SQLITE_CANTOPEN, as when descriptors are spent
    FAULTS_READ,        // SQLITE_IOERR_READ
    FAULTS_SHORT_READ,  // half of an encrypted file's bytes, then zeros: SQLITE_IOERR_SHORT_READ
    FAULTS_WRITE,       // half is written, then SQLITE_IOERR_WRITE
    FAULTS_FULL,        // half is written, then SQLITE_FULL
    FAULTS_SYNC,        // SQLITE_IOERR_FSYNC
    FAULTS_TRUNCATE,    // SQLITE_IOERR_TRUNCATE
    FAULTS_SIZE,        // the size cannot be asked for: SQLITE_IOERR_FSTAT
    FAULTS_DELETE,      // SQLITE_IOERR_DELETE
    FAULTS_LOCK,        // SQLITE_IOERR_LOCK
    FAULTS_UNLOCK,      // SQLITE_IOERR_UNLOCK, and the lock stays
    FAULTS_SHM_MAP,     // the index of a log cannot be mapped: SQLITE_IOERR_SHMMAP
    FAULTS_SHM_LOCK,    // the index of a log cannot be locked: SQLITE_IOERR_SHMLOCK
    FAULTS_RENAME,      // past SQLite: a file gets no other name, EIO
    FAULTS_LINK,        // past SQLite: a file gets no second name, EIO
    FAULTS_NAME_SYNC,   // past SQLite: what fsync is called on, which is directories, is not made durable, EIO
};

// Puts the allocator under SQLite. Before SQLite is used for the first time; a result code of SQLite.
int faults_install_allocator(void);

// Puts the file systems `unix` and `unix-excl` of the same names in place of SQLite's own. A result code of SQLite.
int faults_install_file_systems(void);

// The same for one that the program has registered, whose files have no shared memory. Once for the process.
int faults_install_file_system(const char *name);

// Makes the `first`-th call from now on of the kind's sort fail, counted from 1, and if `lasting` every one after it.
void faults_arm(enum faults_kind kind, long first, bool lasting);

// Lets every call succeed again. Returns how many have failed since the fault was armed.
long faults_disarm(void);

// Allocations that were not freed yet.
long faults_blocks(void);

// Bytes in them.
long faults_bytes(void);

// Files that are open, of every sort: databases, logs, journals.
long faults_open_files(void);

// Database files that are open: one for each connection that has read its file.
long faults_open_databases(void);
