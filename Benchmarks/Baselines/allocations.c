/* Counts allocations by the library whose code asks for them, while the program runs.
 *
 * usage: LD_PRELOAD=allocations.so ALLOCATION_COUNTS=FILE PROGRAM …
 *
 * FILE becomes an array of `struct record`, which others may read at any time. The caller is known by its return
 * address; what is allocated by libraries that are loaded later is not counted. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAXIMUM_LIBRARIES = 128 };

struct record {
  char name[56];
  _Atomic uint64_t count;
};

static struct {
  uintptr_t begin, end;
} code[MAXIMUM_LIBRARIES];
static struct record *records;
static _Atomic int libraries;

/* https://man7.org/linux/man-pages/man3/dl_iterate_phdr.3.html */
static int add(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size, (void)context;
  const char *slash = strrchr(info->dlpi_name, '/'), *name = slash ? slash + 1 : info->dlpi_name;
  for (int i = 0; i < info->dlpi_phnum && libraries < MAXIMUM_LIBRARIES; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X)) continue;
    code[libraries].begin = info->dlpi_addr + segment->p_vaddr;
    code[libraries].end = code[libraries].begin + segment->p_memsz;
    /* The program itself has no name. */
    strncpy(records[libraries].name, *name ? name : "program", sizeof records->name - 1);
    libraries++;
  }
  return 0;
}

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("ALLOCATION_COUNTS");
  size_t size = MAXIMUM_LIBRARIES * sizeof *records;
  int file = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
  if (file < 0 || ftruncate(file, (off_t)size)) return;
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return;
  records = memory;
  dl_iterate_phdr(add, NULL);
}

static void count(const void *caller) {
  uintptr_t address = (uintptr_t)caller;
  for (int i = 0; i < libraries; i++) {
    if (address < code[i].begin || address >= code[i].end) continue;
    atomic_fetch_add_explicit(&records[i].count, 1, memory_order_relaxed);
    return;
  }
}

/* glibc's own: https://sourceware.org/glibc/manual/latest/html_node/Replacing-malloc.html */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t number, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  count(__builtin_return_address(0));
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(__builtin_return_address(0));
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  count(__builtin_return_address(0));
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  count(__builtin_return_address(0));
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count(__builtin_return_address(0));
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  count(__builtin_return_address(0));
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}
