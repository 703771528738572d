// What is to fail, asked by the allocator and the file systems.
#pragma once
#include "faults.h"

// Counts a call, and says whether it is to fail.
bool faults_strikes(enum faults_kind kind);
