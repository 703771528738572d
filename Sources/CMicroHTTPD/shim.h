#pragma once
#include <microhttpd.h>

// MHD_get_connection_info and MHD_get_daemon_info are variadic, which Swift cannot call.
static inline const union MHD_ConnectionInfo *coffer_mhd_connection_info(
    struct MHD_Connection *connection, enum MHD_ConnectionInfoType type) {
    return MHD_get_connection_info(connection, type);
}

static inline const union MHD_DaemonInfo *coffer_mhd_daemon_info(
    struct MHD_Daemon *daemon, enum MHD_DaemonInfoType type) {
    return MHD_get_daemon_info(daemon, type);
}
