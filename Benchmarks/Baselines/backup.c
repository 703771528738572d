/* A copy by sqlite3_backup in steps of 1 MiB, on the disk at its end, and if wanted its verification.
 *
 * usage: backup SOURCE PASSPHRASE TARGET [verify]
 *
 * Prints the seconds from the first step to the end. The keys are made before, as a server has them. */

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Of the copies, which nobody reads; 96 digits are taken as they are. */
#define KEY                                                                                                            \
  "PRAGMA key = \"x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f'\""

enum { PAGES = 256 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void must(int code, sqlite3 *database) {
  if (code == SQLITE_OK || code == SQLITE_DONE) return;
  fprintf(stderr, "backup: %s\n", sqlite3_errmsg(database));
  exit(1);
}

static int refuse(void *context, int count, char **values, char **names) {
  (void)context, (void)names;
  fprintf(stderr, "backup: the copy is damaged: %s\n", count ? values[0] : "");
  return 1;
}

static int expect_ok(void *context, int count, char **values, char **names) {
  return values[0][0] == 'o' && values[0][1] == 'k' ? 0 : refuse(context, count, values, names);
}

static sqlite3 *opened(const char *path, const char *key) {
  sqlite3 *database;
  must(sqlite3_open(path, &database), database);
  must(sqlite3_exec(database, "PRAGMA cipher_memory_security = OFF", NULL, NULL, NULL), database);
  must(sqlite3_exec(database, key, NULL, NULL, NULL), database);
  return database;
}

int main(int count, char **arguments) {
  if (count < 4) {
    fprintf(stderr, "usage: backup SOURCE PASSPHRASE TARGET [verify]\n");
    return 2;
  }
  char key[1200];
  snprintf(key, sizeof key, "PRAGMA key = '%s'; SELECT count(*) FROM sqlite_schema", arguments[2]);
  sqlite3 *source = opened(arguments[1], key);
  unlink(arguments[3]);
  double begin = now();
  sqlite3 *target = opened(arguments[3], KEY);
  sqlite3_backup *backup = sqlite3_backup_init(target, "main", source, "main");
  if (!backup) must(sqlite3_errcode(target), target);
  int code;
  while ((code = sqlite3_backup_step(backup, PAGES)) == SQLITE_OK) {
  }
  must(code, target);
  must(sqlite3_backup_finish(backup), target);
  must(sqlite3_close(target), target);
  if (count > 4) {
    sqlite3 *copy = opened(arguments[3], KEY);
    must(sqlite3_exec(copy, "PRAGMA cipher_integrity_check", refuse, NULL, NULL), copy);
    must(sqlite3_exec(copy, "PRAGMA quick_check", expect_ok, NULL, NULL), copy);
    must(sqlite3_close(copy), copy);
  }
  printf("%.6f\n", now() - begin);
}
