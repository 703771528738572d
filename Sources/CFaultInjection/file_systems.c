// The file systems: SQLite's own of the same names, whose calls fail when a fault says so.
// https://www.sqlite.org/c3ref/vfs.html, https://www.sqlite.org/c3ref/io_methods.html
#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "plan.h"

// A copy of the original with some functions replaced. The others are the original's, and find in the copy what they
// would find in the original.
struct file_system {
    sqlite3_vfs base;
    sqlite3_vfs *original;
    // Whether its files are encrypted pages, which tell a damaged read from a true one. Where nothing is checked SQLite
    // takes a short read for the end of the file.
    bool detects_short_reads;
};

struct file {
    sqlite3_file base;
    sqlite3_file *original;
    bool is_database;
    bool detects_short_reads;
};

static atomic_long open_files;
static atomic_long open_databases;

static sqlite3_file *original_of(sqlite3_file *file) { return ((struct file *)file)->original; }

// Does not fail: SQLite does not look at the result.
static int close_file(sqlite3_file *file) {
    sqlite3_file *original = original_of(file);
    atomic_fetch_sub(&open_files, 1);
    if (((struct file *)file)->is_database) atomic_fetch_sub(&open_databases, 1);
    return original->pMethods->xClose(original);
}

static int read_file(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    sqlite3_file *original = original_of(file);
    if (faults_strikes(FAULTS_READ)) return SQLITE_IOERR_READ;
    if (((struct file *)file)->detects_short_reads && faults_strikes(FAULTS_SHORT_READ)) {
        int result = original->pMethods->xRead(original, bytes, count / 2, offset);
        memset((char *)bytes + count / 2, 0, (size_t)(count - count / 2));
        return result == SQLITE_OK ? SQLITE_IOERR_SHORT_READ : result;
    }
    return original->pMethods->xRead(original, bytes, count, offset);
}

static int write_file(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    sqlite3_file *original = original_of(file);
    bool is_full = faults_strikes(FAULTS_FULL);
    if (!is_full && !faults_strikes(FAULTS_WRITE)) {
        return original->pMethods->xWrite(original, bytes, count, offset);
    }
    original->pMethods->xWrite(original, bytes, count / 2, offset);
    return is_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size) {
    if (faults_strikes(FAULTS_TRUNCATE)) return SQLITE_IOERR_TRUNCATE;
    return original_of(file)->pMethods->xTruncate(original_of(file), size);
}

static int sync_file(sqlite3_file *file, int flags) {
    if (faults_strikes(FAULTS_SYNC)) return SQLITE_IOERR_FSYNC;
    return original_of(file)->pMethods->xSync(original_of(file), flags);
}

// Does not fail within SQLCipher's check of all pages, which would take what it has not asked for as the size.
static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    if (faults_present_call() != FAULTS_CHECK_CALL && faults_strikes(FAULTS_SIZE)) return SQLITE_IOERR_FSTAT;
    return original_of(file)->pMethods->xFileSize(original_of(file), size);
}

static int lock_file(sqlite3_file *file, int level) {
    if (faults_strikes(FAULTS_LOCK)) return SQLITE_IOERR_LOCK;
    return original_of(file)->pMethods->xLock(original_of(file), level);
}

static int unlock_file(sqlite3_file *file, int level) {
    if (faults_strikes(FAULTS_UNLOCK)) return SQLITE_IOERR_UNLOCK;
    return original_of(file)->pMethods->xUnlock(original_of(file), level);
}

static int check_reserved_lock(sqlite3_file *file, int *is_reserved) {
    return original_of(file)->pMethods->xCheckReservedLock(original_of(file), is_reserved);
}

static int control_file(sqlite3_file *file, int operation, void *argument) {
    return original_of(file)->pMethods->xFileControl(original_of(file), operation, argument);
}

static int sector_size(sqlite3_file *file) { return original_of(file)->pMethods->xSectorSize(original_of(file)); }

