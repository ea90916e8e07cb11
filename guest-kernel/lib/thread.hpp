// Kernel threads, declared here so that mm, dev and acpi can have one; proc implements them.
#pragma once

#include "lib/errno.hpp"

namespace ido {

struct Task;

Task* current();  // the running task; nullptr only before the scheduler starts

// True when another task waits for the processor.
bool others_are_runnable();

// Makes a thread that runs `run(context)` in the kernel and ends when it returns. `name` is copied.
Or<Task*> start_kernel_thread(const char* name, void (*run)(void* context), void* context);

}  // namespace ido
