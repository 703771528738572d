/* Argon2id alone, with Coffer's default parameters: 64 MiB, two passes.
 *
 * usage: argon2id COUNT
 *
 * Prints the seconds of each hash. */

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { OPERATIONS = 2, MEMORY = 64 << 20 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int count, char **arguments) {
  static const char password[] = "correct horse battery";
  unsigned char key[32], salt[crypto_pwhash_SALTBYTES];
  if (count != 2 || sodium_init() < 0) {
    fprintf(stderr, "usage: argon2id COUNT\n");
    return 2;
  }
  randombytes_buf(salt, sizeof salt);
  for (int i = 0; i < atoi(arguments[1]); i++) {
    double begin = now();
    if (crypto_pwhash(key, sizeof key, password, sizeof password - 1, salt, OPERATIONS, MEMORY,
                      crypto_pwhash_ALG_ARGON2ID13))
      return 1;
    printf("%.6f\n", now() - begin);
  }
}
