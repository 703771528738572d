/* Latency under a load that leaves room: requests at fixed times over a few connections.
 *
 * usage: load PORT REQUESTS CONNECTIONS SECONDS RATE
 *
 * REQUESTS is a file of requests, separated by NUL, which are sent in turn. RATE is how many a second, in all; 0 sends
 * the next one of each connection when the one before is answered. A latency counts from when the request was due, so
 * that a server which stalls does not hide it by delaying the requests after it.
 *
 * Prints a line of JSON. A status other than 200 ends it with exit status 1. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAXIMUM_CONNECTIONS = 256, BUFFER = 1 << 20 };

struct connection {
  int socket;
  double due; /* of the request that is in flight, or 0 */
  size_t received;
  char buffer[BUFFER];
};

static struct connection connections[MAXIMUM_CONNECTIONS];
static struct pollfd polled[MAXIMUM_CONNECTIONS];
static char *requests, *requests_end, *next_request;
static double *latencies;
static size_t count, capacity;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void fail(const char *what) {
  fprintf(stderr, "load: %s\n", what);
  exit(1);
}

static void read_requests(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail("no file of requests");
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  requests = next_request = calloc(1, (size_t)size + 1);
  if (fread(requests, 1, (size_t)size, file) != (size_t)size) fail("the requests cannot be read");
  requests_end = requests + size;
  fclose(file);
}

static int connected(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int result = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  if (connect(result, (struct sockaddr *)&address, sizeof address)) fail("cannot connect");
  setsockopt(result, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return result;
}

static void send_next(struct connection *connection, double due) {
  size_t length = strlen(next_request);
  if (send(connection->socket, next_request, length, MSG_NOSIGNAL) != (ssize_t)length) fail("cannot send");
  next_request += length + 1;
  if (next_request >= requests_end) next_request = requests;
  connection->due = due;
  connection->received = 0;
}

/* Whether the whole reply is there. */
static int receive(struct connection *connection) {
  ssize_t size = recv(connection->socket, connection->buffer + connection->received,
                      BUFFER - 1 - connection->received, 0);
  if (size <= 0) fail("the server closed a connection");
  connection->received += (size_t)size;
  connection->buffer[connection->received] = 0;
  char *body = strstr(connection->buffer, "\r\n\r\n"), *length = strcasestr(connection->buffer, "\r\nContent-Length:");
  if (!body) return 0;
  if (!length || length > body) fail("a reply without a length");
  size_t whole = (size_t)(body + 4 - connection->buffer) + strtoul(length + 17, NULL, 10);
  if (connection->received < whole) return 0;
  if (strncmp(connection->buffer, "HTTP/1.1 200", 12)) fail(connection->buffer);
  return 1;
}

static void record(double latency) {
  if (count == capacity) {
    capacity = capacity ? 2 * capacity : 1 << 16;
    latencies = realloc(latencies, capacity * sizeof *latencies);
  }
  latencies[count++] = latency;
}

static int ascending(const void *a, const void *b) {
  double difference = *(const double *)a - *(const double *)b;
  return (difference > 0) - (difference < 0);
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: load PORT REQUESTS CONNECTIONS SECONDS RATE\n");
    return 2;
  }
  read_requests(argv[2]);
  int number = atoi(argv[3]);
  double rate = atof(argv[5]);
  if (number < 1 || number > MAXIMUM_CONNECTIONS) fail("too many connections");
  for (int i = 0; i < number; i++) {
    connections[i].socket = connected((uint16_t)atoi(argv[1]));
    polled[i] = (struct pollfd){.fd = connections[i].socket, .events = POLLIN};
  }
  double begin = now(), end = begin + atof(argv[4]), due = begin;
  for (int in_flight = 0; now() < end || in_flight;) {
    for (int i = 0; i < number; i++) {
      if (connections[i].due || now() >= end || (rate && now() < due)) continue;
      send_next(&connections[i], rate ? due : now());
      if (rate) due += 1 / rate;
      in_flight++;
    }
    /* Until the next request is due, when there is a connection for it. */
    double wait = rate && in_flight < number ? due - now() : 1;
    struct timespec timeout = {(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
    if (wait < 0) timeout = (struct timespec){0, 0};
    if (ppoll(polled, (nfds_t)number, &timeout, NULL) <= 0) continue;
    for (int i = 0; i < number; i++) {
      if (!polled[i].revents || !receive(&connections[i])) continue;
      record(now() - connections[i].due);
      connections[i].due = 0;
      in_flight--;
    }
  }
  if (!count) fail("no reply");
  qsort(latencies, count, sizeof *latencies, ascending);
  printf("{\"requests\": %zu, \"seconds\": %.6f, \"p50_ms\": %.4f, \"p99_ms\": %.4f}\n", count, now() - begin,
         latencies[count / 2] * 1e3, latencies[count * 99 / 100] * 1e3);
}