static int device_characteristics(sqlite3_file *file) {
    return original_of(file)->pMethods->xDeviceCharacteristics(original_of(file));
}

static int map_shared_memory(sqlite3_file *file, int region, int size, int extends, void volatile **memory) {
    if (faults_strikes(FAULTS_SHM_MAP)) return SQLITE_IOERR_SHMMAP;
    return original_of(file)->pMethods->xShmMap(original_of(file), region, size, extends, memory);
}

// Only taking a lock fails. Nobody could act on a failure to give one back: SQLite ignores it, and under `unix-excl` it
// is a change of a number in memory.
static int lock_shared_memory(sqlite3_file *file, int offset, int count, int flags) {
    if ((flags & SQLITE_SHM_LOCK) != 0 && faults_strikes(FAULTS_SHM_LOCK)) return SQLITE_IOERR_SHMLOCK;
    return original_of(file)->pMethods->xShmLock(original_of(file), offset, count, flags);
}

static void shared_memory_barrier(sqlite3_file *file) {
    original_of(file)->pMethods->xShmBarrier(original_of(file));
}

static int unmap_shared_memory(sqlite3_file *file, int deletes) {
    return original_of(file)->pMethods->xShmUnmap(original_of(file), deletes);
}

// Version 2 is without memory-mapped reading, which would go past these functions.
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = map_shared_memory,
    .xShmLock = lock_shared_memory,
    .xShmBarrier = shared_memory_barrier,
    .xShmUnmap = unmap_shared_memory,
};

// SQLite takes what has shared memory for able to have a log.
static const sqlite3_io_methods methods_without_shared_memory = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
};

static int open_file(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *base, int flags, int *flags_out) {
    struct file_system *system = (struct file_system *)vfs;
    struct file *file = (struct file *)base;
    // SQLite closes a file that did not open only if it has methods.
    file->base.pMethods = NULL;
    if (faults_strikes(FAULTS_OPEN)) return SQLITE_CANTOPEN;
    // SQLite gives memory for both: szOsFile says so.
    file->original = (sqlite3_file *)(file + 1);
    file->is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    file->detects_short_reads = system->detects_short_reads;
    int result = system->original->xOpen(system->original, name, file->original, flags, flags_out);
    if (result != SQLITE_OK) {
        if (file->original->pMethods != NULL) file->original->pMethods->xClose(file->original);
        return result;
    }
    file->base.pMethods = file->original->pMethods->iVersion >= 2 ? &methods : &methods_without_shared_memory;
    atomic_fetch_add(&open_files, 1);
    if (file->is_database) atomic_fetch_add(&open_databases, 1);
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int syncs_directory) {
    if (faults_strikes(FAULTS_DELETE)) return SQLITE_IOERR_DELETE;
    sqlite3_vfs *original = ((struct file_system *)vfs)->original;
    return original->xDelete(original, name, syncs_directory);
}

static struct file_system shared = {.detects_short_reads = false};
static struct file_system exclusive = {.detects_short_reads = true};
static struct file_system registered = {.detects_short_reads = false};

static int replace(const char *name, struct file_system *system, bool is_default) {
    sqlite3_vfs *original = sqlite3_vfs_find(name);
    if (original == NULL) return SQLITE_NOTFOUND;
    system->original = original;
    system->base = *original;
    system->base.pNext = NULL;
    system->base.szOsFile = (int)sizeof(struct file) + original->szOsFile;
    system->base.xOpen = open_file;
    system->base.xDelete = delete_file;
    int result = sqlite3_vfs_unregister(original);
    return result == SQLITE_OK ? sqlite3_vfs_register(&system->base, is_default) : result;
}

int faults_install_file_systems(void) {
    int result = replace("unix", &shared, true);
    return result == SQLITE_OK ? replace("unix-excl", &exclusive, false) : result;
}

int faults_install_file_system(const char *name) { return replace(name, &registered, false); }

long faults_open_files(void) { return atomic_load(&open_files); }

long faults_open_databases(void) { return atomic_load(&open_databases); }
