/* A scan in C: steps through a statement's rows on SQLCipher and formats each as a line of JSON.
 *
 * usage: scan DATABASE SQL
 *
 * Prints the seconds and the bytes of the lines, of the second of two runs. SQL without rows is only executed. */

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The keys of databases that hold nothing secret; 96 digits are taken as they are. */
#define KEY                                                                                                            \
  "PRAGMA key = \"x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f'\""

static char buffer[1 << 20];
static size_t position, total;
static FILE *output;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void must(int code, sqlite3 *database) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  fprintf(stderr, "scan: %s\n", sqlite3_errmsg(database));
  exit(1);
}

static void flush(void) {
  fwrite(buffer, 1, position, output);
  total += position;
  position = 0;
}

static char *escaped(char *out, unsigned char byte) {
  static const char digits[] = "0123456789abcdef";
  *out++ = '\\';
  if (byte >= 0x20) {
    *out++ = (char)byte;
    return out;
  }
  memcpy(out, "u00", 3);
  out[3] = digits[byte >> 4];
  out[4] = digits[byte & 15];
  return out + 5;
}

static void put_text(const unsigned char *text, int length) {
  if (position + 6 * (size_t)length + 64 > sizeof buffer) flush();
  const unsigned char *end = text + length, *run = text;
  char *out = buffer + position;
  *out++ = '"';
  for (; text < end; text++) {
    if (*text >= 0x20 && *text != '"' && *text != '\\') continue;
    memcpy(out, run, (size_t)(text - run));
    out = escaped(out + (text - run), *text);
    run = text + 1;
  }
  memcpy(out, run, (size_t)(end - run));
  out += end - run;
  *out++ = '"';
  position = (size_t)(out - buffer);
}

static void put_integer(sqlite3_int64 value) {
  char digits[24];
  size_t start = sizeof digits;
  unsigned long long rest = value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;
  do digits[--start] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0) digits[--start] = '-';
  memcpy(buffer + position, digits + start, sizeof digits - start);
  position += sizeof digits - start;
}

static void put_row(sqlite3_stmt *statement) {
  if (position > sizeof buffer / 2) flush();
  buffer[position++] = '[';
  for (int column = 0; column < sqlite3_column_count(statement); column++) {
    if (column) buffer[position++] = ',';
    if (sqlite3_column_type(statement, column) == SQLITE_INTEGER) {
      put_integer(sqlite3_column_int64(statement, column));
    } else {
      const unsigned char *text = sqlite3_column_text(statement, column);
      put_text(text, sqlite3_column_bytes(statement, column));
    }
  }
  buffer[position++] = ']';
  buffer[position++] = '\n';
}

int main(int count, char **arguments) {
  sqlite3 *database;
  sqlite3_stmt *statement;
  if (count != 3) {
    fprintf(stderr, "usage: scan DATABASE SQL\n");
    return 2;
  }
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  must(sqlite3_open_v2(arguments[1], &database, flags, "unix-excl"), database);
  const char *settings = "PRAGMA cipher_memory_security = OFF; " KEY "; PRAGMA journal_mode = WAL";
  must(sqlite3_exec(database, settings, NULL, NULL, NULL), database);
  if (strncmp(arguments[2], "SELECT", 6)) {
    must(sqlite3_exec(database, arguments[2], NULL, NULL, NULL), database);
    must(sqlite3_close(database), database);
    return 0;
  }
  output = fopen("/dev/null", "wb");
  must(sqlite3_prepare_v2(database, arguments[2], -1, &statement, NULL), database);
  double begin = 0;
  for (int run = 0; run < 2; run++) {
    begin = now();
    total = 0;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) put_row(statement);
    flush();
    must(code, database);
    must(sqlite3_reset(statement), database);
  }
  printf("%.6f %zu\n", now() - begin, total);
}
