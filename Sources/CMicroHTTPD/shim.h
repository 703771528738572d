#pragma once
#include <microhttpd.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

// MHD_get_connection_info is variadic, which Swift cannot call.
static inline const union MHD_ConnectionInfo *coffer_mhd_connection_info(
    struct MHD_Connection *connection, enum MHD_ConnectionInfoType type) {
    return MHD_get_connection_info(connection, type);
}

// Variadic too: the idle time of one connection, in seconds.
static inline enum MHD_Result coffer_mhd_set_timeout(struct MHD_Connection *connection, unsigned int seconds) {
    return MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, seconds);
}

// Variadic too: announces the end of a body of unknown length by closing the connection.
static inline enum MHD_Result coffer_mhd_close_after(struct MHD_Response *response) {
    return MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
}

// What Swift's Glibc module does not have. _GNU_SOURCE would have some of it, but would also make this module's fd_set
// another type than Glibc's, which is an error as soon as both are seen.

static inline int coffer_event_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

static inline int coffer_accept(int listener, struct sockaddr *address, socklen_t *size) {
    extern int accept4(int, struct sockaddr *, socklen_t *, int);
    return accept4(listener, address, size, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static inline int coffer_stream_socket(int family) {
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

// Linux's POLLRDHUP: the other side has closed the connection, or its half of it.
static inline short coffer_poll_client_gone(void) { return 0x2000; }
