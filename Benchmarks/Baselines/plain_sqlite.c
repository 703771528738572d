/* Plain SQLite without a server: prepared statements in a loop over the users' databases.
 *
 * usage: plain_sqlite select|insert SECONDS DATABASE…
 *
 * Prints how many statements a second there were. */

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void must(int code, sqlite3 *database) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  fprintf(stderr, "plain_sqlite: %s\n", sqlite3_errmsg(database));
  exit(1);
}

static sqlite3_stmt *prepare(const char *path, int inserts) {
  sqlite3 *database;
  sqlite3_stmt *statement;
  must(sqlite3_open(path, &database), database);
  must(sqlite3_exec(database, "PRAGMA synchronous = FULL", NULL, NULL, NULL), database);
  const char *sql = inserts ? "INSERT INTO notes (title, body) VALUES (?, ?)"
                            : "SELECT id, title, body FROM notes WHERE id = ?";
  must(sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL), database);
  return statement;
}

static void run(sqlite3_stmt *statement, int inserts, long number) {
  sqlite3 *database = sqlite3_db_handle(statement);
  if (inserts) {
    must(sqlite3_bind_text(statement, 1, "title", -1, SQLITE_STATIC), database);
    must(sqlite3_bind_text(statement, 2, "a body of some words", -1, SQLITE_STATIC), database);
    must(sqlite3_step(statement), database);
  } else {
    must(sqlite3_bind_int64(statement, 1, number % 1000 + 1), database);
    must(sqlite3_step(statement), database);
    volatile sqlite3_int64 id = sqlite3_column_int64(statement, 0);
    volatile const unsigned char *title = sqlite3_column_text(statement, 1), *body = sqlite3_column_text(statement, 2);
    (void)id, (void)title, (void)body;
  }
  must(sqlite3_reset(statement), database);
}

int main(int count, char **arguments) {
  if (count < 4) {
    fprintf(stderr, "usage: plain_sqlite select|insert SECONDS DATABASE…\n");
    return 2;
  }
  int inserts = strcmp(arguments[1], "insert") == 0, databases = count - 3;
  sqlite3_stmt **statements = calloc((size_t)databases, sizeof *statements);
  for (int i = 0; i < databases; i++) statements[i] = prepare(arguments[3 + i], inserts);
  double begin = now(), end = begin + atof(arguments[2]);
  long runs = 0;
  do {
    for (int i = 0; i < databases; i++) run(statements[i], inserts, runs++);
  } while (now() < end);
  printf("%.1f\n", (double)runs / (now() - begin));
}
