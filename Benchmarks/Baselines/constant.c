/* The limit of the front end: libmicrohttpd answers every request with the same bytes, on its one event thread.
 *
 * usage: constant PORT REPLY
 *
 * REPLY is a file of header fields, an empty line, and a body. A response is made for each request, as by every server
 * whose answers differ. */

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAXIMUM_FIELDS = 16 };

struct reply {
  char text[65536];
  char *names[MAXIMUM_FIELDS], *values[MAXIMUM_FIELDS];
  int fields;
  char *body;
  size_t length;
};

static struct reply reply;

static int read_reply(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return 0;
  size_t count = fread(reply.text, 1, sizeof reply.text - 1, file);
  fclose(file);
  char *line = reply.text;
  while (*line != '\n' && reply.fields < MAXIMUM_FIELDS) {
    char *separator = strstr(line, ": "), *end = strchr(line, '\n');
    if (!end || !separator || separator > end) return 0;
    *separator = *end = 0;
    reply.names[reply.fields] = line;
    reply.values[reply.fields++] = separator + 2;
    line = end + 1;
  }
  reply.body = line + 1;
  reply.length = count - (size_t)(reply.body - reply.text);
  return 1;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **request) {
  static int begun;
  (void)context, (void)path, (void)method, (void)version, (void)upload;
  if (!*request) {
    *request = &begun;
    return MHD_YES;
  }
  if (*upload_size) {
    *upload_size = 0;
    return MHD_YES;
  }
  struct MHD_Response *response =
      MHD_create_response_from_buffer(reply.length, reply.body, MHD_RESPMEM_PERSISTENT);
  for (int i = 0; i < reply.fields; i++) MHD_add_response_header(response, reply.names[i], reply.values[i]);
  enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
  MHD_destroy_response(response);
  return result;
}

int main(int count, char **arguments) {
  if (count != 3 || !read_reply(arguments[2])) {
    fprintf(stderr, "usage: constant PORT REPLY\n");
    return 2;
  }
  struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)atoi(arguments[1]), NULL, NULL,
                                               answer, NULL, MHD_OPTION_END);
  if (!daemon) return 1;
  pause();
}
