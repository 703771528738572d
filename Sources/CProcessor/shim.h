#pragma once

// Not in Swift's Glibc module: the number of the processor that runs this thread. It is read from memory that the system
// keeps for the thread (https://man7.org/linux/man-pages/man3/sched_getcpu.3.html).
static inline int coffer_processor(void) {
    extern int sched_getcpu(void);
    return sched_getcpu();
}
