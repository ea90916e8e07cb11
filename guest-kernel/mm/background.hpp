// The thread that makes the mem_map of deferred sections while the system is already in use: "kmemmap".
//
// It works when nobody else wants the processor, a section at a time, and now and then also when somebody does. Who
// needs memory before it is there makes one section's mem_map himself (buddy.cpp), so nobody ever waits for the thread.
// It ends when all is made. Sections of DIMMs that are added later stay deferred until their first page is needed.
#pragma once

namespace ido {

// Once, after the scheduler has started.
void start_mem_map_thread();

}  // namespace ido
