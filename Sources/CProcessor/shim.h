#pragma once

// Not in Swift's Glibc module: the number of the processor that runs this thread, or -1
// (https://man7.org/linux/man-pages/man3/sched_getcpu.3.html). With restartable sequences it costs no system call
// (https://sourceware.org/glibc/manual/latest/html_node/Restartable-Sequences.html).
static inline int coffer_processor(void) {
    extern int sched_getcpu(void);
    return sched_getcpu();
}
