// What is to fail, asked by the allocator and the file systems.
#pragma once
#include "faults.h"

// Counts a call, and says whether it is to fail.
bool faults_strikes(enum faults_kind kind);

// Calls of SQLCipher in which not every fault can be survived.
enum faults_call {
    FAULTS_OTHER_CALL,
    FAULTS_KEY_CALL,    // sqlite3_key_v2
    FAULTS_CHECK_CALL,  // PRAGMA cipher_integrity_check
};

// What this thread is in.
enum faults_call faults_present_call(void);
