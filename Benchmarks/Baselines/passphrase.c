/* Opening a SQLCipher database under a passphrase, by its 256,000 rounds of PBKDF2, up to the first row.
 *
 * usage: passphrase DATABASE COUNT
 *
 * Makes the database if there is none. Prints the seconds of each opening. */

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void run(const char *path, const char *sql) {
  sqlite3 *database;
  if (sqlite3_open(path, &database) ||
      sqlite3_exec(database, "PRAGMA key = 'correct horse battery'", NULL, NULL, NULL) ||
      sqlite3_exec(database, sql, NULL, NULL, NULL)) {
    fprintf(stderr, "passphrase: %s\n", sqlite3_errmsg(database));
    exit(1);
  }
  sqlite3_close(database);
}

int main(int count, char **arguments) {
  if (count != 3) {
    fprintf(stderr, "usage: passphrase DATABASE COUNT\n");
    return 2;
  }
  run(arguments[1], "PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, body TEXT)");
  for (int i = 0; i < atoi(arguments[2]); i++) {
    double begin = now();
    run(arguments[1], "SELECT body FROM notes WHERE id = 1");
    printf("%.6f\n", now() - begin);
  }
}
