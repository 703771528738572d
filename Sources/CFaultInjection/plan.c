#include "plan.h"

#include <stdatomic.h>

static const int nothing = -1;

static atomic_int armed_kind = nothing;
static atomic_long first_failing;
static atomic_bool is_lasting;
static atomic_long calls;
static atomic_long failures;

void faults_arm(enum faults_kind kind, long first, bool lasting) {
    atomic_store(&first_failing, first);
    atomic_store(&is_lasting, lasting);
    atomic_store(&calls, 0);
    atomic_store(&failures, 0);
    // Last, so that whoever sees the kind sees the rest too.
    atomic_store(&armed_kind, (int)kind);
}

long faults_disarm(void) {
    atomic_store(&armed_kind, nothing);
    return atomic_load(&failures);
}

bool faults_strikes(enum faults_kind kind) {
    if (atomic_load(&armed_kind) != (int)kind) return false;
    long call = atomic_fetch_add(&calls, 1) + 1;
    long first = atomic_load(&first_failing);
    bool fails = atomic_load(&is_lasting) ? call >= first : call == first;
    if (fails) atomic_fetch_add(&failures, 1);
    return fails;
}
